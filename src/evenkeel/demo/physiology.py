"""Plausible bodies: vital signs, dissociation and sedation of a synthetic person in a session.

For demonstrations only: smooth curves whose *means* are the published ones, spread by guesses. It
forecasts nothing and judges nobody. Pure; the same seed gives the same body.

Every drug event is an input of constant rate into one compartment; ``level`` is 1 at the end of the
regimen a trial gave (40-minute infusion; first spray 40 minutes ago). Effects follow the level.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

#: How fast the level falls once nothing is given, as a half-life [assumed]: chosen so that effects
#: are back in the range before the dose 1.5 h after the first spray (Doherty 2020, PMID 31994024)
#: [sourced].
HALF_LIFE_MIN: Final = 15.0
_FALL_PER_MIN: Final = math.log(2) / HALF_LIFE_MIN
#: The regimen at whose end the level is 1: 40 min by pump, as in the series below [sourced].
INFUSION_MIN: Final = 40.0
#: A spray is taken up over this time, so that the peak is 40 min after the first (US label,
#: section 5, "approximately 40 minutes") [label: sourced; shape: assumed].
UPTAKE_MIN: Final = 35.0


@dataclass(frozen=True, slots=True)
class Size:
    """Mean rise at the peak: mmHg, mmHg and beats a minute."""

    sbp_mmhg: float
    dbp_mmhg: float
    heart_rate_bpm: float


#: Yale, 2,342 infusions: +16/+11 mmHg at 40 min (2024, PMID 38991311) [sourced]. Heart rate:
#: Vankawala 2021, 2,252 treatments, +4.09 a minute (PMID 33841195) [sourced].
INFUSED: Final = Size(16.0, 11.0, 4.09)
#: Doherty 2020: mean of each person's highest rise +13.3/+8.7 mmHg with esketamine, +6.1/+4.9 with
#: placebo (PMID 31994024) [sourced]. The level of sprays peaks at 0.87, and a highest of several
#: wavering readings lies a little above the truth; with these sizes the highest of readings 40, 60
#: and 90 min after the first spray has the mean 13.3/8.7 [derived].
SPRAYED: Final = Size(15.0, 9.5, 4.7)

#: Spread between people, as standard deviation of the logarithm [assumed].
_PERSON_SPREAD: Final = 0.35
#: Waver of a reading around the truth, as standard deviation [assumed].
_WAVER_SBP, _WAVER_DBP, _WAVER_HR, _WAVER_SPO2 = 3.0, 2.4, 2.5, 0.35
#: Share of sessions with one short fall of saturation below 92 % [assumed]. For scale: in phase 3
#: fewer than 3 % of 2,009 people were below 93 % on two or more checks (manufacturer's medical
#: information on respiratory depression) [sourced].
DIP_SHARE: Final = 0.05
DIP_MIN: Final = 1.5
#: Share of people who are ever below MOAA/S 5: between the label's 48 and 61 % (US label, boxed
#: warning and 5.1) [sourced]; of those almost all reach 4 only [sourced in kind].
SLEEPY_SHARE: Final = 0.55
#: Dissociation on the 0-10 scale that staff ask: the mean peak is [assumed]; that later sessions
#: have less of it is sourced in kind, the size (0.7) is [assumed]. It peaks at 40 min and is gone
#: by 1.5 h (manufacturer's medical information on dissociative effects) [sourced].
DISSOCIATION_PEAK: Final = {"infused": 6.0, "sprayed": 4.5}
LATER_SESSIONS: Final = 0.7
#: Below this level nothing is felt [assumed].
_FELT_FROM: Final = 0.16
#: Nausea in the first week of long-term studies: 14.0 % of 928 (J Clin Psychiatry,
#: adverse events of esketamine nasal spray) [sourced]; the score is [assumed].
NAUSEA_SHARE: Final = 0.14


@dataclass(frozen=True, slots=True)
class Input:
    """Drug going in at a constant rate: from, until (``inf``: still), and rate.

    ``rate`` is 1 where the whole regimen goes in over its usual time.
    """

    start_min: float
    end_min: float
    rate: float = 1.0


def infusion(start_min: float, end_min: float, rate: float = 1.0) -> Input:
    """A pump from ``start_min`` to ``end_min``; ``rate`` 1 gives the plan in 40 minutes."""
    return Input(start_min, end_min, rate)


def sprays(times_min: Sequence[float], planned: int) -> list[Input]:
    """Sprays at these times, each ``1/planned`` of the dose."""
    share = 1.0 / max(planned, 1)
    return [Input(at, at + UPTAKE_MIN, share) for at in times_min]


def injected(at_min: float) -> Input:
    """A whole dose at once into a muscle, under the skin or by mouth, taken up in 20 minutes."""
    return Input(at_min, at_min + 20.0, 1.5)


def level(inputs: Iterable[Input], at_min: float) -> float:
    """The level at a minute: 0 before, 1 at the end of a 40-minute infusion."""
    full = 1.0 - math.exp(-_FALL_PER_MIN * INFUSION_MIN)
    total = 0.0
    for one in inputs:
        if at_min <= one.start_min:
            continue
        end = min(one.end_min, at_min)
        held = 1.0 - math.exp(-_FALL_PER_MIN * (end - one.start_min))
        total += one.rate * held * math.exp(-_FALL_PER_MIN * (at_min - end))
    return total / full


@dataclass(frozen=True, slots=True)
class Signs:
    """One body at one moment."""

    sbp_mmhg: int
    dbp_mmhg: int
    heart_rate_bpm: int
    spo2_percent: int
    respiratory_rate_per_min: int
    temperature_c: float


@dataclass(frozen=True, slots=True)
class Feelings:
    """What a nurse asks and sees: dissociation and nausea 0-10, MOAA/S 5 (awake) to 3."""

    dissociation_0_10: int
    moaas: int
    nausea_0_10: int


class Waver:
    """A smooth, endless, repeatable wobble of mean 0 and standard deviation 1."""

    def __init__(self, seed: str) -> None:
        draw = random.Random(seed)  # noqa: S311 - a stage prop, no secret
        self._parts = [
            (2 * math.pi / draw.uniform(low, high), draw.uniform(0, 2 * math.pi))
            for low, high in ((2.0, 4.0), (5.0, 9.0), (12.0, 20.0), (28.0, 45.0))
        ]

    def at(self, minute: float) -> float:
        """The wobble at a minute."""
        total = sum(math.sin(pace * minute + phase) for pace, phase in self._parts)
        # a sine has variance 1/2
        return total / math.sqrt(len(self._parts) / 2)


@dataclass(frozen=True, slots=True)
class Rest:
    """A person at rest, before any drug."""

    sbp_mmhg: float = 122.0
    dbp_mmhg: float = 78.0
    heart_rate_bpm: float = 70.0
    spo2_percent: float = 97.0
    respiratory_rate_per_min: float = 14.0


class Body:
    """One person in one session.

    ``seed`` names person and session; ``route`` is "infused" or "sprayed"; ``session_number``
    counts from 1. ``dip_at_min`` forces the one short fall of saturation, negative for none.
    """

    def __init__(
        self,
        seed: str,
        rest: Rest,
        *,
        route: str = "infused",
        session_number: int = 1,
        dip_at_min: float | None = None,
    ) -> None:
        self.rest, self.route = rest, route
        person = random.Random(f"{seed.split('|')[0]}|person")  # noqa: S311
        today = random.Random(f"{seed}|today")  # noqa: S311
        size = INFUSED if route == "infused" else SPRAYED
        self._gain = _spread(person, _PERSON_SPREAD)
        self._size = size
        felt = DISSOCIATION_PEAK.get(route, DISSOCIATION_PEAK["infused"])
        later = 1.0 if session_number == 1 else LATER_SESSIONS
        self._felt = felt * later * _spread(person, 0.3) * _spread(today, 0.15)
        self._sleepy_from = 0.6 if person.random() < SLEEPY_SHARE else math.inf
        self._nausea = today.choice((2, 3, 4)) if today.random() < NAUSEA_SHARE else 0
        dips = today.random() < DIP_SHARE
        drawn_min = today.uniform(18, 38)
        if dip_at_min is not None:
            self._dip_at_min = dip_at_min
        else:
            self._dip_at_min = drawn_min if dips else -1.0
        names = ("sbp", "dbp", "hr", "spo2", "rr", "temp")
        self._waver = {name: Waver(f"{seed}|{name}") for name in names}

    def signs(self, inputs: Sequence[Input], at_min: float) -> Signs:
        """What a monitor would show at a minute, counted from the first dose."""
        up = level(inputs, at_min) * self._gain
        rest, size, waver = self.rest, self._size, self._waver
        sbp = rest.sbp_mmhg + size.sbp_mmhg * up + _WAVER_SBP * waver["sbp"].at(at_min)
        dbp = rest.dbp_mmhg + size.dbp_mmhg * up + _WAVER_DBP * waver["dbp"].at(at_min)
        pulse = rest.heart_rate_bpm + size.heart_rate_bpm * up + _WAVER_HR * waver["hr"].at(at_min)
        breath = rest.respiratory_rate_per_min + 0.8 * waver["rr"].at(at_min)
        return Signs(
            sbp_mmhg=round(sbp),
            dbp_mmhg=round(min(dbp, sbp - 15)),
            heart_rate_bpm=round(pulse),
            spo2_percent=self._saturation(level(inputs, at_min), at_min),
            respiratory_rate_per_min=round(breath),
            temperature_c=round(36.6 + 0.1 * waver["temp"].at(at_min), 1),
        )

    def _saturation(self, now: float, at_min: float) -> int:
        value = self.rest.spo2_percent - 1.2 * min(now, 1.0)
        value += _WAVER_SPO2 * self._waver["spo2"].at(at_min)
        if self._dip_at_min >= 0 and self._dip_at_min <= at_min < self._dip_at_min + DIP_MIN:
            value = 91.0
        elif self._dip_at_min >= 0:
            value = max(value, 93.0)
        return min(100, max(85, round(value)))

    def feelings(self, inputs: Sequence[Input], at_min: float) -> Feelings:
        """What the person would answer at a minute, and how awake they look."""
        now = level(inputs, at_min)
        above = max(0.0, (now - _FELT_FROM) / (1 - _FELT_FROM))
        felt = min(10, round(self._felt * above))
        sleepy = now >= self._sleepy_from
        nausea = self._nausea if now > 0.4 else 0
        return Feelings(felt, 4 if sleepy else 5, nausea)


def _spread(draw: random.Random, log_sd: float) -> float:
    """A factor of mean 1."""
    return math.exp(draw.gauss(-log_sd * log_sd / 2, log_sd))
