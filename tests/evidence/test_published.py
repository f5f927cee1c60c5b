"""Published results, to the digits printed.

BCG: metafor's documentation of ``rma``, ``rma.mh``, ``rma.peto``, ``confint`` and its tests of
``leave1out`` and against Stata's metan. Normand 1999: tables III, VII and IX as metafor's test
``test_analysis_example_normand1999.r`` holds them. What is here by memory of that documentation
alone is held by another way of computing it as well, in ``test_independent``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evenkeel.evidence.pooling import effects, leave_one_out, meta_regression, pool
from tests.evidence.published import BCG, HINE, LATITUDE, STROKE


@pytest.mark.parametrize(
    ("measure", "method", "estimate", "se", "tau2", "i2", "q"),
    [
        ("RR", "FE", -0.4303, 0.0405, 0, None, 152.2330),
        ("RR", "DL", -0.7141, None, 0.3088, 92.12, 152.2330),
        ("RR", "REML", -0.7145, 0.1798, 0.3132, 92.22, 152.2330),
        ("OR", "FE", -0.4361, 0.0423, 0, None, 163.1649),
        ("OR", "DL", -0.7474, None, 0.3663, None, 163.1649),
        ("OR", "REML", -0.7452, None, 0.3378, None, 163.1649),
        ("RD", "FE", -0.0009, None, 0, None, 276.4737),
        ("RD", "DL", -0.0071, None, None, 95.66, 276.4737),
        ("OR", "MH", -0.4734, 0.0410, 0, None, None),
        ("RR", "MH", -0.4537, 0.0393, 0, None, None),
    ],
)
def test_bcg(measure, method, estimate, se, tau2, i2, q) -> None:
    found = pool(BCG, measure, method)
    told = (found.estimate, found.estimate_se, found.spread.tau2, found.spread.i2, found.spread.q)
    for got, published, digits in zip(
        told, (estimate, se, tau2, i2, q), (4, 4, 4, 2, 4), strict=True
    ):
        assert published is None or got == pytest.approx(published, abs=0.51 * 10**-digits)


def test_bcg_intervals() -> None:
    wald = pool(BCG, "RR", "REML")
    assert (wald.low, wald.high) == pytest.approx((-1.0669, -0.3622), abs=6e-5)
    hk = pool(BCG, "RR", "REML", "hk")
    assert hk.estimate_se == pytest.approx(0.1808, abs=6e-5)
    assert hk.p == pytest.approx(0.0019, abs=6e-5)
    assert (hk.low, hk.high) == pytest.approx((-1.1084, -0.3206), abs=6e-5)
    assert wald.spread.h2 == pytest.approx(12.86, abs=6e-3)
    assert (wald.spread.tau2_low, wald.spread.tau2_high) == pytest.approx(
        (0.1197, 1.1115), abs=6e-5
    )
    odds = pool(BCG, "OR", "REML").spread
    assert (odds.tau2_low, odds.tau2_high) == pytest.approx((0.1302, 1.1812), abs=6e-5)


def test_bcg_peto_and_left_out() -> None:
    peto = pool(BCG, "OR", "PETO")
    assert (peto.estimate, peto.low, peto.high) == pytest.approx((-0.474, -0.554, -0.395), abs=6e-4)
    assert peto.spread.q == pytest.approx(167.73, abs=6e-3)
    first = leave_one_out(BCG, "RR", "MH")[0]
    assert (first.estimate, first.estimate_se) == pytest.approx((-0.4514, 0.0394), abs=6e-5)
    assert (first.low, first.high) == pytest.approx((-0.5287, -0.3741), abs=6e-5)
    assert first.spread.q == pytest.approx(151.9153, abs=6e-5)
    first = leave_one_out(BCG, "OR", "PETO")[0]
    assert (first.estimate, first.estimate_se) == pytest.approx((-0.4722, 0.0408), abs=6e-5)
    assert first.spread.q == pytest.approx(167.2005, abs=6e-5)


def test_bcg_by_latitude() -> None:
    found = effects(BCG, "RR")
    fit = meta_regression(found.y, found.v, LATITUDE)
    assert fit.beta == pytest.approx([0.2515, -0.0291], abs=6e-5)
    assert fit.se == pytest.approx([0.2491, 0.0072], abs=6e-5)
    assert fit.tau2 == pytest.approx(0.0764, abs=6e-5)
    assert fit.qe == pytest.approx(30.7331, abs=6e-5)
    # metafor stops its scoring at a change of tau2 below 1e-5; the chi-square shows it.
    assert fit.qm == pytest.approx(16.3571, rel=1e-4)


@pytest.mark.parametrize("method", ["FE", "DL", "REML"])
def test_normand_lidocaine(method: str) -> None:
    found = effects(HINE, "RD")
    assert 100 * found.y == pytest.approx([2.8026, 0, 1.9711, 1.7961, 3.5334, 4.4031], abs=6e-5)
    variances = [17.7575, 37.5657, 8.1323, 10.8998, 8.0114, 6.1320]
    assert 1e4 * found.v == pytest.approx(variances, abs=6e-5)
    result = pool(HINE, "RD", method)
    assert 100 * result.estimate == pytest.approx(2.94, abs=6e-3)
    assert (100 * result.low, 100 * result.high) == pytest.approx((0.4, 5.5), abs=0.06)
    assert result.spread.tau2 == 0


@pytest.mark.parametrize(
    ("method", "estimate", "low", "high", "tau2"),
    [
        ("FE", -3.49, -5.03, -1.96, 0),
        ("DL", -14.10, -24.45, -3.75, 218.72),
        ("REML", -15.12, -32.67, 2.43, 685.20),
    ],
)
def test_normand_stroke(method: str, estimate: float, low: float, high: float, tau2: float) -> None:
    pooled_sd = []
    for s in STROKE:
        m = s.n1 + s.n2 - 2
        sd = (((s.n1 - 1) * s.sd1**2 + (s.n2 - 1) * s.sd2**2) / m) ** 0.5
        pooled_sd.append(replace(s, sd1=sd, sd2=sd))
    found = pool(pooled_sd, "MD", method)
    assert (found.estimate, found.low, found.high) == pytest.approx((estimate, low, high), abs=6e-3)
    assert found.spread.tau2 == pytest.approx(tau2, abs=6e-3)


def test_stroke_as_metafor_has_it() -> None:
    fixed, dl, reml = (pool(STROKE, "MD", m) for m in ("FE", "DL", "REML"))
    assert (fixed.estimate, fixed.estimate_se) == pytest.approx((-3.4636, 0.7648), abs=6e-5)
    assert (fixed.low, fixed.high, fixed.spread.q) == pytest.approx(
        (-4.9627, -1.9646, 238.9158), abs=6e-5
    )
    assert (dl.estimate, dl.spread.tau2) == pytest.approx((-13.9817, 205.4094), abs=6e-5)
    assert (reml.estimate, reml.spread.tau2) == pytest.approx((-15.1060, 684.6462), abs=6e-5)
    smd = effects(STROKE, "SMD")
    published = [-0.3552, -0.3479, -2.3176, -1.8880, -0.3840, 0.1721, 0.2721, -0.4246, 0.2896]
    assert smd.y == pytest.approx(published, abs=6e-5)
    assert smd.v[:4] == pytest.approx(np.array([0.0131, 0.0645, 0.0458, 0.1606]), abs=6e-5)
    assert pool(STROKE[:4], "SMD", "REML").spread.tau2 == pytest.approx(1.0090, abs=6e-5)
