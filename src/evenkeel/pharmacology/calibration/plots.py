"""The pictures of ``docs/calibration.md`` as SVG. Matplotlib comes with the extra ``plots``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .report import NAMES, Failing, Measured
from .score import UNITS, Score
from .tally import Tally
from .verdict import STANDARD

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_OWN, _PRIOR, _READ, _ODD = "#1b4f72", "#a67c00", "#c0562f", "#a93226"
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "evenkeel",
    "svg.fonttype": "none",
    "font.size": 9.0,
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}
_BINS = 10
VITALS = ("sbp", "dbp", "hr")


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture: its file name without ending, what stands in for it and below it."""

    name: str
    alt: str
    caption: str


def pictures(measured: Measured, failing: Sequence[Failing]) -> list[Picture]:
    """The pictures, in the order of the document."""
    found = [
        Picture(
            "coverage",
            "Share of readings inside the 50 and 90 % bands by minute, one panel an endpoint",
            "Share of readings inside the 90 % band (dots, with 95 % intervals) and the 50 % band "
            "(hollow) by minute. Shaded is the target.",
        ),
        Picture(
            "learning",
            "CRPS by number of readings before, learned forecast and prior, one panel an endpoint",
            "How far off: mean CRPS by the number of readings of the kind before, of the forecast "
            "(dark) and of the prior that learned nothing (light). Lower is better.",
        ),
        Picture(
            "places",
            "Histograms of the place of each vital sign's reading in its forecast",
            "Where readings fell in their forecasts, after three readings. Level is perfect; a "
            "heap "
            "at the ends is a forecast too sure of itself, in the middle one too wide.",
        ),
    ]
    for shown in _sessions(measured, failing):
        found.append(
            Picture(
                f"session-{shown.name}",
                f"{NAMES[shown.kind].capitalize()} of session {shown.session} in bands forecast "
                "one reading ahead",
                f"{shown.about} (session {shown.session}): {NAMES[shown.kind]}, and the 50 and "
                "90 % bands forecast just before each reading. Crosses came as a surprise.",
            )
        )
    return found


def draw_all(measured: Measured, failing: Sequence[Failing], folder: Path) -> list[Path]:
    """Write all pictures into a folder. Raises ``ModuleNotFoundError`` without matplotlib."""
    kinds = list(measured.verdicts)
    draws: list[Callable[[Any], None]] = [
        lambda figure: _panels(figure, kinds, lambda axes, kind: _coverage(axes, measured, kind)),
        lambda figure: _panels(figure, kinds, lambda axes, kind: _learning(axes, measured, kind)),
        lambda figure: _panels(figure, VITALS, lambda axes, kind: _places(axes, measured, kind)),
    ]
    draws += [partial(_session, shown) for shown in _sessions(measured, failing)]
    every = zip(pictures(measured, failing), draws, strict=True)
    return [_drawn(picture.name, draw, folder) for picture, draw in every]


def _drawn(name: str, draw: Callable[[Any], None], folder: Path) -> Path:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        wide = not name.startswith("session-")
        figure = Figure(figsize=(9.0, 5.0) if wide else (6.4, 3.2), layout="constrained")
        draw(figure)
        path = folder / f"{name}.svg"
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": "evenkeel"})
    # A trailing space on a line is of no use in a committed file.
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")
    return path


def _panels(figure: Any, kinds: Sequence[str], draw: Callable[[Axes, str], None]) -> None:
    for place, kind in enumerate(kinds, start=1):
        axes = figure.add_subplot(1 if len(kinds) <= 3 else 2, 3, place)
        draw(axes, kind)
        axes.set_title(NAMES[kind], fontsize=9, loc="left")


def _groups(measured: Measured, by: str, kind: str) -> tuple[list[str], list[Tally]]:
    own = {group: one for (k, group), one in measured.by(by).items() if k == kind}
    return list(own), list(own.values())


def _coverage(axes: Axes, measured: Measured, kind: str) -> None:
    names, found = _groups(measured, "minute", kind)
    places = np.arange(len(names))
    axes.axhspan(STANDARD.low, STANDARD.high, color="#2e7d5b", alpha=0.15, linewidth=0)
    axes.axhline(0.5, color="#888888", linewidth=0.8, linestyle=":")
    nine = [one.coverage_90 for one in found]
    axes.vlines(places, [s.low for s in nine], [s.high for s in nine], color=_OWN, linewidth=1.5)
    axes.plot(places, [s.value for s in nine], "o", color=_OWN, markersize=5)
    half = [one.coverage_50.value for one in found]
    axes.plot(places, half, "o", color=_OWN, markerfacecolor="white", markersize=5)
    axes.set(ylim=(0.0, 1.02), yticks=[0, 0.25, 0.5, 0.75, 0.9])
    axes.set_xticks(places, [name.removesuffix(" min") for name in names], fontsize=7)


def _learning(axes: Axes, measured: Measured, kind: str) -> None:
    names, found = _groups(measured, "readings", kind)
    places = np.arange(len(names))
    axes.plot(places, [one.crps_prior for one in found], "s-", color=_PRIOR, label="prior")
    axes.plot(places, [one.crps for one in found], "o-", color=_OWN, label="forecast")
    axes.set_ylim(bottom=0.0)
    axes.set_xticks(places, names, fontsize=7)
    axes.set_ylabel(UNITS[kind])
    axes.legend(fontsize=7)


def _places(axes: Axes, measured: Measured, kind: str) -> None:
    found = [one.pit for one in measured.scores if one.kind == kind and one.same_so_far >= 3]
    axes.hist(found, bins=_BINS, range=(0.0, 1.0), color=_OWN, alpha=0.75, edgecolor="white")
    axes.axhline(len(found) / _BINS, color="#444444", linewidth=0.9)
    axes.set(xlabel="share of the forecast below the reading", xlim=(0.0, 1.0))


@dataclass(frozen=True, eq=False)
class _Shown:
    """One session to draw: of whom, and which kind of reading."""

    name: str
    about: str
    kind: str
    session: str
    measured: Measured


def _sessions(measured: Measured, failing: Sequence[Failing]) -> list[_Shown]:
    """The first person's last session; of each group that should fail the most surprising one."""
    ids = list(dict.fromkeys(one.session_id for one in measured.scores))
    first = ids[0].rsplit("/", 1)[0]
    last = [name for name in ids if name.rsplit("/", 1)[0] == first][-1]
    found = [_Shown("usual", "A session of the replay", "sbp", last, measured)]
    for one in failing:
        kind = one.expected[0]
        own = [score for score in one.measured.scores if score.kind == kind]
        odd = {score.session_id: 0 for score in own}
        for score in own:
            odd[score.session_id] += score.surprising
        session = max(odd, key=lambda name: odd[name])
        name = one.id.replace("_", "-")
        found.append(_Shown(name, one.measured.title, kind, session, one.measured))
    return found


def _session(shown: _Shown, figure: Any) -> None:
    axes: Axes = figure.add_subplot()
    scores = shown.measured.scores
    own = [one for one in scores if one.session_id == shown.session and one.kind == shown.kind]
    minutes = [one.minute for one in own]
    for low, high, shade in ((0, 4, 0.18), (1, 3, 0.3)):
        axes.fill_between(
            minutes,
            [one.quantiles[low] for one in own],
            [one.quantiles[high] for one in own],
            color=_OWN,
            alpha=shade,
            linewidth=0,
        )
    axes.plot(minutes, [one.quantiles[2] for one in own], color=_OWN, linewidth=1.2)
    _marks(axes, [one for one in own if not one.surprising], "o", _READ)
    _marks(axes, [one for one in own if one.surprising], "X", _ODD)
    axes.set(xlabel="minutes", ylabel=f"{NAMES[shown.kind]}, {UNITS[shown.kind]}")


def _marks(axes: Axes, scores: Sequence[Score], shape: str, color: str) -> None:
    axes.plot([s.minute for s in scores], [s.value for s in scores], shape, color=color, zorder=3)
