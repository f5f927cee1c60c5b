"""HL7 times (DTM, older TS): ``YYYYMMDDHHMM[SS[.S...]][+/-ZZZZ]``.

python-hl7 has a parser for these, but it takes a day without an hour as midnight and at most four
digits of a second. A measurement charted at a midnight nobody measured at is wrong, so here a
time without minutes is no time.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_DTM = re.compile(
    r"(?P<day>[0-9]{8})(?P<minute>[0-9]{4})(?:(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{0,40}))?)?"
    r"(?P<zone>[+-][0-9]{4}|Z)?"
)
# A monitor whose battery died says 1970 or 2000; what lies outside this is not a date at all.
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_MAX_ZONE_MIN = 14 * 60


def parse_time(text: str, zone: tzinfo, *, near: datetime) -> datetime | None:
    """The aware time in ``text``, or None where it is empty, malformed or coarser than a minute.

    ``zone`` holds where the text names none. In the hour that daylight saving repeats, the two
    readings of such a time are an hour apart: the later one that is not after ``near`` (when the
    message was received) is taken. Digits past the microsecond are cut, never rounded up.
    """
    match = _DTM.fullmatch(text.strip())
    if match is None:
        return None
    day, minute = match["day"], match["minute"]
    year = int(day[:4])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    fraction = (match["fraction"] or "").ljust(6, "0")[:6]
    try:
        plain = datetime(  # noqa: DTZ001 the zone is attached below
            year,
            int(day[4:6]),
            int(day[6:8]),
            int(minute[:2]),
            int(minute[2:]),
            int(match["second"] or 0),
            int(fraction),
        )
    except ValueError:
        return None
    if match["zone"]:
        explicit = _offset(match["zone"])
        return None if explicit is None else plain.replace(tzinfo=explicit)
    return _localize(plain, zone, near)


def zone_of(text: str) -> tzinfo | None:
    """The zone written in an HL7 time, or None.

    HL7 v2 chapter 2, MSH-7: a zone given there "will be used throughout the message as the
    default time zone".
    """
    match = _DTM.fullmatch(text.strip())
    if match is None or not match["zone"]:
        return None
    return _offset(match["zone"])


def format_time(at: datetime) -> str:
    """``at`` (aware) as HL7 writes it, to the millisecond, with its zone."""
    return f"{at:%Y%m%d%H%M%S}.{at.microsecond // 1000:03d}{at:%z}"


def _offset(text: str) -> tzinfo | None:
    if text == "Z":
        return UTC
    hours, minutes = int(text[1:3]), int(text[3:5])
    total_min = hours * 60 + minutes
    if minutes > 59 or total_min > _MAX_ZONE_MIN:
        return None
    return timezone(timedelta(minutes=-total_min if text[0] == "-" else total_min))


def _localize(plain: datetime, zone: tzinfo, near: datetime) -> datetime:
    first = plain.replace(tzinfo=zone, fold=0)
    second = plain.replace(tzinfo=zone, fold=1)
    # Fixed to an offset at once: subtraction of two times that share a ZoneInfo ignores the fold.
    first_fixed, second_fixed = _fix(first), _fix(second)
    if second_fixed > first_fixed and second_fixed <= near:
        return second_fixed
    return first_fixed


def _fix(at: datetime) -> datetime:
    offset = at.utcoffset()
    return at.replace(tzinfo=UTC if offset is None else timezone(offset), fold=0)
