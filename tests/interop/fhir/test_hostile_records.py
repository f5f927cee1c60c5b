"""Records that cannot be read with certainty: the bundle is refused, and the report says where."""

from __future__ import annotations

from typing import Any

import pytest

from .samples import (
    LOINC,
    PATIENT_URL,
    allergy,
    bundle,
    condition,
    medicine,
    observation,
    panel,
    patient,
    refusal,
)


def subject(reference: Any) -> dict[str, Any]:
    return {"subject": {"reference": reference}}


SYSTEM = "http://terminology.hl7.org/CodeSystem/condition-clinical"
TWO_STATUSES = {"coding": [{"system": SYSTEM, "code": c} for c in ("active", "resolved")]}
TWO_MEASURES = {"coding": [{"system": LOINC, "code": c} for c in ("29463-7", "8302-2")]}
TWICE = panel(121, 73)
TWICE["component"] = TWICE["component"] * 2

RECORDS = {
    "status is text (an older FHIR)": (
        condition(clinicalStatus="active"),
        "entry[1].resource.clinicalStatus",
        "should be an object but is text",
    ),
    "unknown status": (
        condition(clinicalStatus={"coding": [{"system": SYSTEM, "code": "maybe"}]}),
        "entry[1].resource.clinicalStatus",
        'says "maybe"',
    ),
    "two statuses": (
        condition(clinicalStatus=TWO_STATUSES),
        "entry[1].resource.clinicalStatus",
        "one at a time",
    ),
    "status of another system": (
        condition(clinicalStatus={"coding": [{"system": "x", "code": "active"}]}),
        "entry[1].resource.clinicalStatus",
        "no code of",
    ),
    "no code": (condition(code=None), "entry[1].resource.code", "no name"),
    "code is a list": (condition(code=[]), "entry[1].resource.code", "is a list"),
    "coding is an object": (
        condition(code={"coding": {}}),
        "entry[1].resource.code.coding",
        "should be a list",
    ),
    "coding holds a number": (
        condition(code={"coding": [7]}),
        "entry[1].resource.code.coding[0]",
        "is a number",
    ),
    "display is a boolean": (
        condition(code={"text": True}),
        "entry[1].resource.code.text",
        "is true or false",
    ),
    "long text": (
        condition(code={"text": "x" * 2001}),
        "entry[1].resource.code.text",
        "2,001 characters",
    ),
    "long list": (
        condition(category=[{}] * 1001),
        "entry[1].resource.category",
        "1,001 items",
    ),
    "null character": (condition("Hyper\0tension"), "entry[1].resource.code.text", "control"),
    "escape": (condition("\x1b[2J"), "entry[1].resource.code.text", "control"),
    "lone surrogate": (condition("\ud800"), "entry[1].resource.code.text", "surrogate"),
    "turned around": (condition("\u202egard"), "entry[1].resource.code.text", "direction"),
    "31 February": (
        condition(onsetDateTime="2020-02-31"),
        "entry[1].resource.onsetDateTime",
        "not a date",
    ),
    "month 13": (
        condition(onsetDateTime="2020-13"),
        "entry[1].resource.onsetDateTime",
        "not a date",
    ),
    "year 0": (condition(onsetDateTime="0000"), "entry[1].resource.onsetDateTime", "not a date"),
    "American date": (
        condition(onsetDateTime="02/03/2020"),
        "entry[1].resource.onsetDateTime",
        "not a date",
    ),
    "digits of another script": (
        condition(onsetDateTime="٢٠٢٠"),
        "entry[1].resource.onsetDateTime",
        "not a date",
    ),
    "no time zone": (
        condition(onsetDateTime="2020-02-03T10:00:00"),
        "entry[1].resource.onsetDateTime",
        "no time zone",
    ),
    "zone of 15 hours": (
        condition(onsetDateTime="2020-02-03T10:00:00+15:00"),
        "entry[1].resource.onsetDateTime",
        "not a date",
    ),
    "the future": (
        condition(onsetDateTime="2025-06-01T12:06:00Z"),
        "entry[1].resource.onsetDateTime",
        "future",
    ),
    "tomorrow's weight": (
        observation("29463-7", 70, effectiveDateTime="2025-06-03"),
        "entry[1].resource.effectiveDateTime",
        "future",
    ),
    "two onsets": (
        condition(onsetString="always"),
        "entry[1].resource.onset[x]",
        "onsetDateTime and onsetString",
    ),
    "no subject": (condition(subject=None), "entry[1].resource.subject", "which patient"),
    "subject without reference": (
        condition(subject={"display": "Ada"}),
        "entry[1].resource.subject",
        "which patient",
    ),
    "another patient, relative": (
        condition(**subject("Patient/someone-else")),
        "entry[1].resource.subject.reference",
        "another patient",
    ),
    "another patient, absolute": (
        condition(**subject("https://b.example/Patient/00000000-0000-4000-8000-000000000001")),
        "entry[1].resource.subject.reference",
        "another patient",
    ),
    "another urn": (
        condition(**subject("urn:uuid:00000000-0000-4000-8000-000000000002")),
        "entry[1].resource.subject.reference",
        "nobody in this bundle",
    ),
    "a patient inside": (
        condition(contained=[patient(id="p")], **subject("#p")),
        "entry[1].resource.subject.reference",
        "inside the record",
    ),
    "reference is a list": (
        condition(**subject([PATIENT_URL])),
        "entry[1].resource.subject.reference",
        "is a list",
    ),
    "another patient in a record not used": (
        {"resourceType": "Encounter", "subject": {"reference": "Patient/someone-else"}},
        "entry[1].resource.subject",
        "another patient",
    ),
    "unknown modifier": (
        condition(modifierExtension=[{"url": "x"}]),
        "entry[1].resource.modifierExtension",
        "changes the meaning",
    ),
    "a bad id": (condition(id="a b"), "entry[1].resource.id", "not a FHIR id"),
    "no medicine": (
        medicine(medicationCodeableConcept=None),
        "entry[1].resource.medication[x]",
        "which medicine",
    ),
    "a medicine without a name": (
        medicine(medicationCodeableConcept={}),
        "entry[1].resource.medicationCodeableConcept",
        "no name",
    ),
    "a medicine that is not there": (
        medicine(medicationCodeableConcept=None, medicationReference={"reference": "Medication/x"}),
        "entry[1].resource.medicationReference.reference",
        "not in the file",
    ),
    "a medicine that is a patient": (
        medicine(medicationCodeableConcept=None, medicationReference={"reference": PATIENT_URL}),
        "entry[1].resource.medicationReference.reference",
        "not to a medicine",
    ),
    "a medicine entered in error": (
        medicine(
            medicationCodeableConcept=None,
            medicationReference={"reference": "#x"},
            contained=[{"resourceType": "Medication", "id": "x", "status": "entered-in-error"}],
        ),
        "entry[1].resource.medicationReference.reference",
        "entered-in-error",
    ),
    "about itself": (
        condition(**subject("Condition/c1")),
        "entry[1].resource.subject.reference",
        "is about a Condition",
    ),
    "no status": (medicine(status=None), "entry[1].resource.status", "missing"),
    "no intent": (medicine(intent=None), "entry[1].resource.intent", "missing"),
    "an allergy to nothing": (allergy(code=None), "entry[1].resource.code", "to what"),
    "value is text": (
        observation("29463-7", valueQuantity={"value": "70", "unit": "kg"}),
        "entry[1].resource.valueQuantity.value",
        "should be a number but is text",
    ),
    "value is true": (
        observation("29463-7", valueQuantity={"value": True, "unit": "kg"}),
        "entry[1].resource.valueQuantity.value",
        "should be a number",
    ),
    "two values": (
        observation("29463-7", 70, valueString="70 kg"),
        "entry[1].resource.value[x]",
        "valueQuantity and valueString",
    ),
    "two measurements in one": (
        observation("29463-7", 70, code=TWO_MEASURES),
        "entry[1].resource.code",
        "two different",
    ),
    "two systolic pressures": (
        TWICE,
        "entry[1].resource.component[2].code",
        "more than one systolic",
    ),
    "no resource type": ({"id": "x"}, "entry[1].resource.resourceType", "what kind"),
    "a resource type with markup": (
        {"resourceType": "<script>"},
        "entry[1].resource.resourceType",
        "what kind",
    ),
}


@pytest.mark.parametrize(("record", "path", "says"), RECORDS.values(), ids=RECORDS.keys())
def test_record(record: dict[str, Any], path: str, says: str) -> None:
    problem = refusal(bundle(record)).problems[0]
    assert problem.path == path
    assert says in problem.message


PEOPLE = {
    "no name": (patient(name=None), "name", "no name"),
    "only an old name": (patient(name=[{"use": "old", "family": "X"}]), "name", "no name"),
    "name is text": (patient(name="Ada Sample"), "name", "should be a list"),
    "given is text": (
        patient(name=[{"family": "X", "given": "Ada"}]),
        "name[0].given",
        "should be a list",
    ),
    "gender of its own": (patient(gender="F"), "gender", 'says "F"'),
    "born tomorrow": (patient(birthDate="2025-06-03"), "birthDate", "future"),
    "born in 1880": (patient(birthDate="1880-01-01"), "birthDate", "130 years"),
    "born at noon": (patient(birthDate="1984-07-02T12:00:00Z"), "birthDate", "time of day"),
    "born on no day": (patient(birthDate="1984-02-30"), "birthDate", "not a date"),
    "dead in two ways": (
        patient(deceasedBoolean=True, deceasedDateTime="2020"),
        "deceased[x]",
        "deceasedBoolean and deceasedDateTime",
    ),
    "dead before birth": (patient(deceasedDateTime="1980"), "deceasedDateTime", "before"),
    "dead as text": (patient(deceasedBoolean="yes"), "deceasedBoolean", "should be true or"),
    "modifier": (patient(modifierExtension=[{"url": "x"}]), "modifierExtension", "meaning"),
}


@pytest.mark.parametrize(("person", "key", "says"), PEOPLE.values(), ids=PEOPLE.keys())
def test_person(person: dict[str, Any], key: str, says: str) -> None:
    problem = refusal(bundle(first=person)).problems[0]
    assert problem.path == f"entry[0].resource.{key}"
    assert says in problem.message


def test_two_versions_of_one_record() -> None:
    error = refusal(bundle(condition(), condition("Asthma")))
    assert "twice with different content" in str(error)


def test_a_full_url_that_names_another_record() -> None:
    document = bundle(condition())
    document["entry"][1]["fullUrl"] = "https://fhir.example/Condition/other"
    assert "another record" in str(refusal(document))


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_an_entry_that_asks_for_a_change(method: str) -> None:
    document = bundle(condition())
    document["entry"].append({"request": {"method": method, "url": "Condition/c1"}})
    assert method.lower() in str(refusal(document))


def test_one_bad_record_among_good_ones_refuses_all_and_names_every_problem() -> None:
    bad = [condition(id=f"b{n}", onsetDateTime="never") for n in range(3)]
    error = refusal(bundle(condition(), *bad, observation("29463-7", 70)))
    assert [problem.path for problem in error.problems] == [
        f"entry[{n}].resource.onsetDateTime" for n in (2, 3, 4)
    ]
    assert error.more == 0


def test_problems_beyond_fifty_are_counted() -> None:
    error = refusal(bundle(*[condition(id=f"b{n}", onsetDateTime="never") for n in range(80)]))
    assert (len(error.problems), error.more) == (50, 30)
    assert "30 more" in str(error)
