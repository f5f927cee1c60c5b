"""A forest plot in the terminal, 100 columns wide."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from evenkeel.evidence.pooling import Caution, Pooled

WIDTH, _NAME, _NUMBERS, _WEIGHT = 100, 22, 26, 7
_FIELD = WIDTH - _NAME - _NUMBERS - _WEIGHT - 3
_Z = 1.959964


@dataclass(frozen=True)
class Marks:
    """The characters of a plot; ``boxes`` grow with weight."""

    line: str
    none: str
    boxes: str
    diamond: str
    predicted: str
    beyond: str


RICH = Marks("─", "│", "▫▪◼■", "◆", "═", "◂▸")
PLAIN = Marks("-", "|", ".oO#", "<", "=", "<>")


def forest(result: Pooled, found: Sequence[Caution], plain: bool = False) -> str:
    """Studies, pooled effect, prediction interval, heterogeneity and warnings as text."""
    marks = PLAIN if plain else RICH
    low, high = limits(result)
    field = _Field(result, marks, low, high)
    lines = [
        f"{result.measure} by {result.method}, interval {result.ci}: "
        f"{result.k} studies, {result.n:,} people",
        "",
        f"{'study':<{_NAME}} {'':<{_FIELD}} {'effect (95 %)':>{_NUMBERS}} {'weight':>{_WEIGHT}}",
    ]
    most = float(result.weights.max())
    for study, y, se, weight in zip(
        result.studies, result.y, result.se, result.weights, strict=True
    ):
        box = marks.boxes[min(3, int(4 * math.sqrt(weight / most) - 1e-9))]
        drawn = field.row(y - _Z * se, y, y + _Z * se, marks.line, box)
        numbers = field.numbers(y, y - _Z * se, y + _Z * se)
        lines.append(field.line(study.name, drawn, numbers, f"{100 * weight:.1f} %"))
    lines.append("")
    drawn = field.row(result.low, result.estimate, result.high, marks.diamond, marks.diamond)
    numbers = field.numbers(result.estimate, result.low, result.high)
    lines.append(field.line("together", drawn, numbers, ""))
    if result.predicted:
        one, two = result.predicted
        drawn = field.row(one, result.estimate, two, marks.predicted, marks.predicted)
        numbers = field.numbers(None, one, two)
        lines.append(field.line("a further study", drawn, numbers, ""))
    lines.append(field.axis())
    lines.append("")
    for told in (*_told(result), *(f"! {caution.message}" for caution in found)):
        lines += textwrap.wrap(told, WIDTH, subsequent_indent="  ")
    text = "\n".join(line.rstrip() for line in lines)
    return text.encode("ascii", "replace").decode() if plain else text


def limits(result: Pooled) -> tuple[float, float]:
    """What the axis spans on the scale of pooling: the pooled effect whole, studies if not far."""
    ends = [0.0, result.low, result.high, *(result.predicted or ())]
    span = max(ends) - min(ends) or 1.0
    low = max(float((result.y - _Z * result.se).min()), min(ends) - span)
    high = min(float((result.y + _Z * result.se).max()), max(ends) + span)
    low, high = min([low, *ends]), max([high, *ends])
    margin = 0.03 * (high - low) or 1.0
    return low - margin, high + margin


def short(value: float) -> str:
    """Two decimals where they tell enough, else three digits."""
    return f"{value:.2f}" if 0.1 <= abs(value) < 1000 else f"{value:.3g}"


class _Field:
    """Where a value stands among the columns of the picture."""

    def __init__(self, result: Pooled, marks: Marks, low: float, high: float) -> None:
        self.result, self.marks, self.low, self.high = result, marks, low, high

    def at(self, value: float) -> int:
        share = (value - self.low) / (self.high - self.low)
        return round(min(1.0, max(0.0, share)) * (_FIELD - 1))

    def row(self, low: float, middle: float, high: float, line: str, mark: str) -> str:
        cells = [" "] * _FIELD
        cells[self.at(0.0)] = self.marks.none
        for i in range(self.at(low), self.at(high) + 1):
            cells[i] = line
        if low < self.low:
            cells[0] = self.marks.beyond[0]
        if high > self.high:
            cells[-1] = self.marks.beyond[1]
        cells[self.at(middle)] = mark
        return "".join(cells)

    def numbers(self, middle: float | None, low: float, high: float) -> str:
        natural = self.result.natural
        limits = f"({short(natural(low))} to {short(natural(high))})"
        return limits if middle is None else f"{short(natural(middle))} {limits}"

    def line(self, name: str, drawn: str, numbers: str, weight: str) -> str:
        begin = name if len(name) <= _NAME else name[: _NAME - 2] + ".."
        return f"{begin:<{_NAME}} {drawn} {numbers:>{_NUMBERS}} {weight:>{_WEIGHT}}"

    def axis(self) -> str:
        natural = self.result.natural
        cells = list(f"{natural(self.low):.3g}".ljust(_FIELD))
        right = f"{natural(self.high):.3g}"
        cells[_FIELD - len(right) :] = list(right)
        zero = f"{natural(0.0):g}"
        where = self.at(0.0)
        if 8 < where < _FIELD - 9:
            cells[where : where + len(zero)] = list(zero)
        return " " * (_NAME + 1) + "".join(cells)


def _told(result: Pooled) -> list[str]:
    spread = result.spread
    tau2 = f"tau2 {spread.tau2:.4g}"
    if spread.tau2_high is not None:
        tau2 += f" ({spread.tau2_low:.3g} to {spread.tau2_high:.3g})"
    scale = ", of the logarithm" if result.measure in ("RR", "OR") else ""
    p = "p < 0.0001" if result.p < 0.0001 else f"p = {result.p:.4f}"
    return [
        f"{p}; Q {spread.q:.2f}, I2 {spread.i2:.1f} %, {tau2}{scale}",
        f"no effect at {result.natural(0.0):g}; variance of a study: {result.variance_formula}",
    ]
