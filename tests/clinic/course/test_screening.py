"""Signing a screening: what was read, what was proposed, and who may decide otherwise."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evenkeel.clinic.course.actions.move_course import move_course
from evenkeel.clinic.course.actions.sign_screening import sign_screening
from evenkeel.clinic.course.models import Screening
from evenkeel.clinic.protocols.models import ProtocolVersion
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, Refused
from tests.clinic.course.makers import Case, make_case
from tests.clinic.course.test_course import refused
from tests.clinic_factory import Clinic

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(clinic: Clinic) -> Case:
    """A person whose screening the protocol would defer: the ECG is missing."""
    case = make_case(clinic)
    case.opened()
    from evenkeel.clinic.people.actions.record_fact import correct_fact
    from evenkeel.clinic.people.models import Fact

    row = Fact.objects.get(patient=case.patient, key="ecg")
    correct_fact(case.nurse, fact_id=row.pk, reason="not this person's", status="entered_in_error")
    return case


def test_a_sound_person_is_eligible_as_proposed(case: Case) -> None:
    row = case.screened()
    assert (row.proposed, row.decision, row.overrides) == ("eligible", "eligible", False)
    assert row.signed_by == case.clinic.staff["prescriber"]
    assert row.signed_role == "prescriber"
    assert row.signed_at == case.clinic.clock.now()
    signed = ProtocolVersion.objects.get(product="racemic_iv")
    assert (row.protocol_name, row.protocol_version) == ("harbour-racemic-iv", "1")
    assert (row.protocol_used, row.protocol_hash) == (signed, signed.text_hash)
    assert row.facts["weight_kg"]["value"] == 74
    assert row.facts["weight_kg"]["origin"] == "interview"
    assert row.findings[0]["source"]["mark"]
    assert case.fresh().product == "racemic_iv"


def test_what_is_missing_defers_and_an_override_stays_visible(held: Case) -> None:
    deferred = held.screened()
    assert (deferred.proposed, deferred.decision, deferred.overrides) == ("defer", "defer", False)
    with pytest.raises(Invalid) as raised:
        held.screened(decision="eligible")
    assert "reason" in raised.value.fields
    row = held.screened(decision="eligible", reason="ECG seen on paper, normal")
    assert (row.proposed, row.decision, row.overrides) == ("defer", "eligible", True)
    held.know(ecg="normal")
    held.screened()
    kept = Screening.objects.get(pk=row.pk)
    assert (kept.overrides, kept.reason) == (True, "ECG seen on paper, normal")


def test_only_a_prescriber_lets_through_what_is_held(held: Case) -> None:
    director = held.clinic.as_("medical_director")
    given = {
        "course_id": held.course.pk,
        "product": "racemic_iv",
        "read_digest": held.digest(),
        "findings_read": True,
        "reason": "I know better",
    }
    with pytest.raises(Forbidden):
        sign_screening(director, decision="eligible", **given)
    stricter = sign_screening(director, decision="contraindicated", **given)
    assert (stricter.overrides, stricter.signed_role) == (True, "medical_director")
    with pytest.raises(Forbidden):
        sign_screening(held.nurse, decision="as_proposed", **given)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"findings_read": False}, "findings_read"),
        ({"decision": "maybe"}, "decision"),
        ({"decision": "defer"}, "reason"),
    ],
)
def test_a_signature_is_complete(case: Case, changes: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as raised:
        case.screened(**changes)
    assert field in raised.value.fields
    assert not Screening.objects.exists()


@pytest.mark.parametrize(
    "change",
    [{"psychosis": True}, {"ecg": "abnormal"}, {"weight_kg": 75}, {"cssrs": {"q1": True}}],
)
def test_facts_that_changed_since_the_page_was_read(case: Case, change: dict[str, object]) -> None:
    case.opened()
    read = case.digest()
    case.clinic.clock.advance(timedelta(minutes=1))
    case.know(**change)
    with pytest.raises(Conflict) as raised:
        case.screened(read_digest=read)
    assert raised.value.code == "facts_changed"
    assert case.screened().signed_at == case.clinic.clock.now()


def test_time_alone_changes_nothing_until_a_fact_is_out_of_date(case: Case) -> None:
    case.know(blood_pressure={"sbp_mmhg": 118, "dbp_mmhg": 76})
    case.opened()
    read = case.digest()
    case.clinic.clock.advance(timedelta(hours=3))
    assert case.digest() == read
    case.clinic.clock.advance(timedelta(days=40))
    assert case.digest() != read


def test_the_page_of_one_product_does_not_sign_for_another(case: Case) -> None:
    case.opened()
    with pytest.raises(Conflict):
        case.screened(read_digest=case.digest("esketamine_iv"))
    with pytest.raises(Refused):
        case.screened(product="laudanum", read_digest="x")


def test_an_ineligible_screening_pauses_a_running_course(case: Case) -> None:
    case.consented()
    case.planned()
    move_course(case.prescriber, course_id=case.course.pk, to="induction")
    with refused("product_in_use"):
        case.screened("esketamine_nasal", decision="eligible", reason="x")
    case.screened(decision="defer", reason="New chest pain")
    course = case.fresh()
    assert (course.state, course.state_before_pause) == ("paused", "induction")
    with refused("not_eligible"):
        move_course(case.prescriber, course_id=case.course.pk, to="induction")
    case.screened()
    assert move_course(case.prescriber, course_id=case.course.pk, to="induction").state


def test_another_product_asks_for_another_consent_and_plan(case: Case) -> None:
    case.consented()
    case.planned()
    case.screened("esketamine_nasal", decision="eligible", reason="Prefers the spray")
    course = case.fresh()
    assert (course.product, course.state) == ("esketamine_nasal", "screening")
    with refused("no_consent"):
        move_course(case.prescriber, course_id=case.course.pk, to="consented")
    case.consents()
    assert case.fresh().state == "consented"
    with refused("no_plan"):
        move_course(case.prescriber, course_id=case.course.pk, to="induction")
