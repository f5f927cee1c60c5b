"""The weeks ahead of what is known: a function of events, and honest where few people fit."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.pharmacology import Regimen, infusion, load_model
from evenkeel.pharmacology.forecast import (
    MoodAhead,
    MoodForecast,
    MoodHistory,
    MoodSetting,
    Observation,
    mood_ahead,
    mood_version,
)
from evenkeel.pharmacology.mood import (
    course,
    load_mood,
    mood_people_from_normals,
    relapse,
)
from evenkeel.pharmacology.people import people_from_normals

DAY = 24.0
DAYS = (0, 4, 7, 11, 14, 18, 25)
GIVEN = Regimen.of(infusion(40.0, over_min=40)).repeated([DAY * d for d in DAYS])
FEW = 120


def scores(*pairs: tuple[float, int], kind: str = "phq9") -> tuple[Observation, ...]:
    return tuple(Observation(DAY * d, kind, v, f"s{n}") for n, (d, v) in enumerate(pairs))


WELL = scores((0, 20), (6, 9), (13, 5), (20, 3), (27, 3))
FADING = scores((0, 20), (6, 12), (13, 11), (24, 14), (27, 9))
NEVER = scores((0, 20), (6, 19), (13, 21), (20, 19), (27, 20))
BASE = MoodHistory(
    load_model("composite_racemic"),
    GIVEN,
    {"weight_kg": 80.0},
    WELL,
    baseline_phq9=20,
    next_h=DAY * 32,
)


@cache
def ahead(name: str = "well") -> MoodAhead:
    known = {"well": WELL, "fading": FADING, "never": NEVER}
    return mood_ahead(replace(BASE, scores=known[name]), n=FEW, seed=3, days_ahead=28)


def same(one: MoodAhead, other: MoodAhead) -> bool:
    """Whether two forecasts agree in every number."""
    pairs: list[tuple[Any, Any]] = [
        (one.relapse, other.relapse),
        (one.relapse_planned, other.relapse_planned),
        (one.blood, other.blood),
        (one.mood, other.mood),
        *((one.scales[k].bands, other.scales[k].bands) for k in one.scales),
        *((one.scales[k].response, other.scales[k].response) for k in one.scales),
    ]
    return all(np.array_equal(a, b) for a, b in pairs) and one.surprises == other.surprises


@settings(max_examples=6, deadline=None)
@given(order=st.permutations(WELL), doubled=st.integers(0, len(WELL) - 1))
def test_the_order_in_which_scores_became_known_plays_no_part(
    order: list[Observation], doubled: int
) -> None:
    told = (*order, order[doubled])
    assert same(mood_ahead(replace(BASE, scores=told), n=FEW, seed=3, days_ahead=28), ahead())


@settings(max_examples=4, deadline=None)
@given(wrong=st.integers(0, 27), place=st.integers(1, len(WELL) - 1))
def test_a_corrected_score_gives_what_having_it_right_at_once_would(wrong: int, place: int) -> None:
    """A course that learned from a slip is learned anew: nothing of the slip is left."""
    slip = replace(WELL[place], value=wrong)
    mistaken = tuple(slip if n == place else one for n, one in enumerate(WELL))
    mood_ahead(replace(BASE, scores=mistaken), n=FEW, seed=3, days_ahead=28)
    corrected = tuple(WELL[place] if one is slip else one for one in mistaken)
    assert same(mood_ahead(replace(BASE, scores=corrected), n=FEW, seed=3, days_ahead=28), ahead())


def test_another_seed_is_another_draw_and_the_version_names_the_numbers() -> None:
    assert not same(mood_ahead(BASE, n=FEW, seed=4, days_ahead=28), ahead())
    assert mood_version().startswith("mood-ahead/1:")


def test_bands_stand_in_order_on_their_scale_and_shares_between_0_and_1() -> None:
    found = ahead()
    assert found.known_h == DAY * 27
    assert np.allclose(np.diff(found.times_h), DAY)
    for name, top in (("phq9", 27), ("madrs", 60)):
        scale = found.scales[name]
        assert (np.diff(scale.bands, axis=0) >= 0).all()
        assert scale.bands.min() >= 0
        assert scale.bands.max() <= top
        for share in (scale.response, scale.remission):
            assert ((share >= 0) & (share <= 1)).all()
        assert (scale.remission <= scale.response + 1e-9).all() or name == "madrs"


def test_whose_relief_holds_stays_well_longer_than_whose_fades() -> None:
    well, fading = ahead(), ahead("fading")
    assert well.relapse is not None
    assert fading.relapse is not None
    assert (np.diff(well.relapse) >= 0).all()
    assert well.relapse[0] == pytest.approx(0)
    assert well.relapse[14] < fading.relapse[14]
    assert (well.scales["phq9"].bands[2] < fading.scales["phq9"].bands[2]).all()
    assert well.scales["phq9"].response[14] > fading.scales["phq9"].response[14]


def test_the_next_session_lowers_the_chance_and_changes_nothing_before_it() -> None:
    found = ahead()
    assert found.relapse is not None
    assert found.relapse_planned is not None
    before = 5  # the session comes 5 days after the last score
    assert np.allclose(found.relapse[: before + 1], found.relapse_planned[: before + 1])
    assert (found.relapse_planned[before + 1 :] < found.relapse[before + 1 :]).all()
    planned = found.scales["phq9"].planned
    assert planned is not None
    assert planned[before + 1] < found.scales["phq9"].bands[2][before + 1]


def test_the_next_session_gives_the_last_dose_again_and_never_more() -> None:
    """With the session worked out by hand, at the dose of the last, the middle is the same."""
    stepped = Regimen.of(
        *(infusion(40.0, over_min=40, at_h=DAY * d) for d in DAYS[:-1]),
        infusion(20.0, over_min=40, at_h=DAY * 25),
        infusion(10.0, over_min=20, at_h=DAY * 25 + 1.0),
    )
    history = replace(BASE, given=stepped, scores=(), baseline_madrs=33.0)
    found = mood_ahead(history, n=FEW, seed=3, days_ahead=28)
    setting = MoodSetting(BASE.model, stepped, {"weight_kg": 80.0}, 33.0, n=FEW, seed=3)
    people = MoodForecast.prior(setting).people
    again = stepped + Regimen.of(
        infusion(20.0, over_min=40, at_h=DAY * 32), infusion(10.0, over_min=20, at_h=DAY * 32 + 1)
    )
    by_hand = relapse(BASE.model, again, *people, from_h=DAY * 26, until_h=DAY * 54)
    start = course(BASE.model, stepped, *people, np.array([DAY * 26])).madrs[:, 0]
    # seen to be well: a MADRS of at most half of 33, read with its error
    error = load_mood().value("outcome", "error_points")
    well = np.array([NormalDist(at, error).cdf(16.5) for at in start.tolist()])
    assert found.well == pytest.approx(well.mean())
    assert found.relapse_planned is not None
    assert np.allclose(found.relapse_planned, by_hand.probability(found.times_h, well))


def test_where_hardly_anybody_is_well_no_chance_of_relapse_is_given() -> None:
    found = ahead("never")
    assert found.well < 0.2
    assert found.relapse is None
    assert found.relapse_planned is None


def test_a_score_that_fits_nobody_is_called_out_by_its_id() -> None:
    odd = (*WELL[:4], replace(WELL[4], value=27.0))
    found = mood_ahead(replace(BASE, scores=odd), n=FEW, seed=3, days_ahead=7)
    assert [score_id for score_id, _ in found.surprises] == ["s4"]
    assert found.surprises[0][1] < 0.01
    assert ahead("fading").surprises == ()


def test_without_a_score_it_begins_the_day_after_the_last_session() -> None:
    found = mood_ahead(replace(BASE, scores=(), next_h=None), n=FEW, seed=3, days_ahead=7)
    assert found.known_h == DAY * 26
    assert found.relapse_planned is None
    assert found.scales["phq9"].planned is None


def test_a_visit_that_has_passed_is_no_next_session() -> None:
    assert mood_ahead(replace(BASE, next_h=DAY * 26), n=FEW, days_ahead=2).relapse_planned is None


def test_the_people_handed_on_are_those_who_explain_the_scores() -> None:
    """The kept few, followed by themselves, land where all of them, by weight, do."""
    many = mood_ahead(BASE, n=1000, seed=3, days_ahead=14)
    assert many.blood.shape == (200, len(BASE.model.random_effects))
    followed = course(
        BASE.model,
        GIVEN,
        people_from_normals(BASE.model, many.blood, weight_kg=80.0),
        mood_people_from_normals(many.mood),
        many.times_h,
    )
    middle = np.median(followed.phq9, axis=0)
    assert np.abs(middle - many.scales["phq9"].bands[2]).max() < 1.0
