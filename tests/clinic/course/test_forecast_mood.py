"""Mood over the weeks of a plan: shares in order, spacing matters, calm where it cannot."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from evenkeel.clinic.course import forecast_mood as forecast_mood_module
from evenkeel.clinic.course.forecast import SEED, prepared
from evenkeel.clinic.course.forecast_mood import GoingOn, MoodForecast, forecast_mood
from evenkeel.clinic.course.forecast_terms import NoForecast
from evenkeel.clinic.course.mood_learned import LearnedMood
from evenkeel.pharmacology import Regimen, draw_people, infusion
from evenkeel.pharmacology.mood import course, draw_mood_people, relapse, remitted
from tests.clinic.course.test_forecast import ADA, FEW, INFUSION

SAD = replace(ADA, madrs=32.0)


def made(sessions: int = 6, spacing_days: float = 3.5, **more: object) -> MoodForecast:
    given = {"ordered": INFUSION, "about": SAD, "people": FEW, **more}
    found = forecast_mood(sessions=sessions, spacing_days=spacing_days, **given)  # type: ignore[arg-type]
    assert isinstance(found, MoodForecast), found
    return found


def test_bands_are_in_order_and_end_four_weeks_after_the_last_session() -> None:
    found = made()
    assert (np.diff(found.values, axis=0) >= 0).all()
    assert found.values.min() >= 0
    assert found.values.max() <= 60
    assert found.session_days == (0.0, 3.5, 7.0, 10.5, 14.0, 17.5)
    assert (found.after_last.day, found.at_end.day) == (18.5, 45.5)
    for point in (found.after_last, found.at_end):
        assert 0 <= point.remission <= 1
        assert 0 <= point.response <= 1
    assert found.at_end.response < found.after_last.response
    assert found.at_end.middle_madrs > found.after_last.middle_madrs


def test_it_is_a_function_of_its_seed_and_its_spacing() -> None:
    assert np.array_equal(made().values, made().values)
    assert not np.array_equal(made().values, made(seed=2).values)
    assert made(spacing_days=7.0).after_last.day == 36.0


def test_it_is_never_called_more_than_derived() -> None:
    trust = made().trust
    assert trust.status == "derived"
    assert any("expectation" in reason for reason in trust.reasons)
    outside = replace(INFUSION, outside=("1 mg/kg is outside 0.1 to 0.75 mg/kg.",))
    assert made(ordered=outside).trust.status == "extrapolated"


def test_where_it_begins_is_said() -> None:
    assert made().baseline_madrs == 32
    rough = made(about=replace(ADA, phq9=18.0))
    assert rough.baseline_madrs is not None
    assert "PHQ-9 of 18" in " ".join(rough.notes)
    assert "where trials did" in " ".join(made(about=ADA).notes)
    well = made(about=replace(ADA, madrs=3.0))
    assert well.baseline_madrs is None
    assert "outside what trials began at" in " ".join(well.notes)


@pytest.mark.parametrize(("sessions", "spacing_days"), [(0, 3.5), (6, 0.0), (60, 3.5), (12, 30.0)])
def test_a_schedule_it_does_not_cover_is_refused(sessions: int, spacing_days: float) -> None:
    found = forecast_mood(INFUSION, SAD, sessions, spacing_days, people=FEW)
    assert isinstance(found, NoForecast)
    assert found.code == "schedule"


def test_what_has_no_session_forecast_has_none_of_mood() -> None:
    found = forecast_mood(INFUSION, replace(SAD, weight_kg=None), 6, 3.5, people=FEW)
    assert isinstance(found, NoForecast)
    assert found.code == "no_weight"


def test_relapse_agrees_with_the_room_that_follows_it_every_six_hours() -> None:
    found = made(people=200)
    model, regimen, covariates, _ = prepared(INFUSION, SAD)
    days = 3.5 * np.arange(6)
    given = regimen.repeated((24.0 * days).tolist())
    people = draw_people(model, 200, SEED, **covariates)
    feeling = draw_mood_people(200, SEED, baseline_madrs=32.0)
    after = course(model, given, people, feeling, np.array([24.0 * 18.5]))
    followed = relapse(model, given, people, feeling, from_h=24 * 18.5, until_h=24 * 45.5)
    well = remitted(after.madrs[:, 0]).astype(float)
    assert found.relapse == pytest.approx(followed.probability([24 * 45.5], well)[0], abs=0.01)
    assert 0 < found.relapse < 1


def test_where_hardly_anybody_is_well_no_relapse_is_claimed() -> None:
    assert made(sessions=1, people=20, about=replace(ADA, madrs=58.0)).relapse is None


DAY = 24.0


def taught(days: tuple[float, ...], *, mood: float = 0.0, model: str = "") -> LearnedMood:
    """People learned on a course with sessions on these days, all of one sensitivity."""
    known, _, _, _ = prepared(INFUSION, SAD)
    drawn = np.random.default_rng(5)
    normals = 0.1 * drawn.standard_normal((200, 4))
    normals[:, 1] += mood
    return LearnedMood(
        model_id=model or known.id,
        began_at=datetime(2026, 9, 1, tzinfo=UTC),
        given=Regimen.of(infusion(37.0, over_min=40)).repeated([DAY * day for day in days]),
        baseline_madrs=32.0,
        blood=drawn.standard_normal((200, len(known.random_effects))),
        mood=normals,
        learned_from="6 PHQ-9, 5 sessions",
    )


LATER = replace(SAD, session_number=6)


def test_a_course_that_goes_on_starts_from_what_it_taught() -> None:
    days = (0.0, 7.0, 14.0, 21.0, 28.0)
    helped, not_helped = (
        made(about=LATER, going_on=GoingOn(taught(days, mood=sign), DAY * 35)) for sign in (1, -2)
    )
    assert helped.people == 100
    assert "learned from 6 PHQ-9, 5 sessions" in " ".join(helped.notes)
    assert "begins anew" not in " ".join(helped.notes)
    assert helped.session_days[0] == 0.0  # days count from the next session
    assert helped.after_last.response > not_helped.after_last.response + 0.3


def test_what_the_last_session_still_does_is_in_it_and_what_is_long_past_is_not() -> None:
    known = taught((0.0,))
    soon, late = (made(about=LATER, going_on=GoingOn(known, DAY * d)) for d in (4, 60))
    assert soon.values[2, 0] < late.values[2, 0] - 3.0


def test_of_a_dose_that_is_passed_over_less_than_a_hundredth_is_left() -> None:
    model, regimen, covariates, _ = prepared(INFUSION, SAD)
    people = draw_people(model, 50, SEED, **covariates)
    at = np.array([DAY, DAY * forecast_mood_module._LASTS_DAYS])
    effect = course(model, regimen, people, draw_mood_people(50, SEED), at).drug_effect_points
    assert (effect[:, 1] < 0.01 * effect[:, 0]).all()


@pytest.mark.parametrize(
    ("going_on", "why"),
    [
        (None, "no score of this course has been learned from yet"),
        (GoingOn(taught((0.0,), model="perez_ruixo_2021"), DAY * 7), "of another product"),
    ],
)
def test_where_nothing_fits_it_begins_anew_and_says_why(going_on: GoingOn | None, why: str) -> None:
    found = made(about=LATER, going_on=going_on)
    assert np.array_equal(found.values, made().values)
    assert why in " ".join(found.notes)
    assert why not in " ".join(made().notes)  # a first session has nothing behind it
