"""When the sessions of a plan would fall, and a small drawing of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.utils.safestring import SafeString

from evenkeel.web.svg.markup import element, group, join, picture, words
from evenkeel.web.wording import day_text

_WIDTH: Final = 520.0
_LEFT: Final = 12.0
_LINE_Y: Final = 40.0
#: Days between two labels of weeks, and the room that one needs.
_LABEL_EVERY: Final = (7, 14, 28, 56, 91, 182, 364)
_LABEL_PX: Final = 66.0


def session_days(first: date, sessions: int, spacing_days: Decimal) -> list[date]:
    """The days of the sessions: each ``spacing_days`` after the one before, to the nearest day.

    Half days are counted from the first session, so 3.5 gives every seventh day twice.
    """
    start = datetime(first.year, first.month, first.day)  # noqa: DTZ001 days only, no moment
    gap = timedelta(days=float(spacing_days))
    return [(start + gap * n).date() for n in range(sessions)]


def draw_schedule(days: list[date]) -> SafeString:
    """The days as dots on a line of weeks, numbered where there is room."""
    last = max((days[-1] - days[0]).days, 7)
    scale = (_WIDTH - 2 * _LEFT) / last
    step = next((days for days in _LABEL_EVERY if days * scale >= _LABEL_PX), last)

    def x_of(offset: int) -> float:
        return _LEFT + offset * scale

    ticks, labels = [], []
    for offset in range(0, last + 1, step):
        ticks.append(element("path", d=f"M{x_of(offset):.1f} {_LINE_Y - 6}v12"))
        anchor = "start" if offset == 0 else "end" if offset + step > last else "middle"
        label = "start" if offset == 0 else f"week {offset // 7}"
        labels.append(words(x_of(offset), _LINE_Y + 26, label, anchor))
    crowded = scale * (last / max(len(days) - 1, 1)) < 18
    dots, numbers = [], []
    for n, day in enumerate(days):
        x = x_of((day - days[0]).days)
        dots.append(element("circle", cx=x, cy=_LINE_Y, r=5.0))
        if not crowded or n in (0, len(days) - 1):
            numbers.append(words(x, _LINE_Y - 14, n + 1, "middle"))
    spoken = f"{len(days)} sessions from {day_text(days[0])} to {day_text(days[-1], year=True)}"
    return picture(
        _WIDTH,
        72.0,
        spoken,
        ", ".join(day_text(day) for day in days[:30]),
        group("axis", element("path", d=f"M{_LEFT} {_LINE_Y}H{_WIDTH - _LEFT}"), join(ticks)),
        group("tick", join(labels)),
        group("pt", join(dots), hue="concentration"),
        group("labs", join(numbers)),
        cls="schedule",
    )
