"""Whether the numbers of a trial can be true together."""

from __future__ import annotations

import math
from collections import defaultdict

from evenkeel.evidence.library.trial import Row, Trial
from evenkeel.evidence.pooling import EvidenceError

#: Least and highest total of a scale; two of them bound a mean, a change and a spread.
SCALES = {
    "MADRS": (0, 60),
    "MADRS item 10": (0, 6),
    "BSS": (0, 38),
    "QIDS suicide item": (0, 3),
    "BHS": (0, 20),
    "STAI-S": (20, 80),
    "BDI": (0, 63),
    "HAM-A": (0, 56),
    "NRS": (0, 10),
}
#: An SD below this share of a scale's range is a standard error until somebody says otherwise.
_LEAST_SPREAD = 1 / 40
_Z = 1.959964


def check_sums(trial: Trial, where: str) -> None:
    """Raise ``EvidenceError``, naming file and row, where the arithmetic of a row is impossible."""
    for row in trial.rows:
        _counts(row, where)
        _means(row, where)
        _contrast(row, where)
    _totals(trial, where)


def _counts(row: Row, where: str) -> None:
    if row.events is not None and row.n is not None and row.events > row.n:
        raise EvidenceError(f"{where}, row {row.id}, events: {row.events} among {row.n} people")
    if row.events is None or row.n is None or row.percent is None:
        return
    # Rounded up or down, a printed percentage is off by less than one unit of its last digit.
    decimals = len(repr(row.percent).rstrip("0").partition(".")[2])
    share = 100 * row.events / row.n
    if abs(share - row.percent) > 10**-decimals - 1e-9:
        raise EvidenceError(
            f"{where}, row {row.id}, percent: {row.events} of {row.n} is {share:.2f} %, "
            f"not {row.percent:g} %"
        )


def _means(row: Row, where: str) -> None:
    if row.sd is not None and row.se is not None:
        raise EvidenceError(f"{where}, row {row.id}, se: give sd or se, not both")
    limits = SCALES.get(row.scale)
    if limits is None or row.mean is None:
        return
    width = limits[1] - limits[0]
    changes = row.score == "change"
    low, high = (-width, width) if changes else limits
    if not low <= row.mean <= high:
        raise EvidenceError(
            f"{where}, row {row.id}, mean: {row.mean:g} is not on {row.scale} ({low:g} to {high:g})"
        )
    sd = row.sd
    if row.se is not None and row.n is not None:
        sd = row.se * math.sqrt(row.n)
    # No spread of values between two ends is wider than half the distance (Popoviciu).
    if sd is not None and not width * _LEAST_SPREAD <= sd <= width / (1 if changes else 2):
        key = "sd" if row.sd is not None else "se"
        raise EvidenceError(
            f"{where}, row {row.id}, {key}: a standard deviation of {sd:.3g} on {row.scale} "
            "cannot be; is a standard error taken for it, or it for a standard error?"
        )


def _contrast(row: Row, where: str) -> None:
    effect = row.effect
    if effect is None or effect.low is None or effect.high is None:
        return
    if effect.low > effect.high:
        raise EvidenceError(f"{where}, row {row.id}, low: it lies above high")
    if effect.estimate is None:
        return
    if not effect.low <= effect.estimate <= effect.high:
        raise EvidenceError(f"{where}, row {row.id}, estimate: it lies outside its own limits")
    if effect.kind in ("OR", "RR", "HR") and effect.low <= 0:
        raise EvidenceError(f"{where}, row {row.id}, low: a ratio is above 0")
    if effect.se is not None and effect.kind == "MD":
        told = (effect.high - effect.low) / (2 * _Z)
        if not 0.9 <= told / effect.se <= 1.1:
            raise EvidenceError(
                f"{where}, row {row.id}, se: the limits speak of {told:.3g}, not {effect.se:g}"
            )


def _totals(trial: Trial, where: str) -> None:
    """The arms of one outcome at one time together are no more people than were randomized."""
    if trial.randomized_n is None or trial.design == "pooled_report":
        return
    people: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in trial.rows:
        if row.n is None or not row.arm:
            continue
        if trial.design == "crossover":
            key = (row.id, "", "")
        else:
            key = (row.reported_as or row.outcome, row.when, row.scale)
        people[key] += row.n
        if people[key] > trial.randomized_n and "open label" not in row.reported_as:
            raise EvidenceError(
                f"{where}, row {row.id}, n: with it {people[key]} people are counted, and "
                f"{trial.randomized_n} were randomized"
            )
