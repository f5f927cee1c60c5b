"""Numbers and summaries as they are printed, alike in the terminal and in the document."""

from __future__ import annotations

import math

from .answers import Answer
from .summary import Summary

MARKS = {True: "ok", False: "OUT", None: ""}


def number(value: float | None) -> str:
    """Three figures, and none of an exponent where it can be helped."""
    if value is None or math.isnan(value):
        return "-"
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:.0f}"
    if abs(value) < 0.001:
        return f"{value:.1e}"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{value:.{digits}f}"


def observed(answer: Answer) -> str:
    """As it was published."""
    return f"{answer.target.observed:g}"


def ratio(answer: Answer) -> str:
    """predicted / observed."""
    return "-" if answer.ratio is None else f"{answer.ratio:.2f}"


def band(answer: Answer) -> str:
    """From and to."""
    limits = answer.target.band
    return "-" if limits is None else f"{limits[0]:g} to {limits[1]:g}"


def status(answer: Answer) -> str:
    """What the model says of itself, and what the row asks where that is another."""
    asked = answer.target.status_expected
    if asked and answer.status and asked != answer.status:
        return f"{answer.status}, shown as {asked}"
    return answer.status


def share(summary: Summary) -> str:
    """How many are inside, with the exact interval."""
    if not summary.judged:
        return "none judged"
    low, high = summary.interval
    return (
        f"{summary.inside} of {len(summary.judged)} inside "
        f"({summary.share:.0%}; {100 * low:.0f} to {100 * high:.0f} %)"
    )


def folds(summary: Summary) -> str:
    """Both fold errors, and of how many where that is not all."""
    if not summary.ratios:
        return "no fold errors"
    some = f" of {len(summary.ratios)}" if len(summary.ratios) < len(summary.answers) else ""
    return f"AFE {summary.afe:.2f}, GMFE {summary.gmfe:.2f}{some}"
