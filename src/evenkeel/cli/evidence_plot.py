"""A forest plot as a picture, with a title and a description for those who cannot see it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

from evenkeel.cli.evidence_forest import limits
from evenkeel.cli.pharmacology_plots import LIGHT
from evenkeel.cli.pharmacology_tables import whole
from evenkeel.evidence.pooling import EvidenceError, Pooled

_Z = 1.959964


def plotter(path: Path) -> Callable[[Pooled], None]:
    """What draws into ``path``; the file appears when it is complete.

    Raises ``EvidenceError`` at once where matplotlib is not installed or the format is not known.
    """
    kind = path.suffix.lower()[1:]
    if kind not in ("svg", "png"):
        raise EvidenceError(f"a plot is written as .svg or .png, not {path.name!r}")
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise EvidenceError("plots need matplotlib: pip install 'evenkeel[plots]'") from error
    settings = {"svg.hashsalt": "evenkeel", "svg.fonttype": "none", "font.size": 10}

    def draw(result: Pooled) -> None:
        with matplotlib.rc_context(settings), whole(path) as temporary:
            figure = Figure(figsize=(9, min(60.0, 1.8 + 0.32 * result.k)), layout="constrained")
            _draw(figure.add_subplot(), result)
            about = {"Date": None} if kind == "svg" else None
            figure.savefig(temporary, format=kind, dpi=150, metadata=about)
            if kind == "svg":
                text = temporary.read_text(encoding="utf-8")
                temporary.write_text(_described(text, result), encoding="utf-8")

    return draw


def _draw(axes: object, result: Pooled) -> None:
    from matplotlib.axes import Axes
    from matplotlib.patches import Polygon

    assert isinstance(axes, Axes)
    natural, color = result.natural, LIGHT
    most = float(result.weights.max())
    for i, (y, se, weight) in enumerate(zip(result.y, result.se, result.weights, strict=True)):
        axes.plot([natural(y - _Z * se), natural(y + _Z * se)], [i, i], color=color["axis"], lw=1.2)
        size = 3 + 8 * (weight / most) ** 0.5
        axes.plot([natural(y)], [i], "s", ms=size, color=color["level"])
    at = result.k + 0.3
    corners = [(result.low, at), (result.estimate, at - 0.3), (result.high, at)]
    corners.append((result.estimate, at + 0.3))
    axes.add_patch(Polygon([(natural(x), h) for x, h in corners], color=color["text"]))
    names = [s.name if len(s.name) < 41 else s.name[:38] + "..." for s in result.studies]
    # A dollar sign is a character of a name here, not the start of a formula.
    labels = [name.replace("$", r"\$") for name in names] + ["together"]
    ticks = [*range(result.k), at]
    if result.predicted:
        one, two = (natural(x) for x in result.predicted)
        axes.plot([one, two], [at + 1, at + 1], color=color["dissociation"], lw=3)
        labels.append("a further study")
        ticks.append(at + 1)
    axes.axvline(natural(0.0), color=color["quiet"], lw=1, ls="--")
    if result.measure in ("RR", "OR"):
        axes.set_xscale("log")
    axes.set_xlim(*(natural(x) for x in limits(result)))
    axes.set_yticks(ticks, labels)
    axes.set_ylim(at + 1.7, -0.7)
    axes.set_xlabel(_title(result))
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _title(result: Pooled) -> str:
    natural = result.natural
    return (
        f"{result.measure} {natural(result.estimate):.3g} "
        f"({natural(result.low):.3g} to {natural(result.high):.3g}), "
        f"{result.method}, {result.ci}, {result.k} studies, {result.n:,} people"
    )


def _described(text: str, result: Pooled) -> str:
    """The SVG with a title, a description of every row, and a role that has them read aloud."""
    natural = result.natural
    rows = "; ".join(
        f"{s.name} {natural(y):.3g} ({natural(y - _Z * se):.3g} to {natural(y + _Z * se):.3g}), "
        f"weight {100 * w:.1f} %"
        for s, y, se, w in zip(result.studies, result.y, result.se, result.weights, strict=True)
    )
    if result.predicted:
        one, two = (natural(x) for x in result.predicted)
        rows += f"; a further study would lie between {one:.3g} and {two:.3g}"
    before, tag, after = text.partition("<svg ")
    inside, close, rest = after.partition(">")
    words = (
        f'\n <title id="forest-title">Forest plot: {escape(_title(result))}</title>'
        f'\n <desc id="forest-desc">{escape(rows)}</desc>'
    )
    named = f'role="img" aria-labelledby="forest-title forest-desc" {inside}'
    return before + tag + named + close + words + rest
