"""Simulate people under a regimen: from the model file to arrays, with how far to trust them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .asked import check_asked
from .bends import Bend, Delay, Stage
from .errors import PeopleError
from .model import Model, Status
from .people import People
from .plan import check_times
from .regimen import Regimen
from .sharing import WORTH_A_THREAD, in_threads, threads
from .sharpness import fineness
from .solve import Kernel, bent, linear, room_for
from .system import Filter, Integral, build, fastest_per_h

Array = NDArray[np.float64]

#: People worked out together: what they need stays in the cache, and memory bounded.
PART = 4096

#: The less a statement rests on, the higher.
_RANK: dict[Status, int] = {"validated": 0, "derived": 1, "extrapolated": 2}


@dataclass(frozen=True, eq=False)
class Result:
    """What was simulated: ``values[name]`` is (people, times).

    ``array`` (outputs, people, times) is the memory behind the linear ones of them, in their order.

    ``status`` says how far the model was made for this: ``validated``, ``extrapolated`` or
    ``derived``; ``reasons`` says why in words. ``failed`` (people,) are people whose numbers did
    not work out; their values are NaN and no others are touched.
    """

    model: Model
    regimen: Regimen
    people: People
    times_h: Array
    values: Mapping[str, Array]
    array: Array
    failed: NDArray[np.bool_]
    status: Status
    reasons: tuple[str, ...]

    def __getitem__(self, name: str) -> Array:
        return self.values[name]

    def quantiles(
        self, name: str, levels: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95)
    ) -> Array:
        """(levels, times) quantiles over the people who did not fail; NaN where all did."""
        if self.failed.all():
            return np.full((len(levels), len(self.times_h)), np.nan)
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
    outputs: Sequence[str] | None = None,
    kernel: Kernel = "auto",
) -> Result:
    """Propagate ``people`` through ``regimen`` and read off ``times_h`` (T,), ascending, in hours.

    The result holds the model's ``outputs`` (ng/mL; all if None), every filter and integral, and
    the ``wanted`` stages, each (n, T). A dose at an output time has just been given there. The
    linear part is exact to rounding; the stages are of order 5 (see ``bends``). What is read at one
    time does not depend on which other times were asked for.

    Raises ``RegimenError`` for a route the model does not have, ``TimesError`` for impossible
    times, and ``AskedError`` for what cannot be asked for.
    """
    times = check_times(times_h)
    own = tuple(model.outputs) if outputs is None else tuple(outputs)
    if people.n < 1:
        raise PeopleError("there must be at least one person")
    check_asked(model, people.n, own, (*filters, *integrals), stages, wanted, kernel)
    read = {name for stage in stages if isinstance(stage, Bend) for name in stage.inputs}
    own += tuple(name for name in model.outputs if name in read and name not in own)
    names = (*own, *(f.name for f in filters), *(i.name for i in integrals))
    out = room_for(len(names), people.n, len(times))
    bends = room_for(len(wanted), people.n, len(times))
    failed = np.zeros(people.n, dtype=bool)
    fastest = fastest_per_h(model, filters) if wanted else 0.0
    fine = fineness(model, regimen, filters, stages) if wanted else (0, 0)

    def part(first: int, last: int) -> None:
        some = slice(first, last)
        own_filters = [filter_part(f, some) for f in filters]
        system, inputs = build(
            model, regimen, people.part(some), own_filters, integrals, own, kernel != "numpy"
        )
        failed[some] = system.failed
        linear(system, inputs, times, kernel, out, first)
        if wanted:
            own_stages = [_stage_part(s, some) for s in stages]
            bent(system, inputs, own_stages, wanted, times, fastest, fine, kernel, bends, first)

    in_parts(people.n, part, kernel)
    values = dict(zip((*names, *wanted), (*out, *bends), strict=True))
    status, reasons = trust(model, regimen, people)
    return Result(model, regimen, people, times, values, out, failed, status, reasons)


def in_parts(people: int, part: Callable[[int, int], None], kernel: Kernel) -> None:
    """``part(first, last)`` for all people, some at a time; in threads where that pays."""
    size = people if kernel == "jax" else max(64, min(PART, -(-people // threads())))
    tasks = [partial(part, first, min(people, first + size)) for first in range(0, people, size)]
    if len(tasks) == 1 or people < WORTH_A_THREAD:
        part(0, people)
    else:
        in_threads(tasks)


def _some(value: Array | float | None, part: slice) -> Any:
    return value[part] if isinstance(value, np.ndarray) and value.ndim == 1 else value


def filter_part(one: Filter, part: slice) -> Filter:
    return replace(one, rate_per_h=_some(one.rate_per_h, part))


def _stage_part(stage: Stage, part: slice) -> Stage:
    if isinstance(stage, Bend):
        return replace(stage, half=_some(stage.half, part), fall=_some(stage.fall, part))
    if isinstance(stage, Delay):
        return replace(stage, rate_per_h=_some(stage.rate_per_h, part))
    gain, loss = _some(stage.gain_per_h, part), _some(stage.loss_per_h, part)
    return replace(stage, gain_per_h=gain, loss_per_h=loss)


def least_trusted(*statuses: Status) -> Status:
    """The status of what rests on several things."""
    return max(statuses, key=lambda status: _RANK[status])


def trust(model: Model, regimen: Regimen, people: People) -> tuple[Status, tuple[str, ...]]:
    """How far a model was made for this regimen and these people, and why."""
    status: Status = "validated"
    reasons: list[str] = []
    for name in dict.fromkeys(dose.route for dose in regimen):
        route = model.routes[name]
        status = least_trusted(status, route.status)
        if route.status != "validated":
            reasons.append(f"{name}: {route.note}" if route.note else f"{name}: {route.status}")
        shortest_h = route.shortest_min / 60.0
        if any(dose.route == name and dose.over_h < shortest_h - 1e-9 for dose in regimen):
            status = "extrapolated"
            reasons.append(
                f"{name}: given within less than {route.shortest_min:g} minutes, and the model is "
                f"not made for the first {route.shortest_min:g} after that"
            )
    for name in ("weight_kg", "age_years"):
        studied = model.population.get(name)
        values = people.covariates.get(name)
        if not isinstance(studied, list) or len(studied) != 2 or values is None:
            continue
        low, high = float(studied[0]), float(studied[1])
        outside = float(((values < low) | (values > high)).mean())
        if outside > 0:
            reasons.append(f"{name} outside the {low:g} to {high:g} studied in {outside:.0%}")
            status = "extrapolated"
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
