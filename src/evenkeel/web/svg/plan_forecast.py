"""What is expected of one session: a band for each quantity, and where a dose lies.

Everything drawn lies ahead, so the whole ground is that of the future. The median is never drawn
without its bands; what is given lies on the time axis; limits carry word and value.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.safestring import SafeString

from evenkeel.web.svg.markup import element, group, join, line_path, path, picture, words
from evenkeel.web.svg.scale import linear, round_ticks, text_width

Hue = Literal["concentration", "pressure", "dissociation", "sedation", "mood"]
Level = Literal["review", "hold", ""]

_WIDTH, _HEIGHT = 380.0, 176.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 36.0, 370.0, 10.0, 142.0
#: Nearer than this, two words of limits would lie on each other.
_WORD_HEIGHT = 20.0
_MINUTES = (15, 30, 60, 120, 240)
_DAYS = (7, 14, 28, 56)


@dataclass(frozen=True)
class Limit:
    """A value drawn across the picture with its word; hold solid, review dashed."""

    value: float
    word: str
    level: Level = ""


@dataclass(frozen=True)
class ForecastBand:
    """A quantity ahead: five rows of values (5, 25, 50, 75 and 95 % of people lie below).

    ``given`` are (from, to) on the time axis at which drug is given. Times are minutes, or days
    where ``in_weeks``. ``low`` and ``high``
    are what the axis shows at least.
    """

    hue: Hue
    title: str
    unit: str
    times: Sequence[float]
    values: Sequence[Sequence[float]]
    low: float
    high: float
    given: Sequence[tuple[float, float]] = ()
    limits: Sequence[Limit] = ()
    ticks: Sequence[float] = ()
    marked: int = 0
    spoken: str = ""
    in_weeks: bool = False


@dataclass(frozen=True)
class DoseScale:
    """A dose beside what was published: a range, single labeled doses, and what is never passed."""

    dose: float
    unit: str
    studied: tuple[float, float] | None = None
    labeled: Sequence[float] = ()
    never_above: float | None = None
    range_word: str = "Published range"


def forecast_band(band: ForecastBand) -> SafeString:
    """Draw the bands of one quantity over the minutes of a session. Needs at least two times."""
    low, high = _limits(band)
    x = linear(band.times[0], band.times[-1], _LEFT, _RIGHT)
    y = linear(low, high, _BOTTOM, _TOP)
    ticks = [v for v in band.ticks if low <= v <= high] or round_ticks(low, high, 4)
    return picture(
        _WIDTH,
        _HEIGHT,
        f"{band.title}, forecast",
        band.spoken,
        group(
            "future",
            element("rect", x=_LEFT, y=_TOP - 4, width=_RIGHT - _LEFT, height=_BOTTOM - _TOP + 4),
        ),
        group("grid", *(path(f"M{_LEFT:.0f} {y(v):.1f}H{_RIGHT:.0f}") for v in ticks)),
        group("tick", *(words(_LEFT - 6, y(v) + 4, f"{v:g}", "end") for v in ticks)),
        _time_axis(band, x),
        group("b90", path(_between(band, 0, 4, x, y)), hue=band.hue),
        group("b50", path(_between(band, 1, 3, x, y)), hue=band.hue),
        group("med", path(_line(band, 2, x, y)), hue=band.hue),
        _given(band, x),
        *_limit_lines([limit for limit in band.limits if low <= limit.value <= high], y),
        _mark(band, x, y),
        cls="forecast-band",
    )


def _limits(band: ForecastBand) -> tuple[float, float]:
    inside = [value for row in band.values for value in row]
    return min(band.low, *inside), max(band.high, *inside)


def _line(
    band: ForecastBand, row: int, x: Callable[[float], float], y: Callable[[float], float]
) -> str:
    return line_path(
        (x(at), y(value)) for at, value in zip(band.times, band.values[row], strict=True)
    )


def _between(
    band: ForecastBand,
    lower: int,
    upper: int,
    x: Callable[[float], float],
    y: Callable[[float], float],
) -> str:
    there = [(x(t), y(v)) for t, v in zip(band.times, band.values[upper], strict=True)]
    back = [(x(t), y(v)) for t, v in zip(band.times, band.values[lower], strict=True)]
    return line_path([*there, *reversed(back)]) + "Z"


def _time_axis(band: ForecastBand, x: Callable[[float], float]) -> SafeString:
    first, last = band.times[0], band.times[-1]
    steps = _DAYS if band.in_weeks else _MINUTES
    step = next((s for s in steps if (last - first) / s <= (5 if band.in_weeks else 8)), 480)
    at = [first + step * n for n in range(int((last - first) / step) + 1)]
    labels = [
        words(x(t), _BOTTOM + 22, _when(band, t), "start" if n == 0 else _anchor(x(t)))
        for n, t in enumerate(at)
    ]
    base = group("axis", path(f"M{_LEFT:.0f} {_BOTTOM:.1f}H{_RIGHT:.0f}"))
    return join([base, group("tick", *labels)])


def _when(band: ForecastBand, at: float) -> str:
    if band.in_weeks:
        return "start" if at == 0 else f"week {at / 7:g}"
    return f"{at:g}" if at else "0 min"


def _anchor(x: float) -> str:
    return "end" if x > _RIGHT - 16 else "middle"


def _given(band: ForecastBand, x: Callable[[float], float]) -> SafeString:
    """What is given, on the axis: an infusion a bar, a dose at once a short one."""
    bars = [
        element(
            "rect", x=x(start), y=_BOTTOM + 1, width=max(4.0, x(end) - x(start)), height=5, rx=1
        )
        for start, end in band.given
    ]
    return group("solid", *bars, hue="concentration")


def _limit_lines(limits: Sequence[Limit], y: Callable[[float], float]) -> list[SafeString]:
    """Every limit with its word; where two lie close, the second word stands at the other end."""
    drawn: list[SafeString] = []
    for n, limit in enumerate(limits):
        close = any(abs(y(limit.value) - y(other.value)) < _WORD_HEIGHT for other in limits[:n])
        drawn.append(_limit(limit, y, at_left=close))
    return drawn


def _limit(limit: Limit, y: Callable[[float], float], *, at_left: bool) -> SafeString:
    at = y(limit.value)
    line = path(f"M{_LEFT:.0f} {at:.1f}H{_RIGHT:.0f}")
    role = f"thr {limit.level}".strip()
    base = at - 4 if at - 4 > _TOP + 8 else at + 13
    end = (_LEFT + 4, "start") if at_left else (_RIGHT - 4, "end")
    word = words(end[0], base, limit.word, end[1], cls="halo")
    return join(
        [group(role, line), group(f"tick {limit.level}-word" if limit.level else "tick", word)]
    )


def _mark(
    band: ForecastBand, x: Callable[[float], float], y: Callable[[float], float]
) -> SafeString:
    """The median where it is furthest from its start, as a number beside the line."""
    value = band.values[2][band.marked]
    at = min(max(x(band.times[band.marked]), _LEFT + 14), _RIGHT - 14)
    level = y(value)
    below = value < band.values[2][0]
    place = level + 15 if below else level - 7
    place = min(max(place, _TOP + 8), _BOTTOM - 3)
    text = f"{value:.0f}" if band.high > 20 else f"{value:.1f}"
    label = words(at, place, text, "middle", cls="halo")
    return group("labs hued", label, hue=band.hue)


def dose_scale(scale: DoseScale) -> SafeString:
    """Draw where a dose lies: the range as a bar, labeled doses as ticks, this one as a dot."""
    known = [scale.dose, *scale.labeled]
    known += list(scale.studied or ())
    if scale.never_above is not None:
        known.append(scale.never_above)
    x = linear(0.0, max(known) * 1.06, 10.0, _WIDTH - 14)
    line = 30.0
    parts: list[SafeString] = [group("axis", path(f"M10 {line}H{_WIDTH - 14:.0f}"))]
    labels: list[SafeString] = []
    if scale.studied is None or x(scale.studied[0]) > 34:
        labels.append(words(10.0, line + 22, "0", "start"))
    spoken = [f"This plan: {scale.dose:g} {scale.unit}."]
    if scale.studied is not None:
        low, high = scale.studied
        bar = element(
            "rect", x=x(low), y=line - 4, width=max(2.0, x(high) - x(low)), height=8, rx=2
        )
        parts.append(group("b50", bar, hue="concentration"))
        labels.append(words(x(low), line + 22, f"{low:g}", "middle"))
        labels.append(words(x(high), line + 22, f"{high:g}", "middle"))
        spoken.append(f"{scale.range_word}: {low:g} to {high:g} {scale.unit}.")
    for labeled in scale.labeled:
        parts.append(group("mark", path(f"M{x(labeled):.1f} {line - 6}v12")))
        if labeled != scale.never_above:
            labels.append(words(x(labeled), line + 22, f"{labeled:g}", "middle"))
        spoken.append(f"Labeled: {labeled:g} {scale.unit}.")
    if scale.never_above is not None:
        at = x(scale.never_above)
        parts.append(group("thr hold", path(f"M{at:.1f} {line - 12}v24")))
        anchor = "end" if at > _WIDTH - 60 else "middle"
        word = f"never above {scale.never_above:g}"
        parts.append(group("tick hold-word", words(at, line + 22, word, anchor, cls="halo")))
        spoken.append(f"Never above {scale.never_above:g} {scale.unit}.")
    at = x(scale.dose)
    text = f"{scale.dose:g} {scale.unit}"
    half = text_width(text) / 2
    parts.append(group("pt", element("circle", cx=at, cy=line, r=6.0), hue="concentration"))
    named = words(min(max(at, half + 2), _WIDTH - half - 2), line - 14, text, "middle", cls="halo")
    return picture(
        _WIDTH,
        58.0,
        "Where this dose lies",
        " ".join(spoken),
        *parts,
        group("tick", *labels),
        group("labs", named),
        cls="dose-scale",
    )
