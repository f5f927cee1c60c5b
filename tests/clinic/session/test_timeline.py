"""The timeline: a function of its events, blind to the order of their arrival."""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.clinic.session.queries import board_timelines
from evenkeel.clinic.session.timeline import Event, SessionMeta, read_timeline
from evenkeel.clinic.session.watch import tick
from evenkeel.protocol.pack import load_protocol
from tests.clinic.session.makers import CALM, Stage, open_stage
from tests.clinic_factory import Clinic

T0 = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
IV = load_protocol("us-racemic-iv")
META = SessionMeta("racemic_iv", T0, planned_mg=40, concentration_mg_ml=50, nurse_name="N")
ALARM = {"alarm": "oxygen.review", "key": "oxygen", "level": "review", "statement": "low"}


def happened(minute: float, kind: str, n: int | None = None, **body: Any) -> Event:
    at = T0 + timedelta(minutes=minute)
    number = n if n is not None else random.Random(f"{minute}{kind}{body}").getrandbits(64)
    return Event(
        id=str(uuid.UUID(int=number)),
        kind=kind,
        happened_at=at,
        recorded_at=at,
        position=number % 1000,
        actor_id="a",
        actor_name="Ada",
        via="screen",
        body=body,
    )


def superseding(event: Event, kind: str, n: int, **body: Any) -> Event:
    return replace(
        happened(50, kind, n, **body), supersedes_id=event.id, happened_at=event.happened_at
    )


#: (events as (minute, kind, body), minute asked about, given mg, phase)
GIVEN = [
    ([], 5, 0, "before_dose"),
    ([(0, "infusion_start", {"rate_mg_per_h": 60, "planned_mg": 40})], 10, 10, "running"),
    ([(0, "infusion_start", {"rate_mg_per_h": 60, "planned_mg": 40})], 45, 40, "running"),
    (
        [
            (0, "infusion_start", {"rate_mg_per_h": 60, "planned_mg": 40}),
            (10, "pause", {}),
            (15, "resume", {"rate_mg_per_h": 30}),
            (25, "rate_change", {"rate_mg_per_h": 60}),
            (35, "infusion_stop", {}),
        ],
        60,
        10 + 5 + 10,
        "watching",
    ),
    (
        [(0, "infusion_start", {"rate_mg_per_h": 60, "planned_mg": 40}), (10, "pause", {})],
        30,
        10,
        "paused",
    ),
    # a pump that ran out and was stopped late gave what it was set to, whatever is started later
    (
        [
            (0, "infusion_start", {"rate_mg_per_h": 60, "planned_mg": 20}),
            (30, "infusion_stop", {}),
            (40, "infusion_start", {"rate_mg_per_h": 60, "planned_mg": 17}),
            (45, "infusion_stop", {}),
        ],
        60,
        20 + 5,
        "watching",
    ),
    # one that was stopped early leaves nothing to a later start
    (
        [
            (0, "infusion_start", {"rate_mg_per_h": 60, "planned_mg": 37}),
            (20, "infusion_stop", {}),
            (30, "infusion_start", {"rate_mg_per_h": 60, "planned_mg": 17}),
        ],
        120,
        20 + 17,
        "running",
    ),
    ([(0, "resume", {"rate_mg_per_h": 60}), (1, "pause", {})], 10, 0, "before_dose"),
    ([(0, "injection", {"dose_mg": 30})], 1, 30, "watching"),
    ([(0, "device", {"number": 1, "dose_mg": 28})], 1, 28, "running"),
    (
        [
            (0, "device", {"number": 1, "dose_mg": 28}),
            (5, "device", {"number": 2, "dose_mg": 28}),
        ],
        6,
        56,
        "watching",
    ),
    ([(0, "injection", {"dose_mg": 30}), (60, "ready", {})], 61, 30, "ready"),
    (
        [(0, "injection", {"dose_mg": 30}), (60, "ready", {}), (70, "discharged", {})],
        80,
        30,
        "closed",
    ),
    ([(1, "discharged", {})], 2, 0, "abandoned"),
]


@pytest.mark.parametrize(("steps", "at", "given_mg", "phase"), GIVEN)
def test_amount_and_phase(steps: list[Any], at: float, given_mg: float, phase: str) -> None:
    events = [happened(minute, kind, **body) for minute, kind, body in steps]
    found = read_timeline(META, events, T0 + timedelta(minutes=at), IV)
    assert (found.phase, found.given_mg) == (phase, pytest.approx(given_mg))


def test_a_pump_that_ran_out_asks_for_the_stop_to_be_noted() -> None:
    start = happened(0, "infusion_start", rate_mg_per_h=60, planned_mg=40)
    running = read_timeline(META, [start], T0 + timedelta(minutes=39), IV)
    assert running.runs_out_at == T0 + timedelta(minutes=40)
    assert (running.stop_due, running.rate_ml_per_h) == (False, 1.2)
    assert running.remaining_mg == pytest.approx(1)
    assert read_timeline(META, [start], T0 + timedelta(minutes=40), IV).stop_due


def test_a_pump_started_again_goes_on_from_what_was_given() -> None:
    events = [
        happened(0, "infusion_start", rate_mg_per_h=60, planned_mg=37),
        happened(20, "infusion_stop"),
        happened(30, "infusion_start", 2, rate_mg_per_h=60, planned_mg=17),
    ]
    found = read_timeline(META, events, T0 + timedelta(minutes=35), IV)
    assert (found.planned_mg, found.remaining_mg) == (37, 12)
    assert found.runs_out_at == T0 + timedelta(minutes=47)


def test_vitals_are_due_by_the_protocol_and_pressure_alone_counts() -> None:
    events = [
        happened(-5, "observation", **CALM),
        happened(0, "infusion_start", rate_mg_per_h=60),
        happened(9, "observation", spo2_percent=97),
    ]
    found = read_timeline(META, events, T0 + timedelta(minutes=12), IV)
    assert found.next_vitals_at == T0 + timedelta(minutes=10)
    assert (found.vitals_overdue_s, found.vitals_overdue_level) == (120, "")
    late = read_timeline(META, events, T0 + timedelta(minutes=15, seconds=1), IV)
    assert late.vitals_overdue_level == "review"


def test_rises_count_from_the_last_reading_before_the_dose() -> None:
    events = [
        happened(-20, "observation", sbp_mmhg=140, dbp_mmhg=90),
        happened(-2, "observation", sbp_mmhg=124, dbp_mmhg=78),
        happened(0, "infusion_start", rate_mg_per_h=60),
        happened(20, "observation", sbp_mmhg=151, dbp_mmhg=92),
        happened(30, "observation", sbp_mmhg=138, dbp_mmhg=84),
    ]
    found = read_timeline(META, events, T0 + timedelta(minutes=31), IV)
    assert found.baseline == {"sbp_mmhg": 124, "dbp_mmhg": 78}
    assert found.peak_rise == {"sbp_mmhg": 27, "dbp_mmhg": 14}
    assert (found.last["sbp_mmhg"].from_baseline, found.last["sbp_mmhg"].age_s) == (14, 60)


_BODIES = {
    "observation": st.fixed_dictionaries({"sbp_mmhg": st.integers(90, 200)}),
    "note": st.just({"text": "calm"}),
    "check": st.fixed_dictionaries(
        {"name": st.sampled_from(["identity", "line"]), "ok": st.booleans()}
    ),
    "infusion_start": st.fixed_dictionaries(
        {"rate_mg_per_h": st.integers(10, 90), "planned_mg": st.integers(10, 50)}
    ),
    "rate_change": st.fixed_dictionaries({"rate_mg_per_h": st.integers(10, 90)}),
    "resume": st.fixed_dictionaries({"rate_mg_per_h": st.integers(10, 90)}),
    "pause": st.just({}),
    "infusion_stop": st.just({}),
    "injection": st.fixed_dictionaries({"dose_mg": st.integers(1, 50)}),
    "alarm_raised": st.just(ALARM),
    "ready": st.just({}),
}


@st.composite
def stories(draw: Any) -> list[Event]:
    """Events of any kind in any order, some at the same instant, some correcting others."""
    events: list[Event] = []
    for n in range(draw(st.integers(0, 14))):
        kind = draw(st.sampled_from(sorted(_BODIES)))
        event = happened(draw(st.integers(0, 20)), kind, n + 1, **draw(_BODIES[kind]))
        events.append(event)
    alarms = [e for e in events if e.kind == "alarm_raised"]
    for n, alarm in enumerate(alarms[:2]):
        events.append(happened(21, "alarm_acknowledged", 500 + n, alarm_event=alarm.id))
    for n in range(draw(st.integers(0, 3))):
        if events:
            old = draw(st.sampled_from(events))
            void = draw(st.booleans())
            body = {"reason": "x"} if void else dict(old.body)
            events.append(superseding(old, "void" if void else old.kind, 900 + n, **body))
    return events


@settings(max_examples=150, deadline=None)
@given(story=stories(), order=st.randoms(use_true_random=False), minute=st.integers(0, 40))
def test_the_same_events_give_the_same_answer_in_any_order(
    story: list[Event], order: random.Random, minute: int
) -> None:
    now = T0 + timedelta(minutes=minute)
    expected = read_timeline(META, story, now, IV).as_dict()
    shuffled = list(story)
    order.shuffle(shuffled)
    found = read_timeline(META, [*shuffled, *shuffled[:2]], now, IV).as_dict()
    assert json.dumps(found) == json.dumps(expected)
    assert found["given_mg"] >= 0
    ids = {e.id for e in story}
    gone = {e.supersedes_id for e in story if e.supersedes_id}
    assert {c["event_id"] for c in found["history"]} == gone & ids


def test_the_board_knows_of_each_session_what_its_own_page_knows(
    clinic: Clinic, django_assert_num_queries: Any
) -> None:
    stages = [open_stage(clinic), open_stage(clinic, chair=clinic.chairs[1], named="Bo")]
    stages[0].started()
    for minute in range(40):
        stages[0].wait(1)
        stages[0].says("observation", sbp_mmhg=130 + minute % 7, dbp_mmhg=80, spo2_percent=97)
    sessions = [stage.row() for stage in stages]
    with django_assert_num_queries(2):
        board = board_timelines(sessions, clinic.clock.now())
    for stage in stages:
        whole, brief = stage.timeline().as_dict(), board[stage.session.pk].as_dict()
        for name in (
            "phase",
            "given_mg",
            "last",
            "baseline",
            "next_vitals_at",
            "open_alarms",
            "checks_done",
            "in_charge",
            "position",
        ):
            assert brief[name] == whole[name], name


def test_a_busy_monitor_pushes_nothing_off_the_board_and_raises_no_late_vitals(
    clinic: Clinic,
) -> None:
    stage = open_stage(clinic)
    stage.started()
    stage.wait(1)
    stage.says("observation", sbp_mmhg=131, dbp_mmhg=82, heart_rate_bpm=74, spo2_percent=97)
    stage.says("observation", dissociation_0_10=4, moaas=4)
    monitor = replace(clinic.as_("session_nurse"), via="monitor")
    for second in range(0, 480, 10):  # eight minutes of a probe, every ten seconds
        stage.wait(1 / 6)
        stage.says("observation", ctx=monitor, spo2_percent=95 + second % 3, heart_rate_bpm=80)
    session = stage.row()
    whole = stage.timeline()
    brief = board_timelines([session], clinic.clock.now())[session.pk]
    assert brief.last == whole.last
    assert brief.baseline == whole.baseline
    assert brief.last["sbp_mmhg"].value == 131
    assert brief.next_vitals_at == whole.next_vitals_at
    assert tick(clinic.clock.now()) == 0


def test_a_stage_for_types(stage: Stage) -> None:
    document = stage.started().timeline().as_dict()
    assert json.loads(json.dumps(document)) == document
