"""The same numbers by other ways: a general optimizer, plain integration, formulas by hand."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.optimize import minimize_scalar

from evenkeel.evidence.pooling import (
    EvidenceError,
    Study,
    cumulative,
    effects,
    egger,
    hedges_correction,
    pool,
    posterior,
    subgroups,
)
from evenkeel.evidence.pooling.random import ones, q_at, tau2_pm, tau2_reml
from tests.evidence.published import BCG, STROKE


@pytest.mark.parametrize("seed", range(12))
def test_reml_is_the_top_of_the_restricted_likelihood(seed: int) -> None:
    rng = np.random.default_rng(seed)
    k = int(rng.integers(3, 25))
    v = rng.uniform(0.01, 0.5, k)
    y = rng.normal(0.3, np.sqrt(v + rng.choice([0.0, 0.05, 1.0])))

    def minus(tau2: float) -> float:
        w = 1 / (v + tau2)
        mu = (w @ y) / w.sum()
        return 0.5 * (np.log(v + tau2).sum() + math.log(w.sum()) + w @ (y - mu) ** 2)

    grid = np.linspace(0, 8, 4001)
    best = grid[np.argmin([minus(t) for t in grid])]
    near = (max(0.0, best - 0.003), best + 0.003)
    top = minimize_scalar(minus, bounds=near, method="bounded", options={"xatol": 1e-10}).x
    assert tau2_reml(y, v, ones(k)) == pytest.approx(top, abs=1e-5)


def test_paule_mandel_brings_q_to_its_expectation() -> None:
    found = effects(BCG, "RR")
    x = ones(len(BCG))
    assert q_at(found.y, found.v, x, tau2_pm(found.y, found.v, x)) == pytest.approx(12, abs=1e-8)


def test_bayes_against_plain_integration() -> None:
    y, v = np.array([-0.9, -0.2, 0.1]), np.array([0.1, 0.05, 0.2])

    def density(mu: float, tau: float) -> float:
        # the normal densities written out: SciPy's take ten times as long, and this is asked often
        spread = v + tau**2
        squares = ((y - mu) ** 2 / spread).sum() + mu**2 / 4 + tau**2
        return math.exp(-squares / 2) / math.sqrt(spread.prod())

    def over(f) -> float:
        return dblquad(lambda m, t: f(m, t) * density(m, t), 0, 6, -6, 6, epsrel=1e-7)[0]

    whole = over(lambda m, t: 1.0)  # whatever constant was left out, is in here too
    got = posterior(y, v)
    assert got.mu == pytest.approx(over(lambda m, t: m) / whole, abs=1e-5)
    assert got.tau == pytest.approx(over(lambda m, t: t) / whole, abs=1e-5)
    below = dblquad(lambda m, t: density(m, t), 0, 6, -6, got.mu_low, epsrel=1e-7)[0]
    assert below / whole == pytest.approx(0.025, abs=1e-5)
    assert got.priors == "mu ~ normal(0, 2), tau ~ half-normal(1)"


def test_hedges_correction_is_exact() -> None:
    # m = 4: gamma(2) / (sqrt(2) gamma(3/2)) = sqrt(2/pi)
    assert hedges_correction(4) == pytest.approx(math.sqrt(2 / math.pi), abs=1e-14)
    assert hedges_correction(1000) == pytest.approx(1 - 3 / 3999, abs=1e-7)


def test_zero_cells_by_hand() -> None:
    half = Fraction(1, 2)
    study = Study("A", 10, 12, 0, 3)
    found = effects([study], "OR")
    a, b, c, d = (half, 10 + half, 3 + half, 9 + half)
    assert found.y[0] == pytest.approx(math.log(a * d / (b * c)))
    assert found.v[0] == pytest.approx(float(1 / a + 1 / b + 1 / c + 1 / d))
    whole = effects([Study("B", 10, 12, 2, 3)], "OR")
    assert whole.v[0] == pytest.approx(1 / 2 + 1 / 8 + 1 / 3 + 1 / 9)


def test_double_zero_is_left_out_of_ratios_only() -> None:
    studies = [Study("A", 10, 10, 0, 0), Study("B", 20, 20, 5, 9), Study("C", 20, 20, 4, 6)]
    for measure, k in (("OR", 2), ("RR", 2), ("RD", 3)):
        found = pool(studies, measure, "DL")
        assert found.k == k
        assert [c.code for c in found.cautions] == ["double_zero"] * (3 - k)


def test_hk_is_never_shorter_for_agreeing_studies() -> None:
    same = [Study(f"S{i}", 50, 50, 10, 15) for i in range(5)]
    wald, hk = (pool(same, "RR", "DL", ci) for ci in ("wald", "hk"))
    assert hk.estimate_se == pytest.approx(wald.estimate_se)
    assert hk.low < wald.low < wald.high < hk.high


def test_mantel_haenszel_by_hand() -> None:
    studies = [Study("A", 10, 20, 3, 4), Study("B", 30, 30, 6, 9)]
    odds = (3 * 16 / 30 + 6 * 21 / 60) / (7 * 4 / 30 + 24 * 9 / 60)
    assert math.exp(pool(studies, "OR", "MH").estimate) == pytest.approx(odds)
    risks = (3 * 20 / 30 + 6 * 30 / 60) / (4 * 10 / 30 + 9 * 30 / 60)
    assert math.exp(pool(studies, "RR", "MH").estimate) == pytest.approx(risks)
    rd = ((3 / 10 - 4 / 20) * 200 / 30 + (6 / 30 - 9 / 30) * 900 / 60) / (200 / 30 + 900 / 60)
    assert pool(studies, "RD", "MH").estimate == pytest.approx(rd)


def test_the_mirror_gives_the_mirror() -> None:
    turned = [Study(s.name, s.n2, s.n1, s.events2, s.events1) for s in BCG]
    for measure, method in (("RR", "REML"), ("OR", "MH"), ("OR", "PETO"), ("RD", "PM")):
        one, two = pool(BCG, measure, method), pool(turned, measure, method)
        assert one.estimate == pytest.approx(-two.estimate, rel=1e-7)
        assert one.low == pytest.approx(-two.high, rel=1e-7)


def test_egger_is_a_weighted_regression() -> None:
    found = effects(BCG, "RR")
    se = np.sqrt(found.v)
    _, intercept = np.polyfit(1 / se, found.y / se, 1)
    got = egger(found.y, se)
    assert got.intercept == pytest.approx(intercept)
    assert not got.cautions
    assert egger(found.y[:5], se[:5]).cautions


def test_subgroups_and_cumulative() -> None:
    found = effects(BCG, "RR")
    groups = ["a"] * 6 + ["b"] * 7
    got = subgroups(found.y, found.v, groups)
    for name, part in zip("ab", (BCG[:6], BCG[6:]), strict=True):
        mine = next(g for g in got.groups if g[0] == name)
        assert mine[2] == pytest.approx(pool(part, "RR", "REML").estimate)
    assert len(cumulative(STROKE, "MD", "DL")) == len(STROKE)
    assert cumulative(STROKE, "MD", "DL")[-1].estimate == pool(STROKE, "MD", "DL").estimate


@pytest.mark.parametrize(
    ("measure", "method", "ci"),
    [("SMD", "DL", "wald"), ("RR", "PETO", "wald"), ("OR", "MH", "hk"), ("OR", "??", "wald")],
)
def test_what_does_not_fit_is_refused(measure: str, method: str, ci: str) -> None:
    with pytest.raises(EvidenceError):
        pool(BCG, measure, method, ci)
