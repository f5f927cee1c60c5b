"""The questions people ask: each has sources, none claims a review, and words find them."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.evidence.answer_search import search_answers
from evenkeel.evidence.coming_back import parse_ways, ways_to_go_on
from evenkeel.evidence.plain_answers import AnswerError, answer_sources, parse_answer, plain_answers

GOOD = {
    "id": "why",
    "question": "Why?",
    "short": "Because.",
    "body": [{"text": "It is so.", "sources": ["rems"]}],
    "compiled_on": "2026-11-26",
}
# What people must be able to ask, and the answer that must come first.
ASKED = [
    ("What is ketamine?", "what-is-ketamine"),
    ("how does it work in the brain", "how-does-it-work"),
    ("is it legal here", "is-it-legal"),
    ("is ketamine addictive", "is-it-addictive"),
    ("is it adictive", "is-it-addictive"),
    ("how fast", "how-fast"),
    ("how quikly will it help", "how-fast"),
    ("different from other antidepressants", "different"),
    ("prozac", "different"),
    ("side effects", "side-effects"),
    ("what does a session feel like", "session-feel"),
    ("set and setting", "set-and-setting"),
    ("who should not have it", "who-should-not"),
    ("blader problems", "long-term"),
    ("memory", "long-term"),
    ("how much therapy", "therapy"),
    ("ptsd", "other-conditions"),
    ("can I drive home", "the-day"),
    ("electroconvulsive", "ect-or-quetiapine"),
    ("suicidal", "suicidal-thoughts"),
    ("PLACEBO???", "placebo"),
    ("mail order", "at-home"),
]


@pytest.mark.parametrize(("query", "first"), ASKED)
def test_plain_and_misspelled_words_find_the_answer(query: str, first: str) -> None:
    assert search_answers(query).answers[0].id == first


def test_a_misspelling_is_told_not_hidden() -> None:
    assert search_answers("blader").read_as == {"blader": "bladder"}
    assert search_answers("bladder").read_as == {}


@pytest.mark.parametrize("query", ["", "   ", "???", "\x00", "xyzzyplugh", "how is it"])
def test_what_says_nothing_finds_nothing_or_is_taken_as_it_stands(query: str) -> None:
    assert search_answers(query).read_as == {}


@given(st.text(max_size=300))
def test_whatever_is_typed_is_searched_for_and_never_run(query: str) -> None:
    assert len(search_answers(query).answers) <= 10


def test_every_passage_has_a_source_and_every_source_is_used() -> None:
    used = {s for item in plain_answers().values() for s in item.sources}
    for item in plain_answers().values():
        assert item.body, item.id
        assert all(passage.sources for passage in item.body)
    used |= {s for way in ways_to_go_on() for s in way.sources}
    assert used == set(answer_sources().values())


def test_all_ways_to_go_on_are_told_at_like_length_with_a_source() -> None:
    lengths = [len(way.text) for way in ways_to_go_on()]
    assert [way.id for way in ways_to_go_on()] == ["keep", "earlier", "later", "stop", "other"]
    assert max(lengths) < 2 * min(lengths)
    assert all(way.sources for way in ways_to_go_on())


@pytest.mark.parametrize(
    "change",
    [
        lambda ways: ways[0]["sources"].clear(),
        lambda ways: ways[0]["sources"].append("hearsay"),
        lambda ways: ways.pop(),
        lambda ways: ways.reverse(),
    ],
)
def test_a_way_without_a_source_or_a_missing_way_is_refused(change: Any) -> None:
    text = resources.files("evenkeel.evidence").joinpath("coming_back.json").read_text("utf-8")
    document = json.loads(text)
    assert parse_ways(document) == ways_to_go_on()
    change(document["ways"])
    with pytest.raises(AnswerError):
        parse_ways(document)


def test_law_without_a_primary_source_says_not_checked() -> None:
    legal = plain_answers()["is-it-legal"].countries
    assert {c.country for c in legal if not c.checked} == {"Canada", "Australia", "New Zealand"}
    assert all(c.source is not None and c.source.kind == "primary" for c in legal if c.checked)


def test_no_answer_gives_a_dose_to_take() -> None:
    for item in plain_answers().values():
        said = " ".join([item.short, *(p.text for p in item.body)])
        assert not re.search(r"\d\s*(mg|milligram|mL)\b", said), item.id


def test_sentences_are_short_enough_for_a_reader_of_twelve() -> None:
    for item in plain_answers().values():
        for text in [item.short, *(p.text for p in item.body), *item.not_known]:
            for sentence in re.split(r"(?<=[.?!:;])\s+", text):
                assert len(sentence.split()) <= 32, f"{item.id}: {sentence}"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"body": [{"text": "It is so.", "sources": []}]}, "no source"),
        ({"body": [{"text": "It is so.", "sources": ["nobody"]}]}, "'nobody' is not a listed"),
        ({"clinical_review": "Dr. A."}, "signed in the clinic"),
        ({"compiled_on": "soon"}, "compiled_on must be a date"),
        ({"short": " "}, "short is missing"),
        ({"id": "other"}, "name of its file"),
        ({"picture": "cat"}, "'cat' is not a picture"),
        ({"dose": 1}, "'dose' is not a key"),
        (
            {"countries": [{"country": "X", "text": "Yes.", "source": "fda23", "checked": True}]},
            "needs a primary source",
        ),
    ],
    ids=lambda v: next(iter(v)) if isinstance(v, dict) else None,
)
def test_a_file_that_claims_too_much_is_refused(change: dict[str, object], says: str) -> None:
    assert parse_answer("why.json", GOOD).question == "Why?"
    with pytest.raises(AnswerError, match=f"why.json: .*{says}"):
        parse_answer("why.json", {**GOOD, **change})


def test_the_digest_changes_with_any_word() -> None:
    before = parse_answer("why.json", GOOD).content_digest
    assert parse_answer("why.json", {**GOOD, "short": "Because!"}).content_digest != before
