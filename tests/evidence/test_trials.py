"""The trials as data: nothing lost on the way, nothing impossible let in."""

from __future__ import annotations

import copy
import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.evidence.library import read_trial, trials
from evenkeel.evidence.library.fields import LARGEST_FILE
from evenkeel.evidence.pooling import EvidenceError
from tests.evidence.trial_factory import contrast, counted, document, judged, measured, paid, trial


def test_every_collected_row_is_in_a_file() -> None:
    """505 numbers were collected from 55 trials; each stands in one file, none was left out.

    What was added since (A0001 and on) was read on a primary page, and four rows of Hu 2016 that
    had been recalled were read in its abstract.
    """
    found = trials()
    assert len(found) == 55
    added = [row for one in found.values() for row in one.rows if row.id.startswith("A")]
    assert {(row.mark, row.source.read) for row in added} == {("verified", "primary page")}
    rows = [row for one in found.values() for row in one.rows if row not in added]
    assert sorted(row.id for row in rows) == [f"R{i:04}" for i in range(1, 506)]
    marks = Counter(row.mark for row in rows)
    assert marks == {"verified": 470 + 4, "partly verified": 13, "unverified": 22 - 4}
    assert all(row.source.cite for row in rows)
    assert all(row.source.read != "not read" for row in rows if row.mark == "verified")


@pytest.mark.parametrize(
    ("trial_id", "row", "expected"),
    [
        ("LII2023", "R0001", (12, 20)),
        ("DALY2018", "R0053", (1, 33)),
        ("TRANSFORM2", "R0091", (70, 101)),
        ("CHEN2023", "R0155", (75, 126)),
        ("ASPIRE2", "R0199", (44, 114)),
        ("SUSTAIN1", "R0256", (39, 86)),
        ("ABBAR2022", "R0462", (46, 73)),
        ("WANG2024", "R0499", (46, 181)),
        ("TRANSFORM1", "A0005", (32, 116)),
    ],
)
def test_numbers_as_published(trial_id: str, row: str, expected: tuple[int, int]) -> None:
    found = next(r for r in trials()[trial_id].rows if r.id == row)
    assert (found.events, found.n) == expected


@pytest.mark.parametrize(
    ("trial_id", "kind", "payer"),
    [
        ("TRANSFORM2", "industry", "Janssen"),
        ("ESCAPE_TRD", "industry", "Janssen"),
        ("ELEKTD", "public", "PCORI"),
        ("ZARATE2006", "public", "National Institute of Mental Health"),
        ("KETECT", "public", "Swedish Research Council"),
        ("TAYLOR2018", "charity", "Patterson"),
        ("MURROUGH2013", "none stated", "Baylor"),
    ],
)
def test_who_paid_as_published(trial_id: str, kind: str, payer: str) -> None:
    found = trials()[trial_id].funding
    assert found is not None
    assert (found.kind, payer in found.words) == (kind, True)
    assert found.known is (kind != "none stated")
    assert found.source.url.startswith("https://")


@pytest.mark.parametrize(
    ("trial_id", "judgment", "mark"),
    [
        # Missing outcomes and selective reporting are "High risk" in CD011612.
        ("BERMAN2000", "high", "verified"),
        ("ZARATE2006", "unclear", "verified"),
        ("LAPIDUS2014", "unclear", "verified"),
        ("TRANSFORM1", "unclear", "partly verified"),
        ("DIAZGRANADOS2010", "unclear", "partly verified"),
    ],
)
def test_bias_as_the_review_judged_it(trial_id: str, judgment: str, mark: str) -> None:
    found = trials()[trial_id].risk_of_bias
    assert found is not None
    assert (found.judgment, found.mark) == (judgment, mark)
    assert found.by.startswith("Cochrane review CD0116")
    assert ("not read" in found.words) is (mark != "verified")


def test_what_was_not_found_stays_unknown() -> None:
    """A payer or a judgment is in a file only with where it was read."""
    for one in trials().values():
        for told in (one.funding, one.risk_of_bias):
            assert told is None or (told.source.read != "not read" and told.source.url)
    assert trials()["KRUPITSKY1997"].funding is None
    assert trials()["TRANSFORM2"].risk_of_bias is None


def test_a_report_that_pools_is_the_sum_of_its_trials() -> None:
    known = trials()
    parts: Counter[tuple[str, str]] = Counter()
    for part in known["ASPIRE_POOLED"].holds:
        for row in known[part].rows:
            if row.events is not None:
                parts[(row.outcome, known[part].arm(row.arm).role)] += row.events
    for row in known["ASPIRE_POOLED"].rows:
        role = known["ASPIRE_POOLED"].arm(row.arm).role
        assert parts[(row.outcome, role)] == row.events, row.id


def first_row(**changes: object) -> dict[str, object]:
    found = document()
    found["rows"][0] = {**found["rows"][0], **changes}
    return found


def with_rows(*rows: dict[str, object], **changes: object) -> dict[str, object]:
    return document(rows=list(rows), **changes)


BAD = {
    "more events than people": (first_row(events=101), "row ONE-1, events"),
    "half a person": (first_row(n=99.5), "row ONE-1, n"),
    "nobody": (first_row(n=0), "row ONE-1, n"),
    "a percentage of other counts": (first_row(percent=31.5), "row ONE-1, percent"),
    "an arm that is not there": (first_row(arm="x"), "row ONE-1, arm"),
    "a source that is not there": (first_row(source="s9"), "row ONE-1, source"),
    "a mark that is not known": (first_row(mark="sure"), "row ONE-1, mark"),
    "a key that is not known": (first_row(evnts=3), "'evnts' is not known"),
    "an arm with an effect": (
        first_row(effect={"kind": "MD", "words": "x", "estimate": 1}),
        "row ONE-1, effect",
    ),
    "more people than were randomized": (
        with_rows(counted("a", "e", 30, 150), counted("b", "p", 20, 100)),
        "row b, n",
    ),
    "a standard error as SD": (
        with_rows(measured("a", "e", -19, 1.3, 100), measured("b", "p", -15, 14, 100)),
        "row a, sd",
    ),
    "an SD as standard error": (
        with_rows(measured("a", "e", -19, 1, 100) | {"sd": None, "se": 13}),
        "row a, se",
    ),
    "sd and se": (with_rows(measured("a", "e", -19, 13, 100, se=1.3)), "row a, se"),
    "a mean off the scale": (with_rows(measured("a", "e", -75, 13, 100)), "row a, mean"),
    "an estimate outside its limits": (
        with_rows(contrast("a", estimate=-9, low=-8, high=-1)),
        "row a, estimate",
    ),
    "limits the wrong way round": (
        with_rows(contrast("a", estimate=-4, low=-1, high=-8)),
        "row a, low",
    ),
    "an se that is not that of the limits": (
        with_rows(contrast("a", estimate=-4, low=-8, high=0, se=4)),
        "row a, se",
    ),
    "a pooled report of nothing": (document(design="pooled_report"), "holds"),
    "no design": (document(design="good"), "design"),
    "no year": (document(year=None), "year"),
    "an arm twice": (document(arms=[document()["arms"][0]] * 2), "arms"),
    "a payer in bare words": (document(funding="a maker"), "funding"),
    "a kind of payer nobody knows": (document(funding=paid(kind="rich")), "funding, kind"),
    "a payer without a source": (document(funding=paid(source=None)), "funding, source"),
    "a payer verified unread": (
        document(funding=paid(source={"cite": "x", "read": "not read"})),
        "funding, mark",
    ),
    "a judgment nobody uses": (document(risk_of_bias=judged("fine")), "risk_of_bias, judgment"),
    "a judgment by nobody": (document(risk_of_bias=judged(by="")), "risk_of_bias, by"),
    "a judgment with more to it": (
        document(risk_of_bias=judged() | {"score": 3}),
        "risk_of_bias: the key 'score'",
    ),
    "rows that are no list": (document(rows={}), "rows"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_named_with_row_and_field(name: str) -> None:
    found, words = BAD[name]
    with pytest.raises(EvidenceError) as caught:
        read_trial(json.dumps(found).encode(), "bad.json")
    assert str(caught.value).startswith("bad.json")
    assert words in str(caught.value)


def test_the_good_file_is_good() -> None:
    assert trial().rows[0].events == 30


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"id": 1, "id": 2}',
        b"[" * 100_000,
        b'"' + b"x" * LARGEST_FILE + b'"',
        b'{"rows": [NaN]}',
    ],
    ids=["empty", "list", "bytes", "twice", "deep", "large", "nan"],
)
def test_what_is_no_file_is_refused(content: bytes) -> None:
    with pytest.raises(EvidenceError, match=r"bad\.json"):
        read_trial(content, "bad.json")


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), value=ANY)
def test_whatever_stands_in_a_place_is_read_or_refused_by_name(data, value) -> None:
    found = copy.deepcopy(document())
    place = data.draw(st.sampled_from(["whole", "arm", "source", "row"]))
    inside = {
        "whole": found,
        "arm": found["arms"][0],
        "source": found["sources"]["s1"],
        "row": found["rows"][0],
    }[place]
    key = data.draw(st.sampled_from([*sorted(inside), "strange"]))
    inside[key] = value
    refused = "bad.json"
    try:
        read_trial(json.dumps(found).encode(), "bad.json")
    except EvidenceError as error:
        refused = str(error)
    assert refused.startswith("bad.json")
