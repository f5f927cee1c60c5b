"""Clocks of the ledger: business days, notices after a loss, the next inventory."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta
from typing import Final

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.stock.days import day_at, end_of
from evenkeel.clinic.stock.register import DueNotice, register_of

_MONDAY, _THURSDAY, _SATURDAY, _SUNDAY = 0, 3, 5, 6
#: (month, weekday, which one of the month; -1 the last). 5 U.S.C. 6103(a).
_FLOATING: Final = (
    (1, _MONDAY, 3),
    (2, _MONDAY, 3),
    (5, _MONDAY, -1),
    (9, _MONDAY, 1),
    (10, _MONDAY, 2),
    (11, _THURSDAY, 4),
)
#: (month, day). 5 U.S.C. 6103(a).
_FIXED: Final = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))


def us_federal_holidays(year: int) -> frozenset[date]:
    """The legal holidays observed in a year (5 U.S.C. 6103): one that falls on a Saturday is kept
    the day before, on a Sunday the day after. Inauguration Day, which holds around Washington
    alone, is left out."""
    days = set()
    for observed_year in (year, year + 1):
        for month, day in _FIXED:
            found = date(observed_year, month, day)
            shift = {_SATURDAY: -1, _SUNDAY: 1}.get(found.weekday(), 0)
            days.add(found + timedelta(days=shift))
    for month, weekday, which in _FLOATING:
        weeks = [
            week[weekday]
            for week in calendar.Calendar().monthdatescalendar(year, month)
            if week[weekday].month == month
        ]
        days.add(weeks[which - 1] if which > 0 else weeks[which])
    return frozenset(one for one in days if one.year == year)


def add_business_days(start: date, count: int, holidays: str | None) -> date:
    """The ``count``-th business day after ``start``: no weekend, no holiday of the calendar."""
    day = start
    while count > 0:
        day += timedelta(days=1)
        if day.weekday() >= _SATURDAY:
            continue
        if holidays == "us_federal" and day in us_federal_holidays(day.year):
            continue
        count -= 1
    return day


def due_at(site: Site, discovered_at: datetime, notice: DueNotice) -> datetime:
    """The last second in which a notice is in time: the end of its last day at the site."""
    day = day_at(site, discovered_at)
    if notice.business_days is not None:
        holidays = register_of(site.jurisdiction).holidays
        return end_of(site, add_business_days(day, notice.business_days, holidays))
    return end_of(site, day + timedelta(days=notice.days or 0))


def add_months(day: date, months: int) -> date:
    """The same day so many months on, or the last of a shorter month."""
    index = day.month - 1 + months
    year, month = day.year + index // 12, index % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def next_inventory(site: Site, last_at: datetime) -> date | None:
    """By which day the next inventory is due; ``None`` where the law sets no time."""
    months = register_of(site.jurisdiction).inventory_every_months
    return None if months is None else add_months(day_at(site, last_at), months)


__all__ = [
    "add_business_days",
    "add_months",
    "due_at",
    "next_inventory",
    "us_federal_holidays",
]
