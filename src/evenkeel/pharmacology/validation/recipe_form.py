"""Which keys a recipe has, by its statistic, and what may stand in them.

A recipe is data: what is given to whom, what is read off, and which one number is made of it. What
the keys mean is documented in the tables of observations themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..interactions import interactions
from ..model import Model
from ..model_file import load_model
from .checking import Check

Recipe = Mapping[str, Any]

#: Statistics of concentrations and the keys each needs beside ``covariates``.
PK_NEEDS: Mapping[str, tuple[str, ...]] = {
    "max": ("regimen", "output", "window_min"),
    "min": ("regimen", "output", "window_min"),
    "average": ("regimen", "output", "window_min"),
    "time_of_max_min": ("regimen", "output", "window_min"),
    "at": ("regimen", "output", "at_min"),
    "auc": ("regimen", "output", "window_min"),
    "auc_inf": ("regimen", "output"),
    "clearance_l_h": ("regimen", "output"),
    "vss_l": ("regimen", "output"),
    "half_life_min": ("regimen", "output", "window_min"),
    "bioavailability": ("regimen", "output"),
    "parameter_sum": ("parameters",),
}
_PK_MAY: Mapping[str, tuple[str, ...]] = {
    "time_of_max_min": ("from_min",),
    "clearance_l_h": ("dose_share",),
    "vss_l": ("dose_share",),
}
_PK_ALWAYS = ("statistic", "covariates", "interaction", "unit_factor", "per_kg", "divided_by")
SUMMARIES = (
    *("mean", "median", "geometric mean", "sd", "cv percent", "geometric cv percent"),
    *("p2.5", "p5", "p10", "p25", "p75", "p90", "p95", "p97.5"),
)

#: Statistics of acute effects and the keys each needs beside regimen or arms, and people.
ACUTE_NEEDS: Mapping[str, tuple[str, ...]] = {
    "mean_at": ("effect", "at_min"),
    "peak_of_mean": ("effect",),
    "time_of_peak_of_mean_min": ("effect",),
    "time_mean_back_min": ("effect", "line"),
    "duration_of_mean_above_min": ("effect", "line"),
    "time_to_half_peak_min": ("effect",),
    "time_back_to_half_peak_min": ("effect",),
    "median_time_back_min": ("effect", "line"),
    "mean_of_max_rise": ("effect", "readings_min"),
    "share_ever_percent": ("readings_min",),
    "incidence_percent": ("event", "watched_h"),
    "correlation_with_level": ("effect", "at_min"),
    "parameter": ("name", "divide_by"),
    "sign_of_effect": ("effect", "of"),
    "bladder_signal_per_100_patient_years": ("grams_per_week",),
}
#: Statistics of mood over days and weeks; the mood models answer them.
MOOD_NEEDS: Mapping[str, tuple[str, ...]] = {
    "madrs_change_at": ("at_h",),
    "madrs_change_between": ("at_h",),
    "madrs_difference_at": ("at_h",),
    "madrs_difference_rank": ("at_h",),
    "madrs_mean_at": ("at_h",),
    "madrs_standardized_difference_at": ("at_h",),
    "response_share_percent": ("at_h",),
    "remission_share_percent": ("at_h",),
    "response_odds_ratio": ("at_h",),
    "remission_odds_ratio": ("at_h",),
    "response_ratio": ("at_h",),
    "median_sessions_to_response": ("read_after_h",),
    "median_relapse_d": ("counted_from_h",),
    "relapse_share_percent": ("counted_from_h", "horizon_d"),
    "relapse_hazard_ratio": ("counted_from_h", "horizon_d", "against"),
    "therapy_effect_d": ("at_h",),
    "correlation_across_people": ("a", "b"),
    "slope_across_people": ("x", "y"),
}
_PD_MAY = (
    *("statistic", "regimen", "arms", "people", "covariates", "sessions_at_min", "control"),
    *("above", "at_least", "at_most", "any_of", "one_draw_per_session", "among", "effect"),
    *("counted_from_min", "readings_min", "responders"),
)
NOT_MODELED = "none"
_TIMES = ("at_min", "readings_min", "sessions_at_min", "at_h")


def check_recipe(kind: str, how: object, model: str | None, check: Check) -> Recipe | None:
    """The recipe as it stands, or None where there is none. Raises ``RowsError``."""
    if how is None:
        return None
    recipe = check.mapping("how", how)
    statistic = str(recipe.get("statistic"))
    if kind == "pd" and statistic == NOT_MODELED:
        return None
    known = PK_NEEDS if kind == "pk" else {**ACUTE_NEEDS, **MOOD_NEEDS}
    if statistic not in known:
        check.fail("how.statistic", f"is {statistic!r}, not one of {', '.join(known)}")
    for key in (*known[statistic], "covariates"):
        if key not in recipe:
            check.fail(f"how.{key}", f"is missing; {statistic} needs it")
    covariates = check.mapping("how.covariates", recipe["covariates"])
    for name, value in covariates.items():
        check.number(f"how.covariates.{name}", value)
    if kind == "pk":
        _check_pk(recipe, model, check)
    else:
        _check_pd(recipe, model, check)
    return recipe


def inner(recipe: Recipe) -> Recipe | None:
    """The recipe another is divided by, made whole from the one around it; None where none is."""
    if recipe.get("divided_by") is None:
        return None
    around = {k: v for k, v in recipe.items() if k not in ("divided_by", "unit_factor")}
    return {**around, **recipe["divided_by"]}


def _check_pk(recipe: Recipe, model_id: str | None, check: Check) -> None:
    if model_id is None:
        check.fail("model", "a recipe needs a model")
    model = load_model(model_id)
    statistic = recipe["statistic"]
    known = {*_PK_ALWAYS, *PK_NEEDS[statistic], *_PK_MAY.get(statistic, ()), "people"}
    for key in recipe:
        if key not in known:
            check.fail(f"how.{key}", f"is not a key of {statistic}")
    _check_pk_values(recipe, model, check)
    divisor = check.mapping("how.divided_by", recipe.get("divided_by") or {})
    for key in divisor:
        if key not in {*known, *(k for keys in PK_NEEDS.values() for k in keys)}:
            check.fail(f"how.divided_by.{key}", "is not a key of a recipe")
    whole = inner(recipe)
    while whole is not None:
        needs = PK_NEEDS.get(whole["statistic"])
        if needs is None or any(key not in whole for key in needs):
            check.fail("how.divided_by", f"is not a whole {whole['statistic']!r}")
        _check_pk_values(whole, model, check)
        whole = inner(whole)


def _check_pk_values(recipe: Recipe, model: Model, check: Check) -> None:
    for name in check.mapping("how.covariates", recipe["covariates"]):
        if name not in (*model.covariates, "weight_kg"):
            check.fail(f"how.covariates.{name}", f"is not a covariate of {model.id}")
    drug = recipe.get("interaction")
    if drug is not None and drug not in interactions():
        check.fail("how.interaction", f"{drug!r} is not in interactions.json")
    if "output" in recipe and recipe["output"] not in model.outputs:
        check.fail("how.output", f"is {recipe['output']!r}, not one of {', '.join(model.outputs)}")
    for name in recipe.get("parameters", ()):
        if name not in model.parameters and name not in model.individual:
            check.fail("how.parameters", f"{model.id} has no {name!r}")
    for key in ("unit_factor", "dose_share", "from_min", "at_min"):
        if key in recipe:
            check.number(f"how.{key}", recipe[key], 0.0)
    if "window_min" in recipe:
        window = check.numbers("how.window_min", recipe["window_min"], 0.0)
        if len(window) != 2 or window[0] >= window[1]:
            check.fail("how.window_min", "must be [from, to]")
    people = check.mapping("how.people", recipe.get("people") or {})
    if people and people.get("summary") not in SUMMARIES:
        check.fail("how.people", f"its summary must be one of {', '.join(SUMMARIES)}")
    for dose in check.listed("how.regimen", recipe.get("regimen", [])):
        _check_dose(check.mapping("how.regimen", dose), model, check, "kind")


def _check_pd(recipe: Recipe, model_id: str | None, check: Check) -> None:
    needs = {**ACUTE_NEEDS, **MOOD_NEEDS}[recipe["statistic"]]
    for key in recipe:
        if key not in (*_PD_MAY, *needs):
            check.fail(f"how.{key}", f"is not a key of {recipe['statistic']}")
    people = check.mapping("how.people", recipe.get("people"))
    for key in ("n", "seed"):
        check.number(f"how.people.{key}", people.get(key), 0.0)
    if "regimen" not in recipe and "arms" not in recipe:
        check.fail("how.regimen", "is missing, and so is arms")
    for key in _TIMES:
        if key in recipe:
            check.numbers(f"how.{key}", recipe[key], 0.0)
    if "responders" in recipe:
        chosen = check.mapping("how.responders", recipe["responders"])
        check.number("how.responders.at_h", chosen.get("at_h"), 0.0)
        for name, value in check.mapping("how.responders", chosen.get("covariates")).items():
            check.number(f"how.responders.{name}", value)
        if not 0.0 < check.number("how.responders.share", chosen.get("share"), 0.0) <= 1.0:
            check.fail("how.responders.share", "must be above 0 and at most 1")
    model = None if model_id is None else load_model(model_id)
    shares = 0.0
    for regimen, share in arms_of(recipe, check):
        shares += share
        for dose in regimen:
            _check_dose(check.mapping("how.regimen", dose), model, check, None)
    if not 0 < shares <= 1 + 1e-9:
        check.fail("how.arms", f"the shares add up to {shares:g}")


def arms_of(recipe: Recipe, check: Check | None = None) -> list[tuple[Sequence[Recipe], float]]:
    """(regimen, share of the people) of each arm; one arm where there are none."""
    check = check or Check("", "")
    if "arms" not in recipe:
        return [(check.listed("how.regimen", recipe["regimen"]), 1.0)]
    found: list[tuple[Sequence[Recipe], float]] = []
    for arm in check.listed("how.arms", recipe["arms"]):
        share = check.number("how.arms", check.mapping("how.arms", arm).get("share"), 0.0)
        found.append((check.listed("how.arms", arm.get("regimen")), share))
    return found


def _check_dose(
    dose: Mapping[str, Any], model: Model | None, check: Check, kind_key: str | None
) -> None:
    route = dose.get("route")
    held = kind_key is None and route == "held_level"
    if model is None or (not held and route not in model.routes):
        of = "nothing: there is no model" if model is None else ", ".join(model.routes)
        check.fail("how.regimen", f"the route is {route!r}; it may be {of}")
    check.number("how.regimen", dose.get("dose"), 0.0)
    check.numbers("how.regimen", dose.get("at_min"), 0.0)
    if dose.get("unit") not in (("ng/mL",) if held else ("mg", "mg/kg")):
        check.fail("how.regimen", f"the unit is {dose.get('unit')!r}")
    if kind_key is not None:
        kind = dose.get(kind_key)
        if kind not in ("infusion", "bolus", "device"):
            check.fail("how.regimen", f"the kind is {kind!r}, not infusion, bolus or device")
        if (kind == "infusion") != ("over_min" in dose):
            check.fail("how.regimen", "an infusion, and only it, has over_min")
    if "over_min" in dose:
        check.number("how.regimen", dose["over_min"], 0.0)
