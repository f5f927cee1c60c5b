"""Whether the forecast is shown is a director's decision, taken on what was scored."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client

from evenkeel.clinic.people.sign_in import SIGNED_IN_AT
from evenkeel.clinic.record.errors import DomainError
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.session.actions.choose_forecast import choose_forecast
from evenkeel.clinic.session.forecast.calibration import calibration_of, doubts
from evenkeel.clinic.session.forecast.shown import is_shown_at
from evenkeel.clinic.session.forecast.store import forecast_of
from evenkeel.clinic.session.forecast.work import Forecaster
from evenkeel.clinic.session.models import ForecastChoice, ForecastScore, SessionForecast
from tests.clinic.session.forecast.choosing import scored, shown_here
from tests.clinic.session.makers import CALM, Stage
from tests.clinic_factory import sign_in

pytestmark = pytest.mark.django_db


def choose(stage: Stage, role: str = "medical_director", **changes: Any) -> ForecastChoice:
    session = stage.session
    said: dict[str, Any] = {
        "site_id": session.site_id,
        "product": session.product,
        "shown": True,
        "seen_hash": calibration_of(session.site_id, session.product).hash,
        "reason": "The bands held.",
    }
    return choose_forecast(stage.clinic.as_(role), **{**said, **changes})


def test_a_decision_shows_it_at_once_and_another_takes_it_back(stage: Stage) -> None:
    stage.started()
    forecaster = Forecaster()
    forecaster.turn(stage.now)
    shown_here(stage)
    forecaster.turn(stage.now)
    sent = forecast_of(stage.session.pk)
    assert sent is not None
    assert sent["state"] == "shown"
    stage.wait(1)
    choose(stage, shown=False, reason="Two surprises in one day.")
    assert not is_shown_at(stage.session.site_id, stage.session.product)
    for _ in ("the forecaster is down", "and runs"):
        sent = forecast_of(stage.session.pk)
        assert sent is not None
        assert sent["state"] == "shadow"
        forecaster.turn(stage.now)


def test_what_was_seen_is_kept_with_the_decision(stage: Stage) -> None:
    row = shown_here(stage)
    assert row.calibration["readings"] == 60
    assert row.calibration["verdicts"]["sbp"]["tally"]["readings"] == 60
    entry = ChainEntry.objects.order_by("-position").first()
    assert entry is not None
    assert (entry.action, entry.reason) == ("forecast.choose", "The bands held.")


@pytest.mark.parametrize(
    ("readings", "changes", "role", "code"),
    [
        (0, {}, "medical_director", "too_few"),
        (39, {}, "medical_director", "too_few"),
        (60, {"seen_hash": "another"}, "medical_director", "calibration_changed"),
        (60, {"reason": "  "}, "medical_director", "invalid"),
        (60, {"product": "aspirin"}, "medical_director", "unknown_product"),
        (60, {}, "prescriber", "forbidden"),
        (60, {}, "session_nurse", "forbidden"),
    ],
    ids=["nothing scored", "one too few", "more scored since", "no reason", "no product",
         "a prescriber", "a nurse"],
)  # fmt: skip
def test_refused(
    stage: Stage, readings: int, changes: dict[str, Any], role: str, code: str
) -> None:
    scored(stage, readings)
    with pytest.raises(DomainError) as refused:
        choose(stage, role, **changes)
    assert refused.value.code == code
    assert not ForecastChoice.objects.exists()


@pytest.mark.parametrize("live", [True, False])
def test_what_was_scored_meanwhile_is_said_and_why_it_may_happen_again(
    stage: Stage, live: bool
) -> None:
    if live:
        stage.started()
    scored(stage, 60)
    client = sign_in(Client(), stage.clinic.staff["medical_director"])
    path = f"/oversight/forecast/{stage.session.site_id}/{stage.session.product}"
    old = calibration_of(stage.session.site_id, stage.session.product).hash
    said = {"shown": "yes", "reason": "The bands held.", "seen_hash": old, "seen_readings": "60"}
    ForecastScore.objects.filter(score__reading_id__in=["0", "1", "2"]).update(product="other")
    fewer = client.post(path, {**said, "act_id": "1"}).content.decode()
    assert "The figures have changed while this page was open, so nothing was decided." in fewer
    ForecastScore.objects.update(product=stage.session.product)
    page = client.post(path, {**said, "seen_hash": "older", "seen_readings": "57", "act_id": "2"})
    assert page.status_code == 409
    shown = page.content.decode()
    assert "3 more readings were scored while this page was open" in shown
    assert ("A session is going on, and each of its readings is counted." in shown) == live
    assert 'value="yes" checked' in shown
    assert "The bands held." in shown
    assert f'name="seen_hash" value="{old}"' in shown, "the next decision is on what is shown now"
    assert not ForecastChoice.objects.exists()
    assert client.post(path, {**said, "act_id": "3"}).status_code == 302
    assert ForecastChoice.objects.get().shown


def test_what_another_method_scored_vouches_for_nothing(stage: Stage) -> None:
    scored(stage)
    assert calibration_of(stage.session.site_id, stage.session.product).enough
    ForecastScore.objects.update(version="test/0-0")
    found = calibration_of(stage.session.site_id, stage.session.product)
    assert not found.scores
    assert not found.enough


def test_taking_it_back_needs_no_figures(stage: Stage) -> None:
    assert choose(stage, shown=False, seen_hash="").shown is False


@pytest.mark.parametrize(
    ("inside", "word"),
    [(0.9, "reliable"), (0.5, "unreliable"), (1.0, "unreliable")],
    ids=["the bands hold", "too sure of itself", "wider than it need be"],
)
def test_an_endpoint_outside_its_bands_is_marked_on_every_screen(
    stage: Stage, inside: float, word: str
) -> None:
    scored(stage, 200, inside=inside)
    found = calibration_of(stage.session.site_id, stage.session.product)
    assert found.verdicts["sbp"].word == word
    assert bool(doubts(found)) == (word == "unreliable")
    stage.says("observation", body=CALM)
    Forecaster().turn(stage.now)
    told = SessionForecast.objects.get(pk=stage.session.pk).payload["unreliable"]
    assert [line.split(":")[0] for line in told] == (
        ["Systolic pressure"] if word == "unreliable" else []
    )


def test_the_page_shows_the_figures_and_takes_the_decision(stage: Stage) -> None:
    scored(stage, 60)
    client = sign_in(Client(), stage.clinic.staff["medical_director"])
    page = client.get("/oversight/forecast").content.decode()
    assert "60 readings of 10 sessions were scored." in page
    assert "in the shadow" in page
    path = f"/oversight/forecast/{stage.session.site_id}/{stage.session.product}"
    said = {"shown": "yes", "reason": "The bands held.", "act_id": "1"}
    session = client.session
    session[SIGNED_IN_AT] = time.time() - 3600
    session.save()
    assert client.post(path, said).status_code == 302, "first who one is"
    assert not ForecastChoice.objects.exists()
    session[SIGNED_IN_AT] = time.time()
    session.save()
    seen = calibration_of(stage.session.site_id, stage.session.product).hash
    empty = client.post(path, {**said, "reason": "", "seen_hash": seen})
    assert "Say why." in empty.content.decode()
    assert 'value="yes" checked' in empty.content.decode(), "what was chosen is not asked again"
    done = client.post(path, {**said, "seen_hash": seen, "act_id": "2"})
    assert done.status_code == 302
    row = ForecastChoice.objects.get()
    assert row.shown
    assert row.confirmed_by
    assert "Shown: The bands held." in client.get("/oversight/forecast").content.decode()


def test_who_does_not_decide_may_still_look(stage: Stage) -> None:
    scored(stage, 60)
    nurse = sign_in(Client(), stage.clinic.staff["session_nurse"])
    page = nurse.get("/oversight/forecast")
    assert page.status_code == 200
    assert "Decide whether it is shown" not in page.content.decode()
    path = f"/oversight/forecast/{stage.session.site_id}/{stage.session.product}"
    assert nurse.get(path).status_code == 403
    desk = sign_in(Client(), stage.clinic.staff["front_desk"])
    assert desk.get("/oversight/forecast").status_code == 403
