"""Whole synthetic records: what is read is what a plain walk over the JSON finds."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from evenkeel.interop.fhir import ImportReading, read_bundle

from .samples import ALL_FILES, BUNDLED, NOW, encoded

VITALS = {"29463-7": "weight_kg", "8302-2": "height_cm", "39156-5": "bmi_kg_m2"}
every_file = pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: path.stem[:16])


def resources(path: Path, kind: str) -> list[dict[str, Any]]:
    document = json.loads(path.read_text())
    return [e["resource"] for e in document["entry"] if e["resource"]["resourceType"] == kind]


def loinc(resource: dict[str, Any]) -> str:
    return str(resource["code"]["coding"][0]["code"])


def reading_of(path: Path) -> ImportReading:
    return read_bundle(path.read_bytes(), now=NOW)


def when(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_two_whole_samples_travel_with_the_tests() -> None:
    assert [path.name.split("_")[0] for path in BUNDLED] == ["Edward", "Liz"]


@every_file
def test_patient(path: Path) -> None:
    (source,) = resources(path, "Patient")
    person = reading_of(path).patient
    official = next(name for name in source["name"] if name["use"] == "official")
    assert person.family_name == official["family"]
    assert person.given_name == " ".join(official["given"])
    assert str(person.birth_date) == source["birthDate"]
    assert person.sex == source["gender"]
    assert person.deceased is False
    assert person.phone == source["telecom"][0]["value"]
    assert set(person.identifiers) == {(i["system"], i["value"]) for i in source["identifier"]}
    assert person.address_lines[0] == source["address"][0]["line"][0]
    assert person.origin == f"FHIR Patient/{source['id']}"


@every_file
def test_conditions(path: Path) -> None:
    found = {fact.origin: fact for fact in reading_of(path).facts if fact.kind == "condition"}
    expected = resources(path, "Condition")
    assert len(found) == len(expected)
    for source in expected:
        fact = found[f"FHIR Condition/{source['id']}"]
        coding = source["code"]["coding"][0]
        assert fact.value["label"] == source["code"]["text"]
        assert fact.value["codings"] == [
            {"system": coding["system"], "code": coding["code"], "display": coding["display"]}
        ]
        assert fact.status == source["clinicalStatus"]["coding"][0]["code"]
        assert fact.effective_at == when(source["onsetDateTime"])
        assert fact.recorded_at == when(source["recordedDate"])
        assert fact.value["ended"] == source.get("abatementDateTime")


@every_file
def test_medicines(path: Path) -> None:
    found = {fact.origin: fact for fact in reading_of(path).facts if fact.kind == "medicine"}
    expected = resources(path, "MedicationRequest")
    assert len(found) == len(expected)
    for source in expected:
        fact = found[f"FHIR MedicationRequest/{source['id']}"]
        assert fact.value["label"] == source["medicationCodeableConcept"]["text"]
        assert fact.value["source_status"] == source["status"]
        assert fact.status == {"active": "active", "stopped": "inactive"}[source["status"]]
        assert fact.effective_at == when(source["authoredOn"])


@every_file
def test_vital_signs(path: Path) -> None:
    reading = reading_of(path)
    found = {
        fact.origin: fact
        for fact in reading.facts
        if fact.kind not in ("condition", "medicine", "allergy")
    }
    read_codes = {*VITALS, "55284-4", "8331-1"}
    expected = [r for r in resources(path, "Observation") if loinc(r) in read_codes]
    assert expected
    assert len(found) == len(expected)
    for source in expected:
        fact = found[f"FHIR Observation/{source['id']}"]
        assert fact.effective_at == when(source["effectiveDateTime"])
        assert fact.status == "final"
        if loinc(source) == "55284-4":
            parts = {loinc(c): c["valueQuantity"]["value"] for c in source["component"]}
            pressure = (fact.value["sbp_mmhg"], fact.value["dbp_mmhg"])
            assert fact.kind == "blood_pressure"
            assert pressure == (parts["8480-6"], parts["8462-4"])
        else:
            kind = VITALS.get(loinc(source), "temperature_c")
            assert fact.kind == kind
            assert fact.value[kind] == source["valueQuantity"]["value"]


@every_file
def test_every_entry_is_accounted_for(path: Path) -> None:
    reading = reading_of(path)
    document = json.loads(path.read_text())
    kinds = Counter(e["resource"]["resourceType"] for e in document["entry"])
    counted = Counter(reading.used) + Counter(reading.not_used)
    assert counted == kinds
    assert reading.entry_count == len(document["entry"])
    assert reading.entered_in_error == {}
    assert (reading.set_aside, reading.repeated, reading.notes) == ((), 0, ())
    assert sum(reading.used.values()) == len(reading.facts) + 1


@every_file
def test_facts_are_plain_json_with_keys_of_their_own(path: Path) -> None:
    reading = reading_of(path)
    assert len({fact.source_key for fact in reading.facts}) == len(reading.facts)
    for fact in reading.facts:
        assert json.loads(json.dumps(fact.value)) == fact.value
        assert fact.effective_at is None or fact.effective_at.tzinfo is UTC


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.stem[:16])
@pytest.mark.parametrize("seed", range(5))
def test_order_of_entries_changes_nothing(path: Path, seed: int) -> None:
    document = json.loads(path.read_text())
    random.Random(seed).shuffle(document["entry"])
    assert read_bundle(encoded(document), now=NOW) == reading_of(path)


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.stem[:16])
def test_reading_twice_gives_the_same_keys_and_digests(path: Path) -> None:
    first, second = reading_of(path), reading_of(path)
    assert first == second
    respaced = json.dumps(json.loads(path.read_text()), indent=7, sort_keys=True).encode()
    assert read_bundle(respaced, now=NOW) == first


def test_no_two_patients_of_the_set_share_a_key() -> None:
    keys = [fact.source_key for path in ALL_FILES for fact in reading_of(path).facts]
    assert len(keys) == len(set(keys))
