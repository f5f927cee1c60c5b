"""One questionnaire over time: its totals, the sessions, and what they are to be read against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.safestring import SafeString

from evenkeel.web.svg.markup import element, group, join, line_path, path, picture, words
from evenkeel.web.svg.scale import calendar_ticks, linear, over_time, round_ticks, text_width
from evenkeel.web.svg.story import ForecastPoint, ScoreLine, ScorePoint

_LEFT = 40.0
_RIGHT_GAP = 14.0
_TOP = 34.0
_HEIGHT = 300.0
_FLOOR = _HEIGHT - 32


@dataclass(frozen=True)
class NumberedSession:
    """A session in which a dose was given."""

    number: int
    at: datetime


@dataclass(frozen=True)
class Reference:
    """A published course, drawn thin beside the person's: dated values and its name."""

    label: str
    points: Sequence[tuple[datetime, float]]


@dataclass(frozen=True)
class ScoreChart:
    """What is drawn. Times are aware; values stand on the questionnaire's own scale.

    ``band`` is the range of totals that chance alone explains around the baseline; ``forecast`` is
    given where there is one.
    """

    instrument: str
    start: datetime
    end: datetime
    today: datetime
    low: float
    high: float
    points: Sequence[ScorePoint] = ()
    sessions: Sequence[NumberedSession] = ()
    lines: Sequence[ScoreLine] = ()
    band: tuple[float, float] | None = None
    band_label: str = ""
    forecast: Sequence[ForecastPoint] = ()
    forecast_label: str = ""
    references: Sequence[Reference] = ()
    higher_is_better: bool = False


def score_chart(chart: ScoreChart, width: float = 720.0) -> SafeString:
    """The drawing as SVG, ``width`` px wide; a text table belongs beside it."""
    x = over_time(chart.start, chart.end, _LEFT, width - _RIGHT_GAP)
    y = linear(chart.low, chart.high, _FLOOR, _TOP)
    right = width - _RIGHT_GAP
    return picture(
        width,
        _HEIGHT,
        f"{chart.instrument} over time",
        _told(chart),
        join(
            [
                _axis(chart, x, y, right),
                _band(chart, y, right),
                _forecast(chart, x, y),
                _sessions(chart, x),
                _levels(chart, y, right),
                _references(chart, x, y, right),
                _totals(chart, x, y),
            ]
        ),
    )


def _told(chart: ScoreChart) -> str:
    better = "Higher is better." if chart.higher_is_better else "Lower is better."
    ordered = sorted(chart.points, key=lambda p: p.at)
    if not ordered:
        return f"No total yet. {better}"
    first, last = ordered[0], ordered[-1]
    said = f"{len(ordered)} totals, {first.score:g} on {_day(first.at)}"
    if len(ordered) > 1:
        said += f", {last.score:g} on {_day(last.at)}"
    return f"{said}; {len(chart.sessions)} sessions. {better}"


def _day(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local.day} {local:%b}"


def _axis(
    chart: ScoreChart, x: Callable[[datetime], float], y: Callable[[float], float], right: float
) -> SafeString:
    values = round_ticks(chart.low, chart.high, 4)
    ticks = calendar_ticks(chart.start, chart.end, 5)
    return join(
        [
            group("grid", *(path(f"M{_LEFT:.0f} {y(v):.1f}H{right:.0f}") for v in values)),
            group("tick", *(words(_LEFT - 8, y(v) + 4, f"{v:g}", "end") for v in values)),
            group("axis", *(path(f"M{x(t.at):.1f} {_FLOOR:.1f}v5") for t in ticks)),
            group(
                "tick",
                *(
                    words(x(t.at), _FLOOR + 19, t.label)
                    for t in ticks
                    if x(t.at) + text_width(t.label) < right + _RIGHT_GAP
                ),
            ),
        ]
    )


def _band(chart: ScoreChart, y: Callable[[float], float], right: float) -> SafeString:
    if chart.band is None:
        return SafeString("")
    low, high = max(chart.low, chart.band[0]), min(chart.high, chart.band[1])
    rect = element("rect", x=_LEFT, y=y(high), width=right - _LEFT, height=y(low) - y(high))
    label = words(_LEFT + 6, y(high) + 14, chart.band_label, cls="halo") if chart.band_label else ""
    return join([group("b90", rect, hue="concentration"), group("tick", label)])


def _forecast(
    chart: ScoreChart, x: Callable[[datetime], float], y: Callable[[float], float]
) -> SafeString:
    points = sorted(chart.forecast, key=lambda p: p.at)
    if not points:
        return SafeString("")
    outline = [(x(p.at), y(p.high_90)) for p in points]
    outline += [(x(p.at), y(p.low_90)) for p in reversed(points)]
    middle = [(x(p.at), y(p.median)) for p in points]
    label = words(middle[-1][0], middle[-1][1] - 8, chart.forecast_label, "end", cls="halo")
    return join(
        [
            group("b90", path(line_path(outline) + "Z"), hue="mood"),
            group("med", path(line_path(middle)), hue="mood", stroke_dasharray="4 3"),
            group("labs hued", label if chart.forecast_label else "", hue="mood"),
        ]
    )


def _sessions(chart: ScoreChart, x: Callable[[datetime], float]) -> SafeString:
    drops, heads = [], []
    last = -99.0
    for session in sorted(chart.sessions, key=lambda s: s.at):
        at = x(session.at)
        spoken = element("title", f"Session {session.number}, {_day(session.at)}")
        drops.append(path(f"M{at:.1f} {_TOP - 6:.1f}V{_FLOOR:.1f}"))
        if at - last >= 17:
            circle = element("circle", cx=at, cy=_TOP - 16, r=8.5)
            number = words(at, _TOP - 12, session.number, "middle")
            heads += [
                group("solid", spoken, circle, hue="concentration"),
                group("solid-word", number, hue="concentration"),
            ]
            last = at
        else:
            dot = element("circle", cx=at, cy=_TOP - 16, r=2.5)
            heads.append(group("solid", spoken, dot, hue="concentration"))
    return join([group("drop", *drops, hue="concentration"), *heads])


def _levels(chart: ScoreChart, y: Callable[[float], float], right: float) -> SafeString:
    rules = [path(f"M{_LEFT:.0f} {y(line.score):.1f}H{right:.0f}") for line in chart.lines]
    labels = []
    for line in chart.lines:
        # above the lower of two lines there may be no room: the words then stand below
        crowded = any(0 < y(line.score) - y(o.score) < 18 for o in chart.lines)
        base = y(line.score) + (14 if crowded else -5)
        labels.append(words(right - 4, base, line.label, "end", cls="halo"))
    return join([group("thr", *rules), group("tick", *labels)])


def _references(
    chart: ScoreChart, x: Callable[[datetime], float], y: Callable[[float], float], right: float
) -> SafeString:
    lines, marks, labels = [], [], []
    for number, reference in enumerate(chart.references, start=1):
        points = [(x(at), y(value)) for at, value in reference.points if x(at) <= right]
        if not points:
            continue
        lines.append(path(line_path(points)))
        a, b = points[-1]
        spoken = element("title", reference.label)
        marks += [element("circle", spoken, cx=p, cy=q, r=2.2) for p, q in points[1:]]
        labels.append(words(min(a + 6, right), b + 4, chr(96 + number), cls="halo"))
    return join(
        [group("ghost", *lines), group("tick", *marks), group("lab", *labels)] if lines else []
    )


def _totals(
    chart: ScoreChart, x: Callable[[datetime], float], y: Callable[[float], float]
) -> SafeString:
    ordered = sorted(chart.points, key=lambda p: p.at)
    points = [(x(p.at), y(p.score)) for p in ordered]
    dots = [
        element(
            "circle",
            element("title", f"{chart.instrument} {p.score:g}, {_day(p.at)}"),
            cx=a,
            cy=b,
            r=4.5,
        )
        for p, (a, b) in zip(ordered, points, strict=True)
    ]
    ends = []
    if points:
        (a, b), first = points[0], ordered[0]
        ends.append(words(a, b - 10, f"{first.score:g}", "middle", cls="halo"))
    if len(points) > 1:
        (a, b), last = points[-1], ordered[-1]
        # below the point where a level and its words stand close above it
        under = any(0 <= b - y(line.score) < 26 for line in chart.lines)
        ends.append(words(a, b + 20 if under else b - 10, f"{last.score:g}", "middle", cls="halo"))
    return join(
        [
            group("obs", path(line_path(points)), hue="mood") if points else "",
            group("pt", *dots, hue="mood"),
            group("labs hued", *ends, hue="mood"),
        ]
    )
