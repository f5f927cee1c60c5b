"""Answers as a FHIR R4 QuestionnaireResponse, and back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from evenkeel.instruments.errors import AnswerError
from evenkeel.instruments.form import option_codings, walk_items
from evenkeel.instruments.model import Instrument
from evenkeel.instruments.scoring import check_answers, check_total, score

_REFERENCE = re.compile(
    r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9.\-]{1,64}|urn:uuid:[0-9a-fA-F-]{36}", re.ASCII
)
_MOST_ITEMS = 1000


def to_fhir_response(
    instrument: Instrument,
    answers: Mapping[str, int],
    subject_ref: str,
    authored_at: datetime,
    *,
    entered_total: int | None = None,
) -> dict[str, Any]:
    """A completed FHIR R4 QuestionnaireResponse, with the total where one could be given.

    `entered_total` is a total that a clinician entered without its answers; it stands where the
    answers give none.
    `subject_ref` is a FHIR reference such as "Patient/123"; `authored_at` carries a time zone.
    Raises AnswerError for an answer, subject or time that cannot be used.
    """
    given = check_answers(instrument, answers)
    if not isinstance(subject_ref, str) or not _REFERENCE.fullmatch(subject_ref):
        raise AnswerError("subject", "must be a FHIR reference such as Patient/123")
    if not isinstance(authored_at, datetime) or authored_at.utcoffset() is None:
        raise AnswerError("authored", "must be a time with its time zone")
    questionnaire = instrument.questionnaire
    codings = option_codings(questionnaire)
    values: dict[str, dict[str, Any]] = {
        link_id: {"valueCoding": codings[link_id][value]} for link_id, value in given.items()
    }
    total = score(instrument, given).total
    if total is None and entered_total is not None:
        total = check_total(instrument, entered_total)
    if total is not None and instrument.total_link_id is not None:
        values[instrument.total_link_id] = {"valueInteger": total}
    return {
        "resourceType": "QuestionnaireResponse",
        "language": instrument.languages[0],
        "questionnaire": f"{instrument.url}|{instrument.version}",
        "status": "completed",
        "subject": {"reference": subject_ref},
        "authored": authored_at.isoformat(timespec="seconds"),
        **_filled(questionnaire.get("item", []), values),
    }


def _filled(items: list[dict[str, Any]], values: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """{"item": [...]} for what was answered; {} for nothing, since FHIR has no empty list."""
    filled: list[dict[str, Any]] = []
    for item in items:
        inner = _filled(item.get("item", []), values)
        if item["linkId"] in values:
            inner["answer"] = [values[item["linkId"]]]
        if inner:
            wording = {"text": item["text"]} if "text" in item else {}
            filled.append({"linkId": item["linkId"], **wording, **inner})
    return {"item": filled} if filled else {}


def from_fhir_response(instrument: Instrument, resource: Mapping[str, Any]) -> dict[str, int]:
    """The answers (link id -> value) in a FHIR R4 QuestionnaireResponse to this instrument.

    Raises AnswerError, naming the item, for another resource or questionnaire, a response that is
    not finished, an unknown or repeated item, an answer that is not one of the item's codings, or
    a total that is not what the answers add up to.
    """
    _check_head(instrument, resource)
    codings = option_codings(instrument.questionnaire)
    value_of = {
        link_id: {(coding["system"], coding["code"]): value for value, coding in options.items()}
        for link_id, options in codings.items()
    }
    known = {item["linkId"] for item in walk_items(instrument.questionnaire)}
    answers: dict[str, int] = {}
    claimed_total: object = None
    seen: set[str] = set()
    for item in _walk_response(resource):
        link_id = item.get("linkId")
        if not isinstance(link_id, str) or link_id not in known:
            name = link_id[:64] if isinstance(link_id, str) else "item"
            raise AnswerError(name, f"is not an item of {instrument.title}")
        if link_id in seen:
            raise AnswerError(link_id, "stands there twice")
        seen.add(link_id)
        answer = _one_answer(link_id, item)
        if answer is None:
            continue
        if link_id == instrument.total_link_id:
            claimed_total = answer.get("valueInteger")
        else:
            answers[link_id] = _coded(link_id, answer, value_of.get(link_id, {}))
    _check_claim(instrument, answers, claimed_total)
    return answers


def _check_head(instrument: Instrument, resource: Mapping[str, Any]) -> None:
    if not isinstance(resource, Mapping):
        raise AnswerError("resource", "must be a JSON object")
    if resource.get("resourceType") != "QuestionnaireResponse":
        raise AnswerError("resourceType", "must be QuestionnaireResponse")
    if resource.get("questionnaire") not in (
        instrument.url,
        f"{instrument.url}|{instrument.version}",
    ):
        wanted = f"{instrument.url}|{instrument.version}"
        raise AnswerError("questionnaire", f"must be {wanted} for {instrument.title}")
    if resource.get("status") not in ("completed", "amended"):
        raise AnswerError("status", "must be completed or amended")


def _walk_response(resource: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every item, without recursion, so that deep nesting cannot exhaust the stack."""
    waiting: list[object] = [resource.get("item", [])]
    count = 0
    while waiting:
        items = waiting.pop()
        if not isinstance(items, list):
            raise AnswerError("item", "must be a list")
        for item in items:
            count += 1
            if count > _MOST_ITEMS:
                raise AnswerError("item", f"holds more than {_MOST_ITEMS} items")
            if not isinstance(item, Mapping):
                raise AnswerError("item", "must be a list of objects")
            if "item" in item:
                waiting.append(item["item"])
            yield item


def _one_answer(link_id: str, item: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if "answer" not in item:
        return None
    answers = item["answer"]
    if not isinstance(answers, list) or len(answers) != 1 or not isinstance(answers[0], Mapping):
        raise AnswerError(link_id, "must have exactly one answer")
    return answers[0]


def _coded(link_id: str, answer: Mapping[str, Any], values: Mapping[tuple[str, str], int]) -> int:
    coding = answer.get("valueCoding")
    if isinstance(coding, Mapping):
        system, code = coding.get("system"), coding.get("code")
        if isinstance(system, str) and isinstance(code, str) and (system, code) in values:
            return values[system, code]
    raise AnswerError(link_id, "the answer is not one of the coded answers of this question")


def _check_claim(instrument: Instrument, answers: Mapping[str, int], claimed: object) -> None:
    if claimed is None:
        return
    total = score(instrument, answers).total
    if isinstance(claimed, bool) or claimed != total:
        found = "no total can be given" if total is None else f"the answers add up to {total}"
        raise AnswerError(str(instrument.total_link_id), f"the total does not hold: {found}")
