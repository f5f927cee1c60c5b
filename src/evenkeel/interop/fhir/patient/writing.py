"""A person as a FHIR R4 Patient, for their own copy."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.people.models import Patient


def write_patient(patient: Patient) -> dict[str, Any]:
    """The resource; what is not known is left out, never guessed."""
    telecom = [
        {"system": system, "value": value}
        for system, value in (("phone", patient.phone), ("email", patient.email))
        if value
    ]
    resource: dict[str, Any] = {
        "resourceType": "Patient",
        "id": str(patient.pk),
        "identifier": [{"system": "urn:evenkeel:mrn", "value": patient.mrn}],
        "name": [{"family": patient.family_name, "given": [patient.given_name]}],
        "gender": patient.sex,
        "birthDate": patient.birth_date.isoformat(),
    }
    if telecom:
        resource["telecom"] = telecom
    if patient.address:
        resource["address"] = [{"text": patient.address}]
    if patient.deceased:
        resource["deceasedBoolean"] = True
    return resource
