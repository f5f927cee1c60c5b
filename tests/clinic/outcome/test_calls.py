"""The call of the day after: what is stored of it, and the worry that holds the next dose back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.queries import course_summary
from evenkeel.clinic.outcome.actions.close_signal import close_signal
from evenkeel.clinic.outcome.actions.record_follow_up import record_follow_up
from evenkeel.clinic.outcome.long_term import long_term_watch
from evenkeel.clinic.outcome.models import SafetySignal, WatchEntry
from evenkeel.clinic.record.chain import row_state
from evenkeel.clinic.record.errors import Forbidden, Invalid, Refused
from evenkeel.clinic.record.verify import verify
from evenkeel.clinic.session.actions.open_session import open_session
from evenkeel.clinic.session.follow_up import call_worry
from evenkeel.clinic.session.models import Appointment
from tests.clinic.course.makers import Case
from tests.clinic.session.day_makers import arrive, book, form, signed_in
from tests.clinic.session.makers import Stage, treatable_case
from tests.clinic_factory import Clinic
from tests.kept import kept

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(clinic: Clinic) -> Case:
    case = kept("treatable case", clinic.clock, lambda: treatable_case(clinic), clinic)
    case.know(hcg_test="negative")
    clinic.clock.advance(timedelta(minutes=1))  # what is measured on arrival is newer
    return case


@pytest.fixture
def call(ada: Case) -> Appointment:
    """The call that is owed after a session from the first check to the door."""
    booked = book(ada)
    arrive(ada, booked)
    stage = Stage(ada.clinic, ada, open_session(ada.nurse, appointment_id=booked.pk))
    stage.started()
    stage.wait(40)
    stage.says("infusion_stop")
    stage.wait(60)
    stage.says("ready", override_reason="test")
    stage.says("discharged", escort="Eve Escort")
    found: Appointment = Appointment.objects.get(follows=booked)
    return found


SAID: dict[str, Any] = {
    "wellbeing": "better",
    "side_effects": ["headache"],
    "sleep": "good",
    "mood": "brighter",
    "suicidal_thoughts": "no",
    "drove": "no",
}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, set()),
        ({"suicidal_thoughts": ""}, {"suicidal_thoughts"}),
        ({"mood": "blue"}, {"mood"}),
        ({"side_effects": []}, {"side_effects"}),
        ({"side_effects": ["none", "nausea"]}, {"side_effects"}),
        ({"side_effects": ["other"]}, {"side_effects_note"}),
        ({"questions": "x" * 2001}, {"questions"}),
    ],
)
def test_a_call_says_everything_or_is_not_complete(
    ada: Case, call: Appointment, changes: dict[str, Any], wrong: set[str]
) -> None:

    def record() -> Appointment:
        return record_follow_up(
            ada.nurse, appointment_id=call.pk, reached=True, answers={**SAID, **changes}
        )

    if wrong:
        with pytest.raises(Invalid) as refused:
            record()
        assert set(refused.value.fields) == wrong
        return
    done = record()
    assert (done.status, done.outcome["mood"]) == ("done", "brighter")
    with pytest.raises(Refused):
        record()


def test_a_call_nobody_answered_stays_due(ada: Case, call: Appointment) -> None:
    for n in (1, 2):
        row = record_follow_up(
            ada.nurse, appointment_id=call.pk, reached=False, answers={"attempt_note": f"try {n}"}
        )
        assert row.status == "booked"
    assert [a["note"] for a in row.outcome["attempts"]] == ["try 1", "try 2"]
    done = record_follow_up(ada.nurse, appointment_id=call.pk, reached=True, answers=SAID)
    assert len(done.outcome["attempts"]) == 3
    with pytest.raises(Forbidden):
        record_follow_up(
            ada.clinic.as_("front_desk"), appointment_id=call.pk, reached=False, answers={}
        )


def record(ada: Case, call: Appointment, **changes: Any) -> Appointment:
    """The call, reached, with these answers instead of the calm ones."""
    return record_follow_up(
        ada.nurse, appointment_id=call.pk, reached=True, answers={**SAID, **changes}
    )


WORRIES: list[tuple[dict[str, Any], str, str]] = [
    ({"suicidal_thoughts": "active"}, "now", "plan"),
    ({"suicidal_thoughts": "passive"}, "today", "wishes to be dead"),
    ({"suicidal_thoughts": "not_asked", "mood": "lower"}, "today", "not asked"),
    ({"wellbeing": "worse"}, "routine", "worse than before"),
    ({"side_effects": ["dissociation"]}, "routine", "detached"),
    ({"side_effects": ["nausea", "bladder"]}, "routine", "bladder"),
    ({"suicidal_thoughts": "active", "wellbeing": "worse"}, "now", "plan"),
]


@pytest.mark.parametrize(("changes", "level", "words"), WORRIES)
def test_a_worry_is_a_signal_that_holds_the_next_dose(
    ada: Case, call: Appointment, changes: dict[str, Any], level: str, words: str
) -> None:
    record(ada, call, **changes)
    signal = SafetySignal.objects.get(call=call)
    assert (signal.urgency, signal.response, signal.closed_at) == (level, None, None)
    assert words in signal.statement
    course = Course.objects.get(pk=call.course_id)
    assert [hold["id"] for hold in course.dose_holds] == [str(signal.pk)]


def test_a_bladder_complaint_on_the_telephone_stands_in_the_long_term_watch(
    ada: Case, call: Appointment
) -> None:
    record(ada, call, side_effects=["nausea", "bladder"], side_effects_note="Since Monday.")
    entry = WatchEntry.objects.get()
    assert (entry.item, entry.value, entry.asked_at) == (
        "urinary",
        "troublesome",
        ada.clinic.clock.now(),
    )
    assert entry.note == "Said on the telephone: bladder pain or urgency. Since Monday."
    watch = long_term_watch(
        course_summary(Course.objects.get(pk=call.course_id), ada.clinic.clock.now())
    )
    (line,) = [item for item in watch.items if item.id == "urinary"]
    assert line.state == "concerning"
    assert watch.open_entries == [entry]


@pytest.mark.parametrize(
    "changes", [{}, {"suicidal_thoughts": "not_asked"}, {"mood": "lower"}, {"sleep": "none"}]
)
def test_a_calm_call_holds_nothing(ada: Case, call: Appointment, changes: dict[str, Any]) -> None:
    record(ada, call, **changes)
    assert not SafetySignal.objects.exists()
    assert not WatchEntry.objects.exists()
    assert Course.objects.get(pk=call.course_id).dose_holds == []


def test_nobody_reached_is_no_worry(ada: Case, call: Appointment) -> None:
    record_follow_up(ada.nurse, appointment_id=call.pk, reached=False, answers={})
    assert not SafetySignal.objects.exists()
    assert call_worry({"reached": False}) is None
    assert call_worry(None) is None


def test_the_next_dose_waits_until_a_named_clinician_closes_it(
    ada: Case, call: Appointment
) -> None:
    record(ada, call, suicidal_thoughts="passive")
    signal = SafetySignal.objects.get()
    ada.clinic.clock.advance(timedelta(days=3))
    again = book(ada, ada.clinic.clock.now() + timedelta(minutes=5))
    arrive(ada, again)
    with pytest.raises(Refused, match="on the telephone"):
        open_session(ada.nurse, appointment_id=again.pk)
    with pytest.raises(Forbidden):
        close_signal(ada.nurse, signal_id=signal.pk, note="Spoken to")
    close_signal(ada.clinic.as_("therapist"), signal_id=signal.pk, note="Seen; safe today")
    assert open_session(ada.nurse, appointment_id=again.pk).pk


def test_the_pages_lead_from_the_call_to_the_signal_and_back(
    ada: Case, call: Appointment, client: Client
) -> None:
    nurse = signed_in(client, ada.clinic, "session_nurse")
    answers = form(**{**SAID, "suicidal_thoughts": "active", "reached": "yes"})
    reply = nurse.post(reverse("follow_up", args=[call.pk]), answers, follow=True)
    signal = SafetySignal.objects.get()
    assert reply.redirect_chain[-1][0] == reverse("safety_signal", args=[signal.pk])
    assert "What was said on the telephone" in reply.content.decode()
    assert "Speak with Ada at once" in reply.content.decode()
    visit = reverse("appointment", args=[call.pk])
    assert reverse("safety_signal", args=[signal.pk]) in nurse.get(visit).content.decode()
    close_signal(ada.clinic.as_("prescriber"), signal_id=signal.pk, note="Seen; safe today")
    assert "A named clinician has closed this" in nurse.get(visit).content.decode()


def test_a_signal_comes_from_answers_or_from_a_call(ada: Case, call: Appointment) -> None:
    record(ada, call, suicidal_thoughts="passive")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE outcome_safetysignal SET call_id = NULL")


def test_what_was_written_before_a_column_came_still_verifies(ada: Case, call: Appointment) -> None:
    record(ada, call, suicidal_thoughts="passive")
    signal = SafetySignal.objects.get()
    assert "call_id" in row_state(signal)
    signal.call = None
    assert "call_id" not in row_state(signal)
    assert "response_id" in row_state(signal)
    assert verify().whole
