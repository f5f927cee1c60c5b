"""The pictures of the document: which there are, and how they are drawn as SVG.

Matplotlib is imported only when a picture is drawn; it comes with the extra ``plots``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .answers import Answer
from .recipes import course_of
from .summary import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Distinct in lightness as well as in color.
_COLORS = ("#1b4f72", "#c0562f", "#2e7d5b", "#8e5ea2", "#a67c00", "#5d6d7e", "#a93226", "#148f9e")
_SHAPES = "osD^vPX*<>"
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "evenkeel",
    "svg.fonttype": "none",
    "font.size": 9.0,
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}
#: A time course is drawn where one row gives so many times.
_TIMES = 3


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture: its file name without ending, what stands in for it and below it, its data."""

    name: str
    alt: str
    caption: str
    kind: str
    answers: tuple[Answer, ...]


def pictures(answers: Sequence[Answer]) -> list[Picture]:
    """The pictures that these answers can fill."""
    found = []
    for kind, name in (("pk", "concentrations"), ("pd", "effects")):
        for role in ("validation", "calibration"):
            own = tuple(
                a
                for a in answers
                if a.target.kind == kind and a.target.role == role and a.ratio is not None
            )
            if own:
                found.append(_scatter(f"{kind}-{role}", f"{role}, {name}", own))
    rows = dict.fromkeys(a.target.row for a in answers if _is_timed(a))
    for row in rows:
        own = tuple(a for a in answers if a.target.row == row and _is_timed(a))
        if len(own) >= _TIMES:
            found.append(_course(row, own))
    return found


def draw(picture: Picture, folder: Path) -> Path:
    """Write one picture as SVG into a folder. Raises ``ModuleNotFoundError`` without matplotlib."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(7.2, 5.4), layout="constrained")
        axes = figure.add_subplot()
        if picture.kind == "course":
            _draw_course(axes, picture.answers)
        else:
            _draw_scatter(axes, picture.answers)
        path = folder / f"{picture.name}.svg"
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": "evenkeel"})
    # A trailing space on a line is of no use in a committed file.
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")
    return path


def _is_timed(answer: Answer) -> bool:
    how = answer.target.how
    return answer.target.kind == "pk" and how is not None and how["statistic"] == "at"


def _scatter(name: str, title: str, answers: tuple[Answer, ...]) -> Picture:
    inside = Summary("", answers)
    alt = (
        f"Predicted against observed, {title}: {inside.inside} of the {len(inside.judged)} drawn "
        "lie inside their bands"
    )
    caption = (
        f"Predicted against observed, {title}, each in its own unit. A bar is the band of that "
        "row; a hollow mark lies outside its band. The line is equality, dotted are factors of 2. "
        "Falls are drawn by their size; what has no ratio is left out."
    )
    return Picture(name, alt, caption, "scatter", answers)


def _course(row: str, answers: tuple[Answer, ...]) -> Picture:
    first = answers[0].target
    cited = first.citation.split(". ")[0]
    alt = f"Course of {first.unit} over time, row {row}: {len(answers)} observed, and predicted"
    caption = (
        f"Row {row}, {cited}: observed (marks, with bands) and predicted (line). "
        f"{first.population}. {first.role.capitalize()}."
    )
    return Picture(f"course-{row.lower()}", alt, caption, "course", answers)


def _draw_scatter(axes: Axes, answers: Sequence[Answer]) -> None:
    groups = dict.fromkeys(answer.target.group for answer in answers)
    for number, group in enumerate(groups):
        color = _COLORS[number % len(_COLORS)]
        shape = _SHAPES[number % len(_SHAPES)]
        own = [a for a in answers if a.target.group == group]
        for answer in own:
            _draw_band(axes, answer, answer.target.observed, color)
        for outside in (False, True):
            chosen = [a for a in own if (a.inside is False) == outside]
            if not chosen:
                continue
            axes.plot(
                [abs(a.target.observed) for a in chosen],
                [_size(a) for a in chosen],
                shape,
                color=color,
                markerfacecolor="white" if outside else color,
                markersize=6.5,
                label=None if outside and len(chosen) < len(own) else group,
                zorder=3,
            )
    ends = [abs(a.target.observed) for a in answers] + [_size(a) for a in answers]
    low, high = min(ends) / 2.0, max(ends) * 2.0
    line = np.array([low, high])
    axes.plot(line, line, color="#444444", linewidth=0.9)
    for factor in (0.5, 2.0):
        axes.plot(line, factor * line, ":", color="#888888", linewidth=0.9)
    axes.set(xscale="log", yscale="log", xlim=(low, high), ylim=(low, high))
    axes.set(xlabel="observed", ylabel="predicted")
    axes.legend(loc="upper left", fontsize=8)


def _size(answer: Answer) -> float:
    """What is predicted, without its sign."""
    return math.nan if answer.predicted is None else abs(answer.predicted)


def _draw_course(axes: Axes, answers: Sequence[Answer]) -> None:
    times = [float((a.target.how or {})["at_min"]) for a in answers]
    first = answers[0].target
    minutes = np.linspace(0.0, 1.05 * max(times), 400)
    levels = course_of(str(first.model), first.how or {}, minutes)
    axes.plot(minutes, levels, color=_COLORS[0], linewidth=1.6, label=f"predicted, {first.model}")
    for at, answer in zip(times, answers, strict=True):
        _draw_band(axes, answer, at, _COLORS[1])
    observed = [a.target.observed for a in answers]
    axes.plot(times, observed, "o", color=_COLORS[1], markersize=6.5, label="observed")
    axes.set(xlabel="minutes", ylabel=first.unit, yscale="log")
    axes.set_ylim(bottom=min(observed) / 3.0)
    axes.legend(loc="upper right", fontsize=8)


def _draw_band(axes: Axes, answer: Answer, at: float, color: str) -> None:
    if answer.target.band is not None:
        low, high = answer.target.band
        if answer.target.observed < 0:
            low, high = -high, -low
        floor = max(low, 1e-3 * high)
        axes.plot([at, at], [floor, high], color=color, alpha=0.3, linewidth=3, zorder=1)
