"""Alarms that wait for an answer: what was done, who is called, whose they are."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.chain import verify_links
from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid
from evenkeel.clinic.session import spool
from evenkeel.clinic.session.actions.open_session import open_session
from evenkeel.clinic.session.answers import DONE, choices_by_subject
from evenkeel.clinic.session.models import SessionEvent
from evenkeel.clinic.session.my_alarms import my_alarms
from evenkeel.clinic.session.raising import is_news, open_alarms
from evenkeel.clinic.session.watch import tick
from tests.clinic.session.makers import (
    CALM,
    Stage,
    checked_in_appointment,
    open_stage,
    treatable_case,
)
from tests.clinic.session.outage import Outage
from tests.clinic_factory import Clinic, sign_in

S = 1 / 60


def sounding(stage: Stage, **body: Any) -> SessionEvent:
    """A session under way in which an alarm was just raised; a hold unless told otherwise."""
    stage.started()
    stage.wait(3)
    return stage.says("observation", body=body or {"spo2_percent": 89}).raised[0]


def called() -> list[tuple[str, str, str]]:
    rows = SessionEvent.objects.filter(kind="alarm_escalated").order_by("position")
    return [(e.body["to"], e.body.get("to_name", ""), e.body.get("why", "")) for e in rows]


def name(stage: Stage, role: str) -> str:
    return stage.clinic.staff[role].shown_name


# ---- saying what was done ----

#: reading, body of the acknowledgment, whether it is enough
SAID = [
    ({"spo2_percent": 89}, {}, False),
    ({"spo2_percent": 89}, {"note": "   "}, False),
    ({"spo2_percent": 89}, {"done": []}, False),
    ({"spo2_percent": 89}, {"done": ["roused", "oxygen"]}, True),
    ({"spo2_percent": 89}, {"note": "Probe had slipped"}, True),
    ({"moaas": 1}, {}, False),
    ({"moaas": 1}, {"done": ["emergency_team"]}, True),
    ({"spo2_percent": 91}, {}, True),
]


@pytest.mark.parametrize(("reading", "said", "enough"), SAID)
def test_a_hold_or_emergency_is_answered_only_with_what_was_done(
    stage: Stage, reading: dict[str, Any], said: dict[str, Any], enough: bool
) -> None:
    alarm = sounding(stage, **reading)
    body = {"alarm_event": str(alarm.pk), **said}
    if enough:
        stage.says("alarm_acknowledged", body=body)
        assert stage.timeline().open_alarms == []
        return
    with pytest.raises(Invalid) as refused:
        stage.says("alarm_acknowledged", body=body)
    assert "Say what was done" in refused.value.message
    assert "done" in refused.value.fields
    assert len(stage.timeline().open_alarms) == 1


def test_every_choice_has_words_and_every_answer_a_name(stage: Stage) -> None:
    offered = {code for choices in choices_by_subject().values() for code, _ in choices}
    assert offered == set(DONE)
    with pytest.raises(Invalid):
        stage.says("alarm_acknowledged", alarm_event=str(stage.session.pk), done=["prayed"])


def test_an_answer_is_corrected_or_struck_out_and_never_erased(stage: Stage) -> None:
    alarm = sounding(stage)
    first = stage.says("alarm_acknowledged", alarm_event=str(alarm.pk), done=["probe"]).event
    stage.wait(1)
    better = stage.says(
        "alarm_acknowledged",
        "prescriber",
        alarm_event=str(alarm.pk),
        done=["oxygen"],
        supersedes=first.pk,
    ).event
    shown = stage.timeline().answered_alarms[0]
    assert shown.done == "Gave oxygen"
    assert (shown.acknowledged_by, shown.acknowledged_at) == (
        name(stage, "session_nurse"),
        first.recorded_at,
    )
    assert shown.corrected_by == name(stage, "prescriber")
    with pytest.raises(Conflict):
        stage.says("alarm_acknowledged", alarm_event=str(alarm.pk), done=["oxygen"])
    stage.says("void", reason="wrong person", supersedes=better.pk)
    assert [a.event_id for a in stage.timeline().open_alarms] == [str(alarm.pk)]
    assert [done for _, _, done in open_alarms(stage.session)] == [None]
    assert not is_news("oxygen", "hold", open_alarms(stage.session), stage.now)
    stage.says("alarm_acknowledged", alarm_event=str(alarm.pk), done=["looked"])
    assert stage.timeline().open_alarms == []
    assert SessionEvent.objects.filter(kind="alarm_acknowledged").count() == 3
    assert verify_links().whole


def test_a_corrected_answer_covers_nothing_raised_after_it(stage: Stage) -> None:
    alarm = sounding(stage)
    first = stage.says("alarm_acknowledged", alarm_event=str(alarm.pk), done=["probe"]).event
    stage.wait(5)
    later = stage.says("observation", spo2_percent=88).raised[0]
    stage.says(
        "alarm_acknowledged", alarm_event=str(alarm.pk), done=["oxygen"], supersedes=first.pk
    )
    assert [a.event_id for a in stage.timeline().open_alarms] == [str(later.pk)]
    assert [(key, done) for key, _, done in open_alarms(stage.session) if done is None] == [
        ("oxygen", None)
    ]


# ---- who is called ----


def test_the_second_person_and_then_everybody_is_called_once_each_and_in_order(
    stage: Stage,
) -> None:
    alarm = sounding(stage)
    tick(stage.wait(89 * S))
    assert called() == []
    tick(stage.wait(1 * S))
    second = ("second", name(stage, "prescriber"), "")
    assert called() == [second]
    for _ in range(3):  # a watch that was started anew knows nothing but the record
        tick(stage.wait(20 * S))
    assert called() == [second]
    tick(stage.wait(30 * S))
    tick(stage.wait(30 * S))
    assert called() == [second, ("everybody", "", "")]
    stage.says("alarm_acknowledged", "prescriber", alarm_event=str(alarm.pk), done=["oxygen"])
    tick(stage.wait(10 * S))
    assert len(called()) == 2
    shown = stage.timeline().answered_alarms[0]
    assert [(c.to, c.after_s) for c in shown.calls] == [("second", 90.0), ("everybody", 180.0)]
    assert shown.answered_after_s == 210.0
    assert verify_links().whole


def test_an_answer_in_time_calls_nobody(stage: Stage) -> None:
    alarm = sounding(stage)
    tick(stage.wait(80 * S))
    stage.says("alarm_acknowledged", alarm_event=str(alarm.pk), done=["probe"])
    tick(stage.wait(5))
    assert called() == []


def test_a_watch_that_was_away_catches_up_and_an_answer_struck_out_calls_anew(
    stage: Stage,
) -> None:
    alarm = sounding(stage)
    tick(stage.wait(4))
    assert [to for to, _, _ in called()] == ["second", "everybody"]
    answer = stage.says("alarm_acknowledged", alarm_event=str(alarm.pk), done=["probe"]).event
    stage.says("void", reason="other chair", supersedes=answer.pk)
    tick(stage.wait(1))
    assert len(called()) == 2
    tick(stage.wait(1))
    assert [to for to, _, _ in called()] == ["second", "everybody", "second"]


def test_the_worst_alarm_of_a_kind_calls_for_all_of_its_kind(stage: Stage) -> None:
    sounding(stage, spo2_percent=89)
    stage.wait(1.1)
    assert stage.says("observation", spo2_percent=85).raised[0].body["level"] == "emergency"
    tick(stage.wait(30 * S))
    rows = SessionEvent.objects.filter(kind="alarm_escalated")
    assert [(e.body["level"], e.body["to"]) for e in rows] == [("emergency", "second")]


def test_without_a_second_person_everybody_is_called_in_that_place_and_told_why(
    clinic: Clinic,
) -> None:
    case = treatable_case(clinic)
    visit = checked_in_appointment(case.nurse, case=case, chair=clinic.chairs[0])
    session = open_session(case.nurse, appointment_id=visit.pk, second_id="")
    stage = Stage(clinic, case, session)
    sounding(stage)
    tick(stage.wait(90 * S))
    assert called() == [("everybody", "", "No second person is named.")]


@pytest.mark.django_db(transaction=True)
def test_calls_that_cannot_be_written_wait_and_are_filed_once(stage: Stage, outage: Outage) -> None:
    sounding(stage)
    stage.wait(2)
    outage.begin()
    for _ in range(2):
        with pytest.raises(DatabaseError):
            tick(stage.now)
    assert spool.waiting() == 1
    nurse = my_alarms(stage.clinic.as_("prescriber"))
    assert [(a.part, a.sounds) for a in nurse.alarms] == [("second", True)]  # heard all the same
    outage.end()
    assert spool.replay_spool(stage.clinic.clock) == 1
    tick(stage.now)
    assert [to for to, _, _ in called()] == ["second"]


# ---- the second person ----


def test_the_second_person_is_the_prescriber_unless_somebody_else_is_named(stage: Stage) -> None:
    staff = stage.clinic.staff
    assert stage.session.second == staff["prescriber"]
    director = str(staff["medical_director"].pk)
    stage.says("second_person", second_id=director, reason="Dr Otto is out")
    assert stage.row().second_id == staff["medical_director"].pk
    assert stage.timeline().second["name"] == name(stage, "medical_director")
    # who takes over the watch cannot be second: the usual one is again
    stage.says("hand_over", to_id=director)
    assert stage.row().nurse_id == staff["medical_director"].pk
    assert stage.row().second_id == staff["prescriber"].pk
    assert verify_links().whole


@pytest.mark.parametrize(
    ("role", "code"),
    [
        ("session_nurse", "same_person"),
        ("therapist", "cannot_be_second"),
        ("prescriber_elsewhere", "cannot_be_second"),
    ],
)
def test_who_cannot_be_second_is_refused(stage: Stage, role: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        stage.says("second_person", second_id=str(stage.clinic.staff[role].pk))
    assert refused.value.code == code
    assert stage.row().second_id == stage.clinic.staff["prescriber"].pk


def test_naming_the_second_person_needs_the_right_to_hand_over(stage: Stage) -> None:
    with pytest.raises(Forbidden):
        stage.says("second_person", "therapist", second_id="")


# ---- whose alarms these are ----


def mine(ctx: Context) -> list[tuple[str, bool]]:
    return [(a.part, a.sounds) for a in my_alarms(ctx).alarms]


def test_each_hears_what_is_theirs_from_the_moment_it_is(stage: Stage) -> None:
    sounding(stage)
    as_ = stage.clinic.as_
    roles = ("session_nurse", "prescriber", "medical_director", "therapist")
    assert [mine(as_(role)) for role in roles] == [[("nurse", True)], [("second", False)], [], []]
    stage.wait(90 * S)  # no watch has run: what is heard follows from the time alone
    assert mine(as_("prescriber")) == [("second", True)]
    assert mine(as_("medical_director")) == []
    stage.wait(90 * S)
    assert [mine(as_(role)) for role in roles[2:]] == [[("site", True)], [("site", True)]]
    assert mine(as_("prescriber_elsewhere")) == []


def test_a_review_is_nobodys_to_hear(stage: Stage) -> None:
    sounding(stage, spo2_percent=91)
    assert mine(stage.clinic.as_("session_nurse")) == []
    assert [part for _, part in my_alarms(stage.clinic.as_("session_nurse")).watched] == ["nurse"]


@pytest.mark.parametrize(
    ("role", "status", "seen"),
    [
        ("session_nurse", 200, True),
        ("prescriber", 200, True),
        ("therapist", 200, False),
        ("prescriber_elsewhere", 200, False),
        ("front_desk", 403, False),
        ("auditor", 403, False),
    ],
)
def test_the_bar_shows_only_what_concerns_who_asks(
    client: Client,
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    role: str,
    status: int,
    seen: bool,
) -> None:
    sounding(stage)
    monkeypatch.setenv(CLOCK_VARIABLE, ScaledClock(stage.now, 0.0, 0.0).as_text())
    sign_in(client, stage.clinic.staff[role])
    answer = client.get(reverse("my_alarms"))
    assert answer.status_code == status
    assert (stage.session.chair.name in answer.content.decode()) is seen
    assert client.get(reverse("watch_here")).status_code == status


def test_the_bar_asks_the_same_few_questions_however_many_sit(
    client: Client, clinic: Clinic, django_assert_max_num_queries: Any
) -> None:
    for n, who in enumerate(("Ada", "Bo", "Cy")):
        one = open_stage(clinic, chair=clinic.chairs[n], named=who)
        one.prepared()
        one.says("observation", body={**CALM, "spo2_percent": 85})
    nurse = clinic.as_("session_nurse")
    with django_assert_max_num_queries(3):
        assert len(my_alarms(nurse).alarms) == 3


def test_the_note_tells_who_was_called_and_who_answered_after_how_long(
    client: Client, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarm = sounding(stage)
    tick(stage.wait(90 * S))
    stage.wait(30 * S)
    stage.says("alarm_acknowledged", "prescriber", alarm_event=str(alarm.pk), done=["oxygen"])
    monkeypatch.setenv(CLOCK_VARIABLE, ScaledClock(stage.now, 0.0, 0.0).as_text())
    sign_in(client, stage.clinic.staff["medical_director"])
    text = client.get(reverse("session_note", args=[stage.session.pk])).content.decode()
    assert f"after 90 s: {name(stage, 'prescriber')} called" in text
    assert f"{name(stage, 'prescriber')}, after 120 s: Gave oxygen" in text
    assert "called once because an alarm stood unanswered" in text


def test_the_opening_form_names_the_second_person(client: Client, clinic: Clinic) -> None:
    case = treatable_case(clinic)
    visit = checked_in_appointment(case.nurse, case=case, chair=clinic.chairs[0])
    sign_in(client, clinic.staff["session_nurse"])
    page = reverse("appointment", args=[visit.pk])
    text = client.get(page).content.decode()
    prescriber = clinic.staff["prescriber"]
    assert f'value="{prescriber.pk}" selected' in text
    assert str(clinic.staff["session_nurse"].pk) not in text.split('name="second_id"')[1]
    director = str(clinic.staff["medical_director"].pk)
    client.post(page, {"do": "open_session", "second_id": director, "act_id": str(uuid.uuid4())})
    visit.refresh_from_db()
    assert str(visit.session.second_id) == director
