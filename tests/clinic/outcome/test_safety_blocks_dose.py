"""A worrying answer stands between a person and their next dose until a clinician closes it."""

from __future__ import annotations

import pytest

from evenkeel.clinic.outcome.actions.close_signal import close_signal
from evenkeel.clinic.outcome.actions.enter_answers import enter_answers
from evenkeel.clinic.outcome.models import SafetySignal
from evenkeel.clinic.record.errors import Forbidden, Refused
from evenkeel.clinic.session.actions.open_session import open_session
from tests.clinic.session.makers import (
    Stage,
    checked_in_appointment,
    open_stage,
    treatable_case,
)
from tests.clinic_factory import Clinic

pytestmark = pytest.mark.django_db


def worrying(clinic: Clinic, course_id: object) -> SafetySignal:
    answers = {f"phq9-{n}": 1 for n in range(1, 9)} | {"phq9-9": 2, "phq9-difficulty": 1}
    enter_answers(
        clinic.as_("session_nurse"),
        course_id=course_id,
        instrument_id="phq9",
        answers=answers,
        follow_up={},
        answered_at=clinic.clock.now(),
    )
    return SafetySignal.objects.get()


def test_no_session_opens_while_a_signal_stands(clinic: Clinic) -> None:
    case = treatable_case(clinic)
    booked = checked_in_appointment(case.nurse, case=case, chair=clinic.chairs[0])
    signal = worrying(clinic, case.course.pk)
    with pytest.raises(Refused):
        open_session(case.nurse, appointment_id=booked.pk)
    with pytest.raises(Forbidden):
        close_signal(clinic.as_("session_nurse"), signal_id=signal.pk, note="Spoken to")
    close_signal(clinic.as_("prescriber"), signal_id=signal.pk, note="Seen; safe today")
    assert open_session(case.nurse, appointment_id=booked.pk).pk


def test_no_dose_starts_in_an_open_session_while_a_signal_stands(clinic: Clinic) -> None:
    stage: Stage = open_stage(clinic).prepared()
    signal = worrying(clinic, stage.case.course.pk)
    with pytest.raises(Refused) as refused:
        stage.says("infusion_start", **stage.start_body())
    assert stage.row().first_dose_at is None
    assert refused.value.message
    close_signal(clinic.as_("prescriber"), signal_id=signal.pk, note="Seen; safe today")
    stage.says("infusion_start", **stage.start_body())
    assert stage.row().first_dose_at is not None
