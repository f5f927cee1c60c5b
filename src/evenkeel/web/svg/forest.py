"""A forest plot: a line a study, the box by its weight, the diamond for all of them together."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from evenkeel.web.svg.markup import element, group, path, picture, words
from evenkeel.web.svg.scale import LETTER_PX, linear, round_ticks, shorten, text_width

#: Where less than this is left for the lines, a study's words stand above its line.
_FIELD_PX = 170.0
_ROW_PX, _HEAD_PX, _FOOT_PX = 28.0, 26.0, 44.0
_NUMBERS_PX, _WEIGHT_PX = 164.0, 54.0
_RATIO_TICKS = (0.001, 0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1000)
#: The field never spans more than this many times either way, nor more than it must.
_FARTHEST = 200.0


@dataclass(frozen=True)
class ForestStudy:
    """One study on the reader's scale; ``weight`` in percent, ``counts`` as a short word."""

    name: str
    effect: float
    low: float
    high: float
    weight: float
    counts: str = ""


@dataclass(frozen=True)
class Forest:
    """What the plot shows. ``ratio`` draws on a log scale with no effect at 1, else at 0.

    ``together`` and ``further`` are (estimate, low, high) and (low, high), or None where nothing
    is pooled. ``left`` and ``right`` say what each side of no effect means.
    """

    title: str
    studies: Sequence[ForestStudy]
    ratio: bool
    unit: str
    together: tuple[float, float, float] | None = None
    further: tuple[float, float] | None = None
    left: str = ""
    right: str = ""
    counts_head: str = ""


def forest_plot(forest: Forest, width: int = 880) -> SafeString:
    """Draw the plot ``width`` px wide; where that is too little each study takes two lines.

    Raises ValueError for a ratio that is not above 0.
    """
    numbers = [v for s in forest.studies for v in (s.effect, s.low, s.high)]
    numbers += [*(forest.together or ()), *(forest.further or ())]
    if forest.ratio and any(v <= 0 for v in numbers):
        raise ValueError("a ratio is above 0")
    layout = _Layout(forest, width)
    parts = [_heads(forest, layout)]
    bottom = _HEAD_PX
    most = max((s.weight for s in forest.studies), default=1.0) or 1.0
    marks = []
    for study in forest.studies:
        marks.append(_study(study, layout, bottom, most))
        bottom += layout.row
    if forest.together:
        marks.append(_together(forest.together, layout, bottom))
        bottom += layout.row
    if forest.further:
        marks.append(_further(forest.further, layout, bottom))
        bottom += layout.row
    parts += [_axis(forest, layout, bottom), *marks]
    height = bottom + _FOOT_PX
    return picture(width, height, forest.title, _spoken(forest), *parts, cls="forest")


class _Layout:
    """Where columns stand, and where a value lies in the field."""

    def __init__(self, forest: Forest, width: int) -> None:
        self.right = width - 4.0
        self.width = float(width)
        self.scale_of: Callable[[float], float] = math.log if forest.ratio else float
        names = max((text_width(s.name) for s in forest.studies), default=0.0)
        counts = max((text_width(s.counts) for s in forest.studies), default=0.0)
        counts = max(counts, text_width(forest.counts_head)) if counts else 0.0
        self.name_px = min(max(names, text_width("A further trial")), 230.0)
        self.counts_at = self.name_px + 16
        begin = self.counts_at + (counts + 16 if counts else 0)
        self.field = (begin, self.right - _NUMBERS_PX - _WEIGHT_PX - 16)
        self.row = _ROW_PX
        self.narrow = self.field[1] - begin < _FIELD_PX
        if self.narrow:
            self.row = 46.0
            self.field = (8.0, self.right - 4)
            self.name_px = self.width - _NUMBERS_PX - 12
        self.low, self.high = _span(forest, self.scale_of)
        self._x = linear(self.low, self.high, *self.field)

    def inside(self, value: float) -> bool:
        return self.low <= self.scale_of(value) <= self.high

    def x(self, value: float) -> float:
        return min(max(self._x(self.scale_of(value)), self.field[0]), self.field[1])

    def middle(self, top: float) -> float:
        """The height at which the marks of a row stand."""
        return top + (31.0 if self.narrow else self.row / 2)


def _span(forest: Forest, scale: Callable[[float], float]) -> tuple[float, float]:
    """The field holds every estimate and no effect; intervals as far as they are not absurd."""
    none = scale(1.0 if forest.ratio else 0.0)
    effects = [scale(s.effect) for s in forest.studies] or [none]
    ends = [scale(v) for s in forest.studies for v in (s.low, s.high)] or [none]
    if forest.together:
        effects.append(scale(forest.together[0]))
        ends += [scale(v) for v in forest.together[1:]]
    core_low, core_high = min(*effects, none), max(*effects, none)
    reach = max(core_high - core_low, 0.5 if forest.ratio else 1e-9)
    low = max(min(ends), core_low - 1.2 * reach)
    high = min(max(ends), core_high + 1.2 * reach)
    if forest.ratio:
        low, high = max(low, -math.log(_FARTHEST)), min(high, math.log(_FARTHEST))
    low, high = min(low, core_low), max(high, core_high)
    margin = 0.04 * (high - low) or 1.0
    return low - margin, high + margin


def short(value: float) -> str:
    """A number as a reader wants it: two digits after the point, fewer where they say nothing."""
    size = abs(value)
    if size >= 1000:
        return ">999" if value > 0 else "<-999"
    if 0 < size < 0.01:
        return "<0.01" if value > 0 else ">-0.01"
    return f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def _numbers(effect: float, low: float, high: float) -> str:
    return f"{short(effect)} ({short(low)} to {short(high)})"


def _heads(forest: Forest, layout: _Layout) -> SafeString:
    if layout.narrow:
        return group(
            "tick",
            words(4, 16, "Study"),
            words(layout.right, 16, f"{forest.unit} (95 %)", "end"),
        )
    return group(
        "tick",
        words(4, 16, "Study"),
        words(layout.counts_at, 16, forest.counts_head) if forest.counts_head else "",
        words(layout.right - _WEIGHT_PX, 16, f"{forest.unit} (95 %)", "end"),
        words(layout.right, 16, "Weight", "end"),
    )


def _labels(
    layout: _Layout, top: float, name: str, numbers: str, role: str = "lab", *more: SafeString | str
) -> SafeString:
    at = top + 15 if layout.narrow else layout.middle(top) + 4
    end = layout.right if layout.narrow else layout.right - _WEIGHT_PX
    return group(
        role,
        words(4, at, shorten(name, layout.name_px)),
        words(end, at, numbers, "end") if numbers else "",
        *more,
    )


def _study(study: ForestStudy, layout: _Layout, top: float, most: float) -> SafeString:
    y = layout.middle(top)
    more: list[SafeString | str] = []
    if not layout.narrow:
        more.append(words(layout.right, y + 4, f"{study.weight:.0f} %", "end"))
        if study.counts:
            more.append(words(layout.counts_at, y + 4, study.counts))
    size = 5.0 + 7.0 * math.sqrt(max(study.weight, 0.0) / most)
    x = layout.x(study.effect)
    box = element("rect", x=x - size / 2, y=y - size / 2, width=size, height=size)
    numbers = _numbers(study.effect, study.low, study.high)
    return element(
        "g",
        _labels(layout, top, study.name, numbers, "lab", *more),
        group("med", path(_line(layout, study.low, study.high, y)), hue="compare"),
        group("solid", box, hue="concentration"),
        cls="study",
    )


def _line(layout: _Layout, low: float, high: float, y: float) -> str:
    """A level line, with an arrow head at an end that runs out of the field."""
    left, right = layout.x(low), layout.x(high)
    drawn = f"M{left:.1f} {y:.1f}H{right:.1f}"
    if not layout.inside(low):
        drawn += f"M{left + 5:.1f} {y - 4:.1f}L{left:.1f} {y:.1f}L{left + 5:.1f} {y + 4:.1f}"
    if not layout.inside(high):
        drawn += f"M{right - 5:.1f} {y - 4:.1f}L{right:.1f} {y:.1f}L{right - 5:.1f} {y + 4:.1f}"
    return drawn


def _together(pooled: tuple[float, float, float], layout: _Layout, top: float) -> SafeString:
    y, (estimate, low, high) = layout.middle(top), pooled
    left, middle, right = layout.x(low), layout.x(estimate), layout.x(high)
    drawn = f"M{left:.1f} {y:.1f}L{middle:.1f} {y - 7:.1f}L{right:.1f} {y:.1f}"
    drawn += f"L{middle:.1f} {y + 7:.1f}Z"
    return element(
        "g",
        _labels(layout, top, "Together", _numbers(estimate, low, high), "labs"),
        group("solid", path(drawn), hue="mood"),
        cls="together",
    )


def _further(predicted: tuple[float, float], layout: _Layout, top: float) -> SafeString:
    y, (low, high) = layout.middle(top), predicted
    numbers = f"{short(low)} to {short(high)}"
    return element(
        "g",
        _labels(layout, top, "A further trial", numbers),
        group("outline", path(_line(layout, low, high, y)), hue="mood", stroke_width=2),
        cls="further",
    )


def _axis(forest: Forest, layout: _Layout, bottom: float) -> SafeString:
    none = 1.0 if forest.ratio else 0.0
    left, right = layout.field
    at = layout.x(none)
    if forest.ratio:
        chosen = [t for t in _RATIO_TICKS if layout.inside(t)]
    else:
        chosen = round_ticks(layout.low, layout.high, 5)
    ticks: list[SafeString] = []
    edges: list[tuple[float, float]] = []
    # No effect first: it keeps its tick where others have to give way.
    for value in sorted(chosen, key=lambda v: (v != none, abs(layout.scale_of(v)))):
        x, text = layout.x(value), f"{value:g}"
        half = text_width(text) / 2 + LETTER_PX / 2
        if any(x - half < e and s < x + half for s, e in edges):
            continue
        edges.append((x - half, x + half))
        ticks.append(words(x, bottom + 18, text, "middle"))
    half = (right - left) / 2 - 8
    sides = [
        words(left, bottom + 36, shorten(f"← {forest.left}", half)) if forest.left else "",
        words(right, bottom + 36, shorten(f"{forest.right} →", half), "end")
        if forest.right
        else "",
    ]
    return element(
        "g",
        group("axis", path(f"M{left:.1f} {bottom + 2:.1f}H{right:.1f}")),
        group("thr", path(_none_line(layout, at, bottom))),
        group("tick", *ticks, *sides),
        cls="scale",
    )


def _none_line(layout: _Layout, at: float, bottom: float) -> str:
    """The line of no effect; on a narrow drawing only where it meets no words."""
    if not layout.narrow:
        return f"M{at:.1f} {_HEAD_PX:.1f}V{bottom + 6:.1f}"
    rows = round((bottom - _HEAD_PX) / layout.row)
    tops = [_HEAD_PX + i * layout.row for i in range(rows)]
    return "".join(f"M{at:.1f} {top + 21:.1f}V{top + 42:.1f}" for top in tops)


def _spoken(forest: Forest) -> str:
    said = [
        f"{s.name}: {_numbers(s.effect, s.low, s.high)}, weight {s.weight:.0f} %"
        for s in forest.studies
    ]
    if forest.together:
        said.append(f"Together: {_numbers(*forest.together)}")
    if forest.further:
        low, high = forest.further
        said.append(f"A further trial may lie between {short(low)} and {short(high)}")
    none = "1" if forest.ratio else "0"
    return f"{forest.unit}, no effect at {none}. " + ". ".join(said) + "."
