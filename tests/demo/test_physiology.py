"""The made-up bodies, held against what was published."""

from __future__ import annotations

import statistics
from itertools import pairwise

import pytest

from evenkeel.demo.physiology import (
    Body,
    Input,
    Rest,
    Waver,
    infusion,
    injected,
    level,
    sprays,
)

PEOPLE = 500
REST = Rest()
INFUSION = [infusion(0, 40)]
SPRAYS = sprays([0, 5, 10], 3)


def bodies(route: str, session: int = 1) -> list[Body]:
    return [
        Body(f"p{n}|{session}", REST, route=route, session_number=session, dip_at_min=-1)
        for n in range(PEOPLE)
    ]


def test_infusion_raises_pressure_as_published() -> None:
    """Yale, 2,342 infusions: +16/+11 mmHg at 40 min (2024, PMID 38991311)."""
    at_end = [body.signs(INFUSION, 40) for body in bodies("infused")]
    assert statistics.mean(s.sbp_mmhg for s in at_end) - REST.sbp_mmhg == pytest.approx(16, abs=1)
    assert statistics.mean(s.dbp_mmhg for s in at_end) - REST.dbp_mmhg == pytest.approx(11, abs=1)


def test_infusion_raises_pulse_as_published() -> None:
    """Vankawala 2021, 2,252 treatments: +4.09 a minute, interval 0.55 to 7.63 (PMID 33841195)."""
    pulses = [body.signs(INFUSION, 40).heart_rate_bpm for body in bodies("infused")]
    assert statistics.mean(pulses) - REST.heart_rate_bpm == pytest.approx(4.09, abs=0.8)


def test_sprays_raise_pressure_as_published() -> None:
    """Doherty 2020: mean of each person's highest rise 13.3/8.7 mmHg (PMID 31994024)."""
    highest_sbp, highest_dbp = [], []
    for body in bodies("sprayed"):
        before = body.signs([], -5)
        after = [body.signs(SPRAYS, minute) for minute in (40, 60, 90)]
        highest_sbp.append(max(s.sbp_mmhg for s in after) - before.sbp_mmhg)
        highest_dbp.append(max(s.dbp_mmhg for s in after) - before.dbp_mmhg)
    assert statistics.mean(highest_sbp) == pytest.approx(13.3, abs=1)
    assert statistics.mean(highest_dbp) == pytest.approx(8.7, abs=1)


def test_sprays_peak_40_minutes_after_the_first_and_are_over_at_90() -> None:
    """US label: peak about 40 min; Doherty 2020: back in the range before the dose by 1.5 h."""
    minutes = range(0, 181)
    peak = max(minutes, key=lambda minute: level(SPRAYS, minute))
    assert 35 <= peak <= 45
    assert level(SPRAYS, 90) < 0.2 * level(SPRAYS, peak)
    felt = [body.feelings(SPRAYS, 92).dissociation_0_10 for body in bodies("sprayed")]
    assert statistics.mean(felt) < 0.3


def test_about_half_of_people_get_sleepy() -> None:
    """US label: MOAA/S below 5 in 48 to 61 % of people."""
    sleepy = [
        any(body.feelings(SPRAYS, minute).moaas < 5 for minute in range(0, 120, 5))
        for body in bodies("sprayed")
    ]
    assert 0.48 <= statistics.mean(sleepy) <= 0.61


def test_low_saturation_on_two_checks_is_rare() -> None:
    """Below 93 % on two or more checks in fewer than 3 % of 2,009 people."""
    low = 0
    for n in range(PEOPLE):
        body = Body(f"p{n}|1", REST, route="sprayed")
        checks = [body.signs(SPRAYS, minute).spo2_percent for minute in range(0, 121, 10)]
        low += sum(value < 93 for value in checks) >= 2
    assert low / PEOPLE < 0.03


def test_later_sessions_are_felt_less() -> None:
    """Dissociation attenuates over sessions (kind sourced, size assumed)."""
    first, later = (
        statistics.mean(b.feelings(INFUSION, 40).dissociation_0_10 for b in bodies("infused", n))
        for n in (1, 4)
    )
    assert later < 0.85 * first


def test_a_pause_lets_the_level_fall_and_half_a_rate_halves_it() -> None:
    paused = [infusion(0, 20), infusion(30, 50)]
    assert level(paused, 30) < level(paused, 20) < level([infusion(0, 40)], 40)
    assert level([infusion(0, 40, 0.5)], 40) == pytest.approx(0.5)
    assert level([Input(0, float("inf"))], 40) == pytest.approx(1.0)
    assert level([injected(0)], 0) == 0 < level([injected(0)], 20)


def test_curves_are_smooth_and_repeat_with_the_seed() -> None:
    body, twin = (Body("ada|4", REST, session_number=4) for _ in range(2))
    curve = [body.signs(INFUSION, minute / 4).sbp_mmhg for minute in range(-40, 480)]
    assert all(abs(b - a) <= 4 for a, b in pairwise(curve))
    assert curve == [twin.signs(INFUSION, minute / 4).sbp_mmhg for minute in range(-40, 480)]
    assert [Waver("x").at(m) for m in range(9)] != [Waver("y").at(m) for m in range(9)]


def test_a_dip_lasts_as_long_as_it_was_told_to() -> None:
    body = Body("ada|4", REST, dip_at_min=20)
    assert body.signs(INFUSION, 20.5).spo2_percent == 91
    assert body.signs(INFUSION, 19).spo2_percent >= 93
    assert body.signs(INFUSION, 22).spo2_percent >= 93
