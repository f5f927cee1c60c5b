"""Expectation and care: what gets better around a dose without being the drug's effect.

    X(t) = X0 exp(-s / tauX) - (X0 - X(t_k)) exp(-s / onset),   s = t - t_k

since the most recent dosing occasion t_k: each occasion renews it and none adds up. What stands
against the drug sets X0: a person given an active placebo, or masked by anesthesia, improves more
than one given an inert placebo; a person who knows that it is the drug, most. That extra is part of
X in the drug arm and never of the drug's effect. Beside an inert placebo whoever gets the drug can
tell, and more so by vein, beside salt water, than by spray, whose placebo tastes as bitter. Care is
what builds up once and stays: a newly started antidepressant, an operation, regular visits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..regimen import SITTING_H, Regimen
from .form import Values, column
from .parameters import FormName, MoodError, MoodParameters, load_mood

Array = NDArray[np.float64]

#: Setting: what X0 is called, whether the drug arm can tell, what care stands beside it.
_SETTINGS = {
    "inert": ("inert", True, ""),
    "inert_with_antidepressant": ("inert", True, "antidepressant"),
    "inert_with_new_antidepressant": ("inert", True, "new_antidepressant"),
    "midazolam": ("midazolam", False, ""),
    "masked_anesthesia": ("masked_anesthesia", False, "masked_anesthesia"),
    "open_label": ("open_label", False, ""),
    "open_label_with_antidepressant": ("open_label", False, "antidepressant"),
    "open_label_with_new_antidepressant": ("open_label", False, "new_antidepressant"),
}
SETTINGS = tuple(_SETTINGS)


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """How a trial or clinic gives the drug, as far as expectation goes.

    ``drug_points`` and ``control_points`` are X0 of the two arms in MADRS points; a clinic has no
    control arm. ``care_points`` builds up with ``care_time_constant_h``.
    """

    name: str
    drug_points: Array | float
    control_points: Array | float
    decay_time_constant_h: float
    onset_time_constant_h: float
    care_points: float
    care_time_constant_h: float


def setting(
    name: str,
    form: FormName | None = None,
    parameters: MoodParameters | None = None,
    *,
    into_a_vein: bool = False,
) -> Setting:
    """A setting by name, with the numbers fitted beside ``form`` (the default form if not given).

    Raises ``MoodError`` for a name that is not one of ``SETTINGS``.
    """
    known = parameters or load_mood()
    own = known.values(form or known.default)
    return setting_of(name, known.values("expectation"), own, into_a_vein=into_a_vein)


def setting_of(
    name: str, values: Mapping[str, float], own: Values, *, into_a_vein: bool = False
) -> Setting:
    """A setting from the numbers of ``expectation`` and those of a form, one each or (n,).

    ``into_a_vein`` says how the drug is given (see ``goes_into_a_vein``).
    """
    if name not in _SETTINGS:
        raise MoodError(f"there is no setting {name!r}; there are: {', '.join(SETTINGS)}")
    kind, can_tell, care = _SETTINGS[name]
    points = own["open_label_points"] if kind == "open_label" else values[f"{kind}_points"]
    care_points, care_h = 0.0, 1.0
    if care == "masked_anesthesia":
        care_points = values["masked_anesthesia_care_points"]
        care_h = values["masked_anesthesia_care_time_constant_h"]
    elif care:
        care_points = values[f"{care}_points"]
        care_h = values["antidepressant_time_constant_h"]
    unblinding = "infusion_unblinding_points" if into_a_vein else "unblinding_points"
    return Setting(
        name=name,
        drug_points=points + (own[unblinding] if can_tell else 0.0),
        control_points=points,
        decay_time_constant_h=values["decay_time_constant_h"],
        onset_time_constant_h=values["onset_time_constant_h"],
        care_points=care_points,
        care_time_constant_h=care_h,
    )


def goes_into_a_vein(regimen: Regimen) -> bool:
    """Whether any dose of a regimen does."""
    return any(dose.route == "iv" for dose in regimen)


def occasions_h(regimen: Regimen) -> tuple[float, ...]:
    """When each sitting of a regimen begins (h): doses less than two hours apart are one."""
    found: list[float] = []
    last = -np.inf
    for dose in regimen:
        if dose.at_h - last > SITTING_H:
            found.append(dose.at_h)
        last = dose.at_h
    return tuple(found)


def renewal(
    times_h: Array,
    at_h: Iterable[float],
    decay_time_constant_h: float,
    onset_time_constant_h: float,
) -> Array:
    """X as a share of X0, (T,), at ``times_h`` (T,), for occasions ``at_h`` ascending (h)."""
    found = np.zeros(len(times_h))
    before, last = 0.0, None

    def since(s: Array | float, start: float) -> Array:
        left = np.exp(-np.asarray(s) / decay_time_constant_h)
        return np.asarray(left - (1.0 - start) * np.exp(-np.asarray(s) / onset_time_constant_h))

    for occasion in at_h:
        if last is not None:
            before = float(since(occasion - last, before))
        later = times_h >= occasion
        found[later] = since(times_h[later] - occasion, before)
        last = occasion
    return found


def expectation(times_h: Array, at_h: Iterable[float], where: Setting, drug: bool) -> Array:
    """X in MADRS points at ``times_h`` (T,): (T,), or (n, T) where a setting's points are (n,).

    ``drug`` says which arm. No occasions, no expectation.
    """
    points = where.drug_points if drug else where.control_points
    shape = renewal(times_h, at_h, where.decay_time_constant_h, where.onset_time_constant_h)
    found: Array = column(points) * shape
    return found


def care(times_h: Array, at_h: Iterable[float], where: Setting) -> Array:
    """(T,) MADRS points of what builds up once, from the first occasion on, and stays."""
    first = next(iter(at_h), np.inf)
    s = np.maximum(np.asarray(times_h, dtype=np.float64) - first, 0.0)
    found: Array = -where.care_points * np.expm1(-s / where.care_time_constant_h)
    return found
