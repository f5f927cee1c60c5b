"""One reading, and how likely it is for each virtual person."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..acute import Acute
from ..effects import (
    AcutePerson,
    Likelihood,
    cadss_likelihood,
    concentration_likelihood,
    moaas_likelihood,
    score_likelihood,
    vital_likelihood,
    vital_logs,
)
from ..errors import PharmacologyError
from ..model import Model

Array = NDArray[np.float64]

VITALS = ("sbp", "dbp", "hr")
#: Kinds of reading; beside these, any output of the model by its name (a level in ng/mL).
KINDS = (*VITALS, "dissociation", "cadss", "moaas")
_UNITS = {"sbp": "mmHg", "dbp": "mmHg", "hr": "/min", "dissociation": "of 10", "cadss": "points"}


#: The group of effects that a kind of reading shows; a level in blood shows none.
EFFECT_OF = {
    "sbp": "hemodynamics",
    "dbp": "hemodynamics",
    "hr": "hemodynamics",
    "dissociation": "dissociation",
    "cadss": "dissociation",
    "moaas": "sedation",
}


class ReadingError(PharmacologyError):
    """A reading that says nothing: no number, no such kind, a time before the start."""

    code = "reading"


@dataclass(frozen=True, slots=True, order=True)
class Observation:
    """One reading: when it was measured (hours), what, and its value in the kind's unit.

    ``id`` tells readings apart that are otherwise equal, and orders those of one moment, so that
    the order in which they arrived plays no part.
    """

    time_h: float
    kind: str
    value: float
    id: str = ""

    @property
    def words(self) -> str:
        """For people: ``sbp 142 mmHg at 22 min``."""
        unit = _UNITS.get(self.kind, "ng/mL" if self.kind.endswith("_ng_ml") else "")
        return f"{self.kind} {self.value:g} {unit} at {self.time_h * 60:.0f} min".replace("  ", " ")


def check(observations: Iterable[Observation], model: Model, effects: bool = True) -> None:
    """Raises ``ReadingError`` for what cannot be a reading at all.

    A value that no person can have (a pressure of 1180) is a reading: it will be surprising.
    """
    for one in observations:
        if one.kind not in KINDS and one.kind not in model.outputs:
            known = ", ".join((*KINDS, *model.outputs))
            raise ReadingError(f"there is no reading of {one.kind!r}; there are: {known}")
        if one.kind in KINDS and not effects:
            raise ReadingError(f"this forecast leaves effects out, so it cannot read {one.kind!r}")
        if not (_finite(one.time_h) and _finite(one.value)) or one.time_h < 0:
            raise ReadingError(f"a reading must be a number at a time from 0 on: {one}")
        if one.kind == "moaas" and one.value not in range(6):
            raise ReadingError(f"MOAA/S is a whole number 0 to 5, not {one.value:g}")
        if one.kind == "dissociation" and one.value not in range(11):
            raise ReadingError(f"dissociation is a whole number 0 to 10, not {one.value:g}")
        if one.kind == "cadss" and one.value not in range(93):
            raise ReadingError(f"the CADSS is a whole number 0 to 92, not {one.value:g}")
        if one.kind in model.outputs and one.value <= 0:
            raise ReadingError("a measured level must be above zero")


def _finite(value: object) -> bool:
    """Whether it is a number at all, and a finite one."""
    try:
        return not isinstance(value, str) and math.isfinite(value)  # type: ignore[arg-type]
    except (TypeError, OverflowError):
        return False


def likelihood(one: Observation, acute: Acute, column: int, weights: Array | None) -> Likelihood:
    """How likely a reading is for each person (N,), given what was worked out at ``column``."""
    model = acute.person.model
    if one.kind in VITALS:
        scale, shift = truth_of(acute.person, one.kind)
        truth = scale * acute.hemodynamics.sbp_rise_mmhg[:, column] + shift
        return vital_likelihood(one.kind, one.value, truth, model, weights=weights)  # type: ignore[arg-type]
    if one.kind == "dissociation":
        return score_likelihood(int(one.value), acute.dissociation, column=column, weights=weights)
    if one.kind == "cadss":
        return cadss_likelihood(int(one.value), acute.dissociation, column=column, weights=weights)
    if one.kind == "moaas":
        return moaas_likelihood(int(one.value), acute.sedation, column=column, weights=weights)
    residual = acute.result.model.residual.get(one.kind)
    kind, sd = ("log_additive", 0.3) if residual is None else (residual.kind, residual.sd)
    return concentration_likelihood(
        one.value,
        acute.result[one.kind][:, column],
        sd,
        model,
        kind="proportional" if kind in ("proportional", "combined") else "log_additive",
        weights=weights,
    )


def log_likelihoods(
    observations: Sequence[Observation], acute: Acute, times_h: Sequence[float]
) -> Array:
    """(N,) log likelihood of all readings, ``acute`` being worked out at all their times.

    Vital signs, of which a monitor sends many, are worked out together.
    """
    column = {time_h: place for place, time_h in enumerate(times_h)}
    total = np.zeros(len(acute.result.failed))
    for kind in VITALS:
        own = [one for one in observations if one.kind == kind]
        if own:
            scale, shift = truth_of(acute.person, kind)
            rise = acute.hemodynamics.sbp_rise_mmhg[:, [column[one.time_h] for one in own]]
            values = np.array([one.value for one in own])
            logs = vital_logs(kind, values, scale * rise + shift[:, None], acute.person.model)  # type: ignore[arg-type]
            total += logs.sum(axis=1)
    for one in observations:
        if one.kind not in VITALS:
            total += likelihood(one, acute, column[one.time_h], None).log
    return total


def truth_of(person: AcutePerson, kind: str) -> tuple[float, Array]:
    """A vital sign as scale * systolic rise + shift (N,): the baseline of this session."""
    if kind == "sbp":
        return 1.0, person.sbp_baseline_mmhg
    if kind == "dbp":
        return person.model["dbp_ratio"], person.dbp_baseline_mmhg
    return person.model["hr_ratio_bpm_per_mmhg"], person.hr_baseline_bpm
