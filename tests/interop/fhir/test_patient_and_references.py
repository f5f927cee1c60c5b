"""Who the bundle is about, how records point there, and the keys records are known by."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from evenkeel.interop.fhir import Identifier, ReadFact

from .samples import (
    PATIENT_URL,
    bundle,
    condition,
    observation,
    patient,
    read,
    refusal,
)


def only_fact(*resources: dict[str, Any]) -> ReadFact:
    reading = read(bundle(*resources))
    assert len(reading.facts) == 1, reading
    return reading.facts[0]


@pytest.mark.parametrize(
    ("over", "found"),
    [
        ({"birthDate": "1984-07"}, (None, "1984-07")),
        ({"birthDate": "1984"}, (None, "1984")),
        ({"birthDate": None}, (None, None)),
        ({}, (date(1984, 7, 2), "1984-07-02")),
    ],
)
def test_no_day_of_birth_is_invented(
    over: dict[str, Any], found: tuple[date | None, str | None]
) -> None:
    reading = read(bundle(first=patient(**over)))
    assert (reading.patient.birth_date, reading.patient.birth_date_text) == found
    assert bool(reading.notes) == (found[0] is None)


@pytest.mark.parametrize(
    ("over", "deceased", "at"),
    [
        ({}, False, None),
        ({"deceasedBoolean": False}, False, None),
        ({"deceasedBoolean": True}, True, None),
        ({"deceasedDateTime": "2023-02-03"}, True, datetime(2023, 2, 3, tzinfo=UTC)),
        ({"deceasedDateTime": "2023"}, True, datetime(2023, 1, 1, tzinfo=UTC)),
    ],
)
def test_deceased(over: dict[str, Any], deceased: bool, at: datetime | None) -> None:
    person = read(bundle(first=patient(**over))).patient
    assert (person.deceased, person.deceased_at) == (deceased, at)


def test_the_name_address_and_phone_in_use_are_taken() -> None:
    person = read(
        bundle(
            first=patient(
                name=[
                    {"use": "maiden", "family": "Before"},
                    {"use": "nickname", "given": ["Addie"]},
                    {"use": "official", "family": "Sample", "given": ["Ada", None, "B."]},
                ],
                telecom=[
                    {"system": "phone", "value": "1", "use": "old"},
                    {"system": "phone", "value": "2", "use": "home"},
                    {"system": "phone", "value": "3", "use": "mobile"},
                    {"system": "email", "value": "ada@example.org"},
                ],
                address=[
                    {"use": "old", "line": ["1 Past Street"]},
                    {"line": ["2 Now Street"], "city": "Town", "postalCode": "01887"},
                ],
            )
        )
    ).patient
    assert (person.given_name, person.family_name) == ("Ada B.", "Sample")
    assert (person.phone, person.email) == ("3", "ada@example.org")
    assert person.address_lines == ("2 Now Street", "Town 01887")
    assert person.identifiers == (Identifier("http://hospital.example", "A-1"),)


def test_birth_sex_beside_another_gender_is_told() -> None:
    url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
    reading = read(bundle(first=patient(gender="male", extension=[{"url": url, "valueCode": "F"}])))
    assert (reading.patient.sex, reading.patient.birth_sex) == ("male", "female")
    assert any("pregnancy" in note for note in reading.notes)


SERVER = "https://fhir.example/r4"


@pytest.mark.parametrize(
    ("patient_url", "condition_url", "reference"),
    [
        (PATIENT_URL, None, PATIENT_URL),
        (PATIENT_URL, None, "Patient/00000000-0000-4000-8000-000000000001"),
        (f"{SERVER}/Patient/1", f"{SERVER}/Condition/c1", "Patient/1"),
        (f"{SERVER}/Patient/1", f"{SERVER}/Condition/c1", f"{SERVER}/Patient/1"),
        (f"{SERVER}/Patient/1", f"{SERVER}/Condition/c1", "Patient/1/_history/7"),
        (f"{SERVER}/Patient/1", None, "Patient/1"),
        (None, None, "Patient/1"),
        (None, None, "Patient?identifier=http://hospital.example|A-1"),
    ],
)
def test_ways_to_point_at_the_patient(
    patient_url: str | None, condition_url: str | None, reference: str
) -> None:
    is_uuid = patient_url == PATIENT_URL
    person = patient() if is_uuid else patient(id="1")
    document = bundle(condition(subject={"reference": reference}), first=person)
    for item, url in zip(document["entry"], (patient_url, condition_url), strict=True):
        item.pop("fullUrl", None)
        if url:
            item["fullUrl"] = url
    assert len(read(document).facts) == 1


def test_a_logical_reference_names_the_patient_by_identifier() -> None:
    identifier = {"system": "http://hospital.example", "value": "A-1"}
    assert only_fact(condition(subject={"identifier": identifier})).kind == "condition"
    other = {"identifier": identifier | {"value": "A-2"}}
    assert "another patient" in str(refusal(bundle(condition(subject=other))))


def key_of(resource: dict[str, Any], first: dict[str, Any] | None = None) -> tuple[str, str]:
    (fact,) = read(bundle(resource, first=first)).facts
    return fact.source_key, fact.digest


UUID = "11111111-1111-4111-8111-111111111111"


def test_a_corrected_record_keeps_its_key_and_changes_its_digest() -> None:
    before = key_of(condition())
    after = key_of(condition(recordedDate="2018-09-19"))
    assert before[0] == after[0]
    assert before[1] != after[1]
    assert key_of(condition()) == before


def test_a_uuid_is_the_same_record_with_and_without_a_server() -> None:
    plain = bundle(condition(id=UUID))
    served = bundle(condition(id=UUID))
    served["entry"][1]["fullUrl"] = f"{SERVER}/Condition/{UUID}"
    keys = [read(document).facts[0].source_key for document in (plain, served)]
    assert keys[0] == keys[1]


def test_a_bare_id_of_another_source_is_another_record() -> None:
    person = patient(id="1")
    stranger = patient(id="2")
    about_one = condition(subject={"reference": "Patient/1"})
    about_two = condition(subject={"reference": "Patient/2"})
    assert key_of(about_one, person)[0] != key_of(about_two, stranger)[0]


def test_a_record_without_id_is_known_by_its_content() -> None:
    nameless = condition(id=None)
    assert key_of(nameless) == key_of(nameless)
    assert key_of(nameless)[0] != key_of(condition("Asthma", id=None))[0]
    assert read(bundle(nameless, nameless)).repeated == 1


def test_joined_pressures_have_one_key_whatever_their_order() -> None:
    halves = [observation("8480-6", 121, "mm[Hg]"), observation("8462-4", 73, "mm[Hg]")]
    forward, backward = read(bundle(*halves)), read(bundle(*reversed(halves)))
    assert forward == backward
