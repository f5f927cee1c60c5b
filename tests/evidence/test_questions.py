"""The questions as data: each can be answered by what it names, and says what nobody knows."""

from __future__ import annotations

import json

import pytest

from evenkeel.evidence.library import questions, read_question, trials
from evenkeel.evidence.pooling import EvidenceError

KNOWN = questions()


def test_the_questions_a_clinic_is_asked_are_there() -> None:
    asked = """response-24h-placebo response-24h-midazolam remission-28d-esketamine
    symptoms-24h-placebo symptoms-7d-placebo symptoms-28d-esketamine ptsd
    suicidal-thoughts-first-days social-anxiety alcohol cocaine quetiapine-8wk ect-response
    ect-remission ssri-speed
    harm-dissociation harm-nausea harm-dizziness harm-blood-pressure harm-sedation harm-dropout
    bladder memory dependence relapse-after-stopping therapy-added bipolar ocd chronic-pain"""
    assert set(asked.split()) <= set(KNOWN)


@pytest.mark.parametrize("question_id", KNOWN)
def test_a_question_names_what_is_there(question_id: str) -> None:
    question, known = KNOWN[question_id], trials()
    outcomes = {row.outcome for one in known.values() for row in one.rows}
    assert set(question.outcomes) <= outcomes
    assert set(question.diagnoses) <= {one.diagnosis for one in known.values()}
    assert set(question.comparators) <= {one.comparator for one in known.values()}
    for alone in question.alone:
        there = {row.outcome for row in known[alone.trial].rows}
        assert set(alone.outcomes) <= there, alone.trial
    assert question.title.endswith(("?", "Response", "Remission"))
    for statement in (*question.statements, *question.published):
        assert statement.text.endswith(".")
        assert len(statement.source) > 8


def document(**changes: object) -> dict[str, object]:
    found = {
        "title": "Does it help?",
        "family": "benefit",
        "order": 1,
        "outcomes": ["response"],
        "outcome_words": "response",
        "days": [1, 2],
        "days_words": "a day",
        "population_words": "people",
        "diagnoses": ["depression"],
        "intervention_words": "ketamine",
        "comparator_words": "saline",
        "comparators": ["saline"],
        "measure": "RR",
        "better": "more",
    }
    return {**found, **changes}


BAD = {
    "crossovers among parallel trials": ({"designs": ["parallel", "crossover"]}, "never pooled"),
    "withdrawal among acute trials": (
        {"designs": ["enriched_withdrawal", "parallel"]},
        "never pooled",
    ),
    "no comparison": ({"comparators": []}, "comparators"),
    "nothing to say": ({"outcomes": []}, "nothing to say"),
    "a mean that is more": ({"measure": "MD"}, "better"),
    "one day": ({"days": [3]}, "days"),
    "days backwards": ({"days": [3, 1]}, "days"),
    "a day that is none": ({"days": ["x", 1]}, "first"),
    "no measure": ({"measure": "HR"}, "measure"),
    "about without a statement": (
        {"family": "about", "alone": [{"trial": "X", "outcomes": ["x"], "why": "x"}]},
        "statements",
    ),
    "a strange key": ({"outcome": "response"}, "'outcome' is not known"),
    "a doubt without reason": ({"indirectness": {"levels": 1}}, "reason"),
    "a doubt of three levels": ({"indirectness": {"levels": 3, "reason": "x"}}, "levels"),
    "a statement without source": ({"statements": [{"text": "x", "mark": "sourced"}]}, "source"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_question_is_named(name: str) -> None:
    changes, words = BAD[name]
    with pytest.raises(EvidenceError, match=r"bad\.json") as caught:
        read_question(json.dumps(document(**changes)).encode(), "bad.json")
    assert words in str(caught.value)


def test_the_good_question_is_good() -> None:
    found = read_question(json.dumps(document()).encode(), "good.json")
    assert (found.id, found.designs, found.days) == ("good", ("parallel", "first_period"), (1, 2))
