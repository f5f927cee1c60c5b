"""One session worked out: blood levels, effect sites and the acute effects they drive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .effects import (
    AcutePerson,
    Dissociation,
    Hemodynamics,
    Sedation,
    dissociation,
    filters_for,
    hemodynamics,
    sedation,
)
from .effects.parameters import Sampling
from .model import Model
from .people import People
from .regimen import Regimen
from .simulate import Result, simulate
from .solve import Kernel
from .system import Filter, Integral
from .ways import simulate_ways

Array = NDArray[np.float64]
_LN2_PER_H = float(np.log(2.0)) * 60.0

#: Which filters each group of effects reads.
FILTERS_OF = {
    "hemodynamics": ("site_pressure", "site_pressure_norketamine"),
    "dissociation": ("site_dissociation", "site_tolerance"),
    "sedation": ("site_sedation",),
    "nausea": ("exposure_nausea",),
    "cardiac_output": ("site_cardiac_output", "site_pressure_norketamine"),
}
USUAL = ("hemodynamics", "dissociation", "sedation", "nausea")


@dataclass(frozen=True, eq=False)
class Acute:
    """The effects of one session on N people at T times; each is worked out when first asked for.

    ``derived`` is true where the model knows only total ketamine, taken as half S and half R.
    """

    result: Result
    person: AcutePerson
    session_number: ArrayLike
    derived: bool
    effects: tuple[str, ...]

    def site(self, name: str) -> Array | None:
        """A filter's output (N, T), or None where the model has nothing to drive it."""
        return self.result.values.get(name)

    def _driven(self, effect: str) -> Array:
        if effect not in self.effects:
            raise ValueError(f"{effect} was not worked out; name it in effects")
        found = self.site(FILTERS_OF[effect][0])
        if found is None:
            return np.zeros((len(self.person), len(self.result.times_h)))
        return found

    @cached_property
    def hemodynamics(self) -> Hemodynamics:
        """Pressure and heart rate."""
        return hemodynamics(
            self._driven("hemodynamics"),
            self.person,
            norketamine_site=self.site("site_pressure_norketamine"),
        )

    @cached_property
    def dissociation(self) -> Dissociation:
        """Dissociation and its scores."""
        return dissociation(
            self._driven("dissociation"),
            self.person,
            self.session_number,
            tolerance_site=self.site("site_tolerance"),
        )

    @cached_property
    def sedation(self) -> Sedation:
        """MOAA/S."""
        return sedation(self._driven("sedation"), self.person)


def acute_filters(
    model: Model, person: AcutePerson, effects: Sequence[str] = USUAL
) -> tuple[tuple[Filter, ...], tuple[Integral, ...], bool]:
    """What these effects need beside the model's outputs; whether S and R were taken as half.

    A model whose sampling site was not read is taken as venous, as most are.
    """
    sampling: Sampling = "arterial" if model.sampling == "arterial" else "venous"
    filters, integrals, derived = [], [], False
    needed = {name for effect in effects for name in FILTERS_OF[effect]}
    for item in filters_for(person.model, tuple(model.outputs), optional=True):
        if not item.input or item.filter.name not in needed:
            continue
        derived |= item.derived
        if item.filter.kind == "integral":
            integrals.append(Integral(item.filter.name, item.input))
        else:
            rate = _LN2_PER_H / person.half_life_min(item.filter, sampling)
            filters.append(Filter(item.filter.name, item.input, rate))
    return tuple(filters), tuple(integrals), derived


def simulate_acute(
    model: Model,
    regimen: Regimen,
    people: People,
    person: AcutePerson,
    times_h: object,
    *,
    session_number: ArrayLike = 1,
    effects: Sequence[str] = USUAL,
    outputs: Sequence[str] | None = None,
    kernel: Kernel = "auto",
) -> Acute:
    """``simulate`` with acute effects. ``people`` and ``person`` are the same N people.

    ``effects`` and ``outputs`` are those that will be asked for: the fewer, the faster. Raises as
    ``simulate``.
    """
    filters, integrals, derived = acute_filters(model, person, effects)
    result = simulate(
        model,
        regimen,
        people,
        times_h,
        filters=filters,
        integrals=integrals,
        outputs=outputs,
        kernel=kernel,
    )
    return Acute(result, person, session_number, derived, tuple(effects))


def simulate_acute_ways(
    model: Model,
    regimens: Sequence[Regimen],
    people: People,
    person: AcutePerson,
    times_h: object,
    *,
    session_number: ArrayLike = 1,
    effects: Sequence[str] = USUAL,
    outputs: Sequence[str] | None = None,
) -> list[Acute]:
    """``simulate_acute`` of several ways on from the first of ``times_h``: see ``simulate_ways``.

    Raises as that.
    """
    filters, integrals, derived = acute_filters(model, person, effects)
    found = simulate_ways(
        model, regimens, people, times_h, filters=filters, integrals=integrals, outputs=outputs
    )
    return [Acute(one, person, session_number, derived, tuple(effects)) for one in found]
