"""What an inspection bundle is asked to hold, and the tables its parts are made of."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from evenkeel.clinic.people.models import Site

#: What stands where something is not told.
WITHHELD = "[withheld]"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a bundle.

    ``since`` is in it, ``until`` is not; both follow from whole days in the zone of the first site.
    ``identified`` says that people are named, allowed by ``allowed_by`` for ``reason``.
    """

    bundle_id: uuid.UUID
    made_at: datetime
    made_by: str
    first_day: date
    last_day: date
    since: datetime
    until: datetime
    zone: str
    sites: Sequence[Site]
    every_site: bool
    identified: bool = False
    allowed_by: str = ""
    reason: str = ""

    @property
    def site_ids(self) -> list[uuid.UUID]:
        """The sites it is about."""
        return [site.pk for site in self.sites]


@dataclass(slots=True)
class Table:
    """One table of a part: written as CSV, as JSON and as a page to read.

    ``columns`` are pairs (key, heading); a row has a value for each key: text, number, truth or
    nothing. ``beside`` is what a checker needs beyond the rows; it stands in the JSON alone.
    """

    name: str
    title: str
    says: str
    columns: Sequence[tuple[str, str]]
    rows: list[dict[str, Any]]
    beside: dict[str, Any] = field(default_factory=dict)


def when(at: datetime | None) -> str:
    """A time as it stands in a table: UTC, to the second; empty for none."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at is not None else ""
