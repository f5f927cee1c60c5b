"""The words and clocks of harm as data: criteria, categories, label lists, authorities, complaints.

One file a jurisdiction or list, read once. Each carries its source and the mark of how far it was
checked.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

_HERE: Final = Path(__file__).parent
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Source:
    """Where something is from; ``mark`` is "sourced", "clinic policy" or "unverified"."""

    title: str
    url: str
    mark: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a list. ``fhir`` and ``form`` are what others call it, "" where nothing."""

    code: str
    label: str
    help: str = ""
    fhir: str = ""
    form: str = ""


@dataclass(frozen=True, slots=True)
class TermList:
    """The answers to one question about an incident."""

    name: str
    choices: tuple[Choice, ...]
    source: Source

    def __contains__(self, code: object) -> bool:
        """Whether there is an answer with this code."""
        return any(one.code == code for one in self.choices)

    def of(self, code: str) -> Choice | None:
        """The answer with this code."""
        return next((one for one in self.choices if one.code == code), None)

    def words(self, code: str) -> str:
        """Its label; the code itself where the list no longer knows it."""
        found = self.of(code)
        return found.label if found else code


@dataclass(frozen=True, slots=True)
class LabelList:
    """The reactions a label lists, against which expectedness is judged."""

    title: str
    terms: tuple[str, ...]
    source: Source
    note: str


@dataclass(frozen=True, slots=True)
class Authority:
    """To whom an incident may be reported. ``due_days`` of ``None``: no clock for a clinic."""

    id: str
    title: str
    who: str
    serious_only: bool
    products: tuple[str, ...]
    due_days: int | None
    address: str
    how: str
    form: str
    notes: tuple[tuple[str, str], ...]
    source: Source


@dataclass(frozen=True, slots=True)
class ComplaintTerms:
    """By when a complaint is acknowledged and answered, and where else one can go."""

    acknowledge_days: int
    acknowledge_working: bool
    acknowledge_source: Source
    answer_days: int
    answer_working: bool
    answer_source: Source
    outside: tuple[dict[str, str], ...]
    note: str


@cache
def term_lists() -> dict[str, TermList]:
    """The questions about an incident by name: seriousness, severity, causality, outcome, ..."""
    document = _read("terms/incident.json")
    return {
        name: TermList(name, tuple(Choice(**one) for one in said["choices"]), _source(said))
        for name, said in document.items()
        if isinstance(said, dict) and "choices" in said
    }


@cache
def review_days(*, serious: bool) -> int:
    """Days from when an incident was written down until the medical director reviews it."""
    said = _read("terms/incident.json")["review_within_days"]
    return int(said["serious" if serious else "value"])


@cache
def label_lists() -> dict[str, LabelList]:
    """The label list of each product."""
    found = {}
    for document in _every("labels"):
        row = LabelList(
            document["title"], tuple(document["terms"]), _source(document), document["note"]
        )
        found |= dict.fromkeys(document["products"], row)
    return found


@cache
def authorities(jurisdiction: str) -> tuple[Authority, ...]:
    """The authorities of a jurisdiction; none where no file knows it."""
    for document in _every("authorities"):
        if jurisdiction in document["jurisdictions"]:
            return tuple(_authority(one) for one in document["authorities"])
    return ()


@cache
def authority_named(authority_id: str) -> Authority | None:
    """The authority with this id in any file."""
    for document in _every("authorities"):
        for one in document["authorities"]:
            if one["id"] == authority_id:
                return _authority(one)
    return None


def authorities_for(
    jurisdiction: str, *, kind: str, serious: bool, product: str
) -> list[Authority]:
    """To whom an incident like this may be reported: an adverse event, serious where they ask so.

    A near miss or another incident goes to none of them by itself.
    """
    if kind != "adverse_event":
        return []
    return [
        one
        for one in authorities(jurisdiction)
        if (serious or not one.serious_only) and (not one.products or product in one.products)
    ]


@cache
def complaint_terms(jurisdiction: str) -> ComplaintTerms:
    """The clocks for complaints of a jurisdiction; the clinic's own where no file knows it."""
    every = _every("complaint_terms")
    own = next(one for one in every if "EU" in one["jurisdictions"])
    document = next((one for one in every if jurisdiction in one["jurisdictions"]), own)
    first, second = document["acknowledge"], document["answer"]
    return ComplaintTerms(
        acknowledge_days=first["days"],
        acknowledge_working=first["working"],
        acknowledge_source=_source(first),
        answer_days=second["days"],
        answer_working=second["working"],
        answer_source=_source(second),
        outside=tuple(document["outside"]),
        note=document["note"],
    )


def end_of_day_after(start: datetime, days: int, zone: str, *, working: bool = False) -> datetime:
    """The end of the day ``days`` days after ``start`` at the clinic's own clock, aware.

    With ``working`` only Monday to Friday count; public holidays are not known and count as days.
    """
    tz = ZoneInfo(zone)
    day = start.astimezone(tz).date()
    if working:
        left = days
        while left > 0:
            day += timedelta(days=1)
            left -= day.weekday() < _SATURDAY
    else:
        day += timedelta(days=days)
    return end_of_day(day, zone)


def end_of_day(day: date, zone: str) -> datetime:
    """The moment the day is over at the clinic's own clock, aware."""
    return datetime.combine(day + timedelta(days=1), time(0), tzinfo=ZoneInfo(zone))


def _authority(said: dict[str, Any]) -> Authority:
    return Authority(
        id=said["id"],
        title=said["title"],
        who=said["who"],
        serious_only=said["when"] == "serious",
        products=tuple(said["products"]),
        due_days=said["due_days"],
        address=said["address"],
        how=said["how"],
        form=said["form"],
        notes=tuple((one["text"], one["mark"]) for one in said["notes"]),
        source=_source(said),
    )


def _source(said: dict[str, Any]) -> Source:
    return Source(**said["source"])


@cache
def _read(path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_HERE / path).read_text())
    return found


def _every(folder: str) -> list[dict[str, Any]]:
    return [_read(f"{folder}/{path.name}") for path in sorted((_HERE / folder).glob("*.json"))]
