"""Everything kept about one person as one FHIR R4 Bundle, and the same grouped for reading.

What belongs to others or to the house stays out: other people's names in notes, the audit, the
therapist's own notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef

from evenkeel.clinic.course.models import Consent, Course, Plan, TouchAgreement
from evenkeel.clinic.groups.models import GroupConsent, GroupPlace
from evenkeel.clinic.outcome.models import Response, SafetySignal, TeamQuestion
from evenkeel.clinic.outcome.offering import form_of
from evenkeel.clinic.people.fact_item import LISTS, list_name
from evenkeel.clinic.people.fact_words import fact_words
from evenkeel.clinic.people.facts import facts_of
from evenkeel.clinic.people.models import Fact, Patient
from evenkeel.clinic.record.signed import signature_of
from evenkeel.clinic.session.models import Appointment, Session
from evenkeel.instruments import Instrument, follow_up_questions
from evenkeel.interop.fhir.patient.writing import write_patient
from evenkeel.interop.fhir.questionnaire.writing import write_questionnaire
from evenkeel.interop.fhir.questionnaire_response.writing import (
    write_follow_up,
    write_response,
    write_total,
)
from evenkeel.protocol.products import PRODUCTS
from evenkeel.protocol.vocabulary import VOCABULARY

_APPOINTMENT = {
    "booked": "booked",
    "checked_in": "arrived",
    "done": "fulfilled",
    "no_show": "noshow",
    "moved": "cancelled",
    "cancelled": "cancelled",
}
_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_ALLERGY = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
#: ASTM E1762: the purpose of a signature; the code used is "Consent Signature".
_SIGNATURE = "urn:iso-astm:E1762-95:2013"
_SHA256 = "urn:evenkeel:sha-256"
_SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"


@dataclass(frozen=True)
class OwnRecord:
    """The rows about a person, in order of time."""

    patient: Patient
    facts: Sequence[Fact]
    courses: Sequence[Course]
    consents: Sequence[Consent]
    touches: Sequence[TouchAgreement]
    groups: Sequence[GroupConsent]
    plans: Sequence[Plan]
    appointments: Sequence[Appointment]
    sessions: Sequence[Session]
    responses: Sequence[tuple[Response, Instrument]]
    signals: Sequence[SafetySignal]
    questions: Sequence[TeamQuestion]


def own_record_of(patient: Patient) -> OwnRecord:
    """Read everything about a person. Ten queries, and one more for each text of the clinic."""
    responses = list(Response.objects.filter(patient=patient).order_by("answered_at"))
    forms: dict[tuple[str, Any], Instrument] = {}
    for row in responses:
        key = (row.instrument, row.site_id)
        forms.setdefault(key, form_of(row.instrument, row.site_id))
    return OwnRecord(
        patient=patient,
        facts=sorted(facts_of(patient), key=lambda f: f.as_of or f.created_at),
        courses=list(Course.objects.filter(patient=patient).order_by("opened_at")),
        consents=list(
            Consent.objects.filter(course__patient=patient)
            .select_related("document", "taken_by")
            .defer("document__body")
            .order_by("signed_at")
        ),
        touches=list(
            TouchAgreement.objects.filter(course__patient=patient)
            .select_related("taken_by")
            .order_by("signed_at")
        ),
        groups=list(
            GroupConsent.objects.filter(patient=patient)
            .select_related("taken_by")
            .order_by("signed_at")
        ),
        plans=list(
            Plan.objects.filter(patient=patient).exclude(state="draft").order_by("signed_at")
        ),
        appointments=list(
            Appointment.objects.filter(patient=patient)
            .annotate(in_group=Exists(GroupPlace.objects.filter(appointment=OuterRef("pk"))))
            .order_by("starts_at")
        ),
        sessions=list(
            Session.objects.filter(patient=patient, first_dose_at__isnull=False).order_by(
                "first_dose_at"
            )
        ),
        responses=[(row, forms[row.instrument, row.site_id]) for row in responses],
        signals=list(SafetySignal.objects.filter(patient=patient).order_by("raised_at")),
        questions=list(TeamQuestion.objects.filter(patient=patient).order_by("asked_at")),
    )


def own_bundle(record: OwnRecord, now: datetime) -> dict[str, Any]:
    """The Bundle (type collection): person, facts, consents, appointments, sessions, answers."""
    subject = f"urn:uuid:{record.patient.pk}"
    resources: list[tuple[str, dict[str, Any]]] = [(subject, write_patient(record.patient))]
    forms = {instrument.id: instrument for _, instrument in record.responses}
    if any(signal.follow_up.get("answers") for signal in record.signals):
        forms["safety_follow_up"] = follow_up_questions()
    resources += [(form.url, write_questionnaire(form)) for form in forms.values()]
    for response, instrument in record.responses:
        full = f"urn:uuid:{response.pk}"
        resources.append((full, write_response(response, instrument, subject)))
        total = write_total(response, instrument, subject)
        if total is not None:
            resources.append((f"urn:evenkeel:{total['id']}", total))
    for signal in record.signals:
        said = write_follow_up(signal, subject)
        if said is not None:
            resources.append((f"urn:uuid:{signal.pk}", said))
    resources += [(f"urn:uuid:{row.pk}", _fact(row, subject)) for row in record.facts]
    resources += [(f"urn:uuid:{row.pk}", _consent(row, subject)) for row in record.consents]
    resources += [(f"urn:uuid:{row.pk}", _consent(row, subject)) for row in record.groups]
    resources += [_signature(row, subject) for row in (*record.consents, *record.groups)]
    resources += [(f"urn:uuid:{row.pk}", _visit(row, subject)) for row in record.appointments]
    resources += [(f"urn:uuid:{row.pk}", _session(row, subject)) for row in record.sessions]
    for question in record.questions:
        resources += _asked(question, subject)
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": now.isoformat(timespec="seconds"),
        "entry": [{"fullUrl": url, "resource": resource} for url, resource in resources],
    }


def _fact(row: Fact, subject: str) -> dict[str, Any]:
    """A condition, medicine or allergy as its own kind; the rest as an Observation in words."""
    when = (row.as_of or row.created_at).isoformat(timespec="seconds")
    found: dict[str, Any] = {"id": str(row.pk)}
    if row.key in LISTS and row.state == "known":
        name = {"text": list_name(row.value)}
        if row.key == "condition":
            code = "active" if row.status in ("active", "unknown", "final") else "inactive"
            clinical = {"coding": [{"system": _CLINICAL, "code": code}]}
            return found | {
                "resourceType": "Condition",
                "clinicalStatus": clinical,
                "code": name,
                "subject": {"reference": subject},
                "recordedDate": when,
            }
        if row.key == "allergy":
            clinical = {"coding": [{"system": _ALLERGY, "code": "active"}]}
            return found | {
                "resourceType": "AllergyIntolerance",
                "clinicalStatus": clinical,
                "code": name,
                "patient": {"reference": subject},
                "recordedDate": when,
            }
        return found | {
            "resourceType": "MedicationStatement",
            "status": "active" if row.status in ("active", "unknown", "final") else "stopped",
            "medicationCodeableConcept": name,
            "subject": {"reference": subject},
            "dateAsserted": when,
            "dosage": [{"text": fact_words(row)}],
        }
    return found | {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": label_of(row)},
        "subject": {"reference": subject},
        "effectiveDateTime": when,
        "valueString": fact_words(row),
    }


def label_of(row: Fact) -> str:
    """What a fact is about, in words."""
    spec = VOCABULARY.get(row.key)
    return LISTS.get(row.key) or (spec.label if spec is not None else row.key.replace("_", " "))


def _consent(row: Consent | GroupConsent, subject: str) -> dict[str, Any]:
    title = row.document.title if isinstance(row, Consent) else "Treatment in a group"
    return {
        "resourceType": "Consent",
        "id": str(row.pk),
        "status": "active" if row.withdrawn_at is None else "inactive",
        "scope": {"coding": [{"system": _SCOPE, "code": "treatment"}]},
        "category": [{"text": title}],
        "patient": {"reference": subject},
        "dateTime": row.signed_at.isoformat(timespec="seconds"),
        "policyRule": {"text": title},
    }


def _signature(row: Consent | GroupConsent, subject: str) -> tuple[str, dict[str, Any]]:
    """Who signed a consent, when and meaning what, as a Provenance; its hash as an identifier."""
    signed = signature_of(row)
    assert signed is not None
    when = signed.at.isoformat(timespec="seconds")
    found = {
        "resourceType": "Provenance",
        "id": f"signature-{row.pk}",
        "target": [{"reference": f"urn:uuid:{row.pk}"}],
        "recorded": when,
        "reason": [{"text": signed.meaning}],
        "agent": [
            {"who": {"reference": subject, "display": signed.name}},
            {"type": {"text": "witness"}, "who": {"display": signed.witness}},
        ],
        "entity": [
            {
                "role": "source",
                "what": {"identifier": {"system": _SHA256, "value": signed.hash}},
            }
        ],
        "signature": [
            {
                "type": [{"system": _SIGNATURE, "code": "1.2.840.10065.1.12.1.7"}],
                "when": when,
                "who": {"reference": subject, "display": signed.name},
            }
        ],
    }
    return f"urn:evenkeel:signature-{row.pk}", found


def _visit(row: Appointment, subject: str) -> dict[str, Any]:
    return {
        "resourceType": "Appointment",
        "id": str(row.pk),
        "status": _APPOINTMENT[row.status],
        "description": row.get_kind_display() + (", with your group" if row.in_group else ""),
        "start": row.starts_at.isoformat(timespec="seconds"),
        "end": row.ends_at.isoformat(timespec="seconds"),
        "participant": [{"actor": {"reference": subject}, "status": "accepted"}],
    }


def _session(row: Session, subject: str) -> dict[str, Any]:
    product = PRODUCTS.get(row.product)
    total = row.summary.get("total_mg")
    words = f"Session {row.number}: {product.label if product else row.product}"
    if isinstance(total, int | float) and not isinstance(total, bool):
        words += f", {total:g} mg"
    return _lots(row) | {
        "resourceType": "Procedure",
        "id": str(row.pk),
        "status": "completed" if row.closed_at is not None else "in-progress",
        "code": {"text": words},
        "subject": {"reference": subject},
        "performedDateTime": row.first_dose_at.isoformat(timespec="seconds"),
    }


def _lots(row: Session) -> dict[str, Any]:
    """The lots that were drawn from, as medications contained in the session that used them."""
    lots = row.summary.get("lots") or []
    if not lots:
        return {}
    product = PRODUCTS.get(row.product)
    words = {"text": product.label if product else row.product}
    return {
        "contained": [
            {
                "resourceType": "Medication",
                "id": f"lot-{n}",
                "code": words,
                "batch": {"lotNumber": lot},
            }
            for n, lot in enumerate(lots, start=1)
        ],
        "usedReference": [{"reference": f"#lot-{n}"} for n in range(1, len(lots) + 1)],
    }


def _asked(row: TeamQuestion, subject: str) -> list[tuple[str, dict[str, Any]]]:
    asked = {
        "resourceType": "Communication",
        "id": str(row.pk),
        "status": "completed",
        "subject": {"reference": subject},
        "sender": {"reference": subject},
        "sent": row.asked_at.isoformat(timespec="seconds"),
        "payload": [{"contentString": row.text}],
    }
    found = [(f"urn:uuid:{row.pk}", asked)]
    if row.answered_at is not None:
        answer = {
            "resourceType": "Communication",
            "id": f"answer-{row.pk}",
            "status": "completed",
            "subject": {"reference": subject},
            "sent": row.answered_at.isoformat(timespec="seconds"),
            "inResponseTo": [{"reference": f"urn:uuid:{row.pk}"}],
            "payload": [{"contentString": row.answer}],
        }
        found.append((f"urn:evenkeel:answer-{row.pk}", answer))
    return found
