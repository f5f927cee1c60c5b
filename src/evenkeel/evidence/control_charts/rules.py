"""What counts as a signal: few rules, so that chance alone seldom makes one.

The three-sigma limit with the two tests of runs, as Anhoej and Wentzel-Larsen recommend after
comparing rules by simulation (BMC Med Res Methodol 2018, 18:100). The tests of runs keep their
rate of false signals however long the chart is; a rule of trends is left out, since it finds next
to nothing that these do not (Anhoej and Olesen 2014, PLoS ONE 9:e113825).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

#: Below so many points beside the center a run says nothing (the published tables begin here).
FEWEST_FOR_RUNS: Final = 10
_SOURCE: Final = "Anhøj and Wentzel-Larsen 2018, https://doi.org/10.1186/s12874-018-0564-0"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it looks for, in words, and where it is from."""

    key: str
    words: str
    source: str


RULES: Final[Mapping[str, Rule]] = {
    rule.key: rule
    for rule in (
        Rule("limit", "outside the limits", "Shewhart; " + _SOURCE),
        Rule("run", "unusually many in a row on one side of the middle", _SOURCE),
        Rule("crossings", "unusually few crossings of the middle", _SOURCE),
    )
}


@cache
def longest_run(useful: int) -> int:
    """The longest run that chance explains among so many points beside the center."""
    return round(math.log2(useful) + 3)


@cache
def fewest_crossings(useful: int) -> int:
    """The fewest crossings that chance explains: the lower 5 % point of a fair coin's."""
    chances = useful - 1
    reached = 0.0
    for count in range(chances + 1):
        reached += math.comb(chances, count) * 0.5**chances
        if reached >= 0.05:
            return count
    return chances


def middle_of(baseline: Sequence[float]) -> float | None:
    """The median of a baseline, around which runs are counted.

    ``None`` where less than a third of it lies on either side: with most points at nothing at
    all, the rest stand on one side and make a run of themselves.
    """
    middle = statistics.median(baseline)
    fewest = min(sum(v < middle for v in baseline), sum(v > middle for v in baseline))
    return middle if 3 * fewest >= len(baseline) else None


def signals(
    values: Sequence[float | None],
    middle: float | None,
    lows: Sequence[float | None],
    highs: Sequence[float | None],
) -> list[tuple[str, ...]]:
    """The rules each point breaks, in the order of :data:`RULES`.

    ``middle`` is what runs are counted around, ``None`` where they say nothing (see
    :func:`middle_of`). A long run is marked from where it is longer than chance explains; too few
    crossings at the last point. A point on the middle is passed over.
    """
    found: list[list[str]] = [[] for _ in values]
    for place, value in enumerate(values):
        if value is None:
            continue
        low, high = lows[place], highs[place]
        if (high is not None and value > high) or (low is not None and value < low):
            found[place].append("limit")
    if middle is not None:
        sides = [
            (place, value > middle)
            for place, value in enumerate(values)
            if value is not None and value != middle
        ]
        if len(sides) >= FEWEST_FOR_RUNS:
            _runs(sides, found)
    return [tuple(each) for each in found]


def _runs(sides: Sequence[tuple[int, bool]], found: list[list[str]]) -> None:
    most = longest_run(len(sides))
    length, crossings = 0, 0
    before: bool | None = None
    for place, above in sides:
        crossings += before is not None and above != before
        length = length + 1 if above == before else 1
        if length > most:
            found[place].append("run")
        before = above
    if crossings < fewest_crossings(len(sides)):
        found[sides[-1][0]].append("crossings")
