"""An incident as a FHIR R4 AdverseEvent (https://hl7.org/fhir/R4/adverseevent.html)."""

from __future__ import annotations

from typing import Any, Final

from evenkeel.clinic.oversight.models import Incident, IncidentAccount
from evenkeel.clinic.oversight.terms import term_lists
from evenkeel.interop.fhir.patient.writing import write_patient

_SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/adverse-event-"


def write_adverse_event(
    incident: Incident, account: IncidentAccount, *, named: bool
) -> dict[str, Any]:
    """The resource with what the account says; what is not known is left out, never guessed.

    With ``named`` the person is contained as they are on record; without, the subject is a code
    that leads back to them only here. R4 asks for a subject: where nobody was concerned it is a
    group of nobody in particular. A near miss is "potential", what happened is "actual".
    """
    resource: dict[str, Any] = {
        "resourceType": "AdverseEvent",
        "id": str(incident.pk),
        "identifier": {"system": "urn:evenkeel:incident", "value": str(incident.number)},
        "actuality": "potential" if account.kind == "near_miss" else "actual",
        "event": {"text": account.title},
        "subject": _subject(incident, named),
        "date": _time(account.happened_at),
        "detected": _time(incident.noticed_at),
        "recordedDate": _time(incident.recorded_at),
        "recorder": {"display": incident.recorded_by},
    }
    if named and incident.patient is not None:
        contained = write_patient(incident.patient) | {"id": "subject"}
        resource["contained"] = [contained]
    if account.kind == "adverse_event":
        resource |= _judged(account)
        entity = _suspect(account)
        if entity is not None:
            resource["suspectEntity"] = [entity]
    history = [text for text in (account.history, account.tests) if text]
    if history:
        resource["subjectMedicalHistory"] = [{"display": text[:1000]} for text in history]
    return resource


def _subject(incident: Incident, named: bool) -> dict[str, Any]:
    if incident.patient_id is None:
        return {"type": "Group", "display": "nobody in particular"}
    if named:
        return {"reference": "#subject"}
    code = f"EK-{incident.number:04d}"
    return {"type": "Patient", "identifier": {"system": "urn:evenkeel:incident", "value": code}}


def _judged(account: IncidentAccount) -> dict[str, Any]:
    found: dict[str, Any] = {"seriousness": _seriousness(account.seriousness)}
    for name in ("severity", "outcome"):
        one = term_lists()[name].of(getattr(account, name))
        if one is not None:
            coding = {"system": f"{_SYSTEM}{name}", "code": one.fhir}
            found[name] = {"coding": [coding], "text": one.label}
    return found


def _seriousness(codes: list[str]) -> dict[str, Any]:
    criteria = term_lists()["seriousness"]
    met = [one for code in codes if (one := criteria.of(code)) is not None]
    system = f"{_SYSTEM}seriousness"
    if not met:
        return {"coding": [{"system": system, "code": "Non-serious"}], "text": "Not serious"}
    coded = [{"system": system, "code": code} for code in dict.fromkeys(one.fhir for one in met)]
    return {"coding": coded, "text": ", ".join(one.label for one in met)}


def _suspect(account: IncidentAccount) -> dict[str, Any] | None:
    """The product that may have caused it, with its lot in the words of its instance."""
    given = account.given
    if not given.get("name"):
        return None
    words = [str(given["name"])]
    if given.get("dose_mg") is not None:
        words.append(f"{given['dose_mg']:g} mg")
    if given.get("lot"):
        words.append(f"lot {given['lot']}")
    entity: dict[str, Any] = {"instance": {"type": "Medication", "display": ", ".join(words)}}
    judged = term_lists()["causality"].of(account.causality)
    if judged is not None:
        coding = {"system": f"{_SYSTEM}causality-assess", "code": judged.fhir}
        assessment = {"coding": [coding], "text": f"WHO-UMC: {judged.label}"}
        entity["causality"] = [{"assessment": assessment}]
    return entity


def _time(moment: Any) -> str:
    return str(moment.isoformat(timespec="seconds"))
