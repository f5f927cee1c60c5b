"""An answered questionnaire as a FHIR R4 QuestionnaireResponse, and its total as an Observation."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.outcome.models import Response, SafetySignal
from evenkeel.instruments import AnswerError, Instrument, follow_up_questions, to_fhir_response
from evenkeel.instruments.loinc import LOINC_SYSTEM


def write_response(response: Response, instrument: Instrument, subject: str) -> dict[str, Any]:
    """The answers with the stored total. ``subject`` is the reference of the person.

    Answers that the words asked today no longer offer (a clinic's text was replaced) are left out
    and the resource says so, rather than being given another meaning.
    """
    try:
        resource = to_fhir_response(
            instrument,
            response.answers,
            subject,
            response.answered_at,
            entered_total=None if response.answers else response.total,
        )
    except AnswerError:
        resource = to_fhir_response(instrument, {}, subject, response.answered_at)
        resource["text"] = _text(
            "The questions were replaced since; the answers stand at the clinic."
        )
    resource["id"] = str(response.pk)
    return resource


def write_follow_up(signal: SafetySignal, subject: str) -> dict[str, Any] | None:
    """What was answered to the questions that follow a worrying answer; ``None`` where nothing."""
    given = signal.follow_up.get("answers") or {}
    if not given:
        return None
    resource = to_fhir_response(follow_up_questions(), given, subject, signal.raised_at)
    resource["id"] = str(signal.pk)
    return resource


def write_total(response: Response, instrument: Instrument, subject: str) -> dict[str, Any] | None:
    """The total as an Observation derived from the answers; ``None`` where there is none."""
    if response.total is None:
        return None
    code: dict[str, Any] = {"text": f"{instrument.title} total"}
    if instrument.total_code:
        code["coding"] = [{"system": LOINC_SYSTEM, "code": instrument.total_code}]
    resource: dict[str, Any] = {
        "resourceType": "Observation",
        "id": f"total-{response.pk}",
        "status": "final",
        "code": code,
        "subject": {"reference": subject},
        "effectiveDateTime": response.answered_at.isoformat(timespec="seconds"),
        "valueInteger": response.total,
        "derivedFrom": [{"reference": f"urn:uuid:{response.pk}"}],
    }
    if response.band:
        resource["interpretation"] = [{"text": response.band}]
    return resource


def _text(words: str) -> dict[str, str]:
    return {
        "status": "generated",
        "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{words}</div>',
    }
