"""What is asked of the people: the list, one person's facts, who looked."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from evenkeel.clinic.people.fact_item import DERIVED, LISTS
from evenkeel.clinic.people.fact_words import assembled_words, fact_words
from evenkeel.clinic.people.facts import assemble_facts, facts_of
from evenkeel.clinic.people.models import Fact, Patient
from evenkeel.clinic.people.unread import as_written, unread_of
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import visible
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.protocol.vocabulary import CONDITION_KEYS, GROUPS, VOCABULARY

PAGE_SIZE = 20
_COLUMNS = (
    "id",
    "mrn",
    "given_name",
    "family_name",
    "called",
    "birth_date",
    "deceased",
    "stage",
    "next_at",
    "site__name",
)
_DATE_FORMS = ("%Y-%m-%d", "%d.%m.%Y", "%d %b %Y", "%d %B %Y")


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """One page of the list of people, and how many there are."""

    rows: list[dict[str, Any]]
    total: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE_SIZE))


def list_people(ctx: Context, *, search: str = "", stage: str = "", number: int = 1) -> PeoplePage:
    """A page of the people the caller may see, by name; two queries.

    ``search`` is split at blanks; every part must begin a name, or stand in the record number, or
    be the birth date. A page beyond the last is the last.
    """
    found = visible(ctx, Patient.objects.all(), "people.view")
    born = as_date(search)
    if born is not None:
        found = found.filter(birth_date=born)
    else:
        for part in search.split()[:6]:
            found = found.filter(
                Q(family_name__icontains=part)
                | Q(given_name__icontains=part)
                | Q(called__icontains=part)
                | Q(mrn__icontains=part)
            )
    if stage:
        found = found.filter(stage=stage)
    total = found.count()
    number = max(1, min(number, max(1, -(-total // PAGE_SIZE))))
    first = (number - 1) * PAGE_SIZE
    rows = found.order_by("family_name", "given_name", "id").values(*_COLUMNS)
    return PeoplePage(list(rows[first : first + PAGE_SIZE]), total, number)


def as_date(text: str) -> date | None:
    """The date a text is, if it is one."""
    for form in _DATE_FORMS:
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 a day has no zone
        except ValueError:
            continue
    return None


@dataclass(frozen=True, slots=True)
class FactLine:
    """One line of the sheet of facts."""

    key: str
    label: str
    state: str  # known, missing, old
    words: str
    as_of: datetime | None
    origin: str
    enterable: bool


@dataclass(slots=True)
class UnreadLine:
    """An entry no list of names knows, and how many times it is written the same."""

    row: Fact
    kind: str
    words: str
    times: int = 0


@dataclass(frozen=True, slots=True)
class FactSheet:
    """What is known of a person and what is not, in the protocol's groups, and the lists.

    ``unread``: entries no list of names knows; those written the same stand in one line.
    """

    groups: list[tuple[str, list[FactLine]]]
    lists: dict[str, list[tuple[Fact, str]]]
    unread: list[UnreadLine]
    known: int
    missing: int


def fact_sheet(patient: Patient, now: datetime) -> FactSheet:
    """The facts of a person for the page; one query.

    A condition nobody was asked about is left out of the lines while it is missing: the list of
    conditions, once marked complete, answers for all of them.
    """
    rows = facts_of(patient)
    facts = assemble_facts(patient, now=now, rows=rows)
    old = {fact.key for fact in facts.out_of_date(now)}
    groups: dict[str, list[FactLine]] = {group: [] for group in GROUPS}
    known = missing = 0
    for key, spec in VOCABULARY.items():
        if key in {"deceased", "session_number", "consent_signed", "other_conditions"}:
            continue
        fact = facts[key]
        unknown = fact.state == "unknown"
        if (key in CONDITION_KEYS or spec.optional) and key not in facts:
            continue
        known, missing = known + (not unknown), missing + unknown
        groups[spec.group].append(
            FactLine(
                key=key,
                label=spec.label,
                state="missing" if unknown else "old" if key in old else "known",
                words="" if unknown else assembled_words(fact),
                as_of=fact.as_of if key not in {"age_years"} else None,
                origin=fact.origin,
                enterable=key not in DERIVED,
            )
        )
    lists = {key: [(row, fact_words(row)) for row in rows if row.key == key] for key in LISTS}
    unread: dict[Any, UnreadLine] = {}
    for row in unread_of(rows):
        line = unread.setdefault(
            (row.key, as_written(row.value)), UnreadLine(row, LISTS[row.key], fact_words(row))
        )
        line.times += 1
    shown = [(group, lines) for group, lines in groups.items() if lines]
    return FactSheet(shown, lists, list(unread.values()), known, missing)


def history_of(patient: Patient, key: str) -> list[dict[str, Any]]:
    """Every entry of one key, newest first, with whether it still stands."""
    rows = sorted(
        Fact.objects.filter(patient=patient, key=key),
        key=lambda r: (r.as_of or r.created_at, r.created_at),
        reverse=True,
    )
    return [
        {
            "row": row,
            "words": fact_words(row),
            "replaced": row.replaced_by_id is not None,
            "void": row.status == "entered_in_error",
        }
        for row in rows
    ]


def who_looked(patient_id: uuid.UUID, limit: int = 12) -> list[ChainEntry]:
    """The newest entries about one person: who read, who changed."""
    return list(ChainEntry.objects.filter(patient_id=patient_id).order_by("-position")[:limit])


def courses_of(patient: Patient) -> list[dict[str, Any]]:
    """The person's courses, newest first, as plain values.

    The course stands on this app and not the other way round, so its rows are reached through the
    relation it declared on the person.
    """
    return list(
        patient.courses.order_by("-opened_at").values("id", "state", "indication", "opened_at")
    )
