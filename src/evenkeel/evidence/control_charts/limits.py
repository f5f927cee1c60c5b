"""Center and limits of each kind of chart, from the points of its baseline.

Sources. XmR: Shewhart's chart of individuals, sigma as the mean moving range over 1.128, moving
ranges above 3.267 times their mean left out once (Nelson 1982, J Qual Technol 14:172; Provost and
Murray, The Health Care Data Guide, 2011). p and u: binomial and Poisson sigma (Montgomery,
Introduction to Statistical Quality Control), widened where the baseline varies more than that
(Laney 2002, Qual Eng 14:531). g: quantiles of the geometric distribution (Kaminsky et al. 1992,
J Qual Technol 24:63), since three sigma of so skewed a thing is passed by chance in 18 of 1000.
Where fewer than five events are expected in a
point, three sigma is too near: there the limit is that of the binomial or Poisson distribution
itself. t: Nelson's power 1/3.6 makes exponential gaps nearly normal (Nelson 1994, J Qual Technol
26:88).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

#: Mean range of two normal values in standard deviations, and where a range of two is beyond
#: three sigma of ranges: the constants d2 and D4 for two values.
_D2: Final = 1.128
_D4: Final = 3.267
#: What lies beyond each three-sigma limit of a normal distribution.
_TAIL: Final = 0.00135
_POWER: Final = 3.6
#: With fewer expected events the normal limits do not hold: the rule of thumb of the textbooks.
_FEW: Final = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The center, and the limits where there are any, in the unit of the values."""

    center: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a baseline says, from which the limits of any point follow.

    ``center`` and ``sigma`` in the unit of the kind's own arithmetic; ``widening`` is Laney's
    sigma-z, never below 1: a baseline that happens to vary little does not narrow the limits.
    """

    center: float
    sigma: float
    widening: float = 1.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def moving_sigma(values: Sequence[float]) -> float:
    """Sigma from the moving ranges of at least two values, extreme ranges left out once."""
    ranges = [abs(b - a) for a, b in pairwise(values)]
    if not ranges:
        return 0.0
    mean = _mean(ranges)
    kept = [r for r in ranges if r <= _D4 * mean]
    # where all but a few values are alike, what is left would be no variation at all
    return (_mean(kept) if any(kept) else mean) / _D2


def xmr_baseline(values: Sequence[float]) -> Baseline:
    """Of measured values."""
    return Baseline(_mean(values), moving_sigma(values))


def xmr_limits(base: Baseline) -> Limits:
    """Three sigma either way."""
    return Limits(base.center, base.center - 3 * base.sigma, base.center + 3 * base.sigma)


def _widening(values: Sequence[float], center: float, sigmas: Sequence[float]) -> float:
    if not all(sigmas):
        return 1.0
    z = [(v - center) / s for v, s in zip(values, sigmas, strict=True)]
    return max(1.0, moving_sigma(z))


def p_baseline(events: Sequence[float], of: Sequence[float]) -> Baseline:
    """Of proportions: ``events`` among ``of``, each above 0."""
    center = sum(events) / sum(of)
    spread = math.sqrt(center * (1 - center))
    shares = [e / n for e, n in zip(events, of, strict=True)]
    sigmas = [spread / math.sqrt(n) for n in of]
    return Baseline(center, spread, _widening(shares, center, sigmas))


def p_limits(base: Baseline, of: float) -> Limits:
    """For a point of ``of`` cases; a limit that no share can pass is none."""
    reach = 3 * base.widening * base.sigma / math.sqrt(of)
    low, high = base.center - reach, base.center + reach
    if base.center * of < _FEW:
        high = max(high, _binomial_limit(base.center, of) / of)
    if (1 - base.center) * of < _FEW:
        low = min(low, 1 - _binomial_limit(1 - base.center, of) / of)
    return Limits(base.center, low if low > 0 else None, high if high < 1 else None)


def _binomial_limit(share: float, of: float) -> int:
    """The most events that chance alone makes among ``of`` cases: beyond lie 13.5 of 10,000."""
    cases, reached = round(of), 0.0
    for count in range(cases + 1):
        reached += math.comb(cases, count) * share**count * (1 - share) ** (cases - count)
        if reached >= 1 - _TAIL:
            return count
    return cases


def u_baseline(events: Sequence[float], of: Sequence[float]) -> Baseline:
    """Of rates: ``events`` counted over ``of`` units of opportunity, each above 0."""
    center = sum(events) / sum(of)
    spread = math.sqrt(center)
    rates = [e / n for e, n in zip(events, of, strict=True)]
    sigmas = [spread / math.sqrt(n) for n in of]
    return Baseline(center, spread, _widening(rates, center, sigmas))


def u_limits(base: Baseline, of: float) -> Limits:
    """For a point of ``of`` units; no rate is below 0."""
    reach = 3 * base.widening * base.sigma / math.sqrt(of)
    low, high = base.center - reach, base.center + reach
    if base.center * of < _FEW:
        high = max(high, _poisson_limit(base.center * of) / of)
    return Limits(base.center, low if low > 0 else None, high)


def _poisson_limit(expected: float) -> int:
    """The most events that chance alone makes where so many are expected."""
    count, each = 0, math.exp(-expected)
    reached = each
    while reached < 1 - _TAIL:
        count += 1
        each *= expected / count
        reached += each
    return count


def g_baseline(gaps: Sequence[float]) -> Baseline:
    """Of whole numbers of cases between two events; the center kept is their mean."""
    return Baseline(_mean(gaps), 0.0)


def g_limits(base: Baseline) -> Limits:
    """Median and outer quantiles of the geometric distribution with this mean, continuously."""
    if base.center <= 0:
        return Limits(0.0, None, None)
    stay = math.log1p(-1 / (base.center + 1))

    def quantile(share: float) -> float:
        return math.log1p(-share) / stay - 1

    low = quantile(_TAIL)
    return Limits(max(0.0, quantile(0.5)), low if low > 0 else None, quantile(1 - _TAIL))


def t_baseline(gaps: Sequence[float]) -> Baseline:
    """Of times between two events, each 0 or more."""
    return xmr_baseline([gap ** (1 / _POWER) for gap in gaps])


def t_limits(base: Baseline) -> Limits:
    """The limits of the transformed times, put back into times."""
    low, high = base.center - 3 * base.sigma, base.center + 3 * base.sigma
    return Limits(base.center**_POWER, low**_POWER if low > 0 else None, high**_POWER)


def share_limits(share: float, of: float) -> tuple[float, float]:
    """Between which shares ``of`` cases fall by chance where the true share is this; 0 to 1.

    Three binomial sigma either way, as a funnel plot draws them (Spiegelhalter 2005, Stat Med
    24:1185). Raises ``ValueError`` for no cases.
    """
    if of <= 0:
        raise ValueError("no cases")
    reach = 3 * math.sqrt(share * (1 - share) / of)
    return max(0.0, share - reach), min(1.0, share + reach)
