"""Days at a site: in its own time zone, whatever the machine's clock says."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from evenkeel.clinic.people.models import Site


def day_at(site: Site, at: datetime) -> date:
    """The date on the wall of the site at a moment."""
    return at.astimezone(ZoneInfo(site.timezone)).date()


def end_of(site: Site, day: date) -> datetime:
    """The last second of a day at the site."""
    return datetime.combine(day, time(23, 59, 59), ZoneInfo(site.timezone))


def start_of(site: Site, day: date) -> datetime:
    """The first moment of a day at the site."""
    return datetime.combine(day, time(0, 0), ZoneInfo(site.timezone))
