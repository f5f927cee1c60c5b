"""FHIR R4 dates and times, whole or partial.

Grammar: FHIR R4 datatypes, `date`, `dateTime` and `instant`
(https://hl7.org/fhir/R4/datatypes.html#dateTime): YYYY, YYYY-MM, YYYY-MM-DD, or with a time,
then with seconds and a time zone. Mark: sourced.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

from .node import Node
from .reading import Precision

_GRAMMAR = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})"
    r"(?:T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(Z|[+-][0-9]{2}:[0-9]{2}))?)?)?"
)
_NO_ZONE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+")
_YEARS = range(1850, 2201)  # assumed: nobody treated today has an older date on file

# A day written in the easternmost zone (UTC+14) may have begun while it is yesterday in UTC.
_DAY_SLACK = timedelta(hours=14)
_CLOCK_SLACK = timedelta(minutes=5)  # assumed: two systems' clocks may differ by this much

_FORMS = "Dates are written YYYY, YYYY-MM or YYYY-MM-DD; times YYYY-MM-DDThh:mm:ss with a zone."


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time as far as it is known: `at` (UTC) is the start of what `text` says."""

    at: datetime
    precision: Precision
    text: str

    @property
    def day(self) -> date | None:
        """The calendar day as written; None for a year or a month."""
        return date.fromisoformat(self.text[:10]) if len(self.text) >= 10 else None


def read_moment(node: Node, key: str, *, future_allowed: bool = False) -> Moment | None:
    """The date or time at `key`; None where absent or bad (then a problem was gathered)."""
    text = node.text(key)
    if text is None:
        return None
    moment = _parse(text)
    if moment is None:
        node.problem(key, _fault(text), _FORMS)
        return None
    slack = _CLOCK_SLACK if moment.precision == "instant" else _DAY_SLACK
    if not future_allowed and moment.at > node.intake.now + slack:
        node.problem(
            key,
            "The date lies in the future.",
            "Have it corrected where it came from, or check this computer's clock.",
        )
        return None
    return moment


def read_period(
    node: Node, key: str, *, first: str = "start", future_allowed: bool = False
) -> Moment | None:
    """The `first` side (`start` or `end`) of the Period at `key`, or the other if only that is."""
    period = node.node(key)
    if period is None:
        return None
    other = "end" if first == "start" else "start"
    which = first if period.has(first) else other
    return read_moment(period, which, future_allowed=future_allowed)


def _fault(text: str) -> str:
    if _NO_ZONE.fullmatch(text):
        return "The time has no time zone (or no seconds), so it is not certain when it was."
    return "It is not a date that exists."


def _parse(text: str) -> Moment | None:
    match = _GRAMMAR.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    if int(year) not in _YEARS:
        return None
    try:
        if hour is None:
            at = datetime(int(year), int(month or 1), int(day or 1), tzinfo=UTC)
            return Moment(at, "day" if day else "month" if month else "year", text)
        at = datetime(
            int(year),
            int(month),
            int(day),
            int(hour),
            int(minute),
            min(int(second), 59) if int(second) <= 60 else 99,  # :60 is a leap second
            int((fraction or "")[:6].ljust(6, "0")),
            tzinfo=_zone(zone),
        )
        return Moment(at.astimezone(UTC), "instant", text)
    except ValueError:
        return None


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    if minutes > 59 or hours * 60 + minutes > 14 * 60:
        raise ValueError("no such offset")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
