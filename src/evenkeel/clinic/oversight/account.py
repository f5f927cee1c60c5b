"""What may be said of an incident: read and checked before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.oversight.models import Incident
from evenkeel.clinic.oversight.terms import label_lists, term_lists
from evenkeel.clinic.record.errors import Invalid

LONGEST: Final = 8000
_SHORT: Final = 160
_MARGIN: Final = timedelta(minutes=1)
#: What is only said of an adverse event.
_OF_HARM: Final = ("severity", "causality", "expectedness", "outcome", "action_taken", "abated")
_TEXTS: Final = ("treatment", "tests", "history")
_REQUIRED: Final = {
    "severity": "Choose how severe it was.",
    "outcome": "Choose how it ended, or that it is not known.",
}


def read_account(said: Mapping[str, Any], *, product: str, now: datetime) -> dict[str, Any]:
    """The fields of an account as they are stored.

    ``said`` holds what was entered: ``kind``, ``title``, ``narrative``, ``happened_at``,
    ``is_serious`` ("yes" or "no"), ``seriousness`` (codes) and the rest by their names; times
    aware. Whether an adverse event is serious must be said: silence is not "no". Raises
    ``Invalid`` by field.
    """
    wrong: dict[str, str] = {}
    kind = _code(said, "kind")
    if kind not in dict(Incident.KINDS):
        wrong["kind"] = "Choose what it was."
    found: dict[str, Any] = {
        "kind": kind,
        "title": _text(said, "title", _SHORT, wrong, "Name it in a few words."),
        "narrative": _text(said, "narrative", LONGEST, wrong, "Say what happened."),
    }
    for name in _TEXTS:
        found[name] = _text(said, name, LONGEST, wrong)
    found |= _times(said, now, wrong)
    harm = kind == "adverse_event"
    found |= _harm(said, product, wrong) if harm else _no_harm(said, wrong)
    _agree(found, wrong)
    if wrong:
        raise Invalid("The account is not complete yet.", fields=wrong)
    return found


def _text(
    said: Mapping[str, Any], name: str, longest: int, wrong: dict[str, str], ask: str = ""
) -> str:
    words = str(said.get(name) or "").strip()
    if not words and ask:
        wrong[name] = ask
    elif len(words) > longest or "\x00" in words:
        wrong[name] = f"At most {longest} letters."
    return words


def _code(said: Mapping[str, Any], name: str) -> str:
    """A code as it was entered; whatever is no text is nothing."""
    found = said.get(name)
    return found if isinstance(found, str) else ""


def _times(said: Mapping[str, Any], now: datetime, wrong: dict[str, str]) -> dict[str, Any]:
    happened, ended, died = (said.get(n) for n in ("happened_at", "ended_at", "died_on"))
    if not isinstance(happened, datetime):
        wrong["happened_at"] = "Say when it happened, as near as is known."
    elif happened > now + _MARGIN:
        wrong["happened_at"] = "This lies in the future."
    if isinstance(ended, datetime) and isinstance(happened, datetime):
        if ended < happened:
            wrong["ended_at"] = "It cannot end before it began."
        elif ended > now + _MARGIN:
            wrong["ended_at"] = "This lies in the future."
    return {
        "happened_at": happened,
        "ended_at": ended if isinstance(ended, datetime) else None,
        "died_on": died if type(died) is date else None,
    }


def _harm(said: Mapping[str, Any], product: str, wrong: dict[str, str]) -> dict[str, Any]:
    lists = term_lists()
    found: dict[str, Any] = {}
    for name in _OF_HARM:
        code = _code(said, name)
        if code and code not in lists[name]:
            wrong[name] = "Choose one of the list."
        elif not code and name in _REQUIRED:
            wrong[name] = _REQUIRED[name]
        found[name] = code
    reappeared = _code(said, "reappeared")
    if reappeared and reappeared not in lists["abated"]:
        wrong["reappeared"] = "Choose one of the list."
    found["reappeared"] = reappeared
    found |= _seriousness(said, wrong)
    found["listed"] = _listed(said, str(found["expectedness"]), product, wrong)
    return found


def _seriousness(said: Mapping[str, Any], wrong: dict[str, str]) -> dict[str, Any]:
    criteria = term_lists()["seriousness"]
    given = said.get("seriousness")
    chosen = [code for code in given if isinstance(code, str)] if isinstance(given, list) else []
    serious = _code(said, "is_serious")
    words = _text(said, "serious_words", 400, wrong)
    if serious not in ("yes", "no"):
        wrong["is_serious"] = "Say whether it was serious."
    elif serious == "yes" and not chosen:
        wrong["seriousness"] = "Choose at least one criterion that makes it serious."
    elif serious == "no" and chosen:
        wrong["is_serious"] = "A criterion is chosen below, so it is serious."
    if any(code not in criteria for code in chosen):
        wrong["seriousness"] = "Choose from the list."
    if "important" in chosen and not words:
        wrong["serious_words"] = "Say why it was an important medical event."
    order = [one.code for one in criteria.choices]
    kept = sorted({code for code in chosen if code in order}, key=order.index)
    return {"seriousness": kept, "serious_words": words}


def _listed(said: Mapping[str, Any], expected: str, product: str, wrong: dict[str, str]) -> str:
    term = str(said.get("listed") or "").strip()
    if expected != "listed":
        return ""
    known = label_lists().get(product)
    if known is None or term not in known.terms:
        wrong["listed"] = "Choose the reaction of the label that it falls under."
    return term


def _no_harm(said: Mapping[str, Any], wrong: dict[str, str]) -> dict[str, Any]:
    """Nobody was harmed, or no medicine is suspected: no outcome and no causality is said."""
    if said.get("seriousness") or said.get("is_serious") == "yes":
        wrong["kind"] = "Something serious that befell a person is an adverse event."
    empty = dict.fromkeys((*_OF_HARM, "reappeared", "serious_words", "listed"), "")
    return {**empty, "seriousness": []}


def _agree(found: dict[str, Any], wrong: dict[str, str]) -> None:
    """What must not contradict itself: a death."""
    fatal, death = found["outcome"] == "fatal", "death" in found["seriousness"]
    if fatal != death and not wrong.keys() & {"outcome", "seriousness", "is_serious"}:
        wrong["outcome"] = "Outcome and seriousness do not agree about a death."
    if found["died_on"] is not None and not death:
        wrong["died_on"] = "A date of death, but death is not among the criteria."
