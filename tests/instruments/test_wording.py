"""A clinic's own text put into the structure: taken when it fits, refused by name when not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.instruments import (
    InstrumentFileError,
    UnknownInstrumentError,
    load,
    parse,
    score,
    shelved,
    template,
    with_wording,
)

LICENCE = "Invented license 12-345, for tests"


def written(name: str) -> dict[str, Any]:
    """A template with a text in every place; nobody's wording."""
    text = json.dumps(template(name)).replace("(write the text here)", "An invented text")
    document: dict[str, Any] = json.loads(text)
    return document


@pytest.mark.parametrize("name", [n for n in shelved() if n != "moca"])
def test_every_template_filled_in_is_taken(name: str) -> None:
    document = written(name)
    if name == "hamd17":  # its items are the clinic's: fifty-two points of them
        document["item"] = many(document, "hamd17", 13)
    found = with_wording(name, document, LICENCE)
    assert found.wording == LICENCE
    assert found.items
    assert all(item.text for item in found.items)
    assert found.scoring.total_range == load(name).scoring.total_range


def many(document: dict[str, Any], name: str, count: int) -> list[dict[str, Any]]:
    first, total = document["item"]
    option = first["answerOption"][0]
    items = []
    for number in range(1, count + 1):
        item = json.loads(json.dumps(first))
        item |= {"linkId": f"{name}-{number}", "prefix": str(number), "answerOption": []}
        for value in range(5):
            each = json.loads(json.dumps(option))
            each["valueCoding"] |= {"code": str(value), "display": f"Level {value}"}
            each["valueCoding"]["extension"][0]["valueDecimal"] = value
            item["answerOption"].append(each)
        items.append(item)
    return [*items, total]


def test_a_scale_with_text_scores_as_before() -> None:
    found = with_wording("wsas", written("wsas"), LICENCE)
    assert score(found, {f"wsas-{n}": 4 for n in range(1, 6)}).total == 20
    assert load("wsas").wording == ""


def test_a_translation_says_its_language() -> None:
    document = written("phq9") | {"language": "de-CH"}
    found = with_wording("phq9", document, LICENCE)
    assert found.languages == ("de-CH",)


Change = Callable[[dict[str, Any]], Any]
FAULTS: dict[str, tuple[Change, str]] = {
    "a question left out": (lambda d: d["item"].pop(1), "wsas-2 missing"),
    "another order": (lambda d: d["item"].insert(0, d["item"].pop(2)), "another order"),
    "a question too many": (
        lambda d: d["item"].append({**d["item"][0], "linkId": "wsas-9"}),
        "wsas-9 unknown",
    ),
    "another count": (
        lambda d: d["item"][0]["answerOption"].pop(),
        "wsas-1: must offer the answers 0, 1",
    ),
    "a blank": (lambda d: d["item"][3].update(text="(write the text here)"), "wsas-4.*not written"),
    "no text": (lambda d: d["item"][3].pop("text"), r"item\[3\].text"),
    "an endless text": (lambda d: d["item"][3].update(text="x" * 2001), "at most 2000"),
    "a changed address": (lambda d: d.update(url="urn:mine"), "was changed"),
    "another instrument": (lambda d: d.update(id="phq9"), "must be 'wsas'"),
    "no notice": (lambda d: d.pop("copyright"), "copyright"),
    "no language": (lambda d: d.update(language="Englisch!"), "not a language tag"),
    "a code": (
        lambda d: d["item"][0].update(code=[{"system": "http://loinc.org", "code": "44250-9"}]),
        "was changed",
    ),
    "a condition": (
        lambda d: d["item"][1].update(
            enableWhen=[
                {
                    "question": "wsas-1",
                    "operator": "=",
                    "answerCoding": d["item"][0]["answerOption"][0]["valueCoding"],
                }
            ]
        ),
        "was changed",
    ),
    "a free text": (lambda d: d["item"][0].update(type="text"), "not group, choice"),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_what_does_not_fit_is_refused_by_name(fault: str) -> None:
    edit, said = FAULTS[fault]
    document = written("wsas")
    edit(document)
    with pytest.raises(InstrumentFileError, match=said):
        with_wording("wsas", document, LICENCE)


def test_by_what_right_must_be_said() -> None:
    with pytest.raises(InstrumentFileError, match="by what right"):
        with_wording("wsas", written("wsas"), "  ")


def test_an_unknown_instrument_is_refused() -> None:
    with pytest.raises(UnknownInstrumentError):
        with_wording("phq8", {}, LICENCE)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"[]", "must be an object"),
        (b" " * (256 * 1024 + 1), "larger than"),
        (b"[" * 100_000, "cannot be read"),
    ],
)
def test_a_file_that_is_no_json_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(InstrumentFileError, match=said):
        parse(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@given(st.sampled_from(["item", "language", "url", "copyright", "code", "id"]), JSON)
def test_a_hostile_file_is_refused_or_taken_whole(key: str, value: Any) -> None:
    document = written("wsas")
    document[key] = value
    try:
        found = with_wording("wsas", document, LICENCE)
    except InstrumentFileError:
        return
    assert [item.link_id for item in found.items] == [f"wsas-{n}" for n in range(1, 6)]
