"""Answers to a FHIR QuestionnaireResponse and back."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.instruments import (
    AnswerError,
    from_fhir_response,
    load,
    shelved,
    to_fhir_response,
)

PHQ9 = load("phq9")
AT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
FULL = {f"phq9-{number}": number % 4 for number in range(1, 10)}


def responded(answers: dict[str, int]) -> dict[str, Any]:
    return to_fhir_response(PHQ9, answers, "Patient/ada-sample", AT)


def answers_to(name: str) -> st.SearchStrategy[dict[str, int]]:
    items = load(name).items
    return st.fixed_dictionaries(
        {}, optional={item.link_id: st.sampled_from(sorted(item.values)) for item in items}
    )


@given(st.data())
def test_round_trip_through_json(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(shelved()))
    answers = data.draw(answers_to(name))
    resource = to_fhir_response(load(name), answers, "Patient/ada-sample", AT)
    assert from_fhir_response(load(name), json.loads(json.dumps(resource))) == answers
    assert '"item": []' not in json.dumps(resource)


def test_the_shape_of_a_response() -> None:
    resource = responded(FULL | {"phq9-difficulty": 2})
    assert resource["questionnaire"] == "urn:evenkeel:questionnaire:phq9|1.0.0"
    assert resource["status"] == "completed"
    assert resource["subject"] == {"reference": "Patient/ada-sample"}
    assert resource["authored"] == "2026-11-26T09:30:00+00:00"
    group, difficulty, total = resource["item"]
    assert group["linkId"] == "phq9-problems"
    assert [item["linkId"] for item in group["item"]] == [f"phq9-{n}" for n in range(1, 10)]
    assert group["item"][0]["answer"] == [
        {
            "valueCoding": {
                "system": "http://loinc.org",
                "code": "LA6569-3",
                "display": "Several days",
            }
        }
    ]
    assert difficulty["answer"][0]["valueCoding"]["code"] == "LA6575-0"
    assert total["answer"] == [{"valueInteger": sum(FULL.values())}]


def test_no_total_where_an_answer_is_missing() -> None:
    resource = responded({"phq9-1": 1})
    assert [item["linkId"] for item in resource["item"]] == ["phq9-problems"]
    assert "item" not in responded({})


def test_the_time_keeps_its_zone() -> None:
    at = datetime(2026, 11, 26, 9, 30, tzinfo=timezone(timedelta(hours=-5)))
    resource = to_fhir_response(PHQ9, FULL, "Patient/ada-sample", at)
    assert resource["authored"] == "2026-11-26T09:30:00-05:00"


@pytest.mark.parametrize(
    ("subject", "at", "item"),
    [
        ("Ada Sample", AT, "subject"),
        ("Patient/", AT, "subject"),
        ("Patient/a b", AT, "subject"),
        (None, AT, "subject"),
        ("Patient/1", datetime(2026, 11, 26), "authored"),
        ("Patient/1", "2026-11-26", "authored"),
    ],
)
def test_a_subject_or_time_that_cannot_be_is_refused(subject: Any, at: Any, item: str) -> None:
    with pytest.raises(AnswerError) as caught:
        to_fhir_response(PHQ9, FULL, subject, at)
    assert caught.value.item == item


def test_an_amended_response_is_read() -> None:
    assert from_fhir_response(PHQ9, responded(FULL) | {"status": "amended"}) == FULL
    unversioned = responded(FULL) | {"questionnaire": PHQ9.url}
    assert from_fhir_response(PHQ9, unversioned) == FULL


def first(resource: dict[str, Any]) -> dict[str, Any]:
    item: dict[str, Any] = resource["item"][0]["item"][0]
    return item


def _nested(resource: dict[str, Any]) -> None:
    inner: dict[str, Any] = {"linkId": "phq9-problems"}
    for _ in range(5000):
        inner = {"linkId": "phq9-problems", "item": [inner]}
    resource["item"] = [inner]


FAULTS: dict[str, tuple[Any, str]] = {
    "wrong resource": (lambda r: r.update(resourceType="Observation"), "resourceType"),
    "another questionnaire": (lambda r: r.update(questionnaire="urn:x"), "questionnaire"),
    "another version": (
        lambda r: r.update(questionnaire=PHQ9.url + "|0.9"),
        "questionnaire",
    ),
    "questionnaire of a wrong type": (lambda r: r.update(questionnaire=[]), "questionnaire"),
    "not finished": (lambda r: r.update(status="in-progress"), "status"),
    "in error": (lambda r: r.update(status="entered-in-error"), "status"),
    "items not a list": (lambda r: r.update(item={}), "item"),
    "items null": (lambda r: r.update(item=None), "item"),
    "item not an object": (lambda r: r["item"].append(3), "item"),
    "too many items": (lambda r: r.update(item=[{"linkId": "phq9-1"}] * 5000), "phq9-1"),
    "unknown item": (lambda r: first(r).update(linkId="phq9-77"), "phq9-77"),
    "no link id": (lambda r: first(r).pop("linkId"), "item"),
    "twice": (lambda r: r["item"].append(first(r)), "phq9-1"),
    "two answers": (lambda r: first(r)["answer"].append({}), "phq9-1"),
    "no answer in the list": (lambda r: first(r).update(answer=[]), "phq9-1"),
    "answer of a wrong type": (lambda r: first(r).update(answer=["a"]), "phq9-1"),
    "not coded": (lambda r: first(r).update(answer=[{"valueInteger": 1}]), "phq9-1"),
    "another item's code": (
        lambda r: first(r)["answer"][0]["valueCoding"].update(code="LA6572-7"),
        "phq9-1",
    ),
    "another system": (
        lambda r: first(r)["answer"][0]["valueCoding"].update(system="http://snomed.info/sct"),
        "phq9-1",
    ),
    "code of a wrong type": (
        lambda r: first(r)["answer"][0]["valueCoding"].update(code=["LA6569-3"]),
        "phq9-1",
    ),
    "answer on the group": (
        lambda r: r["item"][0].update(answer=[{"valueInteger": 1}]),
        "phq9-problems",
    ),
    "a total that does not hold": (
        lambda r: r["item"][1].update(answer=[{"valueInteger": 26}]),
        "phq9-total",
    ),
    "a total of a wrong type": (
        lambda r: r["item"][1].update(answer=[{"valueInteger": True}]),
        "phq9-total",
    ),
    "a total without its answers": (lambda r: r["item"].pop(0), "phq9-total"),
    "deep nesting": (_nested, "phq9-problems"),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_broken_response_is_refused(fault: str) -> None:
    change, item = FAULTS[fault]
    resource = copy.deepcopy(responded(FULL))
    change(resource)
    with pytest.raises(AnswerError) as caught:
        from_fhir_response(PHQ9, resource)
    assert caught.value.item == item


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["linkId", "item", "answer", "valueCoding", "system", "code", "x"]),
            inner | st.sampled_from(["phq9-1", "phq9-total", "phq9-problems"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_a_hostile_resource_is_read_or_refused(item: Any) -> None:
    for resource in (item, responded({}) | {"item": item}, responded({}) | {"item": [item]}):
        try:
            answers = from_fhir_response(PHQ9, resource)
        except AnswerError:
            continue
        assert from_fhir_response(PHQ9, responded(answers)) == answers
