"""How often bands held: a dot with its interval on a line from 0 to 100 %, the target shaded."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from evenkeel.web.svg.markup import element, group, path, picture, words
from evenkeel.web.svg.scale import linear

_ROW_PX = 34
_HEAD_PX = 22
#: How much lower the line of an endpoint is drawn where its name stands above it.
_NAME_PX = 16


@dataclass(frozen=True)
class CoverageRow:
    """One endpoint: shares from 0 to 1 and the ends of their 95 % intervals."""

    label: str
    in_50: float
    low_50: float
    high_50: float
    in_90: float
    low_90: float
    high_90: float


@dataclass(frozen=True)
class Coverage:
    """What the picture shows; ``target`` is the span in which the 90 % band is to lie."""

    rows: Sequence[CoverageRow]
    target: tuple[float, float] = (0.85, 0.95)
    title: str = "How often the bands held"


def coverage(shown: Coverage, width: int = 620, label_px: int = 150) -> SafeString:
    """Draw one row an endpoint: hollow for the 50 % band, filled for the 90 % band. Sizes in px.

    Without room for names on the left (``label_px`` 0) each stands above its line.
    """
    above = _NAME_PX if label_px == 0 else 0
    row_px = _ROW_PX + above
    height = _HEAD_PX + row_px * len(shown.rows) + 24
    x = linear(0.0, 1.0, label_px or 16, width - 16)
    floor = height - 22
    low, high = shown.target
    parts = [
        group(
            "band",
            element("rect", x=x(low), y=_HEAD_PX - 6, width=x(high) - x(low), height=floor - 16),
            hue="mood",
        ),
        group("thr", path(f"M{x(0.5):.1f} {_HEAD_PX - 6}V{floor}")),
        group("tick", *(words(x(v), height - 6, f"{v:.0%}", "middle") for v in _TICKS)),
        group(
            "tick",
            words(x(0.5), 11, "50 % band", "middle"),
            words(min(x((low + high) / 2), width - 30.0), 11, "90 % band", "middle"),
        ),
    ]
    for place, row in enumerate(shown.rows):
        top = _HEAD_PX + row_px * place
        y = top + above + _ROW_PX * 0.5
        parts.append(group("lab", words(0, top + 14 if above else y + 4, row.label)))
        parts.append(
            group(
                "obs",
                path(f"M{x(row.low_50):.1f} {y}H{x(row.high_50):.1f}"),
                path(f"M{x(row.low_90):.1f} {y}H{x(row.high_90):.1f}"),
                hue="mood",
            )
        )
        parts.append(group("pt hollow", element("circle", cx=x(row.in_50), cy=y, r=4), hue="mood"))
        parts.append(group("pt", element("circle", cx=x(row.in_90), cy=y, r=4.5), hue="mood"))
    cls = "coverage narrow" if above else "coverage"
    return picture(width, height, shown.title, _spoken(shown), *parts, cls=cls)


_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def _spoken(shown: Coverage) -> str:
    return " ".join(
        f"{row.label}: {row.in_50:.0%} in the 50 % band, {row.in_90:.0%} in the 90 % band."
        for row in shown.rows
    )
