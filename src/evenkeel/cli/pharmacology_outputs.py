"""What ``evenkeel simulate`` can show: blood levels of the model, and the acute effects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evenkeel.pharmacology import Model, PharmacologyError, Regimen
from evenkeel.pharmacology.acute import Acute

Array = NDArray[np.float64]
#: Sittings are at least so far apart.
SESSION_H = 12.0


@dataclass(frozen=True, slots=True)
class Output:
    """One quantity: its column, its words, its unit, its hue, and where it is read.

    ``group`` is the group of effects that must be worked out, empty for a blood level.
    """

    name: str
    title: str
    unit: str
    hue: str
    group: str = ""
    read: Callable[[Acute], Array] | None = None


_LEVELS = {
    "s_ketamine_ng_ml": "S-ketamine",
    "r_ketamine_ng_ml": "R-ketamine",
    "ketamine_ng_ml": "ketamine",
    "s_norketamine_ng_ml": "S-norketamine",
    "r_norketamine_ng_ml": "R-norketamine",
    "norketamine_ng_ml": "norketamine",
    "s_hydroxynorketamine_ng_ml": "S-hydroxynorketamine",
}
EFFECTS = {
    "systolic": Output(
        "systolic_mmhg", "systolic pressure", "mmHg", "pressure",
        "hemodynamics", lambda a: a.hemodynamics.sbp_mmhg,
    ),
    "systolic_rise": Output(
        "systolic_rise_mmhg", "rise of systolic pressure", "mmHg", "pressure",
        "hemodynamics", lambda a: a.hemodynamics.sbp_rise_mmhg,
    ),
    "diastolic": Output(
        "diastolic_mmhg", "diastolic pressure", "mmHg", "pressure",
        "hemodynamics", lambda a: a.hemodynamics.dbp_mmhg,
    ),
    "heart_rate": Output(
        "heart_rate_bpm", "heart rate", "beats/min", "heart",
        "hemodynamics", lambda a: a.hemodynamics.hr_bpm,
    ),
    "dissociation": Output(
        "dissociation_0_10", "dissociation", "0 to 10", "dissociation",
        "dissociation", lambda a: a.dissociation.score(),
    ),
    "cadss": Output(
        "cadss_0_92", "CADSS", "0 to 92", "dissociation",
        "dissociation", lambda a: a.dissociation.cadss(),
    ),
    "sedation": Output(
        "sedation_percent", "chance of MOAA/S below 5", "%", "sedation",
        "sedation", lambda a: 100.0 * a.sedation.probability_sedated(),
    ),
}  # fmt: skip


def choose_outputs(given: Sequence[str], model: Model) -> tuple[Output, ...]:
    """Those asked for by name (``levels`` and ``effects`` stand for all of a kind), else the
    levels of the drug as a whole and of what it becomes.

    Raises ``PharmacologyError`` for a name that neither the model nor the effects know.
    """
    levels = {name: Output(name, _LEVELS[name], "ng/mL", "level") for name in model.outputs}
    if not given:
        whole = [n for n in ("ketamine_ng_ml", "norketamine_ng_ml") if n in levels]
        return tuple(levels[name] for name in whole or levels)
    found: list[Output] = []
    for name in given:
        if name == "levels":
            found += levels.values()
        elif name == "effects":
            found += [o for key, o in EFFECTS.items() if key not in ("systolic_rise", "cadss")]
        elif name in EFFECTS:
            found.append(EFFECTS[name])
        elif name in levels or f"{name}_ng_ml" in levels:
            found.append(levels.get(name) or levels[f"{name}_ng_ml"])
        else:
            known = ", ".join(["levels", "effects", *levels, *EFFECTS])
            raise PharmacologyError(f"there is no output {name!r} of {model.id}; known: {known}")
    return tuple(dict.fromkeys(found))


def session_numbers(regimen: Regimen, times_h: Array) -> NDArray[np.int64]:
    """Which session (from 1) a time (T,) belongs to."""
    starts: list[float] = []
    for dose in regimen:
        if not starts or dose.at_h - starts[-1] >= SESSION_H:
            starts.append(dose.at_h)
    return np.maximum(np.searchsorted(starts, times_h, side="right"), 1)
