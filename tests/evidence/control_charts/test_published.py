"""The charts against worked examples whose numbers others printed."""

from __future__ import annotations

import math

import pytest

from evenkeel.evidence.control_charts import (
    KINDS,
    Point,
    draw_up,
    fewest_crossings,
    longest_run,
    share_limits,
)

#: Montgomery, Introduction to Statistical Quality Control: cans of orange juice, 30 samples of 50.
#: Center and limits as the R package qcc prints them (luca-scr.github.io/qcc/reference/qcc.html);
#: NIST/SEMATECH e-Handbook 6.3.3.2 prints the same center.
CANS = (12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9)
CANS += (12, 7, 13, 9, 6)
#: The same book: nonconformities on samples of five printed circuit boards; printed by qcc.
BOARDS = (10, 12, 8, 14, 10, 16, 11, 7, 10, 15, 9, 5, 7, 11, 12, 6, 8, 10, 7, 5)
#: Montgomery and Runger, Applied Statistics and Probability for Engineers, Table 16-3, page 617.
CONCENTRATIONS = (102.0, 94.8, 98.3, 98.4, 102.0, 98.5, 99.0, 97.7, 100.0, 98.1, 101.3, 98.7)
CONCENTRATIONS += (101.1, 98.4, 97.0, 96.7, 100.3, 101.4, 97.2, 101.0)
#: NHSRplotthedots, vignette "Deviations from Excel defaults": one value screened out of the ranges.
SCREENED = (1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1)
#: Anhøj and Mohammed, Mastering SPC Charts in Healthcare (anhoej.github.io/spc4hc), rare events:
#: births between, and days between, 16 births with too little oxygen.
BIRTHS_BETWEEN = (99, 64, 255, 68, 148, 73, 35, 63, 286, 24, 176, 33, 418, 139, 54)
DAYS_BETWEEN = (17.77, 10.38, 51.94, 10.03, 26.50, 12.29, 5.96, 8.76, 41.59, 3.97, 23.91, 5.75)
DAYS_BETWEEN += (62.78, 24.20, 6.51)
#: Mohammed et al. 2013, BMJ Qual Saf 22:362: attendances seen within four hours, and all of them.
SEEN = (266501, 264225, 276532, 281461, 269071, 261215, 270409, 279778, 270483, 270320)
SEEN += (267923, 271478, 255353, 256820, 261835, 259144, 255910, 260863, 264465, 260989)
CAME = (280443, 276823, 291681, 296155, 282343, 275888, 283867, 295251, 284468, 282529)
CAME += (279618, 283932, 266629, 268091, 276803, 271578, 266005, 273520, 278574, 273772)


def test_p_chart_of_the_orange_juice_cans() -> None:
    base = KINDS["p"].base([Point(d, 50) for d in CANS])
    assert base.center == pytest.approx(0.2313333, abs=5e-8)
    plain = base.sigma / math.sqrt(50)
    assert base.center - 3 * plain == pytest.approx(0.05242755, abs=5e-9)
    assert base.center + 3 * plain == pytest.approx(0.4102391, abs=5e-8)
    beyond = [n for n, p in enumerate(CANS, 1) if p / 50 > base.center + 3 * plain]
    assert beyond == [15, 23]  # the samples the book removes
    # these samples vary by two thirds more than a binomial does, and the limits with them
    found = KINDS["p"].limits(base, Point(0, 50))
    assert base.widening == pytest.approx(1.66, abs=0.01)
    assert found.high == pytest.approx(base.center + 3 * plain * base.widening)


def test_p_chart_without_the_samples_that_were_explained() -> None:
    """Center 0.215 and its limits, of the other 28 samples, printed by qcc."""
    kept = [d for n, d in enumerate(CANS, 1) if n not in (15, 23)]
    base = KINDS["p"].base([Point(d, 50) for d in kept])
    plain = base.sigma / math.sqrt(50)
    assert base.center == pytest.approx(0.215)
    assert base.center - 3 * plain == pytest.approx(0.04070284, abs=5e-9)
    assert base.center + 3 * plain == pytest.approx(0.3892972, abs=5e-8)


def test_u_chart_of_the_circuit_boards() -> None:
    points = [Point(x, 5) for x in BOARDS]
    base = KINDS["u"].base(points)
    found = KINDS["u"].limits(base, points[0])
    plain = 3 * base.sigma / math.sqrt(5)
    assert found.center == pytest.approx(1.93)
    assert base.center - plain == pytest.approx(0.06613305, abs=5e-9)
    assert base.center + plain == pytest.approx(3.793867, abs=5e-7)
    assert found.high == pytest.approx(1.93 + plain * base.widening)
    assert found.low is None  # a little wider, it would lie below no nonconformities at all
    assert not draw_up("u", points).signaled


def test_xmr_chart_of_the_concentrations() -> None:
    chart = draw_up("xmr", [Point(x) for x in CONCENTRATIONS])
    one = chart.points[0]
    assert one.center == pytest.approx(99.1, abs=0.05)
    # the book rounds center and mean range (2.59) before it goes on
    assert one.low == pytest.approx(92.21, abs=0.02)
    assert one.high == pytest.approx(105.99, abs=0.02)
    assert not chart.signaled
    assert chart.state == "held"


def test_an_extreme_range_does_not_widen_the_limits() -> None:
    chart = draw_up("xmr", [Point(x) for x in SCREENED])
    one = chart.points[0]
    assert one.center == pytest.approx(1.94, abs=0.005)
    assert one.low == pytest.approx(-0.72, abs=0.005)
    assert one.high == pytest.approx(4.60, abs=0.005)
    assert [n for n, p in enumerate(chart.points, 1) if "limit" in p.signals] == [5]
    assert draw_up("xmr", [Point(x) for x in SCREENED], never_below=0).points[0].low is None


def test_g_chart_of_the_births() -> None:
    base = KINDS["g"].base([Point(x) for x in BIRTHS_BETWEEN])
    three_sigma = base.center + 3 * math.sqrt(base.center * (base.center + 1))
    assert math.ceil(three_sigma) == 518  # "at least 518 consecutive deliveries"
    found = KINDS["g"].limits(base, Point(1))
    stay = 1 - 1 / (base.center + 1)
    # by the distribution itself: half of all gaps, and 13.5 of 10,000, lie above
    assert stay ** (found.center + 1) == pytest.approx(0.5)
    assert stay ** (found.high + 1) == pytest.approx(0.00135)
    # three sigma is passed by chance more than ten times as often
    assert stay**518 > 0.015
    assert found.low is None


def test_t_chart_of_the_days() -> None:
    base = KINDS["t"].base([Point(x) for x in DAYS_BETWEEN])
    found = KINDS["t"].limits(base, Point(1))
    assert found.high == pytest.approx(190, abs=1)  # "about 190 days"
    assert not draw_up("t", [Point(x) for x in DAYS_BETWEEN]).signaled


def test_p_prime_chart_of_very_large_samples() -> None:
    """A plain p chart calls these weeks unstable; charts that see the variation itself do not."""
    points = [Point(r, n) for r, n in zip(SEEN, CAME, strict=True)]
    base = KINDS["p"].base(points)
    plain = [3 * base.sigma / math.sqrt(n) for n in CAME]
    beyond = [
        n
        for n, (p, reach) in enumerate(zip(points, plain, strict=True), 1)
        if abs(p.events / p.of - base.center) > reach
    ]
    assert len(beyond) > 10
    assert not [p for p in draw_up("p", points).points if "limit" in p.signals]
    individuals = draw_up("xmr", [Point(r / n) for r, n in zip(SEEN, CAME, strict=True)])
    assert not [p for p in individuals.points if "limit" in p.signals]


def test_p_prime_is_the_chart_of_individuals_where_all_samples_are_alike() -> None:
    """By algebra: with one sample size Laney's limits are those of the shares' moving ranges."""
    prime = draw_up("p", [Point(d, 50) for d in CANS[:20]]).points[0]
    individuals = draw_up("xmr", [Point(d / 50) for d in CANS[:20]]).points[0]
    assert prime.center == pytest.approx(individuals.center)
    assert prime.high == pytest.approx(individuals.high)


@pytest.mark.parametrize(
    ("useful", "run", "crossings"), [(10, 6, 2), (12, 7, 3), (20, 7, 6), (24, 8, 8), (100, 10, 41)]
)
def test_runs_as_tabulated(useful: int, run: int, crossings: int) -> None:
    """24 useful points: more than eight in a row or fewer than eight crossings (spc4hc, runs)."""
    assert longest_run(useful) == run
    assert fewest_crossings(useful) == crossings


def test_limits_of_one_share_among_others() -> None:
    low, high = share_limits(0.2313333, 50)
    assert (low, high) == (pytest.approx(0.0524, abs=1e-4), pytest.approx(0.4102, abs=1e-4))
    assert share_limits(0.1, 4) == (0.0, pytest.approx(0.55))
    with pytest.raises(ValueError, match="no cases"):
        share_limits(0.1, 0)
