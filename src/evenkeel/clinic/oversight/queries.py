"""What is asked of the audit chain."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.errors import Invalid, NotFound
from evenkeel.clinic.record.models import ChainEntry, ChainPayload

PAGE_LENGTH: Final = 50
#: So many entries a file may have; more are asked for by shorter times.
MOST_IN_A_FILE: Final = 50_000
COLUMNS: Final = (
    "position",
    "recorded_at",
    "happened_at",
    "actor_name",
    "actor_id",
    "action",
    "outcome",
    "record_number",
    "subject",
    "reason",
    "via",
    "hash",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What entries are looked for. Empty: every one of the caller's sites."""

    who: str = ""
    what: str = ""
    patient: str = ""
    since: str = ""
    until: str = ""
    refused: bool = False
    kind: str = ""

    @classmethod
    def posted(cls, said: Mapping[str, str]) -> Asked:
        """From a form; what is too long is cut."""

        def text(name: str) -> str:
            return said.get(name, "").replace("\x00", "").strip()[:80]

        return cls(
            text("who"),
            text("what"),
            text("patient"),
            text("since"),
            text("until"),
            said.get("refused") == "yes",
            text("kind") if text("kind") in ("reads", "changes") else "",
        )

    @property
    def anything(self) -> bool:
        """Whether anything was asked for."""
        return self != Asked()


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the chain, newest first, and where the next one begins."""

    entries: list[dict[str, Any]]
    older_than: int | None


def audit_page(ctx: Context, asked: Asked, zone: str, *, before: int | None = None) -> AuditPage:
    """Entries of the caller's sites, newest first. Raises ``Invalid`` for a day that is none."""
    rows = _asked_for(ctx, asked, zone).order_by("-position")
    if before is not None:
        rows = rows.filter(position__lt=before)
    found = list(rows[: PAGE_LENGTH + 1])
    older = found[PAGE_LENGTH - 1].position if len(found) > PAGE_LENGTH else None
    found = found[:PAGE_LENGTH]
    mrns = _mrns({e.patient_id for e in found if e.patient_id})
    return AuditPage([{"entry": e, "mrn": mrns.get(e.patient_id, "")} for e in found], older)


def audit_rows(ctx: Context, asked: Asked, zone: str) -> Iterator[list[Any]]:
    """The same as rows of a file, oldest first, times in UTC.

    Raises ``Invalid`` where there are more than a file may have.
    """
    rows = _asked_for(ctx, asked, zone).order_by("position")
    if rows[MOST_IN_A_FILE:].exists():
        raise Invalid(
            f"These are more than {MOST_IN_A_FILE:,} entries.",
            what_to_do="Ask for a shorter time, a person or an act.",
        )
    mrns = dict(Patient.objects.values_list("pk", "mrn"))
    for one in rows.iterator(chunk_size=1000):
        yield [
            mrns.get(one.patient_id, "") if name == "record_number" else _plain(one, name)
            for name in COLUMNS
        ]


def _plain(entry: ChainEntry, name: str) -> Any:
    value = getattr(entry, name)
    if isinstance(value, datetime):
        return value.isoformat()
    text = "" if value is None else str(value)
    # a spreadsheet would take these for the beginning of a formula
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def find_entry(ctx: Context, position: int) -> tuple[ChainEntry, ChainPayload | None, str]:
    """An entry of the caller's sites, its payload and the patient's record number.

    Raises ``NotFound``, also for one of another site.
    """
    entry = _of_my_sites(ctx, ChainEntry.objects.all()).filter(position=position).first()
    if entry is None:
        raise NotFound("There is nothing here with that address.")
    mrn = _mrns({entry.patient_id}).get(entry.patient_id, "") if entry.patient_id else ""
    return entry, ChainPayload.objects.filter(pk=position).first(), mrn


def _asked_for(ctx: Context, asked: Asked, zone: str) -> QuerySet[ChainEntry]:
    rows = _of_my_sites(ctx, ChainEntry.objects.all())
    if asked.who:
        rows = rows.filter(actor_name__icontains=asked.who)
    if asked.what:
        rows = rows.filter(action__icontains=asked.what)
    if asked.patient:
        ids = Patient.objects.filter(mrn__iexact=asked.patient).values_list("pk", flat=True)
        rows = rows.filter(patient_id__in=list(ids))
    if asked.since:
        rows = rows.filter(recorded_at__gte=_midnight(asked.since, "since", zone))
    if asked.until:
        after = _midnight(asked.until, "until", zone, days=1)
        rows = rows.filter(recorded_at__lt=after)
    if asked.refused:
        rows = rows.filter(outcome="refused")
    if asked.kind == "reads":
        rows = rows.filter(action__startswith="read ")
    elif asked.kind == "changes":
        rows = rows.exclude(action__startswith="read ")
    return rows


def _midnight(day: str, field: str, zone: str, *, days: int = 0) -> datetime:
    try:
        first = date.fromisoformat(day) + timedelta(days=days)
    except (ValueError, OverflowError):
        raise Invalid("That is no day.", fields={field: "Write it as 2026-11-23."}) from None
    return datetime.combine(first, time(), ZoneInfo(zone))


def _of_my_sites(ctx: Context, rows: QuerySet[ChainEntry]) -> QuerySet[ChainEntry]:
    sites = ctx.actor.sites("audit.view")
    return rows if sites is None else rows.filter(Q(site_id__in=sites) | Q(site_id=None))


def _mrns(ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    return dict(Patient.objects.filter(pk__in=ids).values_list("pk", "mrn"))
