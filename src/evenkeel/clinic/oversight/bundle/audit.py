"""The extract of the audit: the run of entries of the time, whole where nothing is withheld."""

from __future__ import annotations

from typing import Any, Final

from evenkeel.clinic.oversight.bundle.asked import WITHHELD, Asked, Table
from evenkeel.clinic.oversight.bundle.pseudonyms import People
from evenkeel.clinic.record.errors import Refused
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.record.sealing import ENTRY_FIELDS, canonical

#: An extract of more would be gigabytes, and no person reads it. Clinic policy, assumed.
MOST_ENTRIES: Final = 200_000
#: How an entry is told: all of it, with parts withheld, or only its place in the chain.
WHOLE, PART, PLACE = "whole", "part", "place"


def tables(asked: Asked, people: People) -> list[Table]:
    """One table. The run has no gap: of entries of other sites only the place is told.

    Raises ``Refused`` (``too_long``) for a run that is too long.
    """
    first, last = run_of(asked)
    rows = []
    sites = {str(pk) for pk in asked.site_ids}
    entries = ChainEntry.objects.filter(position__gte=first, position__lte=last)
    for entry in entries.order_by("position").iterator(chunk_size=2000):
        here = asked.every_site or entry.site_id is None or str(entry.site_id) in sites
        rows.append(_told(entry, people) if here else _place(entry))
    return [
        Table(
            "entries",
            "Who did what",
            "Every act and every reading of a record in this time, one entry each. Each entry "
            "carries the hash of the one before it.",
            [
                ("position", "Entry"),
                ("told", "Told"),
                ("recorded_at", "Recorded (UTC)"),
                ("happened_at", "Happened (UTC)"),
                ("actor_name", "Who"),
                ("action", "Act"),
                ("outcome", "Outcome"),
                ("person", "Person"),
                ("subject", "About"),
                ("reason", "Reason"),
                ("via", "Via"),
                ("hash", "Hash"),
            ],
            rows,
        )
    ]


def run_of(asked: Asked) -> tuple[int, int]:
    """The first and the last entry recorded in the time; (1, 0) where there is none.

    Raises ``Refused`` (``too_long``) where there are too many.
    """
    found = ChainEntry.objects.filter(recorded_at__gte=asked.since, recorded_at__lt=asked.until)
    # one by one: the smallest and the largest of both would read the whole table
    first = found.order_by("position").values_list("position", flat=True).first()
    last = found.order_by("-position").values_list("position", flat=True).first()
    if first is None or last is None:
        return 1, 0
    if last - first + 1 > MOST_ENTRIES:
        raise Refused(
            f"{last - first + 1} entries were recorded in this time; a bundle holds at most "
            f"{MOST_ENTRIES}.",
            what_to_do="Ask for a shorter time, in several bundles.",
            code="too_long",
        )
    return first, last


def _place(entry: ChainEntry) -> dict[str, Any]:
    return {
        "position": entry.position,
        "told": PLACE,
        "previous_hash": entry.previous_hash,
        "hash": entry.hash,
    }


def _told(entry: ChainEntry, people: People) -> dict[str, Any]:
    values = {name: getattr(entry, name) for name in ENTRY_FIELDS}
    row: dict[str, Any] = {name: _plain(value) for name, value in values.items()}
    row |= {"hash": entry.hash, "person": people.person(entry.patient_id), "told": WHOLE}
    withheld = _withheld(entry, people)
    for name in withheld:
        row[name] = WITHHELD if row[name] else row[name]
    if withheld:
        row["told"] = PART
    return row


def _plain(value: Any) -> Any:
    """A value as it is hashed, so that a checker can work the hash out again."""
    if value is None or isinstance(value, str | int):
        return value
    return canonical(value).strip('"')


def _withheld(entry: ChainEntry, people: People) -> list[str]:
    """The columns that could lead to a person, in a bundle that names nobody."""
    if people.asked.identified:
        return []
    names = []
    if entry.patient_id is not None:
        names = ["patient_id", "subject", "reason"]
    elif not people.is_clean(entry.reason):
        names = ["reason"]
    if people.is_patient(entry.actor_id):
        names += ["actor_id", "actor_name"]
    return [name for name in names if getattr(entry, name)]
