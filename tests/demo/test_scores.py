"""Courses of PHQ-9 that can be believed."""

from __future__ import annotations

import pytest

from evenkeel.demo.scores import ITEMS, REMISSION_BELOW, RESPONSE_SHARE, ScoreCourse, Trajectory
from evenkeel.instruments import load, score

SEEDS = [f"s{n}" for n in range(20)]


@pytest.mark.parametrize("total", range(25))
def test_answers_add_up_and_score_as_the_instrument_scores(total: int) -> None:
    answers = ScoreCourse("x", 20, "responder").answers(total)
    assert list(answers) == list(ITEMS)
    assert answers["phq9-9"] == 0
    assert score(load("phq9"), answers).total == total


def test_item_9_is_answered_only_where_a_story_asks() -> None:
    answers = ScoreCourse("x", 20, "partial").answers(14, item_9=1)
    assert answers["phq9-9"] == 1
    assert score(load("phq9"), answers).total == 15


@pytest.mark.parametrize(
    ("trajectory", "low", "high"),
    [
        ("responder", 0.2, RESPONSE_SHARE),
        ("partial", RESPONSE_SHARE + 0.01, 0.75),
        ("non_responder", 0.85, 1.05),
    ],
)
def test_what_is_left_after_induction_bears_out_the_name(
    trajectory: Trajectory, low: float, high: float
) -> None:
    """Response is a fall by half (Kroenke 2001, PMID 11556941)."""
    for seed in SEEDS:
        course = ScoreCourse(seed, 20, trajectory)
        assert low <= course.total(6) / 20 <= high


def test_responders_take_about_three_doses() -> None:
    """Those who respond do so after a median of three infusions (PMID 30922101)."""
    needed = []
    for seed in SEEDS:
        course = ScoreCourse(seed, 20, "responder")
        needed.append(next(n for n in range(9) if course.total(n) <= 10))
    assert sorted(needed)[len(needed) // 2] in (3, 4)


def test_a_relapse_comes_back_some_18_days_after_the_last_dose() -> None:
    course = ScoreCourse("x", 20, "relapse")
    assert course.total(6, 3) <= 10
    assert course.total(6, 26) >= 15
    assert course.total(0) == 20 > REMISSION_BELOW
