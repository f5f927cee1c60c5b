"""GRADE by rules: each doubt costs what the rules say, with its reason."""

from __future__ import annotations

import pytest

from evenkeel.evidence.answering import answer, answers
from evenkeel.evidence.answering.certainty import rules
from tests.evidence.trial_factory import counted, judged, together, trial

RESPONSE = "response-28d-esketamine"


def doubts(question_id: str, *found) -> dict[str, tuple[int, str]]:
    rated = answer(question_id, trials_by_id=together(*found)).certainty
    return {d.name: (d.levels, d.reason) for d in rated.domains}


def large(trial_id: str, treated: int = 600, placebo: int = 400, **changes):
    rows = [
        counted(f"{trial_id}-1", "e", treated, 1000),
        counted(f"{trial_id}-2", "p", placebo, 1000),
    ]
    return trial(trial_id, randomized_n=2000, rows=rows, **changes)


def test_every_doubt_has_reason_rule_mark_and_source() -> None:
    for found in answers():
        for domain in found.certainty.domains:
            assert domain.reason
            assert domain.rule
            assert domain.source
            assert domain.mark in ("sourced", "clinic policy", "editorial")
            assert domain.levels in (0, 1, 2)
        if found.k:
            lost = sum(d.levels for d in found.certainty.domains)
            levels = rules()["levels"]
            start = levels.index(found.certainty.start)
            assert found.certainty.level == levels[max(0, start - lost)]


def test_masking_and_unjudged_trials() -> None:
    sound = {"risk_of_bias": judged(), "blinding": "masked"}
    assert doubts(RESPONSE, large("A", **sound), large("B", **sound))["risk_of_bias"][0] == 0
    assert doubts(RESPONSE, large("A", blinding="masked"))["risk_of_bias"][0] == 1
    seen = doubts(RESPONSE, large("A", risk_of_bias=judged()))["risk_of_bias"]
    assert (seen[0], "could often tell" in seen[1]) == (1, True)
    bare = doubts(RESPONSE, large("A", risk_of_bias=judged(), blinding="open"))["risk_of_bias"]
    assert bare[0] == 2


@pytest.mark.parametrize(
    ("judgments", "levels", "words"),
    [
        (("low", "low"), 0, "judged sound"),
        (("some concerns", "some concerns"), 1, "none of them low (some concerns)"),
        (("high", "unclear"), 1, "none of them low (unclear, high)"),
        ((None, None), 1, "no judgment of the risk of bias was found for trials with 100 %"),
        (("low", None), 1, "was found for trials with 50 %"),
        (("low", "high"), 1, "trials with 50 % of the weight, and none of them low (high)"),
        (("low", "low", "high"), 0, "judged sound"),
        (("low", "low", None), 0, "judged sound"),
    ],
)
def test_a_published_judgment_counts_and_none_is_not_low(judgments, levels, words) -> None:
    """Trials alike in all else, so each has the same weight; half of it is the line."""
    found = [
        large(f"T{i}", blinding="masked", risk_of_bias=judged(one) if one else None)
        for i, one in enumerate(judgments)
    ]
    seen = doubts(RESPONSE, *found)["risk_of_bias"]
    assert seen[0] == levels
    assert words in seen[1]


def test_what_counts_as_seen_by_others_costs_less_without_masking() -> None:
    """A rise in pressure is measured; what people say of themselves is not."""
    rows = [
        counted("a", "e", 300, 1000, outcome="blood_pressure_event"),
        counted("b", "p", 100, 1000, outcome="blood_pressure_event"),
    ]
    one = trial(randomized_n=2000, blinding="open", rows=rows)
    assert doubts("harm-blood-pressure", one)["risk_of_bias"][0] == 1


def test_inconsistency() -> None:
    alike = doubts(RESPONSE, large("A"), large("B"), large("C"))
    assert alike["inconsistency"][0] == 0
    apart = doubts(RESPONSE, large("A", 600), large("B", 900), large("C", 450))
    assert (apart["inconsistency"][0], "same way" in apart["inconsistency"][1]) == (1, True)
    against = doubts(RESPONSE, large("A", 600), large("B", 900), large("C", 200))
    assert (against["inconsistency"][0], "both ways" in against["inconsistency"][1]) == (2, True)
    assert "cannot show" in doubts(RESPONSE, large("A"))["inconsistency"][1]


def test_imprecision() -> None:
    assert doubts(RESPONSE, large("A"), large("B"), large("C"))["imprecision"][0] == 0
    few = trial("A", rows=[counted("a", "e", 60, 100), counted("b", "p", 20, 100)])
    assert doubts(RESPONSE, few)["imprecision"] == (1, "80 people had the outcome, fewer than 300")
    fewer = trial("A", rows=[counted("a", "e", 20, 100), counted("b", "p", 4, 100)])
    assert doubts(RESPONSE, fewer)["imprecision"] == (
        2,
        "24 people had the outcome, far fewer than 300",
    )
    nothing = large("A", 410, 400)
    assert doubts(RESPONSE, nothing)["imprecision"] == (1, "the interval includes no effect")
    both = trial("A", rows=[counted("a", "e", 51, 100), counted("b", "p", 50, 100)])
    assert doubts(RESPONSE, both)["imprecision"][0] == 2
    neither = trial("A", rows=[counted("a", "e", 4, 100), counted("b", "p", 4, 100)])
    assert doubts(RESPONSE, neither)["imprecision"][0] == 2


def test_small_trials_are_tested_from_ten_on() -> None:
    """Eleven trials of the harm: the smaller, the larger the effect."""

    def one(i: int, n: int, treated: int):
        rows = [
            counted(f"{i}-1", "e", treated, n, outcome="nausea"),
            counted(f"{i}-2", "p", n // 10, n, outcome="nausea"),
        ]
        return trial(f"T{i}", randomized_n=2 * n, rows=rows)

    sizes = range(20, 1120, 100)
    skew = [one(i, n, round(n * 0.15 + 6 + i % 2)) for i, n in enumerate(sizes)]
    assert doubts("harm-nausea", *skew)["publication_bias"][0] == 1
    fair = [one(i, n, n // 5 + (-1) ** i * (n // 30 + 1)) for i, n in enumerate(sizes)]
    assert doubts("harm-nausea", *fair)["publication_bias"][0] == 0
    assert "cannot be tested" in doubts("harm-nausea", *fair[:3])["publication_bias"][1]
    assert doubts(RESPONSE, large("A"))["publication_bias"][0] == 1


@pytest.mark.parametrize(
    "question_id",
    ["response-24h-placebo", "symptoms-24h-midazolam", "bipolar", "remission-24h-placebo"],
)
def test_no_kinder_than_cochrane(question_id: str) -> None:
    """The Cochrane reviews CD011612 and CD011611 rate these very low."""
    assert answer(question_id).certainty.level == "very low"
