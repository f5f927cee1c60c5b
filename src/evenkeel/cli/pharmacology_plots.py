"""The picture of a simulation: median, 50 % and 90 % bands, one panel a quantity.

The colors and the grammar are those of the product's pages: a forecast is never a line alone,
curves are named in place, and the model and how far it was made for this stand underneath.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from evenkeel.cli.pharmacology_outputs import Output
from evenkeel.cli.pharmacology_people import Asked, Found
from evenkeel.cli.pharmacology_report import effects_told, people_told, trust_told
from evenkeel.cli.pharmacology_tables import TableError, whole
from evenkeel.pharmacology import describe

#: The colors of the pages: ground, text, quiet text, grid, axis, then one hue a quantity.
LIGHT = {
    "ground": "#FFFFFF",
    "text": "#16201C",
    "quiet": "#56645E",
    "grid": "#E4EAE7",
    "axis": "#74827C",
    "level": "#2C52AD",
    "pressure": "#5A45A6",
    "heart": "#1B7340",
    "dissociation": "#97307D",
    "sedation": "#4C5964",
    "band_90": 0.13,
    "band_50": 0.24,
}
DARK = {
    "ground": "#111716",
    "text": "#DAE3DE",
    "quiet": "#8A9992",
    "grid": "#1B2421",
    "axis": "#6C7C75",
    "level": "#9AB3F0",
    "pressure": "#B7A8EA",
    "heart": "#83C99B",
    "dissociation": "#DE9BCB",
    "sedation": "#AEB9C3",
    "band_90": 0.13,
    "band_50": 0.22,
}
FORMATS = (".png", ".svg")


def plotter(path: Path, dark: bool = False) -> Callable[[Asked, Found], None]:
    """What draws into ``path``; the file appears when it is complete.

    Raises ``TableError`` at once where matplotlib is not installed or the format is not known.
    """
    if path.suffix.lower() not in FORMATS:
        raise TableError(f"a plot is written as .png or .svg, not {path.name!r}")
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise TableError("plots need matplotlib: pip install 'evenkeel[plots]'") from error
    colors = DARK if dark else LIGHT
    settings = {"svg.hashsalt": "evenkeel", "svg.fonttype": "none", "font.size": 11}
    kind = path.suffix.lower()[1:]

    def draw(asked: Asked, found: Found) -> None:
        with matplotlib.rc_context(settings), whole(path) as temporary:
            figure = Figure(facecolor=colors["ground"])
            _fill(figure, asked, found, colors)
            no_date = {"Date": None} if kind == "svg" else {}
            figure.savefig(temporary, format=kind, dpi=150, metadata=no_date)

    return draw


def _fill(figure: Any, asked: Asked, found: Found, c: dict[str, Any]) -> None:
    under = _under(asked, found)
    rows = len(asked.outputs)
    below = 0.95 + 0.17 * len(under)
    height = 0.62 + 2.0 * rows + below
    figure.set_size_inches(9, height)
    panels = figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]
    figure.subplots_adjust(
        left=0.09, right=0.97, top=1 - 0.62 / height, bottom=below / height, hspace=0.22
    )
    unit, per_h, tick = _axis(asked.until_h)
    hours = found.times_h * per_h
    for o, (panel, output) in enumerate(zip(panels, asked.outputs, strict=True)):
        _panel(panel, hours, found.bands[o], output, c)
        _doses(panel, asked, per_h, c)
        panel.set_xlim(0, asked.until_h * per_h)
    panels[-1].set_xticks(np.arange(0.0, asked.until_h * per_h * (1 + 1e-9), tick))
    panels[-1].set_xlabel(unit, color=c["quiet"])
    title = textwrap.shorten(describe(asked.regimen), 80, placeholder=" ...")
    figure.text(0.09, 1 - 0.36 / height, title, color=c["text"], fontsize=14, weight="bold")
    figure.text(
        0.09, (below - 0.55) / height, "\n".join(under),
        color=c["quiet"], fontsize=9, va="top", linespacing=1.3,
    )  # fmt: skip


def _under(asked: Asked, found: Found) -> list[str]:
    """What stands under the picture: who, which model, how far it was made for this."""
    told = [
        f"{asked.model.id}, version {asked.model.version}. {people_told(asked, found)}.",
        f"{trust_told(found)}. {'; '.join(found.reasons)}",
        effects_told(asked),
        "line: median; shades: 50 % and 90 % of people; blue on the axis: a dose",
    ]
    return [line for one in told if one for line in textwrap.wrap(one, 118)[:4]]


def _axis(until_h: float) -> tuple[str, float, float]:
    """The unit of the time axis, how many make an hour, and the distance of its ticks."""
    if until_h <= 6:
        return "minutes", 60.0, 30.0 if until_h > 1.5 else 10.0
    if until_h <= 96:
        return "hours", 1.0, 6.0 if until_h > 12 else 1.0
    return "days", 1.0 / 24.0, 7.0 * max(1, round(until_h / 168 / 12)) if until_h > 336 else 1.0


def _panel(panel: Any, times: Any, bands: Any, output: Output, c: dict[str, Any]) -> None:
    low, lower, median, upper, high = bands
    hue = c[output.hue]
    panel.set_facecolor(c["ground"])
    panel.fill_between(times, low, high, color=hue, alpha=c["band_90"], linewidth=0)
    panel.fill_between(times, lower, upper, color=hue, alpha=c["band_50"], linewidth=0)
    panel.plot(times, median, color=hue, linewidth=2, solid_joinstyle="round")
    bottom = 0.0 if float(low.min()) < 0.4 * float(high.max()) else float(low.min()) * 0.9
    panel.set_ylim(bottom, max(bottom + (float(high.max()) - bottom) * 1.15, 1e-9))
    peak = int(np.argmax(median))
    panel.annotate(
        f"{output.title}: {median[peak]:.3g}",
        (times[peak], median[peak]),
        xytext=(6, 6),
        textcoords="offset points",
        color=hue,
        weight="bold",
        path_effects=_halo(c["ground"]),
    )
    panel.set_ylabel(output.unit, color=c["quiet"])
    panel.grid(axis="y", color=c["grid"], linewidth=1)
    panel.set_axisbelow(True)
    panel.tick_params(colors=c["quiet"], length=0)
    panel.locator_params(axis="y", nbins=4)
    for side, spine in panel.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(c["axis"])


def _halo(color: str) -> list[Any]:
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=3, foreground=color)]


def _doses(panel: Any, asked: Asked, per_h: float, c: dict[str, Any]) -> None:
    """Doses on the time axis: a bar for what runs, a mark for what is given at once."""
    across = panel.get_xaxis_transform()
    for dose in asked.regimen:
        if dose.at_h > asked.until_h:
            continue
        at, end = dose.at_h * per_h, dose.end_h * per_h
        if dose.over_h > 0 and (end - at) > asked.until_h * per_h / 200:
            panel.plot(
                [at, end], [0, 0], transform=across, color=c["level"], linewidth=4,
                solid_capstyle="butt", clip_on=False, zorder=5,
            )  # fmt: skip
        else:
            panel.plot(
                [at], [0], transform=across, color=c["level"], marker="|", markersize=9,
                markeredgewidth=2, clip_on=False, zorder=5,
            )  # fmt: skip
