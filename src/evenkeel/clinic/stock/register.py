"""The registers of several countries: one data file each, chosen by a site's jurisdiction."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final

#: What a column may show; each has its reader in ``paper.py``.
COLUMNS: Final = frozenset(
    {
        "date",
        "time",
        "person",
        "party",
        "party_or_person",
        "prescriber",
        "item",
        "container",
        "what",
        "received",
        "drawn",
        "wasted",
        "balance",
        "item_balance",
        "by",
        "witness",
        "reference",
    }
)
MARKS: Final = frozenset({"sourced", "policy", "derived", "unverified"})
FALLBACK: Final = "EU"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a register."""

    key: str
    heading: str
    number: bool = False


@dataclass(frozen=True, slots=True)
class DueNotice:
    """What must be done after a loss, and within what: business days or days, never both."""

    kind: str
    label: str
    source: str
    mark: str
    business_days: int | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class RuleFact:
    """One rule in plain words, with its source and mark."""

    key: str
    text: str
    source: str
    mark: str


@dataclass(frozen=True, slots=True)
class Register:
    """What the law of a place asks of the ledger. ``a_page_each``: every item has its own page."""

    code: str
    title: str
    law: str
    schedules: dict[str, str]
    retention_years: int
    inventory_every_months: int | None
    holidays: str | None
    a_page_each: bool
    columns: tuple[Column, ...]
    notices: tuple[DueNotice, ...]
    facts: tuple[RuleFact, ...]

    def fact(self, key: str) -> RuleFact | None:
        """One rule by its key."""
        return next((one for one in self.facts if one.key == key), None)


def register_of(jurisdiction: str) -> Register:
    """The register of a jurisdiction; the cautious general one where there is none of its own."""
    known = registers()
    return known.get(jurisdiction) or known[FALLBACK]


@lru_cache(maxsize=1)
def registers() -> dict[str, Register]:
    """Every register by the code of its jurisdiction. Raises ``ValueError`` for a file that does
    not hold."""
    folder = resources.files("evenkeel.clinic.stock") / "registers"
    found = {}
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".json"):
            one = read_register(json.loads(file.read_text(encoding="utf-8")), file.name)
            found[one.code] = one
    return found


def read_register(document: dict[str, Any], name: str) -> Register:
    """A register from its file. Raises ``ValueError`` naming what is wrong with it."""
    columns = tuple(
        Column(one["key"], one["heading"], bool(one.get("number"))) for one in document["columns"]
    )
    unknown = {one.key for one in columns} - COLUMNS
    if unknown:
        raise ValueError(f"{name}: unknown columns {sorted(unknown)}")
    facts = tuple(RuleFact(**one) for one in document["facts"])
    notices = tuple(
        DueNotice(one["kind"], one["label"], one["source"], one["mark"], **one["after"])
        for one in document["notices"]
    )
    for one in (*facts, *notices):
        if one.mark not in MARKS or not one.source:
            raise ValueError(f"{name}: a rule without mark or source: {one}")
    for notice in notices:
        if (notice.business_days is None) == (notice.days is None):
            raise ValueError(f"{name}: {notice.kind} needs days or business days")
    return Register(
        code=document["code"],
        title=document["title"],
        law=document["law"],
        schedules=document["schedules"],
        retention_years=document["retention_years"],
        inventory_every_months=document["inventory_every_months"],
        holidays=document["holidays"],
        a_page_each=bool(document.get("a_page_each")),
        columns=columns,
        notices=notices,
        facts=facts,
    )
