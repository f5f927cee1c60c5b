"""Scales, ticks and the placing of labels."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

# A 12 px letter of a wide system font; layouts must hold with a font 12 % wider than usual.
LETTER_PX = 6.9

_MINUTE_STEPS = (5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720)
_DAY_STEPS = (1, 2, 7, 14)


def linear(low: float, high: float, first: float, last: float) -> Callable[[float], float]:
    """Return a map from [low, high] to [first, last]; a flat domain maps to the middle."""
    if high == low:
        return lambda _value: (first + last) / 2
    return lambda value: first + (value - low) / (high - low) * (last - first)


def over_time(
    start: datetime, end: datetime, first: float, last: float
) -> Callable[[datetime], float]:
    """Return a map from a span of time to [first, last]; times must be aware."""
    scale = linear(start.timestamp(), end.timestamp(), first, last)
    return lambda moment: scale(moment.timestamp())


def round_ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Return round values within [low, high], near `about` of them, in steps of 1, 2 or 5."""
    if high <= low:
        return [low]
    rough = (high - low) / max(1, about)
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((m * power for m in (1, 2, 5, 10)), key=lambda s: abs(s - rough))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]


@dataclass(frozen=True)
class TimeTick:
    """One mark of a time axis with its words."""

    at: datetime
    label: str


def clock_ticks(start: datetime, end: datetime, about: int = 8) -> list[TimeTick]:
    """Return clock times on round minutes of the local day, near `about` of them."""
    minutes = max(1.0, (end - start).total_seconds() / 60)
    step = next((s for s in _MINUTE_STEPS if minutes / s <= about * 1.3), _MINUTE_STEPS[-1])
    local = timezone.localtime(start)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    passed = math.ceil((local - midnight).total_seconds() / 60 / step)
    ticks = []
    moment = midnight + timedelta(minutes=passed * step)
    while moment <= end:
        shown = timezone.localtime(moment)
        ticks.append(TimeTick(moment, f"{shown.hour}:{shown.minute:02d}"))
        moment += timedelta(minutes=step)
    return ticks


def calendar_ticks(start: datetime, end: datetime, about: int = 7) -> list[TimeTick]:
    """Return days, weeks or months of the local calendar, near `about` of them.

    A January tick carries its year, so a course over New Year is read right.
    """
    days = max(1.0, (end - start).total_seconds() / 86400)
    local = timezone.localtime(start)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if days <= 60:
        step = next((s for s in _DAY_STEPS if days / s <= about * 1.3), 14)
        moment = midnight if midnight >= local else midnight + timedelta(days=1)
        found = []
        while moment <= end:
            found.append(TimeTick(moment, f"{moment.day} {moment:%b}"))
            moment += timedelta(days=step)
        return found
    step = max(1, math.ceil(days / 30.44 / (about * 1.3)))
    year, month = midnight.year, midnight.month
    ticks = []
    while True:
        moment = midnight.replace(year=year, month=month, day=1)
        if moment > end:
            return ticks
        if moment >= start and (month - 1) % step == 0:
            ticks.append(TimeTick(moment, f"{moment:%b %Y}" if month == 1 else f"{moment:%b}"))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def text_width(text: str, letter_px: float = LETTER_PX) -> float:
    """Return the width in px a 12 px line of text may take."""
    return len(text) * letter_px


def shorten(text: str, width: float) -> str:
    """Cut text to a width, with an ellipsis; empty where not even three letters fit."""
    if text_width(text) <= width:
        return text
    fits = int(width / LETTER_PX) - 1
    return text[:fits].rstrip() + "…" if fits >= 3 else ""


def rows_for(spans: Sequence[tuple[float, float]], most: int, gap: float = 4) -> list[int | None]:
    """Give each span the first row where it covers no earlier one; None where `most` are full.

    Spans are (left, right) in drawing order from the left; rows count from 0.
    """
    ends: list[float] = []
    rows: list[int | None] = []
    for left, right in spans:
        for row, end in enumerate(ends):
            if left >= end + gap:
                ends[row] = right
                rows.append(row)
                break
        else:
            if len(ends) < most:
                ends.append(right)
                rows.append(len(ends) - 1)
            else:
                rows.append(None)
    return rows
