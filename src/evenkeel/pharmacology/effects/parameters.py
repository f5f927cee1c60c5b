"""The parameters of the acute effects and the linear filters they need, read from `acute.json`.

Every value carries its unit, how it is known (`measured`, `derived`, `assumed`), its source and,
where people differ in it, by how much. Reading refuses an inconsistent file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Literal, cast

from .errors import EffectsError, EffectsFileError

Sampling = Literal["arterial", "venous"]
FORMAT = "evenkeel-acute-effects/1"
MARKS = frozenset({"measured", "derived", "assumed"})
VERIFICATIONS = frozenset({"verified", "secondary", "computed", "unverified"})
CONCENTRATIONS = frozenset(
    {
        "s_ketamine_ng_ml",
        "r_ketamine_ng_ml",
        "ketamine_ng_ml",
        "s_norketamine_ng_ml",
        "r_norketamine_ng_ml",
        "norketamine_ng_ml",
    }
)
_R_WEIGHTS = {
    "site_dissociation": "dissociation_r_weight",
    "site_tolerance": "dissociation_r_weight",
    "site_pressure": "pressure_r_weight",
    "site_sedation": "sedation_r_weight",
    "exposure_nausea": "nausea_r_weight",
}


@dataclass(frozen=True)
class Spread:
    """How people differ: `sd` is a log SD (scale log) or in the parameter's unit (additive)."""

    scale: Literal["log", "additive"]
    sd: float
    mark: str
    source: str


@dataclass(frozen=True)
class Parameter:
    """One number of the acute effects, with where it comes from."""

    name: str
    value: float
    unit: str
    mark: str
    source: str
    verification: str
    low: float | None = None
    high: float | None = None
    note: str = ""
    between_people: Spread | None = None


@dataclass(frozen=True)
class Filter:
    """A linear first-order filter or integral of plasma levels which the engine solves.

    `first_order`: dy/dt = ln2/half_life * (sum(weight * level) - y), y(0) = 0, in ng/mL.
    `integral`: dy/dt = sum(weight * level), y(0) = 0, in ng h/mL.
    """

    name: str
    kind: Literal["first_order", "integral"]
    input: Mapping[str, float]
    fallback_input: Mapping[str, float]
    half_life_name: str | None
    venous_extra_name: str | None
    optional: bool


@dataclass(frozen=True)
class SolvableFilter:
    """A filter as one pharmacokinetic model can feed it.

    `input` is empty where the model has none of the levels: the filter's output is then zero.
    `derived` is true where S and R were taken as half of a total each.
    """

    filter: Filter
    input: Mapping[str, float]
    derived: bool


@dataclass(frozen=True)
class AcuteModel:
    """All parameters of the acute effects by name, and the filters they need."""

    version: int
    parameters: Mapping[str, Parameter]
    filters: tuple[Filter, ...]

    def __getitem__(self, name: str) -> float:
        """The typical value of the parameter `name`; raises EffectsError if there is none."""
        try:
            return self.parameters[name].value
        except KeyError:
            raise EffectsError(f"there is no acute-effect parameter called {name}") from None

    def spread_sd(self, name: str) -> float:
        """The between-people SD of `name` on its own scale; 0 where people do not differ."""
        spread = self.parameters[name].between_people
        return 0.0 if spread is None else spread.sd


def filters_for(
    model: AcuteModel, outputs: Collection[str], *, optional: bool = False
) -> tuple[SolvableFilter, ...]:
    """The filters of `model`, fed from those `outputs` a pharmacokinetic model has.

    Enantiomers are used where the model has any of them (one that is absent counts as zero: a
    model of S-ketamine alone); else the total, S and R as half each, marked derived.
    `optional` adds the filters that no default output needs.
    """
    found = []
    for item in model.filters:
        if item.optional and not optional:
            continue
        own = {name: weight for name, weight in item.input.items() if name in outputs}
        total = {name: weight for name, weight in item.fallback_input.items() if name in outputs}
        found.append(SolvableFilter(item, own or total, not own and bool(total)))
    return tuple(found)


@lru_cache(maxsize=1)
def load_acute() -> AcuteModel:
    """The bundled parameters. Raises EffectsFileError where the file contradicts itself."""
    path = resources.files(__package__).joinpath("acute.json")
    return parse_acute(json.loads(path.read_text(encoding="utf-8")))


def parse_acute(document: Mapping[str, Any]) -> AcuteModel:
    """An AcuteModel from a parsed document. Raises EffectsFileError naming the entry."""
    if document.get("format") != FORMAT:
        raise EffectsFileError(f"the format must be {FORMAT}, not {document.get('format')!r}")
    parameters = {
        name: _parameter(name, entry) for name, entry in dict(document["parameters"]).items()
    }
    filters = tuple(_filter(entry, parameters) for entry in document["filters"])
    names = [item.name for item in filters]
    if len(set(names)) != len(names):
        raise EffectsFileError("two filters have the same name")
    return AcuteModel(int(document["version"]), parameters, filters)


def _parameter(name: str, entry: Mapping[str, Any]) -> Parameter:
    for key in ("value", "unit", "mark", "source", "verification"):
        if key not in entry:
            raise EffectsFileError(f"{name}: {key} is missing")
    value = _number(name, entry["value"])
    if entry["mark"] not in MARKS:
        raise EffectsFileError(f"{name}: mark is {entry['mark']!r}, not one of {sorted(MARKS)}")
    if entry["verification"] not in VERIFICATIONS:
        raise EffectsFileError(f"{name}: verification {entry['verification']!r} is unknown")
    low, high = entry.get("low"), entry.get("high")
    if low is not None and not _number(name, low) <= value <= _number(name, high):
        raise EffectsFileError(f"{name}: {value} is outside its own range {low} to {high}")
    return Parameter(
        name,
        value,
        str(entry["unit"]),
        str(entry["mark"]),
        str(entry["source"]),
        str(entry["verification"]),
        None if low is None else float(low),
        None if high is None else float(high),
        str(entry.get("note", "")),
        _spread(name, entry.get("between_people")),
    )


def _spread(name: str, entry: Mapping[str, Any] | None) -> Spread | None:
    if entry is None:
        return None
    sd = _number(name, entry.get("sd"))
    if entry.get("scale") not in ("log", "additive") or sd < 0 or entry.get("mark") not in MARKS:
        raise EffectsFileError(f"{name}: between_people needs scale, sd of at least 0, and mark")
    scale = cast(Literal["log", "additive"], entry["scale"])
    return Spread(scale, sd, str(entry["mark"]), str(entry["source"]))


def _filter(entry: Mapping[str, Any], parameters: Mapping[str, Parameter]) -> Filter:
    name = str(entry.get("name"))
    kind = entry.get("kind")
    if kind not in ("first_order", "integral"):
        raise EffectsFileError(f"{name}: kind is {kind!r}, not first_order or integral")
    for key in ("half_life_min", "venous_extra_half_life_min"):
        if key in entry and entry[key] not in parameters:
            raise EffectsFileError(f"{name}: {key} names the unknown parameter {entry[key]!r}")
    if (kind == "first_order") != ("half_life_min" in entry):
        raise EffectsFileError(f"{name}: a first_order filter needs a half-life, an integral none")
    inputs = {key: _number(name, value) for key, value in entry["input"].items()}
    fallback = {key: _number(name, value) for key, value in entry["fallback_input"].items()}
    unknown = (set(inputs) | set(fallback)) - CONCENTRATIONS
    if unknown:
        raise EffectsFileError(f"{name}: unknown concentrations {sorted(unknown)}")
    weight = _R_WEIGHTS.get(name)
    if weight is not None and inputs.get("r_ketamine_ng_ml") != parameters[weight].value:
        raise EffectsFileError(f"{name}: the weight of R-ketamine differs from {weight}")
    return Filter(
        name,
        cast(Literal["first_order", "integral"], kind),
        inputs,
        fallback,
        entry.get("half_life_min"),
        entry.get("venous_extra_half_life_min"),
        bool(entry.get("optional", False)),
    )


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise EffectsFileError(f"{name}: {value!r} is not a finite number")
    return float(value)
