"""The prediction of a concentration target: its recipe followed through the engine.

Every statistic is worked out for each person (n,) and then, where a recipe draws people,
summarized. Areas are the engine's own integrals; maxima are found on a grid of minutes and then
looked for between its points until they stand still to a ten-thousandth of a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from ..errors import PharmacologyError
from ..interactions import interaction_covariates
from ..model import Model, Status
from ..model_file import load_model
from ..people import People, draw_people, parameters, typical_people
from ..regimen import Dose, Regimen, Unit, bolus, devices, infusion
from ..simulate import Result, simulate, trust
from ..system import Integral
from .recipe_form import SUMMARIES, Recipe, inner

Array = NDArray[np.float64]

#: Hours after the last dose at which an area is tried as the one to infinity.
LATE_H = tuple(float(2**power) for power in range(7, 15))
#: What the area may still grow by, as a share of it, when the hours double.
SETTLED = 1e-7
_FINER = 200
_ZOOMS = 2


class RecipeError(PharmacologyError):
    """A recipe cannot be followed, although it is well formed."""

    code = "validation-recipe"


@dataclass(frozen=True)
class Prediction:
    """What a recipe gives: one number, and how far the model was made for it."""

    value: float
    status: Status


def predict(model_id: str, recipe: Recipe) -> Prediction:
    """Follow a concentration recipe. Raises ``PharmacologyError`` where that cannot be done."""
    model = load_model(model_id)
    asked = Asked(model, recipe)
    values = _worked(asked)
    status = trust(model, asked.regimen, asked.people)[0]
    return Prediction(_summary(values, recipe.get("people")), status)


def course_of(model_id: str, recipe: Recipe, minutes: object) -> Array:
    """The output (T,) of a recipe's first person at these minutes, for a picture of it."""
    asked = Asked(load_model(model_id), recipe)
    levels: Array = asked.run(np.asarray(minutes, dtype=np.float64) / 60.0)[0]
    return levels


@dataclass(frozen=True)
class Asked:
    """One recipe made ready: who, what is given, what is read."""

    model: Model
    recipe: Recipe

    @cached_property
    def people(self) -> People:
        """The typical person with the recipe's covariates, or people drawn."""
        covariates = {name: float(v) for name, v in self.recipe["covariates"].items()}
        other = self.recipe.get("interaction")
        if other is not None:
            covariates |= interaction_covariates(self.model, [other])[0]
        drawn = self.recipe.get("people")
        if drawn is None:
            return typical_people(self.model, **covariates)
        return draw_people(self.model, int(drawn["n"]), int(drawn["seed"]), **covariates)

    @cached_property
    def regimen(self) -> Regimen:
        """What is given."""
        return regimen_of(self.recipe.get("regimen", ()))

    @property
    def window_h(self) -> tuple[float, float]:
        """From and to, in hours."""
        start, end = self.recipe["window_min"]
        return start / 60.0, end / 60.0

    def run(self, times_h: object, *, people: People | None = None) -> Array:
        """The output (n, T) at these times."""
        return self._simulated(times_h, people=people)[self.recipe["output"]]

    def areas(self, times_h: object) -> tuple[Array, Array]:
        """Area under the output and its own integral, each (n, T), from 0 to these times."""
        area = Integral("area", {self.recipe["output"]: 1.0})
        again = Integral("area of the area", {"area": 1.0})
        result = self._simulated(times_h, integrals=(area, again))
        return result["area"], result["area of the area"]

    def _simulated(
        self,
        times_h: object,
        *,
        people: People | None = None,
        integrals: tuple[Integral, ...] = (),
    ) -> Result:
        chosen = self.people if people is None else people
        result = simulate(self.model, self.regimen, chosen, times_h, integrals=integrals)
        if result.failed.any():
            raise RecipeError(f"{int(result.failed.sum())} people could not be worked out")
        return result


def regimen_of(doses: object) -> Regimen:
    """The regimen of a list of doses; ``at_min`` may be a list of sittings, each given alike."""
    found: list[Dose] = []
    for dose in doses if isinstance(doses, list | tuple) else []:
        at = dose["at_min"] if isinstance(dose["at_min"], list) else [dose["at_min"]]
        for minute in at:
            found.extend(_doses(dose, float(minute) / 60.0))
    return Regimen.of(found)


def _doses(dose: Mapping[str, object], at_h: float) -> list[Dose]:
    amount, route = float(str(dose["dose"])), str(dose["route"])
    unit: Unit = "mg/kg" if dose["unit"] == "mg/kg" else "mg"
    over_min = float(str(dose.get("over_min", 0)))
    if over_min > 0:
        return [infusion(amount, unit, over_min=over_min, at_h=at_h, route=route)]
    count, every_min = int(str(dose.get("count", 1))), float(str(dose.get("every_min", 5)))
    if route == "nasal" and amount == 28 and unit == "mg":
        return list(devices(count, at_h=at_h, every_min=every_min))
    return [
        bolus(amount, unit, at_h=at_h + i * every_min / 60.0, route=route) for i in range(count)
    ]


def _worked(asked: Asked) -> Array:
    recipe = asked.recipe
    values = STATISTICS[recipe["statistic"]](asked)
    values = np.asarray(values * float(recipe.get("unit_factor", 1.0)), dtype=np.float64)
    if recipe.get("per_kg"):
        values = values / asked.people.covariates["weight_kg"]
    divisor = inner(recipe)
    if divisor is not None:
        values = values / _worked(Asked(asked.model, divisor))
    return values


def _summary(values: Array, people: Mapping[str, object] | None) -> float:
    summary = "mean" if people is None else str(people["summary"])
    if summary not in ("mean", "median", "geometric mean") and len(values) < 2:
        raise RecipeError(f"the {summary} of one person")
    return float(SUMMARY_OF[summary](values))


SUMMARY_OF: Mapping[str, Callable[[Array], float]] = {
    "mean": lambda values: values.mean(),
    "median": lambda values: np.median(values),
    "geometric mean": lambda values: np.exp(np.log(values).mean()),
    "sd": lambda values: values.std(ddof=1),
    "cv percent": lambda values: 100.0 * values.std(ddof=1) / values.mean(),
    "geometric cv percent": lambda values: 100.0 * np.sqrt(np.expm1(np.log(values).var(ddof=1))),
    **{name: partial(np.percentile, q=float(name[1:])) for name in SUMMARIES if name[0] == "p"},
}


def _peak(asked: Asked) -> tuple[Array, Array]:
    """The highest value in the window and when (h), each (n,), over continuous time."""
    start, end = asked.window_h
    events = [t for dose in asked.regimen for t in (dose.at_h, dose.end_h) if start <= t <= end]
    minutes = max(2, round((end - start) * 60.0)) + 1
    grid = np.unique(np.concatenate((np.linspace(start, end, minutes), events)))
    best = np.argmax(asked.run(grid), axis=1)
    found = [
        _zoomed(asked, person, grid[max(k - 1, 0)], grid[k], grid[min(k + 1, len(grid) - 1)])
        for person, k in enumerate(best.tolist())
    ]
    return np.array([top for top, _ in found]), np.array([when for _, when in found])


def _zoomed(asked: Asked, person: int, low: float, at: float, high: float) -> tuple[float, float]:
    """The highest value of one person between two times, and when; ``at`` is the best so far."""
    people = asked.people.part(np.array([person]))
    top = 0.0
    for _ in range(_ZOOMS):
        times = np.unique(np.append(np.linspace(low, high, _FINER + 1), at))
        values = asked.run(times, people=people)[0]
        k = int(np.argmax(values))
        top, at = float(values[k]), float(times[k])
        low, high = times[max(k - 1, 0)], times[min(k + 1, len(times) - 1)]
    return top, at


def _whole(asked: Asked) -> tuple[Array, Array]:
    """Area and first moment to infinity, each (n,)."""
    ends = asked.regimen.end_h + np.array(LATE_H)
    area, again = asked.areas(ends)
    moment = ends * area - again
    for k in range(1, len(LATE_H)):
        still = [np.abs(x[:, k] - x[:, k - 1]) <= SETTLED * x[:, k] for x in (area, moment)]
        if np.all(still):
            return area[:, k], moment[:, k]
    raise RecipeError(f"the level has not come down {LATE_H[-1]:g} h after the last dose")


def _max(asked: Asked) -> Array:
    return _peak(asked)[0]


def _min(asked: Asked) -> Array:
    """Between events a level has no trough: it stands at the ends of the window or at a dose."""
    start, end = asked.window_h
    minutes = max(2, round((end - start) * 60.0)) + 1
    # A dose at a time has just been given there; what is left before it stands just ahead.
    before = [dose.at_h - 1e-9 for dose in asked.regimen if start < dose.at_h <= end]
    grid = np.unique(np.concatenate((np.linspace(start, end, minutes), before)))
    return np.asarray(asked.run(grid).min(axis=1), dtype=np.float64)


def _average(asked: Asked) -> Array:
    start, end = asked.window_h
    return _auc(asked) / (end - start)


def _time_of_max(asked: Asked) -> Array:
    return _peak(asked)[1] * 60.0 - float(asked.recipe.get("from_min", 0.0))


def _at(asked: Asked) -> Array:
    return asked.run([asked.recipe["at_min"] / 60.0])[:, 0]


def _auc(asked: Asked) -> Array:
    area = asked.areas(asked.window_h)[0]
    return area[:, 1] - area[:, 0]


def _auc_inf(asked: Asked) -> Array:
    return _whole(asked)[0]


def _dose_mg(asked: Asked) -> Array:
    weight = asked.people.covariates["weight_kg"]
    given = [dose.amount * (weight if dose.unit == "mg/kg" else 1.0) for dose in asked.regimen]
    return np.asarray(sum(given) * float(asked.recipe.get("dose_share", 1.0)), dtype=np.float64)


def _clearance(asked: Asked) -> Array:
    return 1000.0 * _dose_mg(asked) / _whole(asked)[0]


def _vss(asked: Asked) -> Array:
    doses = asked.regimen.doses
    if len(doses) != 1 or doses[0].at_h != 0:
        raise RecipeError("the volume at steady state is worked out for one infusion from time 0")
    area, moment = _whole(asked)
    return 1000.0 * _dose_mg(asked) / area * (moment / area - doses[0].over_h / 2.0)


def _half_life(asked: Asked) -> Array:
    times = np.linspace(*asked.window_h, 61)
    slopes = np.polyfit(times * 60.0, np.log(asked.run(times)).T, 1)[0]
    return np.asarray(-np.log(2.0) / slopes, dtype=np.float64)


def _bioavailability(asked: Asked) -> Array:
    doses = asked.regimen.doses
    units = {dose.unit for dose in doses}
    if len(units) != 1:
        raise RecipeError("bioavailability needs doses in one unit")
    total = sum(dose.amount for dose in doses)
    vein = [{"kind": "bolus", "route": "iv", "dose": total, "unit": units.pop(), "at_min": 0}]
    by_vein = Asked(asked.model, {**asked.recipe, "regimen": vein})
    return _whole(asked)[0] / _whole(by_vein)[0]


def _parameter_sum(asked: Asked) -> Array:
    values = parameters(asked.model, asked.people)
    total = sum(np.asarray(values[name]) for name in asked.recipe["parameters"])
    return np.broadcast_to(np.asarray(total, dtype=np.float64), (asked.people.n,))


STATISTICS: Mapping[str, Callable[[Asked], Array]] = {
    "max": _max,
    "min": _min,
    "average": _average,
    "time_of_max_min": _time_of_max,
    "at": _at,
    "auc": _auc,
    "auc_inf": _auc_inf,
    "clearance_l_h": _clearance,
    "vss_l": _vss,
    "half_life_min": _half_life,
    "bioavailability": _bioavailability,
    "parameter_sum": _parameter_sum,
}
