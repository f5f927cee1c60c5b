"""Sample bundles: the real synthetic ones on disk, and small ones built for one question."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evenkeel.interop.fhir import BundleError, ImportReading, read_bundle

NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)
DATA = Path(__file__).parent / "data"
ROOT = Path(__file__).resolve().parents[3]

BUNDLED = sorted(DATA.glob("*.json"))
# More patients of the same set, where they lie beside the checkout.
MORE = sorted((ROOT.parent / "shared" / "data" / "fhir-patients").glob("*.json"))
ALL_FILES = [*BUNDLED, *(path for path in MORE if path.name not in {b.name for b in BUNDLED})]

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
PATIENT_URL = "urn:uuid:00000000-0000-4000-8000-000000000001"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"

Json = dict[str, Any]


def patient(**over: Any) -> Json:
    """Ada Sample; `over` replaces elements, None takes one away."""
    return _with(
        {
            "resourceType": "Patient",
            "id": "00000000-0000-4000-8000-000000000001",
            "identifier": [{"system": "http://hospital.example", "value": "A-1"}],
            "name": [{"use": "official", "family": "Sample", "given": ["Ada", "B."]}],
            "gender": "female",
            "birthDate": "1984-07-02",
        },
        over,
    )


def concept(label: str, system: str = "http://snomed.info/sct", code: str = "1") -> Json:
    return {"coding": [{"system": system, "code": code, "display": label}], "text": label}


def condition(name: str = "Hypertension", **over: Any) -> Json:
    return _with(
        {
            "resourceType": "Condition",
            "id": "c1",
            "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "active"}]},
            "verificationStatus": {"coding": [{"system": VERIFICATION, "code": "confirmed"}]},
            "code": concept(name, code="38341003"),
            "subject": {"reference": PATIENT_URL},
            "onsetDateTime": "2018-09-17T15:29:24+02:00",
            "recordedDate": "2018-09-18",
        },
        over,
    )


def medicine(kind: str = "MedicationRequest", **over: Any) -> Json:
    base = {
        "resourceType": kind,
        "id": "m1",
        "status": "active",
        "medicationCodeableConcept": concept("Sertraline 50 MG", code="312940"),
        "subject": {"reference": PATIENT_URL},
    }
    if kind == "MedicationRequest":
        base |= {"intent": "order", "authoredOn": "2020-01-02T03:04:05Z"}
    else:
        base |= {"effectivePeriod": {"start": "2019-05"}, "dateAsserted": "2020-01-02"}
    return _with(base, over)


def allergy(name: str = "Latex", **over: Any) -> Json:
    return _with(
        {
            "resourceType": "AllergyIntolerance",
            "id": "a1",
            "code": concept(name, code="111088007"),
            "patient": {"reference": PATIENT_URL},
            "criticality": "high",
        },
        over,
    )


def quantity(value: Any, code: str) -> Json:
    return {"value": value, "unit": code, "system": UCUM, "code": code}


def observation(loinc: str, value: Any = None, unit: str = "kg", **over: Any) -> Json:
    base: Json = {
        "resourceType": "Observation",
        "id": f"o-{loinc}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": loinc}]},
        "subject": {"reference": PATIENT_URL},
        "effectiveDateTime": "2024-03-01T10:00:00+01:00",
        "issued": "2024-03-01T10:05:00+01:00",
    }
    if value is not None:
        base["valueQuantity"] = quantity(value, unit)
    return _with(base, over)


def panel(systolic: Any, diastolic: Any, unit: str = "mm[Hg]", **over: Any) -> Json:
    parts = [("8480-6", systolic), ("8462-4", diastolic)]
    components = [
        {
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "valueQuantity": quantity(value, unit),
        }
        for code, value in parts
        if value is not None
    ]
    return observation("85354-9", component=components, **over)


def bundle(*resources: Json, first: Json | None = None, **over: Any) -> Json:
    """A collection of the patient (or `first`) and `resources`; UUID ids give full URLs."""
    everyone = [patient() if first is None else first, *resources]
    return _with(
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [entry(resource) for resource in everyone],
        },
        over,
    )


def entry(resource: Json) -> Json:
    name = str(resource.get("id", ""))
    url = {"fullUrl": f"urn:uuid:{name}"} if len(name) == 36 else {}
    return {**url, "resource": resource}


def encoded(document: Any) -> bytes:
    return json.dumps(document).encode()


def read(document: Any) -> ImportReading:
    return read_bundle(encoded(document), now=NOW)


def refusal(document: Any) -> BundleError:
    """The error `document` (bytes, or JSON to be encoded) is refused with."""
    data = document if isinstance(document, bytes) else encoded(document)
    try:
        read_bundle(data, now=NOW)
    except BundleError as error:
        return error
    raise AssertionError("the bundle was read, and should have been refused")


def _with(base: Json, over: Json) -> Json:
    return {key: value for key, value in (base | over).items() if value is not None}
