"""The names of collected metrics: which quantity, of what, over which window, in which unit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .wording import UnreadError

#: g/mol, for levels in nmol: free base.
MOLAR = {"ketamine": 237.73, "norketamine": 223.70, "hydroxynorketamine": 239.70}
_SPECIES = {
    "esk": "s_ketamine",
    "esketamine": "s_ketamine",
    "s_ketamine": "s_ketamine",
    "r_ketamine": "r_ketamine",
    "noresk": "s_norketamine",
    "noresketamine": "s_norketamine",
    "s_norketamine": "s_norketamine",
    "r_norketamine": "r_norketamine",
    "norketamine": "norketamine",
    "nk": "norketamine",
    "s_nk": "s_norketamine",
    "r_nk": "r_norketamine",
    "ketamine": "ketamine",
    "k": "ketamine",
    "s_k": "s_ketamine",
    "r_k": "r_ketamine",
    "hnk": "hydroxynorketamine",
    "s_hnk": "s_hydroxynorketamine",
    "s_hydroxynorketamine": "s_hydroxynorketamine",
}
#: How a value was summed up over people; a typical person stands for all of these.
_SUMMED = re.compile(
    r"_(?:geo(?:metric)?_?mean|gmean|mean|median|typical|about|iqr|(?:90|95)?ci(?:90|95)?|sd|se|cv)"
    r"(?=_|$)|_range$"
)
_LEVEL = {"ng_ml": 1.0, "ug_l": 1.0, "mcg_l": 1.0, "ug_ml": 1e-3, "mcg_ml": 1e-3, "mg_l": 1e-3}
_MOLAR_LEVEL = {"nmol_ml": 1.0, "umol_l": 1.0, "nmol_l": 1e3, "nm": 1e3, "um": 1.0}
_TIME = {"min": 1.0, "h": 1 / 60.0, "hr": 1 / 60.0}
_CLEARANCE = {
    "l_h": (1.0, False),
    "l_h_70kg": (1.0, False),
    "l_min": (1 / 60.0, False),
    "ml_min": (1000 / 60.0, False),
    "ml_min_kg": (1000 / 60.0, True),
    "ml_kg_min": (1000 / 60.0, True),
    "l_h_kg": (1.0, True),
    "l_kg_h": (1.0, True),
}
_VOLUME = {"l": (1.0, False), "l_70kg": (1.0, False), "l_kg": (1.0, True)}
_QUANTITY = (
    ("max", r"(?:cmax|cpeak|peak|highest)"),
    ("time_of_max_min", r"(?:tmax|tpeak)"),
    ("clearance_l_h", r"(?:cl|clearance)"),
    ("vss_l", r"(?:vss|vdss)"),
    ("half_life_min", r"(?:t_?half|thalf|t12|half_?life)(?:_?(?:beta|terminal|z))?"),
    ("bioavailability", r"(?:f|bioavailability)"),
)


@dataclass(frozen=True)
class Metric:
    """One number asked for. ``statistic`` of the recipes; ``factor`` brings it to the row's unit.

    ``compared`` is ``ratio``, ``change`` (of exposure with something over without), ``metabolite``
    (over its parent) or empty. ``until_min`` ends an area; None is to infinity. ``apparent`` is a
    clearance over the bioavailability of the row's own route (CL/F).
    """

    statistic: str
    species: str
    unit: str
    factor: float = 1.0
    per_kg: bool = False
    per_mg: bool = False
    at_min: float = 0.0
    until_min: float | None = None
    compared: str = ""
    molar: bool = False
    apparent: bool = False


def metric(key: str) -> Metric:
    """What a metric's name asks for. Raises ``UnreadError`` for a name that no rule knows."""
    name = _SUMMED.sub("", key.strip().lower().replace("%", "percent").replace("-", "_"))
    over = re.match(r"(nk|hnk)_k_(.*)$", name)
    if over:
        species, name = _SPECIES[over[1]], over[2]
    else:
        species, name = split(name)
    enantiomer = re.search(r"_([sr])$", name)
    if enantiomer:
        name, species = name[:-2], f"{enantiomer[1]}_{species or 'ketamine'}"
    compared = "metabolite" if over else ""
    changed = re.search(r"_(ratio|change)$", name)
    if changed:
        compared = compared or changed[1]
        name = name[: changed.start()]
    elif over:
        raise UnreadError(f"no rule reads {key!r}")
    found = _area(name) or _level(name) or _quantity(name) or _bare_level(name, species)
    if found is None or (not compared and not found.unit):
        raise UnreadError(f"no rule reads {key!r}")
    if compared and (found.per_mg or found.statistic not in ("max", "auc", "auc_inf")):
        raise UnreadError(f"no rule reads {key!r}")
    return Metric(**{**found.__dict__, "species": species, "compared": compared})


def split(name: str) -> tuple[str, str]:
    """The species that a name begins with, or nothing, and the rest of it."""
    for prefix in sorted(_SPECIES, key=len, reverse=True):
        if name.startswith(prefix + "_"):
            return _SPECIES[prefix], name[len(prefix) + 1 :]
    return "", name


def _area(name: str) -> Metric | None:
    match = re.match(r"auc_?(.*)$", name)
    if match is None:
        return None
    rest = match[1]
    window = re.match(
        r"(?:0_)?(inf|infinity|last|tlast|t)(?:_|$)|0?_?(\d+(?:_\d+)?)(min|h)?(?:_|$)", rest
    )
    until = None
    if window:
        rest = rest[window.end() :]
        if window[2]:
            hours = float(window[2].split("_")[-1])
            until = hours * (1.0 if window[3] == "min" else 60.0)
    per_mg = rest.startswith("per_mg_")
    rest = rest.removeprefix("per_mg_")
    statistic = "auc_inf" if until is None else "auc"
    if not rest:
        return Metric(statistic, "", "", until_min=until)
    for level, factor in (*_LEVEL.items(), *_MOLAR_LEVEL.items()):
        amount, _, volume = level.partition("_")
        for time, hours_in in (("h", 1.0), ("hr", 1.0), ("min", 60.0)):
            if rest in (f"{amount}_{time}_{volume}", f"{level}_{time}", f"{time}_{level}"):
                return Metric(
                    statistic, "", rest, factor * hours_in, per_mg=per_mg, until_min=until,
                    molar=level in _MOLAR_LEVEL,
                )  # fmt: skip
    return None


def _level(name: str) -> Metric | None:
    match = re.match(r"c_?(\d+(?:_\d+)?)_?(min|h)_(.*)$", name)
    if match is None or match[3] not in {**_LEVEL, **_MOLAR_LEVEL}:
        return None
    at = float(match[1].replace("_", ".")) * (1.0 if match[2] == "min" else 60.0)
    factor = {**_LEVEL, **_MOLAR_LEVEL}[match[3]]
    return Metric("at", "", match[3], factor, at_min=at, molar=match[3] in _MOLAR_LEVEL)


def _quantity(name: str) -> Metric | None:
    for statistic, pattern in _QUANTITY:
        match = re.match(rf"{pattern}(?:_(.*))?$", name)
        if match is None:
            continue
        unit = match[1] or ""
        if statistic == "max":
            if not unit:
                return Metric("max", "", "")
            if unit in _LEVEL or unit in _MOLAR_LEVEL:
                factor = {**_LEVEL, **_MOLAR_LEVEL}[unit]
                return Metric("max", "", unit, factor, molar=unit in _MOLAR_LEVEL)
        elif statistic in ("time_of_max_min", "half_life_min") and unit in _TIME:
            return Metric(statistic, "", unit, _TIME[unit])
        elif statistic == "clearance_l_h" and unit.removeprefix("f_") in _CLEARANCE:
            plain = unit.removeprefix("f_")
            return Metric(statistic, "", plain, *_CLEARANCE[plain], apparent=unit != plain)
        elif statistic == "vss_l" and unit in _VOLUME:
            return Metric(statistic, "", unit, *_VOLUME[unit])
        elif statistic == "bioavailability" and unit in ("percent", "fraction", ""):
            percent = unit == "percent"
            return Metric(statistic, "", "%" if percent else "fraction", 100.0 if percent else 1.0)
    return None


def _bare_level(name: str, species: str) -> Metric | None:
    """A level alone: at the end of what is given."""
    steady = re.match(r"c_?ss_", name)
    if steady or (name in _LEVEL and species):
        unit = name[steady.end() :] if steady else name
        return Metric("end", "", unit, _LEVEL[unit]) if unit in _LEVEL else None
    if name in _LEVEL or name.removeprefix("range_") in _LEVEL:
        unit = name.removeprefix("range_")
        return Metric("max", "", unit, _LEVEL[unit])
    return None
