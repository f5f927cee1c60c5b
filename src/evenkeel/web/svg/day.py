"""The day: chairs against hours, an appointment a box, one line for now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from django.utils import timezone
from django.utils.safestring import SafeString

from evenkeel.web.svg.markup import PAPER, element, group, join, link, path, picture, words
from evenkeel.web.svg.scale import clock_ticks, over_time, rows_for, shorten, text_width

State = Literal["done", "live", "planned", "gone"]

_LEFT = 76.0
_ROW = 27.0
_BOX: dict[str, dict[str, str]] = {
    "done": {"fill": PAPER["sunken"], "stroke": PAPER["line"]},
    "live": {"fill": PAPER["accent-soft"], "stroke": PAPER["accent"]},
    "planned": {"fill": "none", "stroke": PAPER["line-strong"], "stroke_dasharray": "4 3"},
    "gone": {"fill": "none", "stroke": PAPER["line"]},
}


@dataclass(frozen=True)
class Appointment:
    """One box: in which lane, when, who, and a short word about it."""

    lane: str
    start: datetime
    end: datetime
    name: str
    note: str = ""
    state: State = "planned"
    url: str = ""


@dataclass(frozen=True)
class Day:
    """The lanes from the top, the hours shown, and the appointments in any order."""

    start: datetime
    end: datetime
    lanes: Sequence[str]
    appointments: Sequence[Appointment] = field(default_factory=tuple)
    now: datetime | None = None
    title: str = "Today by chair"


def _clock(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local.hour}:{local.minute:02d}"


def _box(visit: Appointment, left: float, right: float, top: float) -> SafeString:
    spoken = f"{visit.name}, {_clock(visit.start)} to {_clock(visit.end)}"
    spoken += f", {visit.note}" if visit.note else ""
    room = right - left - 14
    name = shorten(visit.name, room)
    rest = shorten(visit.note, room - text_width(name) - 6) if name == visit.name else ""
    role = "labs" if visit.state == "live" else "lab"
    label = join([name, element("tspan", rest, dx=6, cls="side", font_weight=400) if rest else ""])
    shape = element(
        "rect",
        x=left,
        y=top + 3,
        width=right - left,
        height=21,
        rx=4,
        **_BOX[visit.state],
    )
    text = group(role, element("text", label, x=left + 7, y=top + 18)) if label else SafeString("")
    box = element("g", element("title", spoken), shape, text, cls=f"visit {visit.state}")
    return link(visit.url, box)


def _lane(
    day: Day, lane: str, x: Callable[[datetime], float], width: float, top: float
) -> tuple[SafeString, float]:
    visits = sorted((v for v in day.appointments if v.lane == lane), key=lambda v: v.start)
    visits = [v for v in visits if v.end > day.start and v.start < day.end]
    spans = []
    for visit in visits:
        left = x(max(visit.start, day.start))
        right = x(min(visit.end, day.end))
        spans.append((left, max(right, left + 6)))
    rows = rows_for(spans, most=len(spans) or 1, gap=0)
    count = max((row or 0 for row in rows), default=0) + 1
    boxes = [
        _box(visit, left, right, top + (row or 0) * _ROW)
        for visit, (left, right), row in zip(visits, spans, rows, strict=True)
    ]
    head = join(
        [
            group("grid", path(f"M0 {top:.1f}H{width:.0f}")),
            group("lab", words(0, top + 18, shorten(lane, _LEFT - 8))),
        ]
    )
    return join([head, *boxes]), top + count * _ROW


def day_timeline(day: Day, width: int = 992) -> SafeString:
    """Draw the day; visits of one lane that overlap get rows of their own.

    A visit in a lane not named is left out: every lane shown is named by the caller.
    """
    x = over_time(day.start, day.end, _LEFT, width - 10)
    top = 20.0
    lanes: list[SafeString] = []
    for lane in day.lanes:
        drawn, top = _lane(day, lane, x, width, top)
        lanes.append(drawn)
    bottom = top
    shown_now = day.now if day.now and day.start <= day.now <= day.end else None
    ticks = clock_ticks(day.start, day.end, 11)
    free = [t for t in ticks if not shown_now or abs(x(t.at) - x(shown_now)) > 40]
    grid = group("grid", *(path(f"M{x(t.at):.1f} 20V{bottom:.1f}") for t in ticks))
    hours = group(
        "tick",
        *(words(x(t.at), 13, t.label, "end" if x(t.at) > width - 24 else "middle") for t in free),
    )
    now = SafeString("")
    if shown_now:
        at = x(shown_now)
        now = join(
            [
                group("now", path(f"M{at:.1f} 16V{bottom:.1f}")),
                group("flag", element("rect", x=at - 21, y=0, width=42, height=17, rx=4)),
                group("flag-word", words(at, 13, _clock(shown_now), "middle")),
            ]
        )
    live = sum(v.state == "live" for v in day.appointments)
    spoken = f"{len(day.appointments)} appointments on {len(day.lanes)} lanes, {live} under way."
    return picture(width, bottom + 3, day.title, spoken, grid, hours, *lanes, now, cls="day")
