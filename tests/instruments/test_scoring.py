"""Scores, bands, missing answers and progress."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.instruments import (
    AnswerError,
    change,
    load,
    remission,
    response,
    score,
)

PHQ9, GAD7, CSSRS = load("phq9"), load("gad7"), load("cssrs_screen")


def phq9(*values: int) -> dict[str, int]:
    return {f"phq9-{number}": value for number, value in enumerate(values, 1)}


def adding_up_to(total: int, name: str, count: int) -> dict[str, int]:
    values = [min(3, max(0, total - 3 * place)) for place in range(count)]
    return {f"{name}-{number}": value for number, value in enumerate(values, 1)}


@pytest.mark.parametrize(
    ("values", "total", "band"),
    [
        ((0,) * 9, 0, "none to minimal"),
        ((3,) * 9, 27, "severe"),
        ((2, 2, 2, 2, 1, 1, 2, 1, 0), 13, "moderate"),
        ((1, 1, 1, 1, 1, 1, 1, 1, 1), 9, "mild"),
        ((3, 3, 2, 2, 2, 2, 1, 1, 1), 17, "moderately severe"),
    ],
)
def test_worked_examples(values: tuple[int, ...], total: int, band: str) -> None:
    result = score(PHQ9, phq9(*values))
    assert result.total == total
    assert result.band is not None
    assert result.band.label == band
    assert (result.answered, result.missing, result.refused_reason) == (9, (), None)


# Band edges: LOINC answer list LL382-3 for the PHQ-9; public FHIR Questionnaires for the GAD-7.
EDGES = [
    *(("phq9", 9, total, "none to minimal") for total in (0, 4)),
    *(("phq9", 9, total, "mild") for total in (5, 9)),
    *(("phq9", 9, total, "moderate") for total in (10, 14)),
    *(("phq9", 9, total, "moderately severe") for total in (15, 19)),
    *(("phq9", 9, total, "severe") for total in (20, 27)),
    *(("gad7", 7, total, "minimal") for total in (0, 4)),
    *(("gad7", 7, total, "mild") for total in (5, 9)),
    *(("gad7", 7, total, "moderate") for total in (10, 14)),
    *(("gad7", 7, total, "severe") for total in (15, 21)),
]


@pytest.mark.parametrize(("name", "count", "total", "label"), EDGES)
def test_band_edges(name: str, count: int, total: int, label: str) -> None:
    result = score(load(name), adding_up_to(total, name, count))
    assert result.total == total
    assert result.band is not None
    assert result.band.label == label
    assert result.band.basis.mark == "sourced"


def test_the_difficulty_item_is_not_scored() -> None:
    result = score(PHQ9, {**phq9(*[1] * 9), "phq9-difficulty": 3})
    assert result.total == 9
    assert result.answered == 9


@pytest.mark.parametrize("left_out", range(1, 10))
def test_one_missing_answer_refuses_the_total(left_out: int) -> None:
    answers = phq9(*[2] * 9)
    del answers[f"phq9-{left_out}"]
    result = score(PHQ9, answers)
    assert (result.total, result.band, result.answered) == (None, None, 8)
    assert result.missing == (f"phq9-{left_out}",)
    assert result.refused_reason == f"Question {left_out} is not answered, so PHQ-9 is not scored."
    assert bool(result.safety) is (left_out != 9)
    assert result.safety_unanswered == (("phq9-9",) if left_out == 9 else ())


def test_several_missing_answers_are_all_named() -> None:
    result = score(PHQ9, {"phq9-1": 1, "phq9-9": 3})
    assert result.refused_reason == (
        "Questions 2, 3, 4, 5, 6, 7 and 8 are not answered, so PHQ-9 is not scored."
    )
    assert [signal.value for signal in result.safety] == [3]
    assert PHQ9.scoring.missing.mark == "clinic policy"


@pytest.mark.parametrize("value", range(4))
def test_item_9_above_zero_is_a_signal(value: int) -> None:
    signals = score(PHQ9, phq9(*[0] * 8, value)).safety
    assert [(signal.link_id, signal.number, signal.value) for signal in signals] == (
        [("phq9-9", "9", value)] if value else []
    )
    assert all(signal.follow_up == "safety_follow_up" for signal in signals)


def test_no_other_phq9_item_is_a_safety_signal() -> None:
    assert score(PHQ9, phq9(*[3] * 8, 0)).safety == ()


def columbia(*yes: str, gates: bool = True) -> dict[str, int]:
    asked = ["1", "2", "6-lifetime"]
    if "2" in yes or not gates:
        asked += ["3", "4", "5"]
    if "6-lifetime" in yes or not gates:
        asked += ["6-past-3-months"]
    return {f"cssrs-{name}": int(name in yes) for name in asked}


@pytest.mark.parametrize(
    ("yes", "tier"),
    [
        ((), "none"),
        (("1",), "low"),
        (("2",), "low"),
        (("1", "2", "3"), "moderate"),
        (("6-lifetime",), "moderate"),
        (("2", "4"), "high"),
        (("2", "5"), "high"),
        (("6-lifetime", "6-past-3-months"), "high"),
    ],
)
def test_columbia_tiers(yes: tuple[str, ...], tier: str) -> None:
    result = score(CSSRS, columbia(*yes))
    assert result.band is not None
    assert (result.band.code, result.total, result.missing) == (tier, None, ())
    assert len(result.safety) == len(yes)


@pytest.mark.parametrize(
    ("answers", "tier", "missing"),
    [
        # A yes that reaches the worst tier stands, whatever else was left out.
        ({"cssrs-5": 1}, "high", ("cssrs-1", "cssrs-2", "cssrs-6-lifetime")),
        # A missing gate keeps everything behind it open.
        ({"cssrs-1": 1, "cssrs-2": 0}, None, ("cssrs-6-lifetime",)),
        ({"cssrs-1": 0, "cssrs-6-lifetime": 0}, None, ("cssrs-2",)),
        # Item 1 cannot raise a tier that item 2 already gave.
        ({"cssrs-2": 1, "cssrs-3": 0, "cssrs-4": 0, "cssrs-5": 0, "cssrs-6-lifetime": 0}, "low",
         ("cssrs-1",)),
        ({}, None, ("cssrs-1", "cssrs-2", "cssrs-6-lifetime")),
    ],
)  # fmt: skip
def test_columbia_with_answers_missing(
    answers: dict[str, int], tier: str | None, missing: tuple[str, ...]
) -> None:
    result = score(CSSRS, answers)
    assert (result.band.code if result.band else None) == tier
    assert result.missing == missing
    assert (result.refused_reason is None) is (tier is not None)


@pytest.mark.parametrize(
    ("baseline", "now", "met", "fall"),
    [
        (20, 10, True, 0.5),
        (20, 11, False, 0.45),
        (21, 11, False, 10 / 21),
        (21, 10, True, 11 / 21),
        (10, 15, False, -0.5),
        (1, 0, True, 1.0),
        (0, 0, None, None),
    ],
)
def test_response(baseline: int, now: int, met: bool | None, fall: float | None) -> None:
    result = response(PHQ9, baseline, now)
    assert result.met is met
    assert result.fall_fraction == (None if fall is None else pytest.approx(fall))
    assert (result.reason is None) is (met is not None)
    assert result.basis is not None
    assert result.basis.mark == "assumed"


# CMS159v4: remission is a PHQ-9 total of less than five.
@pytest.mark.parametrize(("total", "met"), [(0, True), (4, True), (5, False), (27, False)])
def test_remission(total: int, met: bool) -> None:
    result = remission(PHQ9, total)
    assert result.met is met
    assert result.basis is not None
    assert "CMS159" in result.basis.source


# Smallest change that matters: PHQ-9 5 points (PMID 15550799), GAD-7 4 points (PMID 32090765).
@pytest.mark.parametrize(
    ("name", "before", "after", "points", "direction", "important"),
    [
        ("phq9", 20, 15, -5, "better", True),
        ("phq9", 20, 16, -4, "better", False),
        ("phq9", 10, 15, 5, "worse", True),
        ("phq9", 0, 0, 0, "same", False),
        ("gad7", 12, 8, -4, "better", True),
        ("gad7", 12, 9, -3, "better", False),
    ],
)
def test_change(
    name: str, before: int, after: int, points: int, direction: str, important: bool
) -> None:
    result = change(load(name), before, after)
    assert (result.points, result.direction, result.important) == (points, direction, important)
    assert result.fraction == (points / before if before else None)
    assert result.basis is not None
    assert result.basis.mark == "sourced"


@pytest.mark.parametrize("total", [-1, 28, True, 4.0, "4", None, pytest.param(10**5000, id="huge")])
def test_a_total_that_cannot_be_is_refused(total: Any) -> None:
    for attempt in (
        lambda: response(PHQ9, 20, total),
        lambda: response(PHQ9, total, 20),
        lambda: remission(PHQ9, total),
        lambda: change(PHQ9, 3, total),
    ):
        with pytest.raises(AnswerError) as caught:
            attempt()
        assert caught.value.item == "total"
        assert len(str(caught.value)) < 200


def test_a_triage_has_no_total() -> None:
    with pytest.raises(AnswerError, match="has no total"):
        remission(CSSRS, 3)


@pytest.mark.parametrize(
    ("answers", "item"),
    [
        ({"phq9-1": True}, "phq9-1"),
        ({"phq9-1": 1.0}, "phq9-1"),
        ({"phq9-2": "1"}, "phq9-2"),
        ({"phq9-3": None}, "phq9-3"),
        ({"phq9-9": 4}, "phq9-9"),
        ({"phq9-9": -1}, "phq9-9"),
        ({"phq9-10": 1}, "'phq9-10'"),
        ({"gad7-1": 1}, "'gad7-1'"),
        ({"phq9-total": 5}, "'phq9-total'"),
        ({9: 1}, "9"),
        ([("phq9-1", 1)], "answers"),
        (None, "answers"),
        pytest.param({"phq9-1": 10**6000}, "phq9-1", id="huge"),
    ],
)
def test_unusable_answers_name_the_item(answers: Any, item: str) -> None:
    with pytest.raises(AnswerError) as caught:
        score(PHQ9, answers)
    assert caught.value.item == item
    assert str(caught.value).startswith(f"{item}: ")


class Awkward:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_a_value_that_cannot_be_shown_still_names_its_item() -> None:
    answers: Any = {"phq9-1": Awkward()}
    with pytest.raises(AnswerError, match="phq9-1: the answer must be a whole number, not a Awk"):
        score(PHQ9, answers)


HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(), st.integers(), max_size=2),
)
KEYS = st.one_of(
    st.sampled_from([item.link_id for item in PHQ9.items]), st.text(), st.integers(), st.none()
)


@given(st.dictionaries(KEYS, HOSTILE, max_size=12))
def test_hostile_answers_score_or_say_which_item(answers: Any) -> None:
    good = {
        key: value
        for key, value in answers.items()
        if isinstance(key, str)
        and key in {item.link_id for item in PHQ9.items}
        and type(value) is int
        and 0 <= value <= 3
    }
    if good == answers:
        result = score(PHQ9, answers)
        assert result.answered + len(result.missing) == 9
        return
    with pytest.raises(AnswerError) as caught:
        score(PHQ9, answers)
    bad = set(answers) - set(good)
    assert caught.value.item in {key if isinstance(key, str) else repr(key) for key in bad} | {
        text if len(text) <= 60 else text[:57] + "..." for text in map(repr, bad)
    }


@given(st.lists(st.integers(0, 3), min_size=9, max_size=9), st.integers(0, 8))
def test_a_worse_answer_never_lowers_the_total(values: list[int], place: int) -> None:
    before = score(PHQ9, phq9(*values))
    values[place] = min(3, values[place] + 1)
    after = score(PHQ9, phq9(*values))
    assert before.total is not None
    assert after.total is not None
    assert after.total - before.total in (0, 1)
    assert len(after.safety) >= len(before.safety)
