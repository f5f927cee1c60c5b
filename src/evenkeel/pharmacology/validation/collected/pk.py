"""A collected row of concentrations as targets: who got what, by which model, read off how."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...choice import Drug, default_model
from ...errors import PharmacologyError
from ...model import Model
from ...model_file import load_model
from ..checking import Check
from ..groups import group_of
from ..recipe_form import check_recipe
from ..recipes import regimen_of
from ..rows import Role, Target, refusal
from .bands import band_of
from .giving import EARLY_MIN, Given, Row, given
from .metrics import MOLAR, Metric, metric, split
from .wording import Number, UnreadError, number, people_of, plain

_BAND_NAME = {
    "max": "cmax", "at": "cmax", "end": "cmax", "time_of_max_min": "tmax", "auc": "auc",
    "auc_inf": "auc", "bioavailability": "f", "clearance_l_h": "cl", "vss_l": "vss",
    "half_life_min": "half",
}  # fmt: skip
_DAY_MIN = 1440.0


def targets_of(row: Row, name: str) -> Iterator[Target]:
    """One target for each number of the row, answered or refused."""
    metrics = row.get("metrics")
    if not isinstance(metrics, dict) or not metrics:
        yield refusal("pk", name, "metrics must be an object with at least one number")
        return
    for key, value in _single(metrics):
        own = f"{name}.{key}"
        try:
            yield _target(row, name, own, str(key), value)
        except PharmacologyError as error:
            yield refusal("pk", own, str(error), row=name)


def _single(metrics: Row) -> Iterator[tuple[str, Any]]:
    """Each metric alone; a list of levels beside a list of times is one level at each time."""
    times = {k: v for k, v in metrics.items() if re.match(r"times?_(?:h|min)$", str(k).lower())}
    at = [(k, v) for k, v in metrics.items() if str(k).lower() == "at_min"]
    for key, value in metrics.items():
        if key in times or (at and key == at[0][0]):
            continue
        if isinstance(value, list) and len(times) == 1:
            ((time_key, moments),) = times.items()
            unit = "h" if str(time_key).lower().endswith("_h") else "min"
            if isinstance(moments, list) and len(moments) == len(value):
                of, name = split(str(key).lower())
                name = re.sub(r"^(?:geo)?(?:mean|median)_", "", name)
                for moment, one in zip(moments, value, strict=True):
                    yield f"{of and of + '_'}C{moment}{unit}_{name}", one
                continue
        yield str(key), value
    if at:
        yield "Tmax_min", at[0][1]


def _target(row: Row, name: str, own: str, key: str, value: Any) -> Target:
    asked = metric(re.sub(r"(?<=C\d)\.(?=\d)", "_", key))
    seen = _observed(value, asked)
    who = given(row, asked)
    model_id, recipe, notes = _recipe(row, asked, who, seen)
    check = Check("", own)
    how = check_recipe("pk", recipe, model_id, check)
    quantity = _BAND_NAME[asked.statistic]
    species = asked.species or plain(row.get("analyte"))
    minute = asked.factor if asked.statistic in ("time_of_max_min", "half_life_min") else 0.0
    band, band_from = band_of(row.get("suggested_acceptance"), quantity, species, seen, minute)
    said = recipe["regimen"][0]
    return Target(
        id=own,
        row=name,
        kind="pk",
        citation=str(row.get("citation", "")),
        url=str(row.get("url", "")),
        population=str(row.get("population", "")),
        endpoint=f"{key} of {recipe.get('output', '')}",
        unit="ratio" if asked.compared else asked.unit,
        observed=seen.value,
        band=band,
        band_from=band_from,
        role=_role(row, band is not None),
        quantitative=True,
        verification=str(row.get("verification", "")),
        model=model_id,
        status_expected=None,
        expected=None,
        given=_told(said, model_id, notes),
        how=how,
        group=group_of("pk", how, load_model(model_id).drug),
        note="; ".join(notes),
    )


def _told(dose: Mapping[str, Any], model_id: str, notes: list[str]) -> str:
    """What was understood, and what was taken for granted."""
    times = f"{dose['count']} x " if dose.get("count", 1) > 1 else ""
    over = f" over {dose['over_min']:g} min" if "over_min" in dose else ""
    assumed = f" ({'; '.join(notes)})" if notes else ""
    return f"{times}{dose['dose']:g} {dose['unit']} {dose['route']}{over}, {model_id}{assumed}"


def _role(row: Row, banded: bool) -> Role:
    if not banded or "informational" in plain(row.get("suggested_acceptance")):
        return "informational"
    observed = plain(row.get("kind", "observed")).startswith("obs")
    return "validation" if observed else "implementation"


def _observed(value: Any, asked: Metric) -> Number:
    if asked.compared in ("ratio", "change") and plain(value) in ("not increased", "unchanged"):
        return Number(1.0, percent=True)
    found = number(value)
    if asked.compared == "change" or (asked.compared == "ratio" and found.percent):
        ends = [None if x is None else 1 + x / 100 for x in (found.low, found.high)]
        found = Number(1 + found.value / 100, ends[0], ends[1], percent=True)
    elif asked.compared or asked.statistic != "bioavailability":
        found = replace(found, percent=False)
    elif found.percent and asked.unit == "fraction":
        raise UnreadError("a percentage where a fraction is named")
    if not found.value > 0:
        raise UnreadError(f"observed {found.value:g}: a level, time or ratio is above zero")
    return found


def _species(asked: Metric, analyte: str, drug: Drug) -> str:
    """The species of the metric's own name, else of the row."""
    said = asked.species or re.sub(r"\([^()]*\)", "", analyte).strip()
    each = "each enantiomer" in analyte
    if asked.statistic in ("bioavailability", "clearance_l_h", "vss_l") and re.search("[+/]", said):
        said = "ketamine"
    if "dehydro" in said or "dhnk" in said:
        raise UnreadError("no model has dehydronorketamine")
    hand = ""
    if re.search(r"\br[-_]|\br_|\(r\)|arketamine|^r_", said):
        hand = "r_"
    if re.search(r"\bs[-_]|^s_|\(s\)|esketamine|noresk", said):
        if hand:
            raise UnreadError(f"two substances: {said!r}")
        hand = "s_"
    if "hydroxynor" in said or "hnk" in said:
        base = "hydroxynorketamine"
    elif "nor" in said or said == "nk":
        base = "norketamine"
    elif "ketamine" in said:
        base = "ketamine"
    else:
        raise UnreadError(f"the analyte is {analyte[:60]!r}")
    if not asked.species and re.search(r"[+/,]|\band\b", said) and not asked.compared:
        raise UnreadError(f"two substances: {said!r}")
    if drug == "s_ketamine":
        if hand == "r_":
            raise UnreadError("esketamine becomes no R-ketamine")
        hand = "s_"
    elif each:
        hand = "s_"
    return hand + base


def _model(who: Given, species: str, early: bool) -> tuple[str, float, str, list[str]]:
    """The model, the share of the dose it is given, the output, and notes."""
    route, drug = who.dose["route"], who.drug
    if "hydroxynorketamine" in species:
        if not species.startswith("s_") or route not in ("iv", "oral_film"):
            raise UnreadError("only S-hydroxynorketamine after IV or film is modeled")
        share = 1.0 if drug == "s_ketamine" else 0.5
        return "simons_2022", share, f"{species}_ng_ml", ["the arterial model, the S half of it"]
    if route == "iv" and early and species.endswith("ketamine") and "nor" not in species:
        notes = ["the arterial model, for the first minutes of an injection"]
        share = 0.5 if drug == "racemic" and species == "s_ketamine" else 1.0
        if drug == "racemic" and species == "ketamine":
            notes.append("the whole racemic dose read as S-ketamine")
        if species == "r_ketamine":
            raise UnreadError("no model has the first minutes of R-ketamine")
        return "simons_2022", share, "s_ketamine_ng_ml", notes
    regimen = regimen_of([{k: v for k, v in who.dose.items() if k != "by_vein"}])
    return default_model(drug, regimen, who.sampling), 1.0, f"{species}_ng_ml", []


def _recipe(
    row: Row, asked: Metric, who: Given, seen: Number
) -> tuple[str, dict[str, Any], list[str]]:
    analyte = plain(row.get("analyte"))
    species = _species(asked, analyte, who.drug)
    if asked.compared == "metabolite" and not asked.species.startswith(("s_", "r_")):
        hand = re.match(r"[sr]_", species)
        species = (hand[0] if hand else "") + asked.species
    moment = asked.at_min if asked.statistic == "at" else None
    early = who.at_once and (
        (moment is not None and moment <= EARLY_MIN)
        or (asked.statistic in ("max", "time_of_max_min") and who.early_peak)
    )
    model_id, share, output, notes = _model(who, species, early)
    model = load_model(model_id)
    if output not in model.outputs:
        raise UnreadError(f"{model_id} has no {output}")
    _refuse_slow(who, asked)
    covariates, told = people_of(who.population, frozenset({"weight_kg", *model.covariates}))
    dose = {**who.dose, "dose": who.dose["dose"] * share}
    if dose.pop("by_vein", False):
        dose["route"] = "iv"
    recipe: dict[str, Any] = {"regimen": [dose], "covariates": covariates, "output": output}
    recipe |= _read_off(row, asked, who, model, seen, early)
    factor = asked.factor
    if asked.molar:
        factor /= MOLAR[species.removeprefix("s_").removeprefix("r_")]
    if asked.per_mg:
        if who.dose["unit"] != "mg":
            raise UnreadError("an area for each mg needs a dose in mg")
        factor /= who.dose["dose"] * who.dose.get("count", 1)
    if factor != 1.0 and not asked.compared:
        recipe["unit_factor"] = factor
    if asked.per_kg:
        recipe["per_kg"] = True
    if recipe["statistic"] in ("clearance_l_h", "vss_l"):
        if "nor" in output:
            raise UnreadError("the clearance of a metabolite is not worked out")
        recipe["dose_share"] = 0.5 if who.drug == "racemic" and output[1] == "_" else 1.0
    _compare(recipe, asked, who)
    return model_id, recipe, [*who.notes, *notes, *told]


def _refuse_slow(who: Given, asked: Metric) -> None:
    if who.slow and asked.statistic != "bioavailability" and not asked.compared:
        raise UnreadError("released slowly: no model has that absorption")


def _read_off(
    row: Row, asked: Metric, who: Given, model: Model, seen: Number, early: bool
) -> dict[str, Any]:
    """The statistic of the recipe with its times."""
    last = who.end_min
    if asked.statistic == "end":
        if who.at_once:
            raise UnreadError("a level without a time, and nothing that runs")
        return {"statistic": "at", "at_min": last}
    if asked.statistic == "at":
        return {"statistic": "at", "at_min": asked.at_min}
    if asked.statistic == "auc":
        return {"statistic": "auc", "window_min": [0, asked.until_min]}
    if asked.statistic == "half_life_min":
        # From about half a half-life on, for about four of them: where a trial would see it.
        life = seen.value / asked.factor
        start = last + max(60.0, 0.75 * life)
        return {"statistic": "half_life_min", "window_min": [start, start + 3.5 * life]}
    if asked.statistic not in ("max", "time_of_max_min"):
        return {"statistic": asked.statistic}
    if early:
        return _early_peak(row, asked)
    start = 0.0
    shortest = model.routes[who.dose["route"]].shortest_min
    if who.dose["route"] == "iv" and last < shortest:
        start = shortest
    found: dict[str, Any] = {"statistic": asked.statistic, "window_min": [start, _DAY_MIN + last]}
    if asked.statistic == "time_of_max_min" and "after last" in plain(_value_text(row)):
        found["from_min"] = last
    return found


def _value_text(row: Row) -> str:
    return " ".join(str(value) for value in row["metrics"].values())


def _early_peak(row: Row, asked: Metric) -> dict[str, Any]:
    """The level at the time of the first sample, which is what such a peak is."""
    if asked.statistic == "time_of_max_min":
        raise UnreadError("the time of the first sample is no property of a model")
    for key, value in row["metrics"].items():
        try:
            found = metric(str(key))
        except UnreadError:
            continue
        if found.statistic == "time_of_max_min":
            return {"statistic": "at", "at_min": number(value).value / found.factor}
    raise UnreadError("a peak at the first sample, and nobody says when that was")


def _compare(recipe: dict[str, Any], asked: Metric, who: Given) -> None:
    if not asked.compared:
        if who.other is not None:
            recipe["interaction"] = who.other
        return
    if asked.compared == "metabolite":
        hand = re.match(r"[sr]_", recipe["output"])
        parent = (hand[0] if hand else "") + "ketamine_ng_ml"
        recipe["divided_by"] = {"output": parent}
        if who.other is not None:
            recipe["interaction"] = who.other
        return
    if who.other is None:
        raise UnreadError("with what over without what? No other drug that is known is named")
    recipe |= {"interaction": who.other, "divided_by": {"interaction": None}}
