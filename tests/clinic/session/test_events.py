"""Events: their schemas, stored once, phase rules, corrections, effects."""

from __future__ import annotations

import contextlib
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.record.chain import verify_links
from evenkeel.clinic.record.errors import Conflict, DomainError, Forbidden, Invalid, Refused
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.session.actions.open_session import open_session
from evenkeel.clinic.session.events import KINDS, MAX_BODY_BYTES, kind_of, read_body
from evenkeel.clinic.session.models import Appointment, SessionEvent
from tests.clinic.session.makers import (
    CALM,
    Stage,
    checked_in_appointment,
    open_stage,
    treatable_case,
)
from tests.clinic_factory import Clinic

BAD_BODIES = [
    ("observation", {"sbp_mmhg": 1180, "dbp_mmhg": 80}, "sbp_mmhg", "not possible"),
    ("observation", {"sbp_mmhg": "118", "dbp_mmhg": 80}, "sbp_mmhg", "number"),
    ("observation", {"sbp_mmhg": True}, "sbp_mmhg", "number"),
    ("observation", {"sbp_mmhg": float("nan")}, "sbp_mmhg", "number"),
    ("observation", {"sbp_mmhg": 80, "dbp_mmhg": 118}, "dbp_mmhg", "not below"),
    ("observation", {"sbp_mmhg": 120, "dbp_mmhg": 80, "map_mmhg": 125}, "map_mmhg", "mean"),
    ("observation", {"moaas": 6}, "moaas", "0 to 5"),
    ("observation", {"moaas": 2.5}, "moaas", "whole"),
    ("observation", {"dissociation_0_10": 11}, "dissociation_0_10", "0 to 10"),
    ("observation", {"blood_sugar": 5}, "blood_sugar", "not known"),
    ("observation", {"flags": ["old"], "moaas": 5}, "flags", "not known"),
    ("observation", {}, "body", "at least one"),
    ("observation", {"symptoms": "nausea"}, "symptoms", "list"),
    ("note", {"text": "  "}, "text", "needed"),
    ("note", {"text": "a\x00b"}, "text", "cannot be stored"),
    ("note", {"text": "x" * 4001}, "text", "4000"),
    ("check", {"name": "weather", "ok": True}, "name", "Choose one of"),
    ("check", {"name": "identity"}, "ok", "needed"),
    ("injection", {"dose_mg": 0}, "dose_mg", "not possible"),
    ("device", {"number": 4, "dose_mg": 28}, "number", "not possible"),
    ("rate_change", {"rate_mg_per_h": 40}, "reason", "needed"),
    ("alarm_acknowledged", {"alarm_event": "yes"}, "alarm_event", "not an id"),
    ("discharge_check", {"answers": {"gait": "wobbly"}}, "answers", "gait"),
    ("note", ["text"], "body", "object"),
    ("note", None, "body", "object"),
]


@pytest.mark.parametrize(("kind", "body", "field", "said"), BAD_BODIES)
def test_what_cannot_be_right_is_named_by_field(
    kind: str, body: Any, field: str, said: str
) -> None:
    with pytest.raises(Invalid) as raised:
        read_body(kind_of(kind), body)
    assert said in raised.value.fields[field]


def test_an_unusual_value_is_kept_and_flagged() -> None:
    assert read_body(kind_of("observation"), {"sbp_mmhg": 231, "dbp_mmhg": 120}) == {
        "sbp_mmhg": 231,
        "dbp_mmhg": 120,
        "flags": ["surprising"],
    }
    assert "flags" not in read_body(kind_of("observation"), CALM)


def test_a_body_over_the_limit_is_refused() -> None:
    body = {"text": "é" * 4000}
    assert len(body["text"].encode()) < MAX_BODY_BYTES
    read_body(kind_of("note"), body)
    with pytest.raises(Invalid) as raised:
        read_body(kind_of("note"), {"text": "\U0001f600" * 4000})
    assert raised.value.code == "too_large"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    body=JSON
    | st.dictionaries(st.sampled_from(sorted({f for k in KINDS.values() for f in k.fields})), JSON),
)
def test_no_body_whatever_does_more_than_be_refused(kind: str, body: Any) -> None:
    schema = kind_of(kind, internal=True)
    clean = body
    with contextlib.suppress(Invalid):
        clean = read_body(schema, body)
    if clean is not body:
        again = {name: value for name, value in clean.items() if name != "flags"}
        assert read_body(schema, again) == clean


def test_nobody_may_send_an_internal_kind(stage: Stage) -> None:
    for kind in ("alarm_raised", "opened", "nonsense", "", None):
        with pytest.raises(Invalid) as raised:
            stage.says(kind, body={})  # type: ignore[arg-type]
        assert raised.value.code == "unknown_kind"


def test_the_same_id_is_stored_once_and_never_for_something_else(stage: Stage) -> None:
    event_id = uuid.uuid4()
    first = stage.says("observation", id=event_id, body=CALM)
    entries = ChainEntry.objects.count()
    stage.wait(1)
    again = stage.says("observation", id=event_id, at=first.event.happened_at, body=CALM)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.event.recorded_at == first.event.recorded_at
    assert ChainEntry.objects.count() == entries
    for other in ({"body": {**CALM, "moaas": 4}}, {"at": stage.now}):
        said = {"body": CALM, "at": first.event.happened_at, **other}
        with pytest.raises(Conflict) as raised:
            stage.says("observation", id=event_id, **said)
        assert raised.value.code == "id_reused"
    assert SessionEvent.objects.filter(kind="observation").count() == 1


@pytest.mark.parametrize(
    ("offset", "code"),
    [
        (timedelta(seconds=61), "in_the_future"),
        (timedelta(hours=-12, minutes=-1), "before_session"),
    ],
)
def test_a_time_that_cannot_be_is_refused(stage: Stage, offset: timedelta, code: str) -> None:
    with pytest.raises(Invalid) as raised:
        stage.says("note", text="x", at=stage.now + offset)
    assert (raised.value.code, "happened_at" in raised.value.fields) == (code, True)


def test_a_clock_a_little_ahead_is_charted_now_with_its_own_time_kept(stage: Stage) -> None:
    said = stage.now + timedelta(seconds=40)
    event = stage.says("note", text="x", at=said).event
    assert event.happened_at == stage.now
    assert event.raw_time == said.isoformat()


def _first_dose(stage: Stage, **said: Any) -> None:
    stage.says("infusion_start", **stage.start_body(), **said)


def _without(what: str, stage: Stage) -> None:
    if what != "checks":
        stage.checks(leave_out=("escort",) if what == "one check" else ())
    if what == "own dose check":
        stage.dose_check("session_nurse")
    elif what == "disagreement":
        stage.dose_check("prescriber", agrees=False, dose_mg=5)
    elif what != "dose check":
        stage.dose_check()
    if what == "old pressure":
        stage.says("observation", body=CALM)
        stage.wait(61)
    elif what == "high pressure":
        stage.says("observation", body={**CALM, "sbp_mmhg": 152})
    elif what != "pressure":
        stage.says("observation", body=CALM)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("checks", "Identity"),
        ("one check", "take the person home"),
        ("dose check", "has not recomputed"),
        ("own dose check", "not by the one who starts"),
        ("disagreement", "does not agree"),
        ("pressure", "was not measured"),
        ("old pressure", "was not measured"),
        ("high pressure", "152/76"),
    ],
)
def test_the_first_dose_waits_for_what_is_missing(stage: Stage, what: str, said: str) -> None:
    _without(what, stage)
    with pytest.raises(Refused) as raised:
        _first_dose(stage)
    assert raised.value.code == "not_ready_to_start"
    assert said in raised.value.message
    assert stage.row().first_dose_at is None
    assert Course.objects.get(pk=stage.session.course_id).dosed_since is None


def test_a_high_pressure_may_be_started_on_with_a_reason(stage: Stage) -> None:
    _without("high pressure", stage)
    _first_dose(stage, reason="White coat; repeated twice, prescriber at the chair")
    assert stage.row().state == "running"


def test_a_safety_hold_or_a_withdrawn_consent_stops_the_first_dose(stage: Stage) -> None:
    from evenkeel.clinic.course.actions.withdraw_consent import withdraw_consent
    from evenkeel.clinic.course.models import Consent

    stage.prepared()
    withdraw_consent(stage.clinic.as_("therapist"), consent_id=Consent.objects.get().pk)
    with pytest.raises(Refused) as raised:
        _first_dose(stage)
    assert "withdrawn" in raised.value.message


def test_giving_moves_the_session_and_marks_the_course(stage: Stage) -> None:
    stage.started()
    start = stage.now
    row = stage.row()
    assert (row.state, row.first_dose_at, row.last_dose_ended_at) == ("running", start, None)
    assert Course.objects.get(pk=row.course_id).dosed_since == start
    for minutes, kind, body, state in (
        (10, "pause", {"reason": "chest tight"}, "paused"),
        (2, "resume", {"rate_mg_per_h": 40}, "running"),
        (10, "rate_change", {"rate_mg_per_h": 30, "reason": "strong"}, "running"),
        (10, "infusion_stop", {}, "watching"),
    ):
        stage.wait(minutes)
        stage.says(kind, body=body)
        assert stage.row().state == state
    assert stage.row().last_dose_ended_at == stage.now
    # 55.5 mg/h for 10 min, 40 for 10, 30 for 10
    assert stage.timeline().given_mg == pytest.approx((55.5 + 40 + 30) / 6, abs=0.01)


REFUSED_STEPS = [
    ([], "resume", {"rate_mg_per_h": 40}, "not_paused"),
    ([], "rate_change", {"rate_mg_per_h": 40, "reason": "x"}, "not_running"),
    (["start"], "resume", {"rate_mg_per_h": 40}, "not_paused"),
    (["start"], "infusion_start", {"rate_mg_per_h": 40}, "already_running"),
    (["start", "stop"], "rate_change", {"rate_mg_per_h": 40, "reason": "x"}, "not_running"),
    (["start", "pause"], "infusion_start", {"rate_mg_per_h": 40}, "already_running"),
    (["start"], "ready", {}, "still_running"),
    (["start", "pause"], "discharged", {}, "still_running"),
    (["start", "stop"], "ready", {}, "needs_override"),
    (["start", "stop"], "discharged", {}, "needs_override"),
    (["start"], "injection", {"dose_mg": 5}, "wrong_route"),
    (["start"], "device", {"number": 1, "dose_mg": 28}, "wrong_route"),
    (["start", "stop", "leave"], "infusion_start", {"rate_mg_per_h": 40}, "already_ready"),
    (["start", "stop", "leave", "close"], "pause", {}, "session_closed"),
    (["start", "stop", "leave", "close"], "check", {"name": "line", "ok": True}, "session_closed"),
]
STEPS = {
    "start": lambda s: s.started(),
    "pause": lambda s: s.says("pause"),
    "stop": lambda s: s.says("infusion_stop"),
    "leave": lambda s: s.says("ready", override_reason="Seen by the prescriber"),
    "close": lambda s: s.says("discharged", escort="Bo Beispiel"),
}


@pytest.mark.parametrize(("before", "kind", "body", "code"), REFUSED_STEPS)
def test_a_step_out_of_order_is_refused(
    stage: Stage, before: list[str], kind: str, body: dict[str, Any], code: str
) -> None:
    for step in before:
        STEPS[step](stage)
        stage.wait(1)
    with pytest.raises(DomainError) as raised:
        stage.says(kind, body=body)
    assert raised.value.code == code


@pytest.mark.parametrize("before", [[], ["start"], ["start", "pause"], ["start", "stop"]])
def test_a_stop_is_always_taken_also_from_the_therapist(stage: Stage, before: list[str]) -> None:
    for step in before:
        STEPS[step](stage)
    stage.says("pause", "therapist")
    stage.says("infusion_stop", "therapist")
    assert stage.row().state == ("before_dose" if not before else "watching")


PERMITTED = [
    ("observation", CALM, "therapist", True),
    ("observation", CALM, "pharmacist", False),
    ("note", {"text": "calm"}, "front_desk", False),
    ("infusion_start", {"rate_mg_per_h": 50}, "therapist", False),
    ("dose_check", {"dose_mg": 37, "agrees": True}, "therapist", False),
    ("hand_over", {"to_id": str(uuid.uuid4())}, "therapist", False),
    ("ready", {}, "therapist", False),
    ("alarm_acknowledged", {"alarm_event": str(uuid.uuid4())}, "therapist", False),
    ("infusion_stop", {}, "pharmacist", False),
    ("infusion_stop", {}, "prescriber_elsewhere", False),
]


@pytest.mark.parametrize(("kind", "body", "role", "may"), PERMITTED)
def test_each_kind_asks_for_its_own_permission(
    stage: Stage, kind: str, body: dict[str, Any], role: str, may: bool
) -> None:
    before = SessionEvent.objects.count()
    if may:
        stage.says(kind, role, body=body)
        return
    with pytest.raises(DomainError) as raised:
        stage.says(kind, role, body=body)
    assert raised.value.code in {"forbidden", "not_found"}
    assert SessionEvent.objects.count() == before
    assert ChainEntry.objects.latest("position").outcome == "refused"


def test_a_dose_beyond_the_plan_is_refused(stage: Stage) -> None:
    stage.prepared()
    with pytest.raises(Refused) as raised:
        stage.says("infusion_start", rate_mg_per_h=60, planned_mg=60, duration_min=60)
    assert raised.value.code == "over_dose"
    assert "37 mg of the plan" in raised.value.message


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"rate_mg_per_h": 55.5, "rate_ml_per_h": 5.5}, "rate_ml_per_h"),
        ({"rate_mg_per_h": 2000}, "rate_mg_per_h"),
        ({"rate_mg_per_h": 40, "planned_mg": 37, "duration_min": 40}, "rate_mg_per_h"),
    ],
)
def test_figures_that_do_not_multiply_out_are_refused(
    stage: Stage, body: dict[str, Any], field: str
) -> None:
    stage.prepared()
    with pytest.raises(Invalid) as raised:
        stage.says("infusion_start", body=body)
    assert field in raised.value.fields


def test_the_second_person_must_come_to_the_same_figures(stage: Stage) -> None:
    for changes in ({"dose_mg": 50}, {"volume_ml": 7.4}, {"rate_ml_per_h": 11}):
        with pytest.raises(Invalid) as raised:
            stage.dose_check(**changes)
        assert set(raised.value.fields) == set(changes)
    with pytest.raises(Invalid) as raised:
        stage.says("dose_check", "pharmacist", dose_mg=37, agrees=True)
    assert set(raised.value.fields) == {"volume_ml", "rate_ml_per_h"}


def test_nasal_devices_come_in_order_with_five_minutes_between(clinic: Clinic) -> None:
    stage = open_stage(clinic, "esketamine_nasal").prepared()
    device = {"dose_mg": 28}
    with pytest.raises(Refused) as raised:
        stage.says("device", number=2, **device)
    assert raised.value.code == "device_order"
    stage.says("device", number=1, **device)
    assert stage.row().state == "running"
    stage.wait(3)
    with pytest.raises(Refused) as raised:
        stage.says("device", number=2, **device)
    assert raised.value.code == "device_gap"
    stage.wait(2)
    stage.says("device", number=2, **device)
    assert (stage.row().state, stage.timeline().given_mg) == ("watching", 56)
    stage.wait(5)
    with pytest.raises(Refused) as raised:
        stage.says("device", number=3, **device)
    assert raised.value.code == "over_dose"


def test_a_correction_keeps_what_it_corrected(stage: Stage) -> None:
    wrong = stage.says("observation", body={**CALM, "sbp_mmhg": 212}).event
    right = stage.says("observation", body=CALM, supersedes=wrong.pk).event
    timeline = stage.timeline()
    assert timeline.last["sbp_mmhg"].value == 122
    assert [(c.event_id, c.how, c.body["sbp_mmhg"]) for c in timeline.history] == [
        (str(wrong.pk), "corrected", 212)
    ]
    with pytest.raises(Conflict) as raised:
        stage.says("observation", body=CALM, supersedes=wrong.pk)
    assert raised.value.code == "corrected_meanwhile"
    stage.says("void", reason="Wrong person", supersedes=right.pk)
    assert "sbp_mmhg" not in stage.timeline().last
    assert sorted(c.how for c in stage.timeline().history) == ["corrected", "voided"]


def test_a_correction_is_of_the_same_kind_and_session(stage: Stage) -> None:
    note = stage.says("note", text="calm").event
    with pytest.raises(Invalid) as raised:
        stage.says("observation", body=CALM, supersedes=note.pk)
    assert raised.value.code == "other_kind"
    with pytest.raises(Invalid) as raised:
        stage.says("note", text="calm", supersedes=uuid.uuid4())
    assert raised.value.code == "nothing_to_correct"
    with pytest.raises(Invalid):
        stage.says("void", reason="x")


def test_voiding_the_start_takes_its_effects_back_and_needs_its_permission(stage: Stage) -> None:
    stage.started()
    start = stage.sent[-1]
    with pytest.raises(Forbidden):
        stage.says("void", "therapist", reason="Pressed by mistake", supersedes=start)
    stage.says("void", reason="Pressed by mistake", supersedes=start)
    row = stage.row()
    assert (row.state, row.first_dose_at) == ("before_dose", None)
    assert Course.objects.get(pk=row.course_id).dosed_since is None


def test_a_corrected_rate_changes_what_was_given(stage: Stage) -> None:
    stage.started()
    start = SessionEvent.objects.get(pk=stage.sent[-1])
    stage.wait(12)
    stage.says(
        "infusion_start",
        rate_mg_per_h=50,
        at=start.happened_at,
        supersedes=start.pk,
    )
    assert stage.timeline().given_mg == pytest.approx(10, abs=0.01)


def test_hand_over_names_both_and_moves_the_session(stage: Stage) -> None:
    to = stage.clinic.staff["prescriber"]
    stage.says("hand_over", to_id=str(to.pk), note="Second hour, calm")
    assert stage.row().nurse_id == to.pk
    timeline = stage.timeline()
    assert timeline.in_charge == {"id": str(to.pk), "name": "Test prescriber"}
    assert timeline.hand_overs[0]["from_name"] == "Test session_nurse"
    for nobody in (stage.clinic.staff["therapist"], stage.clinic.staff["prescriber_elsewhere"]):
        with pytest.raises(Invalid) as raised:
            stage.says("hand_over", to_id=str(nobody.pk))
        assert raised.value.code == "cannot_take_over"


ALL_WELL = {
    "aldrete": 10,
    "dissociation_resolved": True,
    "oriented": True,
    "gait": "independent",
    "cssrs_intent": False,
    "escort_present": True,
    "instructions_given": True,
    "plans_to_drive": False,
    "respiratory_rate_per_min": 14,
    "symptoms": [],
}


def test_leaving_follows_the_protocol_and_closes_everything(stage: Stage) -> None:
    stage.started()
    stage.wait(40)
    stage.says("infusion_stop")
    early = stage.says("discharge_check", answers=ALL_WELL).event
    assert early.body["disposition"] == "hold"
    stage.wait(65)
    stage.says("observation", body={**CALM, "dissociation_0_10": 0})
    check = stage.says("discharge_check", answers=ALL_WELL).event
    assert check.body["disposition"] == "discharge", check.body
    stage.says("ready")
    assert Course.objects.get(pk=stage.session.course_id).dosed_since is None
    stage.says("discharged", escort="Bo Beispiel", instructions="Leaflet 3")
    row = stage.row()
    assert (row.state, row.closed_at) == ("closed", stage.now)
    assert Appointment.objects.get(pk=row.appointment_id).status == "done"
    stage.says("note", text="Forgot the scarf")
    assert verify_links().whole


def test_a_session_where_nothing_was_given_closes_as_not_given(stage: Stage) -> None:
    stage.says("note", text="Changed their mind")
    stage.says("discharged", escort="Bo Beispiel")
    assert stage.row().state == "abandoned"
    assert stage.timeline().phase == "abandoned"


def test_a_plain_observation_costs_few_queries_and_rewrites_nothing(
    stage: Stage, django_assert_max_num_queries: Any
) -> None:
    version = stage.row().version
    ctx = stage.clinic.as_("session_nurse")
    # BEGIN and COMMIT, two more on PostgreSQL (its lock, its notice)
    with django_assert_max_num_queries(8 if connection.vendor == "sqlite" else 10):
        stage.says("observation", ctx=ctx, moaas=5, spo2_percent=98)
    assert stage.row().version == version


def test_opening_names_every_reason_at_once(clinic: Clinic) -> None:
    case = treatable_case(clinic)
    appointment = checked_in_appointment(
        case.nurse, case=case, chair=None, status="booked", kind="integration"
    )
    with pytest.raises(Refused) as raised:
        open_session(case.nurse, appointment_id=appointment.pk)
    for reason in ("not for a dosing session", "not been checked in", "No chair"):
        assert reason in raised.value.message


@pytest.mark.parametrize("what", ["again", "chair", "old weight"])
def test_opening_refuses_what_is_taken_or_out_of_date(clinic: Clinic, what: str) -> None:
    if what == "old weight":
        case = treatable_case(clinic)
        clinic.clock.advance(timedelta(days=31))
        said = "weight is older"
    else:
        stage = open_stage(clinic)
        case, said = stage.case, "in another session" if what == "again" else "is taken"
    chair = clinic.chairs[1 if what == "again" else 0]
    appointment = checked_in_appointment(case.nurse, case=case, chair=chair)
    with pytest.raises(Refused) as raised:
        open_session(case.nurse, appointment_id=appointment.pk)
    assert said in raised.value.message


def test_opening_keeps_dose_sheet_protocol_and_conditions(clinic: Clinic) -> None:
    session = open_stage(clinic).session
    assert session.dose_sheet["dose_mg"] == "37"
    assert session.dose_sheet["rate_mg_per_h"] == "55.5"
    assert (session.protocol_name, session.protocol_version) == ("harbour-racemic-iv", "1")
    assert session.protocol_hash == session.protocol_used.text_hash
    assert session.number == 1
    assert SessionEvent.objects.get(session=session).kind == "opened"
