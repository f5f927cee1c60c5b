"""A control chart: points in order of time, their center, their limits, and what is no chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from evenkeel.web.svg.markup import element, group, join, line_path, path, picture, step_path, words
from evenkeel.web.svg.scale import linear, round_ticks, text_width

_TOP = 24.0
_BOTTOM = 26.0
_RIGHT = 16.0


@dataclass(frozen=True)
class ControlPoint:
    """One point. ``value`` ``None``: nothing to draw. Limits ``None``: there are none.

    ``signal`` says in words what is no chance; ``note`` is the letter of what was looked into.
    """

    label: str
    value: float | None
    center: float | None = None
    low: float | None = None
    high: float | None = None
    signal: str = ""
    note: str = ""
    phase: int = 0


@dataclass(frozen=True)
class ControlPicture:
    """The whole; ``write`` puts a value into words, ``floor`` is where the axis begins."""

    title: str
    points: Sequence[ControlPoint]
    write: Callable[[float], str]
    floor: float | None = 0.0
    ceiling: float | None = None
    #: The axis reaches at least so high.
    least: float = 0.0


def control_chart(shown: ControlPicture, width: float = 720.0, height: float = 240.0) -> SafeString:
    """The drawing as SVG, ``width`` px wide; a table of the same values belongs beside it."""
    low, high = _span(shown)
    floor = height - _BOTTOM
    y = linear(low, high, floor, _TOP)
    ticks = [v for v in round_ticks(low, high, 4) if low <= v <= high]
    left = 14 + max((text_width(shown.write(v)) for v in ticks), default=20.0)
    count = max(1, len(shown.points) - 1)
    x = linear(0, count, left + 8, width - _RIGHT)
    return picture(
        width,
        height,
        shown.title,
        _told(shown),
        join(
            [
                group("grid", *(path(f"M{left:.0f} {y(v):.1f}H{width - 6:.0f}") for v in ticks)),
                group("tick", *(words(left - 6, y(v) + 4, shown.write(v), "end") for v in ticks)),
                _times(shown, x, floor, width),
                _limits(shown, x, y),
                _line(shown, x, y),
                _marks(shown, x, y),
            ]
        ),
        cls="control",
    )


def _span(shown: ControlPicture) -> tuple[float, float]:
    found = [
        v for p in shown.points for v in (p.value, p.center, p.low, p.high) if v is not None
    ] or [0.0, 1.0]
    low = min(found) if shown.floor is None else min(shown.floor, *found)
    high = max(shown.least, *found)
    if shown.ceiling is not None:
        high = min(max(high, low), shown.ceiling)
    if high <= low:
        high = low + 1
    return low, high + (high - low) * (0.0 if high == shown.ceiling else 0.06)


def _told(shown: ControlPicture) -> str:
    drawn = [p for p in shown.points if p.value is not None]
    if not drawn:
        return "No point yet."
    last = drawn[-1]
    assert last.value is not None
    said = f"{len(drawn)} points; the last, {last.label}, is {shown.write(last.value)}."
    signals = [p for p in drawn if p.signal]
    if signals:
        return said + " " + " ".join(f"Signal at {p.label}: {p.signal}." for p in signals)
    if any(p.high is not None or p.low is not None for p in drawn):
        return said + " All within what chance alone makes."
    return said + " Too few points for limits."


def _times(
    shown: ControlPicture, x: Callable[[float], float], floor: float, width: float
) -> SafeString:
    labels, ticks, ends = [], [], -1.0
    for place, point in enumerate(shown.points):
        half = text_width(point.label) / 2
        if x(place) - half > ends + 6 and x(place) + half < width:
            labels.append(words(x(place), floor + 18, point.label, "middle"))
            ticks.append(path(f"M{x(place):.1f} {floor:.1f}v4"))
            ends = x(place) + half
    return join([group("axis", *ticks), group("tick", *labels)])


def _phases(points: Sequence[ControlPoint]) -> list[list[tuple[int, ControlPoint]]]:
    found: dict[int, list[tuple[int, ControlPoint]]] = {}
    for place, point in enumerate(points):
        found.setdefault(point.phase, []).append((place, point))
    return list(found.values())


def _limits(
    shown: ControlPicture, x: Callable[[float], float], y: Callable[[float], float]
) -> SafeString:
    centers, limits = [], []
    for phase in _phases(shown.points):
        centers.append(path(_steps(phase, "center", x, y)))
        limits.append(path(_steps(phase, "high", x, y)))
        limits.append(path(_steps(phase, "low", x, y)))
    return join([group("med", *centers, hue="compare"), group("thr review", *limits)])


def _steps(
    phase: Sequence[tuple[int, ControlPoint]],
    name: str,
    x: Callable[[float], float],
    y: Callable[[float], float],
) -> str:
    """A level over each point's own width: a limit that varies reads as one step a point."""
    data: list[tuple[float, float]] = []
    whole = ""
    for place, point in phase:
        level = getattr(point, name)
        if level is None:
            whole, data = whole + step_path(data), []
            continue
        data += [(x(place - 0.5), y(level)), (x(place + 0.5), y(level))]
    return whole + step_path(data)


def _line(
    shown: ControlPicture, x: Callable[[float], float], y: Callable[[float], float]
) -> SafeString:
    lines = []
    for phase in _phases(shown.points):
        drawn = [(x(place), y(p.value)) for place, p in phase if p.value is not None]
        lines.append(path(line_path(drawn)))
    return group("obs", *lines, hue="mood")


def _marks(
    shown: ControlPicture, x: Callable[[float], float], y: Callable[[float], float]
) -> SafeString:
    dots, odd, letters = [], [], []
    for place, point in enumerate(shown.points):
        if point.value is None:
            continue
        a, b = x(place), y(point.value)
        spoken = f"{point.label}: {shown.write(point.value)}"
        if point.signal:
            title = element("title", f"{spoken}. Signal: {point.signal}")
            odd.append(element("path", title, d=f"M{a:.1f} {b - 8:.1f}l8 8l-8 8l-8 -8Z"))
        else:
            dots.append(element("circle", element("title", spoken), cx=a, cy=b, r=4))
        if point.note:
            letters.append(words(a, max(12.0, b - 13), point.note, "middle", cls="halo"))
    return join(
        [
            group("pt", *dots, hue="mood"),
            group("pt", *odd, hue="dissociation"),
            group("labs", *letters),
        ]
    )
