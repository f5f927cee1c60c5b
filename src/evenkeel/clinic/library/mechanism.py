"""What one dose does, from blood to mood, drawn for the answer on how ketamine works.

The page composes two rooms: the words come from the evidence, the curves from the pharmacology
engine. They are of virtual people on one published way of giving it, not of anybody here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evenkeel.pharmacology import Regimen, draw_people, infusion, load_model, simulate
from evenkeel.pharmacology.choice import default_model
from evenkeel.pharmacology.effects.occupancy import occupancy_drive, occupancy_index
from evenkeel.pharmacology.effects.parameters import load_acute
from evenkeel.pharmacology.mood import course, draw_mood_people
from evenkeel.pharmacology.mood.states import FAST, SLOW, States
from evenkeel.web.svg import ForecastBand

Array = NDArray[np.float64]

PEOPLE: Final = 200
SEED: Final = 20261126
WEIGHT_KG: Final = 70.0
DOSE_MG: Final = 35.0
OVER_MIN: Final = 40.0
_LEVELS: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
_HOURS_MIN: Final = np.arange(0.0, 361.0, 5.0)
_WEEKS_DAYS: Final = np.concatenate([np.arange(0.0, 2.0, 0.125), np.arange(2.0, 28.5, 0.5)])
_GIVEN: Final = ((0.0, OVER_MIN),)


@dataclass(frozen=True, slots=True)
class Panel:
    """One step of the way: what is drawn, what it says, and how far to trust it."""

    title: str
    caption: str
    trust: str
    band: ForecastBand


def _binding_factor() -> Array:
    """(n,) how far the binding constants may be off: nine in ten within the stated factor."""
    factor = load_acute()["ki_uncertainty_factor"]
    sd = np.log(factor) / 1.645
    return np.exp(sd * np.random.default_rng([SEED, 2]).standard_normal(PEOPLE))


@cache
def mechanism_panels() -> tuple[Panel, ...]:
    """Blood level and receptor over six hours, plasticity and mood over four weeks.

    Computed once a process on the plain kernel, so that a page shown to everybody compiles nothing.
    """
    regimen = Regimen.of(infusion(DOSE_MG, over_min=OVER_MIN))
    model = load_model(default_model("racemic", regimen))
    people = draw_people(model, PEOPLE, SEED, weight_kg=WEIGHT_KG)
    times_h = np.union1d(_HOURS_MIN / 60.0, _WEEKS_DAYS * 24.0)
    level = simulate(model, regimen, people, times_h, kernel="numpy")
    # The states, not the default form: they are what the words beside the picture speak of.
    respond = draw_mood_people(PEOPLE, SEED)
    after = course(model, regimen, people, respond, times_h, form=States(), kernel="numpy")
    hours = np.isin(times_h, _HOURS_MIN / 60.0)
    weeks = np.isin(times_h, _WEEKS_DAYS * 24.0)
    sound = ~(level.failed | after.failed)

    def rows(values: Array, which: NDArray[np.bool_]) -> list[list[float]]:
        found: list[list[float]] = np.quantile(values[sound][:, which], _LEVELS, axis=0).tolist()
        return found

    s, r = level["s_ketamine_ng_ml"], level["r_ketamine_ng_ml"]
    receptor = 100.0 * occupancy_index(occupancy_drive(s, r) * _binding_factor()[:, None])
    links = 100.0 * (after.states[FAST] + after.states[SLOW]) / 2.0
    mood = after.drug_effect_points + after.trial_points
    return (
        Panel(
            "1. In the blood",
            "The level rises while it is given and falls over hours.",
            "from a published model",
            _hours("concentration", "Level in the blood", "ng/mL", rows(s + r, hours)),
        ),
        Panel(
            "2. At the receptor",
            "How much of the NMDA receptor may be blocked. No scan in people has confirmed it.",
            "worked out, could be off threefold",
            _hours("dissociation", "Receptor index", "%", rows(receptor, hours)),
        ),
        Panel(
            "3. New links",
            "Signs of growth between nerve cells, seen in animals: quick ones, then lasting.",
            "a hypothesis put in numbers",
            _weeks("sedation", "Plasticity, of its most", "%", rows(links, weeks)),
        ),
        Panel(
            "4. Mood",
            "What the drug itself may add, in points of a depression scale. It fades in days.",
            "fitted to trials, which differ widely",
            _weeks("mood", "Relief owed to the drug", "points", rows(mood, weeks)),
        ),
    )


def _hours(hue: str, title: str, unit: str, values: list[list[float]]) -> ForecastBand:
    return _band(hue, title, unit, _HOURS_MIN.tolist(), values, in_weeks=False)


def _weeks(hue: str, title: str, unit: str, values: list[list[float]]) -> ForecastBand:
    return _band(hue, title, unit, _WEEKS_DAYS.tolist(), values, in_weeks=True)


def _band(
    hue: str,
    title: str,
    unit: str,
    times: list[float],
    values: list[list[float]],
    *,
    in_weeks: bool,
) -> ForecastBand:
    peak = int(np.argmax(values[2]))
    when = f"day {times[peak]:.1f}" if in_weeks else f"minute {times[peak]:.0f}"
    return ForecastBand(
        hue=hue,  # type: ignore[arg-type]
        title=title,
        unit=unit,
        times=times,
        values=values,
        low=0.0,
        high=float(max(values[4])) * 1.05,
        given=() if in_weeks else _GIVEN,
        marked=peak,
        spoken=f"{title} in {unit}: highest at {when}, about {values[2][peak]:.0f}, then falling.",
        in_weeks=in_weeks,
    )
