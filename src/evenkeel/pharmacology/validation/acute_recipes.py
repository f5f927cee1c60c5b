"""The prediction of a target about acute effects: its recipe followed for a crowd of people.

Readings have noise; what follows from them (the largest of three, whether one ever crosses a line)
is worked out as a probability for each person and not by drawing readings, so that a share of half
a percent does not hang on luck. Times are those of the mean over people, each minute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..effects import (
    AcutePerson,
    cadss_scale,
    cardiac_output_percent,
    cumulative_hazard,
    dissociation,
    expected_maximum,
    hemodynamics,
    load_acute,
    probability_any_reading_at_least,
    probability_any_rise_at_least,
    probability_of_event,
    score_scale,
    sedation,
    site_exposure,
    typical_person,
)
from ..effects.dissociation import Scale
from ..long_term import bladder_signal
from .crowd import Crowd, crowds_of
from .recipe_form import Recipe
from .recipes import Prediction, RecipeError

Array = NDArray[np.float64]
Levels = Mapping[str, Array]
#: Minutes over which a course of one session is followed.
FOLLOWED_MIN = 480
_NG_ML = 100.0
SCALES: Mapping[str, Scale] = {
    "external": "external",
    "internal": "internal",
    "anxiety": "anxiety",
}


def predict(model_id: str | None, recipe: Recipe) -> Prediction:
    """Follow an acute recipe. Raises ``PharmacologyError`` where that cannot be done."""
    single = SINGLE.get(recipe["statistic"])
    if single is not None:
        return Prediction(single(recipe), "derived")
    crowds = crowds_of(model_id, recipe)
    value = OF_CROWDS[recipe["statistic"]](recipe, crowds)
    # The parameters of the effects were put together from many sources: never more than derived.
    far = any(crowd.status == "extrapolated" for crowd in crowds)
    return Prediction(value, "extrapolated" if far else "derived")


def course(effect: str, levels: Levels, person: AcutePerson, session: int = 1) -> Array:
    """The expected value (n, T) of an effect, without the noise of readings."""
    if effect in ("cadss", "score") or effect.endswith("_percent_of_maximum"):
        return _dissociation_course(effect, levels, person, session)
    if effect in ("moaas", "moaas_below_5"):
        calm = sedation(levels["site_sedation"], person)
        return calm.score() if effect == "moaas" else calm.probability_sedated()
    damping = levels["site_pressure_norketamine"]
    if effect == "cardiac_output_percent":
        return cardiac_output_percent(
            levels["site_cardiac_output"], person, norketamine_site=damping
        )
    truth = hemodynamics(levels["site_pressure"], person, norketamine_site=damping)
    found = getattr(truth, effect, None)
    if not isinstance(found, np.ndarray):
        raise RecipeError(f"there is no effect {effect!r}")
    return found


def _dissociation_course(effect: str, levels: Levels, person: AcutePerson, session: int) -> Array:
    state = dissociation(
        levels["site_dissociation"], person, session, tolerance_site=levels["site_tolerance"]
    )
    if effect == "cadss":
        return state.cadss()
    if effect.startswith("score"):
        return state.score() * (10.0 if effect.endswith("_of_maximum") else 1.0)
    scale = SCALES.get(effect.removesuffix("_percent_of_maximum"))
    if scale is not None:
        return state.percent_of_maximum(scale)
    raise RecipeError(f"there is no effect {effect!r}")


def _mean_course(recipe: Recipe, crowds: Sequence[Crowd]) -> tuple[Array, Array]:
    """Minutes and the mean over all people at each."""
    minutes = np.arange(FOLLOWED_MIN + 1.0)
    values = [course(recipe["effect"], c.levels(minutes), c.person()) for c in crowds]
    return minutes, np.concatenate(values).mean(axis=0)


def _mean_at(recipe: Recipe, crowds: Sequence[Crowd]) -> float:
    at = [float(recipe["at_min"])]
    values = [course(recipe["effect"], c.levels(at), c.person()) for c in crowds]
    return float(np.concatenate(values).mean())


def _peak_of_mean(recipe: Recipe, crowds: Sequence[Crowd]) -> float:
    return float(_mean_course(recipe, crowds)[1].max())


def _time_of_peak(recipe: Recipe, crowds: Sequence[Crowd]) -> float:
    minutes, mean = _mean_course(recipe, crowds)
    if "readings_min" in recipe:
        read = np.isin(minutes, _ascending(recipe["readings_min"]))
        minutes, mean = minutes[read], mean[read]
    return float(minutes[mean.argmax()])


def _above(recipe: Recipe, crowds: Sequence[Crowd]) -> Array:
    """The minutes at which the mean is above the line."""
    minutes, mean = _mean_course(recipe, crowds)
    return minutes[mean > float(recipe["line"])]


def _time_mean_back(recipe: Recipe, crowds: Sequence[Crowd]) -> float:
    above = _above(recipe, crowds)
    last = float(above[-1]) if len(above) else 0.0
    return last - float(recipe.get("counted_from_min", 0.0))


def _duration_above(recipe: Recipe, crowds: Sequence[Crowd]) -> float:
    above = _above(recipe, crowds)
    return float(above[-1] - above[0]) if len(above) else 0.0


def _half_peak(recipe: Recipe, crowds: Sequence[Crowd], which: int) -> float:
    minutes, mean = _mean_course(recipe, crowds)
    return float(minutes[mean >= mean.max() / 2.0][which])


def _median_time_back(recipe: Recipe, crowds: Sequence[Crowd]) -> float:
    minutes = np.arange(FOLLOWED_MIN + 1.0)
    values = [course(recipe["effect"], c.levels(minutes), c.person()) for c in crowds]
    above = np.concatenate(values) > float(recipe["line"])
    above = above[above.any(axis=1)]
    if not len(above):
        raise RecipeError("nobody is ever above the line")
    return float(np.median(minutes[above.shape[1] - 1 - above[:, ::-1].argmax(axis=1)]))


def _mean_of_max_rise(recipe: Recipe, crowds: Sequence[Crowd]) -> float:
    sign, unit = str(recipe["effect"]).split("_")[0], str(recipe["effect"]).split("_")[-1]
    found = []
    for crowd in crowds:
        levels, person = crowd.levels(_ascending(recipe["readings_min"])), crowd.person()
        rise = course(f"{sign}_rise_{unit}", levels, person)
        found.append(expected_maximum(rise, crowd.acute[f"{sign}_noise_sd_{unit}"]))
    return float(np.concatenate(found).mean())


def _share_ever(recipe: Recipe, crowds: Sequence[Crowd]) -> float:
    """Percent of people in whom any reading of any session crosses the line, or one of them."""
    lines = recipe.get("any_of") or [recipe]
    readings = np.array(_ascending(recipe["readings_min"]))
    found = []
    for crowd in crowds:
        starts = _sessions(recipe, crowd)
        levels = crowd.levels((np.array(starts)[:, None] + readings).ravel())
        never = np.ones(crowd.n)
        for number in range(len(starts)):
            part = slice(number * len(readings), (number + 1) * len(readings))
            own = {name: values[:, part] for name, values in levels.items()}
            person = crowd.person(number + 1)
            for line in lines:
                never *= 1.0 - _crossed(line, recipe, own, person, number + 1)
        found.append(1.0 - never)
    return 100.0 * float(np.concatenate(found).mean())


def _crossed(
    line: Recipe, recipe: Recipe, levels: Levels, person: AcutePerson, session: int
) -> Array:
    """The probability (n,) that a reading of one session crosses one line."""
    effect = str(line["effect"])
    if effect == "moaas":
        at_most = sedation(levels["site_sedation"], person).probability_at_most(line["at_most"])
        if recipe.get("one_draw_per_session"):
            return np.asarray(at_most.max(axis=1), dtype=np.float64)
        return np.asarray(1.0 - (1.0 - at_most).prod(axis=1), dtype=np.float64)
    if effect in ("cadss", "score"):
        state = dissociation(
            levels["site_dissociation"], person, session, tolerance_site=levels["site_tolerance"]
        )
        scale, latent = (
            (cadss_scale(person.model), state.cadss_latent())
            if effect == "cadss"
            else (score_scale(person.model), state.score_latent())
        )
        points = int(line["at_least"]) if "at_least" in line else int(line["above"]) + 1
        crossed = scale.probability_at_least(latent, points)
        return np.asarray(1.0 - (1.0 - crossed).prod(axis=1), dtype=np.float64)
    sign, unit = effect.split("_")[0], effect.split("_")[-1]
    truth, noise = course(effect, levels, person), person.model[f"{sign}_noise_sd_{unit}"]
    over = probability_any_rise_at_least if "_rise_" in effect else probability_any_reading_at_least
    return over(truth, float(line["at_least"]), noise)


def _incidence(recipe: Recipe, crowds: Sequence[Crowd]) -> float:
    event, watched_h = recipe["event"], float(recipe["watched_h"])
    found = []
    for crowd in crowds:
        starts = _sessions(recipe, crowd)
        ends = np.array([[start, start + 60.0 * watched_h] for start in starts])
        levels, person = crowd.levels(ends.ravel()), crowd.person()
        exposure = site_exposure(levels["exposure_nausea"], levels["site_sedation"], person)
        hazard = np.zeros(crowd.n)
        for number in range(len(starts)):
            own = exposure[:, 2 * number + 1] - exposure[:, 2 * number]
            hazard += cumulative_hazard(event, own[:, None], [watched_h], person, number + 1)[:, 0]
        found.append(probability_of_event(hazard))
    return 100.0 * float(np.concatenate(found).mean())


def _correlation_with_level(recipe: Recipe, crowds: Sequence[Crowd]) -> float:
    """Of the mean over people at each step with the plasma level held there."""
    times = [float(t) for t in recipe["at_min"]]
    values = [course(recipe["effect"], c.levels(times), c.person()) for c in crowds]
    held = [
        next(d["dose"] for d in reversed(crowds[0].regimen) if d["at_min"] <= time)
        for time in times
    ]
    return float(np.corrcoef(held, np.concatenate(values).mean(axis=0))[0, 1])


def _sessions(recipe: Recipe, crowd: Crowd) -> list[float]:
    """When each session begins, in minutes."""
    given = recipe.get("sessions_at_min")
    if given is None:
        given = [t for dose in crowd.regimen for t in _listed(dose["at_min"])] or [0.0]
    return sorted({float(start) for start in _listed(given)})


def _listed(value: object) -> list[float]:
    return value if isinstance(value, list) else [float(str(value))]


def _ascending(value: object) -> list[float]:
    return sorted(float(one) for one in _listed(value))


def _parameter(recipe: Recipe) -> float:
    return load_acute()[recipe["name"]] / float(recipe["divide_by"])


def _sign_of_effect(recipe: Recipe) -> float:
    """What more of one species does to cardiac output at a level of S-ketamine."""
    if recipe["effect"] != "cardiac_output_percent":
        raise RecipeError(f"no sign is worked out for {recipe['effect']!r}")
    person, acute = typical_person(), load_acute()
    drive = next(f for f in acute.filters if f.name == "site_cardiac_output").input
    damp = next(f for f in acute.filters if f.name == "site_pressure_norketamine").input

    def effect(**levels: float) -> float:
        site = sum(weight * levels.get(name, 0.0) for name, weight in drive.items())
        norketamine = sum(weight * levels.get(name, 0.0) for name, weight in damp.items())
        return float(
            cardiac_output_percent(
                np.array([[site]]), person, norketamine_site=np.array([[norketamine]])
            )[0, 0]
        )

    species = f"{str(recipe['of']).lower()}_ng_ml"
    base = {"s_ketamine_ng_ml": _NG_ML}
    more = {**base, species: base.get(species, 0.0) + _NG_ML}
    return float(np.sign(effect(**more) - effect(**base)))


def _bladder(recipe: Recipe) -> float:
    signal = bladder_signal(float(recipe["grams_per_week"]), use_outside_clinic=False)
    return float(signal.per_100_patient_years)


SINGLE: Mapping[str, Callable[[Recipe], float]] = {
    "parameter": _parameter,
    "sign_of_effect": _sign_of_effect,
    "bladder_signal_per_100_patient_years": _bladder,
}
OF_CROWDS: Mapping[str, Callable[[Recipe, Sequence[Crowd]], float]] = {
    "mean_at": _mean_at,
    "peak_of_mean": _peak_of_mean,
    "time_of_peak_of_mean_min": _time_of_peak,
    "time_mean_back_min": _time_mean_back,
    "duration_of_mean_above_min": _duration_above,
    "time_to_half_peak_min": lambda recipe, crowds: _half_peak(recipe, crowds, 0),
    "time_back_to_half_peak_min": lambda recipe, crowds: _half_peak(recipe, crowds, -1),
    "median_time_back_min": _median_time_back,
    "mean_of_max_rise": _mean_of_max_rise,
    "share_ever_percent": _share_ever,
    "incidence_percent": _incidence,
    "correlation_with_level": _correlation_with_level,
}
