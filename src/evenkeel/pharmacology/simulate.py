"""Simulate people under a regimen: from the model file to arrays, with how far to trust them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .bends import Stage
from .model import Model, Status
from .people import People
from .plan import check_times
from .regimen import Regimen
from .solve import Kernel, bent, linear
from .system import Filter, Integral, build

Array = NDArray[np.float64]

_RANK: dict[Status, int] = {"validated": 0, "extrapolated": 1, "derived": 2}


@dataclass(frozen=True, eq=False)
class Result:
    """What was simulated: ``values[name]`` is (people, times).

    ``status`` says how far the model was made for this: ``validated``, ``extrapolated`` or
    ``derived``; ``reasons`` says why in words. ``failed`` (people,) are people whose numbers did
    not work out; their values are NaN and no others are touched.
    """

    model: Model
    regimen: Regimen
    people: People
    times_h: Array
    values: Mapping[str, Array]
    failed: NDArray[np.bool_]
    status: Status
    reasons: tuple[str, ...]

    def __getitem__(self, name: str) -> Array:
        return self.values[name]

    def quantiles(
        self, name: str, levels: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95)
    ) -> Array:
        """(levels, times) quantiles over the people who did not fail."""
        found: Array = np.quantile(self.values[name][~self.failed], levels, axis=0)
        return found


def simulate(
    model: Model,
    regimen: Regimen,
    people: People,
    times_h: object,
    *,
    filters: Sequence[Filter] = (),
    integrals: Sequence[Integral] = (),
    stages: Sequence[Stage] = (),
    wanted: Sequence[str] = (),
    kernel: Kernel = "auto",
) -> Result:
    """Propagate ``people`` through ``regimen`` and read off ``times_h`` (T,), ascending, in hours.

    The result holds every output of the model (ng/mL), every filter and integral, and the
    ``wanted`` stages, each (n, T). A dose at an output time has just been given there. The linear
    part is exact to rounding; the stages are of order 5 (see ``bends``). What is read at one time
    does not depend on which other times were asked for.

    Raises ``RegimenError`` for a route the model does not have and ``TimesError`` for impossible
    times.
    """
    times = check_times(times_h)
    system, inputs = build(model, regimen, people, filters, integrals)
    found = linear(system, inputs, times, kernel)
    values = dict(zip(system.outputs, found, strict=True))
    if wanted:
        values |= zip(wanted, bent(system, inputs, stages, wanted, times, kernel), strict=True)
    status, reasons = trust(model, regimen, people)
    return Result(model, regimen, people, times, values, system.failed, status, reasons)


def trust(model: Model, regimen: Regimen, people: People) -> tuple[Status, tuple[str, ...]]:
    """How far a model was made for this regimen and these people, and why."""
    status: Status = "validated"
    reasons: list[str] = []
    for name in dict.fromkeys(dose.route for dose in regimen):
        route = model.routes[name]
        if _RANK[route.status] > _RANK[status]:
            status = route.status
        if route.status != "validated":
            reasons.append(f"{name}: {route.note}" if route.note else f"{name}: {route.status}")
    for name in ("weight_kg", "age_years"):
        studied = model.population.get(name)
        values = people.covariates.get(name)
        if not isinstance(studied, list) or len(studied) != 2 or values is None:
            continue
        low, high = float(studied[0]), float(studied[1])
        outside = float(((values < low) | (values > high)).mean())
        if outside > 0:
            reasons.append(f"{name} outside the {low:g} to {high:g} studied in {outside:.0%}")
            status = status if _RANK[status] > 0 else "extrapolated"
    return status, tuple(reasons)


def compare(
    model: Model,
    first: Regimen,
    second: Regimen,
    people: People,
    times_h: object,
    *,
    filters: Sequence[Filter] = (),
    integrals: Sequence[Integral] = (),
    stages: Sequence[Stage] = (),
    wanted: Sequence[str] = (),
) -> tuple[Result, Result]:
    """The same people under two regimens: what slower, smaller or later would do."""
    one, other = (
        simulate(
            model, regimen, people, times_h,
            filters=filters, integrals=integrals, stages=stages, wanted=wanted,
        )
        for regimen in (first, second)
    )  # fmt: skip
    return one, other


def warm() -> None:
    """Compile the kernels, or load what was compiled, before the first answer is due."""
    from .warming import warm_up

    warm_up()
