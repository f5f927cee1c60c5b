"""What the forecasting process makes of sessions in the real database."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.session.actions.open_session import open_session
from evenkeel.clinic.session.forecast import backlog, work
from evenkeel.clinic.session.forecast.inputs import Inputs
from evenkeel.clinic.session.forecast.learner import Learner
from evenkeel.clinic.session.forecast.recorded import replay_recorded
from evenkeel.clinic.session.forecast.shown import is_shown_at
from evenkeel.clinic.session.forecast.store import forecast_of, learned_in
from evenkeel.clinic.session.forecast.work import Forecaster, Kept, inputs_of
from evenkeel.clinic.session.models import ForecastScore, SessionEvent, SessionForecast
from evenkeel.clinic.session.moments import Event
from evenkeel.pharmacology import Regimen, infusion
from tests.clinic.course.makers import SOUND_FACTS
from tests.clinic.session.makers import CALM, Stage, checked_in_appointment

pytestmark = pytest.mark.django_db

#: Minutes after the start, and what is read then.
READINGS = (
    (5, {"sbp_mmhg": 128, "dbp_mmhg": 80, "heart_rate_bpm": 71, "dissociation_0_10": 1}),
    (10, {"sbp_mmhg": 134, "dbp_mmhg": 83, "heart_rate_bpm": 74, "dissociation_0_10": 3}),
    (15, {"sbp_mmhg": 137, "dbp_mmhg": 84, "heart_rate_bpm": 75, "moaas": 5}),
    (20, {"sbp_mmhg": 139, "dbp_mmhg": 86, "heart_rate_bpm": 77, "dissociation_0_10": 5}),
)


def ran(stage: Stage, upto: int = len(READINGS)) -> Stage:
    """The infusion started, and the first of the readings taken at their times."""
    stage.started()
    before = 0
    for minute, body in READINGS[:upto]:
        stage.wait(minute - before)
        stage.says("observation", body=body)
        before = minute
    return stage


def second_session(stage: Stage) -> Stage:
    """The first session is closed, and the same person opens another a week later."""
    stage.says("infusion_stop")
    stage.wait(150)
    stage.says("observation", body=CALM | {"dissociation_0_10": 0})
    answers = {
        "aldrete": 10,
        "dissociation_resolved": True,
        "oriented": True,
        "gait": "independent",
    }
    more = {"escort_present": True, "instructions_given": True, "plans_to_drive": False}
    stage.says("discharge_check", body={"answers": {**answers, **more}})
    stage.says("ready", body={"override_reason": "shown to the nurse"})
    stage.says("discharged", body={"escort": "Pat Sample", "override_reason": "shown"})
    assert stage.row().closed_at is not None
    stage.wait(7 * 24 * 60)
    stage.case.know(**SOUND_FACTS)
    appointment = checked_in_appointment(
        stage.case.nurse, case=stage.case, chair=stage.clinic.chairs[0]
    )
    session = open_session(stage.case.nurse, appointment_id=appointment.pk)
    found = Stage(stage.clinic, stage.case, session)
    found.says("observation", body=CALM)
    return found


def payload(stage: Stage) -> dict[str, Any]:
    row = SessionForecast.objects.get(pk=stage.session.pk)
    assert row.payload["state"] == "shown", row.payload
    return dict(row.payload)


def caught_up(forecaster: Forecaster, stage: Stage) -> None:
    """Everything is learned that can be, as in the process's own loop."""
    for _ in range(3):
        forecaster.turn(stage.now)
        forecaster.backlog.look()
        while forecaster.catch_up(stage.now):
            continue
    forecaster.turn(stage.now)


def events(stage: Stage) -> list[Event]:
    return [Event.of(row) for row in SessionEvent.objects.filter(session=stage.session)]


def test_a_forecast_follows_each_reading(stage: Stage) -> None:
    ran(stage, 2)
    forecaster = Forecaster()
    assert forecaster.turn(stage.now) == 1
    first = payload(stage)
    assert forecaster.turn(stage.now) == 0, "nothing new, nothing to do"
    stage.wait(5)
    stage.says("observation", body=READINGS[2][1])
    assert forecaster.turn(stage.now) == 1
    second = payload(stage)
    assert second["readings"] == first["readings"] + 4
    newest = SessionEvent.objects.order_by("-position").values_list("position", flat=True)[0]
    assert SessionForecast.objects.get(pk=stage.session.pk).position == newest
    assert [o["name"] for o in second["options"]] == ["continue", "half", "pause", "stop"]
    assert len(second["minutes"]) == len(second["bands"]["sbp"][0]) > 20


def test_what_learns_step_by_step_equals_a_replay(stage: Stage) -> None:
    """Whatever the order in which events arrived, and whoever was restarted in between."""
    forecaster = Forecaster()
    ran(stage, 1)
    forecaster.turn(stage.now)
    stage.wait(15)
    for minute, body in READINGS[:0:-1]:  # the late ones last
        at = stage.now - timedelta(minutes=20 - minute)
        stage.says("observation", body=body, at=at)
        forecaster.turn(stage.now)
    wrong = stage.says("observation", body={"sbp_mmhg": 197, "dbp_mmhg": 96})
    forecaster.turn(stage.now)
    stage.says(
        "observation",
        body={"sbp_mmhg": 137, "dbp_mmhg": 86},
        at=wrong.event.happened_at,
        supersedes=wrong.event.pk,
    )
    stage.says("rate_change", rate_mg_per_h=20.0, reason="asked to slow")
    forecaster.turn(stage.now)
    stepwise = payload(stage)
    SessionForecast.objects.all().delete()
    Forecaster().turn(stage.now)
    assert payload(stage) == stepwise


def test_what_was_just_entered_goes_before_the_look_at_everything(stage: Stage) -> None:
    ran(stage, 2)
    forecaster = Forecaster()
    assert forecaster.hurry(stage.now) == 0, "nothing is known before the first look"
    forecaster.turn(stage.now)
    stage.wait(5)
    stage.says("observation", body=READINGS[2][1])
    assert forecaster.hurry(stage.now) == 1
    hurried = payload(stage)
    assert forecaster.hurry(stage.now) == 0
    assert forecaster.turn(stage.now) == 0, "it is up to date"
    SessionForecast.objects.all().delete()
    Forecaster().turn(stage.now)
    assert payload(stage) == hurried


def test_what_changes_nothing_is_said_to_be_in_and_not_worked_out_again(stage: Stage) -> None:
    ran(stage, 2)
    forecaster = Forecaster()
    forecaster.turn(stage.now)
    forecaster.hurry(stage.now)
    before = SessionForecast.objects.get(pk=stage.session.pk)
    stage.wait(1 / 20)
    note = stage.says("note", text="Sits up, music on.").event
    assert forecaster.hurry(stage.now) == 1
    after = SessionForecast.objects.get(pk=stage.session.pk)
    assert (after.position, after.made_at) == (note.position, before.made_at)
    assert after.serial > before.serial, "screens hear of it"
    assert after.payload == before.payload
    second = stage.says("note", text="Talks.").event
    forecaster.hurry(stage.now)
    assert SessionForecast.objects.get(pk=stage.session.pk).position == note.position, "soon enough"
    stage.wait(1 / 20)
    forecaster.turn(stage.now)
    assert SessionForecast.objects.get(pk=stage.session.pk).position == second.position
    stage.says("observation", body={"sbp_mmhg": 139, "dbp_mmhg": 84})
    forecaster.hurry(stage.now)
    assert payload(stage)["readings"] == before.payload["readings"] + 2
    stage.wait(1)
    assert forecaster.turn(stage.now) == 1
    assert SessionForecast.objects.get(pk=stage.session.pk).made_at == stage.now, "time moves on"


def test_in_a_hurry_scores_wait(stage: Stage) -> None:
    ran(stage, 2)
    forecaster = Forecaster()
    forecaster.turn(stage.now)
    forecaster.hurry(stage.now)
    before = ForecastScore.objects.count()
    stage.wait(5)
    stage.says("observation", body=READINGS[2][1])
    assert forecaster.hurry(stage.now) == 1
    assert ForecastScore.objects.count() == before
    assert forecaster.score_one(stage.now)
    assert ForecastScore.objects.count() == before + len(READINGS[2][1])
    assert not forecaster.score_one(stage.now), "nothing is left"


def test_the_order_of_arrival_plays_no_part(stage: Stage) -> None:
    ran(stage)
    known = events(stage)
    inputs = inputs_of(stage.row(), known)
    assert isinstance(inputs, Inputs)
    expected = Learner().learn(inputs)
    for seed in range(5):
        shuffled = random.Random(seed).sample(known, len(known))
        found = inputs_of(stage.session, shuffled)
        assert isinstance(found, Inputs)
        assert found.steps == inputs.steps
        learned = Learner().learn(found)
        assert (learned.normals == expected.normals).all()
        assert (learned.log_weights == expected.log_weights).all()


def test_a_reading_that_fits_nobody_is_called_out(stage: Stage) -> None:
    ran(stage)
    stage.wait(5)
    odd = stage.says("observation", body={"sbp_mmhg": 218, "dbp_mmhg": 131})
    Forecaster().turn(stage.now)
    found = payload(stage)["surprises"]
    assert found[0]["event"] == str(odd.event.pk)
    assert "Systolic 218" in found[0]["what"]
    at, old = odd.event.happened_at, odd.event.pk
    stage.says("observation", body={"sbp_mmhg": 141, "dbp_mmhg": 86}, at=at, supersedes=old)
    Forecaster().turn(stage.now)
    assert payload(stage)["surprises"] == [], "once corrected it is not surprising any more"


def test_scores_are_of_what_was_said_before_the_reading(stage: Stage) -> None:
    ran(stage)
    forecaster = Forecaster()
    forecaster.turn(stage.now)
    rows = list(ForecastScore.objects.filter(session=stage.session).order_by("pk"))
    read = sum(len(body) for _, body in READINGS)
    assert len(rows) == read
    assert {row.kind for row in rows} == {"sbp", "dbp", "hr", "dissociation", "moaas"}
    before = next(row.score for row in rows if row.kind == "sbp")
    assert before["readings_so_far"] == 4, "the readings before the dose were known, no later one"
    # another process that starts now scores the same, and none of them twice
    Forecaster().turn(stage.now + timedelta(minutes=2))
    again = list(ForecastScore.objects.filter(session=stage.session).order_by("pk"))
    assert [row.score for row in again] == [row.score for row in rows]


def test_in_the_shadow_it_is_made_and_scored_and_no_number_is_sent(stage: Stage) -> None:
    ran(stage)
    Forecaster().turn(stage.now)
    assert not is_shown_at(stage.session.site_id, stage.session.product)
    sent = forecast_of(stage.session.pk)
    assert sent is not None
    assert sent["state"] == "shadow"
    assert not sent.keys() & {"bands", "options", "surprises", "learned"}
    assert ForecastScore.objects.filter(session=stage.session).exists()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"weight_kg": None}, "no_weight"),
        ({"age_years": 16.0}, "not_adult"),
        ({"weight_kg": 9000.0}, "engine"),
    ],
    ids=["no weight", "not adult", "impossible weight"],
)
def test_without_a_forecast_the_reason_is_said(
    stage: Stage, changes: dict[str, Any], code: str
) -> None:
    ran(stage, 1)
    known = events(stage)
    for event in known:
        if event.kind == "opened":
            event.body["person"].update(changes)
    kept = Kept(stage.row(), known)
    Forecaster().make(kept, stage.now, shown=False)
    sent = forecast_of(stage.session.pk)
    assert sent is not None
    assert (sent["state"], sent["code"]) == ("none", code)
    assert sent["words"]


def test_a_product_without_a_model_says_so(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from evenkeel.clinic.course import forecast

    monkeypatch.setattr(forecast, "_GIVEN_AS", {})
    ran(stage, 1)
    Forecaster().turn(stage.now)
    sent = forecast_of(stage.session.pk)
    assert sent is not None
    assert sent["code"] == "no_model"


def test_one_session_that_fails_takes_nobody_with_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran(stage, 2)
    forecaster = Forecaster()
    real = work.as_payload

    def broken(*_: Any) -> dict[str, Any]:
        raise ZeroDivisionError("made to fail")

    monkeypatch.setattr(work, "as_payload", broken)
    forecaster.turn(stage.now)
    sent = forecast_of(stage.session.pk)
    assert sent is not None
    assert sent["code"] == "failed"
    assert "does not need it" in sent["what_to_do"]
    monkeypatch.setattr(work, "as_payload", real)
    stage.wait(5)
    done = stage.says("observation", body=READINGS[2][1])
    assert done.event.position, "the session went on meanwhile"
    forecaster.turn(stage.now)
    assert payload(stage)["readings"] > 8


def test_a_session_teaches_the_next(stage: Stage) -> None:
    """High pressures in one session raise what is expected of the next, and only of that person."""
    stage.started()
    for minute in range(5, 45, 5):
        stage.wait(5)
        rise = min(40, 2 * minute)
        stage.says("observation", body={"sbp_mmhg": 122 + rise, "dbp_mmhg": 76 + rise // 2})
    nxt = second_session(stage)
    forecaster = Forecaster()
    forecaster.turn(nxt.now)
    assert payload(nxt)["waits"], "whoever is in the chair does not wait for the learning"
    caught_up(forecaster, nxt)
    assert not payload(nxt)["waits"]
    assert payload(nxt)["sessions_before"] == 1
    inputs = inputs_of(nxt.row(), events(nxt))
    assert isinstance(inputs, Inputs)
    known = Learner(learned_in(stage.session.pk)).learn(inputs)
    stranger = Learner().learn(inputs)
    last_h = inputs.steps[-1].at_h
    given = Regimen.of(infusion(34.0, over_min=40, at_h=last_h))
    peaks = [
        one.predict([last_h + 0.6], given, names=("sbp",)).bands["sbp"][2, 0]
        for one in (known, stranger)
    ]
    assert peaks[0] > peaks[1] + 5


def test_a_correction_after_the_end_is_learned_and_carried_on(stage: Stage) -> None:
    stage.started()
    stage.wait(10)
    high = stage.says("observation", body={"sbp_mmhg": 171, "dbp_mmhg": 99})
    nxt = second_session(stage)
    forecaster = Forecaster()
    caught_up(forecaster, nxt)
    before, taught = payload(nxt), learned_in(stage.session.pk)
    at, old = high.event.happened_at, high.event.pk
    stage.says("observation", body={"sbp_mmhg": 131, "dbp_mmhg": 79}, at=at, supersedes=old)
    caught_up(forecaster, nxt)
    assert learned_in(stage.session.pk) != taught
    after = payload(nxt)
    assert after["bands"] != before["bands"]
    SessionForecast.objects.all().delete()
    ForecastScore.objects.all().delete()
    caught_up(Forecaster(), nxt)
    assert payload(nxt) == after, "the same as if it had been right from the start"


def test_what_happened_while_it_did_not_run_is_learned(stage: Stage) -> None:
    """It knew the session live; closing and a correction came before it ran again."""
    ran(stage, 2)
    Forecaster().turn(stage.now)
    assert learned_in(stage.session.pk) is None
    nxt = second_session(stage)
    forecaster = Forecaster()
    forecaster.turn(stage.now)
    assert payload(nxt)["waits"], "the page says that earlier sessions are not in it yet"
    caught_up(forecaster, nxt)
    taught = learned_in(stage.session.pk)
    assert taught is not None
    assert payload(nxt)["sessions_before"] == 1
    wrong = SessionEvent.objects.filter(session=stage.session, body__has_key="sbp_mmhg").latest(
        "position"
    )
    body = {**wrong.body, "sbp_mmhg": 171.0}
    stage.says("observation", body=body, at=wrong.happened_at, supersedes=wrong.pk)
    caught_up(Forecaster(), nxt)
    assert learned_in(stage.session.pk) != taught


def test_who_comes_back_after_long_is_not_waited_for_in_vain(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sessions from before the forecaster ran are learned when their person sits in a chair."""
    ran(stage, 1)
    nxt = second_session(stage)
    monkeypatch.setattr(backlog, "LOOK_BACK", timedelta(days=1))
    caught_up(Forecaster(), nxt)
    told = payload(nxt)
    assert (told["waits"], told["sessions_before"]) == (False, 1)


def test_a_session_that_taught_nothing_does_not_undo_the_one_before(stage: Stage) -> None:
    ran(stage, 1)
    second = ran(second_session(stage), 1)
    third = second_session(second)
    caught_up(Forecaster(), third)
    assert payload(third)["sessions_before"] == 2
    SessionForecast.objects.filter(pk=second.session.pk).update(learned=None)
    forecaster = Forecaster()
    forecaster._seen = 10**9  # it has run before, and could not learn the second
    forecaster.turn(stage.now)
    told = payload(third)
    assert (told["waits"], told["sessions_before"]) == (False, 1)


def test_a_replay_from_a_day_on_knows_what_was_learned_before_it(stage: Stage) -> None:
    first = ran(stage)
    second = ran(second_session(first), 2)
    second_session(second)
    whole, since = replay_recorded(), replay_recorded(since=second.row().opened_at)
    alone = replay_recorded(since=second.row().opened_at, carry=False)
    assert (whole.sessions, since.sessions, alone.sessions) == (2, 1, 1)
    assert {score.sessions_so_far for score in since.scores} == {1}
    assert since.scores == tuple(s for s in whole.scores if s.session_number == 2)
    assert {score.sessions_so_far for score in alone.scores} == {0}
    assert len(alone.scores) == len(since.scores)


def test_nothing_of_it_is_on_the_chain(stage: Stage) -> None:
    """A forecast follows from the record: making it adds nothing to what is answered for."""
    ran(stage)
    before = ChainEntry.objects.count()
    Forecaster().turn(stage.now)
    assert payload(stage)["readings"]
    assert ChainEntry.objects.count() == before
