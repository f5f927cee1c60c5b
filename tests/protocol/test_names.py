"""Names as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.protocol import (
    known_conditions,
    known_medicines,
    recognize,
    recognize_all,
    recognize_condition,
)


@pytest.mark.parametrize(
    ("name", "ingredient"),
    [
        ("lorazepam", "lorazepam"),
        ("ATIVAN 1 mg tablet", "lorazepam"),
        ("Clonazepam [Klonopin]", "clonazepam"),
        ("Fluoxetine 25MG", "fluoxetine"),
        ("Spravato", "esketamine"),
        ("Ketanest S", "esketamine"),
        ("St John's Wort", "st john s wort"),
        ("Hydrocodone 5 MG / Acetaminophen 325 MG", "hydrocodone"),
        ("paracetamol", "acetaminophen"),
        ("moonflower", None),
        ("", None),
    ],
)
def test_medicines(name: str, ingredient: str | None) -> None:
    found = recognize(name)
    assert (found.ingredient if found else None) == ingredient


def test_every_listed_name_finds_its_own_medicine() -> None:
    for medicine in known_medicines():
        for name in (medicine.ingredient, *medicine.names):
            assert recognize(name) == medicine


@pytest.mark.parametrize(
    ("name", "code", "status"),
    [
        ("Intracerebral haemorrhage", "intracerebral_hemorrhage", None),
        ("history_intracerebral_haemorrhage", "intracerebral_hemorrhage", "history"),
        ("history of psychosis", "psychosis", "history"),
        ("Seizure disorder (disorder)", "seizure_disorder", None),
        ("22298006", "cardiovascular_event", None),
        ("I61.9", "intracerebral_hemorrhage", None),
        ("F32.3", "psychosis", None),
        ("F32.1", "major_depression", None),
        ("sleep apnoea", "sleep_apnea", None),
    ],
)
def test_conditions(name: str, code: str, status: str | None) -> None:
    found = recognize_condition(name)
    assert found is not None
    assert (found[0].code, found[1]) == (code, status)


@pytest.mark.parametrize(
    "name", ["no history of stroke", "family history of psychosis", "denies mania", "", "I", "Z99"]
)
def test_what_a_person_must_read_is_not_recognized(name: str) -> None:
    assert recognize_condition(name) is None


def test_every_listed_condition_name_finds_itself() -> None:
    for condition in known_conditions().values():
        for name in (condition.code, condition.label, *condition.names, *condition.snomed):
            found = recognize_condition(name)
            assert found is not None
            assert found[0] == condition


@given(st.text(max_size=60))
def test_any_text_is_answered(name: str) -> None:
    assert all(item in known_medicines() for item in recognize_all(name))
    found = recognize_condition(name)
    assert found is None or found[0].code in known_conditions()
