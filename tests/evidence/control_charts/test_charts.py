"""What a chart says of points made up here, and how often chance alone makes a signal."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.evidence.control_charts import KINDS, Point, draw_up

_ROUNDS = 600


def _binomial(draw: random.Random) -> Point:
    n = draw.randint(15, 40)
    return Point(sum(draw.random() < 0.15 for _ in range(n)), n)


def _poisson(draw: random.Random) -> Point:
    n = draw.randint(15, 40)
    count, passed = 0, draw.expovariate(0.2)
    while passed < n:
        count, passed = count + 1, passed + draw.expovariate(0.2)
    return Point(count, n)


def _geometric(draw: random.Random) -> Point:
    gap = 0
    while draw.random() >= 0.04:
        gap += 1
    return Point(gap)


#: How each kind's figure comes about by chance alone, and the largest share of charts of 24 points
#: that may signal. The tests of runs alone make 5 of 100, three sigma another 6 where a center and
#: limits are known; here both are taken from 20 points first.
_CHANCE: dict[str, tuple[Callable[[random.Random], Point], float]] = {
    "xmr": (lambda draw: Point(draw.gauss(50, 5)), 0.18),
    "p": (_binomial, 0.09),
    "u": (_poisson, 0.10),
    "g": (_geometric, 0.10),
    "t": (lambda draw: Point(draw.expovariate(0.05)), 0.15),
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_chance_alone_seldom_makes_a_signal(kind: str) -> None:
    """Seeded, so it says the same each time; the shares stand in docs/quality.md."""
    draw = random.Random(20260)
    make, most = _CHANCE[kind]
    wrong = sum(
        bool(draw_up(kind, [make(draw) for _ in range(24)]).signaled) for _ in range(_ROUNDS)
    )
    assert wrong / _ROUNDS <= most, wrong / _ROUNDS


@pytest.mark.parametrize("kind", ["xmr", "p", "u"])
def test_a_real_change_is_found(kind: str) -> None:
    """Twice as many from the 21st point on, twelve points long."""
    draw = random.Random(7)
    make, _ = _CHANCE[kind]
    found = 0
    for _ in range(100):
        points = [make(draw) for _ in range(20)]
        for _ in range(12):
            one = make(draw)
            more = one.events + 10 if kind == "xmr" else min(2 * one.events, one.of)
            points.append(Point(more, one.of))
        found += any(p.signals for p in draw_up(kind, points).points[20:])
    assert found >= 90


@pytest.mark.parametrize(
    ("points", "state", "limits"),
    [
        (0, "too_few", 0),
        (5, "too_few", 0),
        (6, "no_limits", 0),
        (11, "no_limits", 0),
        (12, "trial", 12),
        (19, "trial", 19),
        (20, "held", 20),
        (30, "held", 30),
    ],
)
def test_how_many_points_it_takes(points: int, state: str, limits: int) -> None:
    chart = draw_up("xmr", [Point(10 + n % 3) for n in range(points)])
    assert chart.state == state
    assert sum(p.high is not None for p in chart.points) == limits
    assert not chart.signaled


@pytest.mark.parametrize("kind", ["xmr", "p", "u"])
def test_where_nothing_happened_one_event_is_no_signal(kind: str) -> None:
    points = [Point(0, 20) for _ in range(22)] + [Point(1, 20)]
    chart = draw_up(kind, points)
    assert chart.state == "flat"
    assert not chart.signaled


@pytest.mark.parametrize("kind", ["p", "u"])
def test_one_event_among_few_cases_is_no_signal(kind: str) -> None:
    """Once in 24 periods of six: three sigma would call it a signal, the distribution does not."""
    points = [Point(int(n == 9), 6) for n in range(24)]
    chart = draw_up(kind, points)
    assert chart.state == "held"
    assert not chart.signaled
    base = KINDS[kind].base(points[:20])
    assert base.center + 3 * base.sigma / 6**0.5 < 1 / 6
    assert draw_up(kind, [*points, Point(3, 6)]).points[24].signals == ("limit",)


def test_one_missed_among_few_is_no_signal_either() -> None:
    points = [Point(5 if n == 9 else 6, 6) for n in range(24)]
    assert not draw_up("p", points).signaled
    assert draw_up("p", [*points, Point(3, 6)]).points[24].signals == ("limit",)


def test_later_points_do_not_move_the_limits() -> None:
    calm = [Point(10 + n % 3) for n in range(20)]
    before = draw_up("xmr", calm)
    after = draw_up("xmr", [*calm, *(Point(30) for _ in range(5))])
    assert before.points[0].high == after.points[24].high
    assert [n for n, p in enumerate(after.points) if "limit" in p.signals] == list(range(20, 25))
    assert [p.in_baseline for p in after.points] == [True] * 20 + [False] * 5


def test_a_known_change_begins_limits_of_its_own() -> None:
    points = [Point(10 + n % 3) for n in range(20)] + [Point(30 + n % 3) for n in range(14)]
    chart = draw_up("xmr", points, starts=(20,))
    assert not chart.signaled
    assert chart.state == "trial"
    assert chart.baseline == 14
    assert {p.phase for p in chart.points} == {0, 1}
    assert chart.points[0].center == pytest.approx(11, abs=0.1)
    assert chart.points[33].center == pytest.approx(31, abs=0.1)


def test_a_period_in_which_nothing_could_happen_has_no_value() -> None:
    points = [Point(2, 20) for _ in range(15)]
    points[4] = Point(0, 0)
    chart = draw_up("p", points)
    assert chart.points[4].value is None
    assert chart.points[4].signals == ()
    assert chart.baseline == 14


def test_a_long_run_is_marked_from_where_it_is_too_long() -> None:
    values = [9, 11] * 10 + [11] * 9
    chart = draw_up("xmr", [Point(v) for v in values])
    # 29 useful points: eight in a row are chance; the run began with the 20th value
    assert [n for n, p in enumerate(chart.points, 1) if "run" in p.signals] == [28, 29]


@pytest.mark.parametrize(
    ("kind", "point"), [("p", Point(3, 2)), ("p", Point(-1, 2)), ("u", Point(1, -2))]
)
def test_what_is_no_point_is_refused(kind: str, point: Point) -> None:
    with pytest.raises(ValueError, match=r"point|events"):
        draw_up(kind, [point])


@given(
    st.sampled_from(sorted(KINDS)),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=40),
    st.lists(st.integers(-5, 60), max_size=4),
)
def test_whatever_is_counted_a_chart_comes_of_it(
    kind: str, pairs: list[tuple[int, int]], starts: list[int]
) -> None:
    points = [Point(min(a, b) if kind == "p" else a, b if kind in "pu" else 1) for a, b in pairs]
    chart = draw_up(kind, points, starts, never_below=0)
    assert len(chart.points) == len(points)
    for read in chart.points:
        if read.low is not None and read.center is not None:
            assert read.low <= read.center + 1e-9
        if read.high is not None and read.center is not None:
            assert read.high >= read.center - 1e-9
        if "limit" in read.signals:
            assert read.low is not None or read.high is not None
