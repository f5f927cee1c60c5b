"""Control charts: what of a figure's ups and downs is chance alone. Pure; knows no clinic.

Five kinds, each for one kind of figure (:data:`KINDS`), and three rules of a signal
(:data:`RULES`). Limits come from a stated baseline and stay until a known change begins another.
"""

from evenkeel.evidence.control_charts.chart import (
    BASELINE_POINTS,
    FEWEST_FOR_LIMITS,
    FEWEST_TO_DRAW,
    KINDS,
    Chart,
    Kind,
    Point,
    Read,
    State,
    draw_up,
)
from evenkeel.evidence.control_charts.limits import share_limits
from evenkeel.evidence.control_charts.rules import RULES, Rule, fewest_crossings, longest_run

__all__ = [
    "BASELINE_POINTS",
    "FEWEST_FOR_LIMITS",
    "FEWEST_TO_DRAW",
    "KINDS",
    "RULES",
    "Chart",
    "Kind",
    "Point",
    "Read",
    "Rule",
    "State",
    "draw_up",
    "fewest_crossings",
    "longest_run",
    "share_limits",
]
