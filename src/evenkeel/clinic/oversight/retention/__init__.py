"""How long records are kept, and in what time a request is answered: one file a jurisdiction."""

from __future__ import annotations

import json
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = Path(__file__).parent
MARKS: Final = frozenset({"sourced", "clinic policy"})
COVERS: Final = frozenset({"medical_record", "controlled_drugs", "requests"})
STARTS: Final = frozenset({"last_contact", "last_dose", "last_request"})
#: Where a jurisdiction has no file of its own.
_LIKE: Final = {"GB": "UK", "US-CA": "US"}


class RetentionError(ValueError):
    """A file of rules that cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule stands."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """How long one kind of record is kept: ``years`` from ``starts``."""

    id: str
    covers: str
    title: str
    years: int
    starts: str
    mark: str
    note: str
    source: Source
    until_age: int | None = None
    after_death_years: int | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """In what time a request is answered, and by how much that may be put off once."""

    days: int
    months: int
    extension_days: int
    extension_months: int
    mark: str
    source: Source

    def due(self, received: date) -> date:
        """The last day to answer a request that came on ``received``."""
        return months_later(received, self.months) + timedelta(days=self.days)

    def latest(self, received: date) -> date:
        """The last day where the answer was put off; the same day where that is not allowed."""
        more = months_later(self.due(received), self.extension_months)
        return more + timedelta(days=self.extension_days)

    @property
    def may_extend(self) -> bool:
        """Whether the answer may be put off at all."""
        return bool(self.extension_days or self.extension_months)


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """What one file says."""

    code: str
    name: str
    says: str
    rules: tuple[Rule, ...]
    terms: dict[str, Term]
    refusals: dict[str, tuple[str, ...]]
    walled_words: str
    walled_source: Source


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last where it has no such day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return day.replace(year=year, month=month, day=min(day.day, monthrange(year, month)[1]))


def years_later(day: date, years: int) -> date:
    """The same day of a later year; of 29 February the 28th where there is none."""
    return months_later(day, 12 * years)


@cache
def jurisdictions() -> dict[str, Jurisdiction]:
    """Every file, by code. Raises :class:`RetentionError` for one that cannot be used."""
    found = {}
    for path in sorted(_FOLDER.glob("*.json")):
        one = _read(json.loads(path.read_text()), path.name)
        found[one.code] = one
    return found


def rules_of(code: str) -> Jurisdiction:
    """What holds at a site of this jurisdiction; where there is no file for it, of the US.

    A code with a part after a hyphen, such as a state, falls back to its country.
    """
    known = jurisdictions()
    code = code.upper()
    for name in (code, _LIKE.get(code, ""), code.split("-")[0]):
        if name in known:
            return known[name]
    return known["US"]


def _read(given: dict[str, Any], name: str) -> Jurisdiction:
    try:
        rules = tuple(_rule(row) for row in given["rules"])
        terms = {kind: _term(row) for kind, row in given["requests"].items()}
        refusals = {k: tuple(v) for k, v in given["refusals"].items() if k != "source"}
        walled = given["walled_notes"]
        one = Jurisdiction(
            code=given["jurisdiction"],
            name=given["name"],
            says=given["says"],
            rules=rules,
            terms=terms,
            refusals=refusals,
            walled_words=walled["words"],
            walled_source=Source(**walled["source"]),
        )
    except (KeyError, TypeError) as error:
        raise RetentionError(f"{name}: {error} is missing or out of place") from None
    for rule in rules:
        if rule.covers not in COVERS or rule.starts not in STARTS or rule.mark not in MARKS:
            raise RetentionError(f"{name}: {rule.id} covers, starts or is marked as nothing known")
        if rule.years < 1 or not rule.source.text:
            raise RetentionError(f"{name}: {rule.id} has no period or no source")
    if set(terms) != {"correction", "restriction"}:
        raise RetentionError(f"{name}: the times of requests are not those of the two kinds")
    return one


def _rule(row: dict[str, Any]) -> Rule:
    return Rule(
        id=row["id"],
        covers=row["covers"],
        title=row["title"],
        years=int(row["years"]),
        starts=row["from"],
        mark=row["mark"],
        note=row["note"],
        source=Source(**row["source"]),
        until_age=row.get("until_age"),
        after_death_years=row.get("after_death_years"),
    )


def _term(row: dict[str, Any]) -> Term:
    return Term(
        days=int(row.get("days", 0)),
        months=int(row.get("months", 0)),
        extension_days=int(row.get("extension_days", 0)),
        extension_months=int(row.get("extension_months", 0)),
        mark=row.get("mark", "sourced"),
        source=Source(**row["source"]),
    )
