"""Leaving: a reversal agent is waited for; who goes before ready is written down, never kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.clinic.course.queries import course_summary
from evenkeel.clinic.outcome.actions.record_follow_up import record_follow_up
from evenkeel.clinic.outcome.course_story import gather
from evenkeel.clinic.outcome.to_resolve import to_resolve
from evenkeel.clinic.record.errors import Forbidden, Invalid, Refused
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.session.follow_up import LEFT_EARLY_NOTE
from evenkeel.clinic.session.models import Appointment
from tests.clinic.session.makers import CALM, Stage
from tests.clinic.session.test_events import ALL_WELL
from tests.clinic_factory import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("page_clock")]

EARLY: dict[str, Any] = {
    "said": "I have a train at four",
    "capacity": "yes",
    "risks_explained": True,
    "clinician_told": "Dr Invented",
    "accompanied_by": "a friend",
    "follow_up": "Calls us tonight",
}


def watched(stage: Stage, minutes: float = 30) -> Stage:
    """The drug has ended, and the person is watched."""
    stage.started()
    stage.wait(40)
    stage.says("infusion_stop")
    stage.wait(minutes)
    stage.says("observation", body={**CALM, "dissociation_0_10": 2})
    return stage


def test_after_a_reversal_agent_the_person_waits(stage: Stage) -> None:
    watched(stage, 20)
    stage.says("rescue_medicine", name="Flumazenil", dose_mg=0.2)
    stage.wait(70)
    stage.says("observation", body={**CALM, "dissociation_0_10": 0})
    check = stage.says("discharge_check", answers=ALL_WELL).event.body
    assert check["disposition"] == "hold"
    assert [i["id"] for i in check["items"] if i["state"] != "met"] == ["after_reversal"]
    stage.wait(50)
    stage.says("observation", body={**CALM, "dissociation_0_10": 0})
    check = stage.says("discharge_check", answers=ALL_WELL).event.body
    assert check["disposition"] == "discharge"


def test_who_leaves_early_goes_and_it_stays_on_the_record(stage: Stage) -> None:
    watched(stage)
    stage.says("discharge_check", answers={**ALL_WELL, "gait": "unsteady"})
    event = stage.says("discharged", early=EARLY).event
    missing = [one["label"] for one in event.body["early"]["missing"]]
    assert missing == ["Minimum time", "Walking"]
    row = stage.row()
    assert (row.state, row.closed_at, row.ready_at) == ("closed", stage.now, None)
    assert row.summary["left_early"] == missing
    entry = ChainEntry.objects.filter(action="session.discharge").latest("position")
    assert entry.reason == EARLY["said"]
    call = Appointment.objects.get(follows=row.appointment_id, kind="follow_up_call")
    assert call.note == LEFT_EARLY_NOTE
    assert (call.starts_at.date() - stage.now.date()).days == 1

    browser = sign_in(Client(), stage.clinic.staff["prescriber"])
    note = browser.get(reverse("session_note", args=[row.pk])).content.decode()
    board = browser.get(reverse("board")).content.decode()
    course = browser.get(reverse("course", args=[row.course_id])).content.decode()
    assert "Left before ready" in note
    assert "I have a train at four" in note
    assert "Does not walk steadily alone" in note
    assert "Left before ready today" in board
    assert "Left session 1 before ready" in course
    assert "left early" in course


def matters(stage: Stage) -> list[str]:
    story = gather(course_summary(stage.case.fresh(), stage.now))
    return [one.title for one in to_resolve(story) if "before ready" in one.title]


def test_it_is_open_until_the_call_reached_the_person(stage: Stage) -> None:
    watched(stage)
    stage.says("discharged", early=EARLY)
    assert matters(stage) == ["Left session 1 before ready"]
    call = Appointment.objects.get(kind="follow_up_call")
    stage.wait(24 * 60)
    record_follow_up(stage.case.nurse, appointment_id=call.pk, reached=False, answers={})
    assert matters(stage) == ["Left session 1 before ready"]
    said = {
        "wellbeing": "same",
        "sleep": "good",
        "mood": "same",
        "suicidal_thoughts": "no",
        "drove": "no",
        "side_effects": ["none"],
    }
    record_follow_up(stage.case.nurse, appointment_id=call.pk, reached=True, answers=said)
    assert matters(stage) == []


def test_with_nothing_asked_everything_asked_for_is_missing(stage: Stage) -> None:
    watched(stage)
    early = stage.says("discharged", early=EARLY).event.body["early"]
    states = {one["label"]: one["state"] for one in early["missing"]}
    assert states["Minimum time"] == "unmet"
    assert states["Suicide risk"] == states["Walking"] == states["Escort"] == "unknown"
    assert "Leaving early" not in states


@pytest.mark.parametrize("left_out", sorted(set(EARLY) - {"accompanied_by"}))
def test_what_must_be_written_down_is_named(stage: Stage, left_out: str) -> None:
    watched(stage)
    with pytest.raises(Invalid) as caught:
        stage.says("discharged", early={k: v for k, v in EARLY.items() if k != left_out})
    assert list(caught.value.fields) == [left_out]
    assert stage.row().closed_at is None


def test_what_was_missing_cannot_be_sent_in(stage: Stage) -> None:
    watched(stage)
    with pytest.raises(Invalid):
        stage.says("discharged", early={**EARLY, "missing": []})


def test_it_is_not_the_story_without_a_drug_while_it_runs_or_once_ready(stage: Stage) -> None:
    with pytest.raises(Refused) as caught:
        stage.says("discharged", early=EARLY)
    assert caught.value.code == "not_given"
    stage.started()
    with pytest.raises(Refused) as caught:
        stage.says("discharged", early=EARLY)
    assert caught.value.code == "still_running"
    stage.says("infusion_stop")
    with pytest.raises(Forbidden):
        stage.says("discharged", "therapist", early=EARLY)
    stage.says("ready", override_reason="Seen by the prescriber")
    with pytest.raises(Refused) as caught:
        stage.says("discharged", early=EARLY)
    assert caught.value.code == "already_ready"
