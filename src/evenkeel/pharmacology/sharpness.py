"""How finely a ladder must be cut so that the bends of a regimen keep their error.

A curve that is driven far past its half-point turns within a small part of the time since the last
event: on the way up it is over before the first panel ends, and on the way down, where the level
falls as an exponential, it takes 1 / (power * ln(how far past)) of the time that has passed. The
first gives the length of the first panel and the second how many panels there are to a doubling.

Both are worked out for the typical person under the whole regimen and for nobody else, so that a
result depends neither on who is simulated beside nor on which times are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .bends import Bend, Stage
from .model import Model
from .people import typical_people
from .plan import PANELS, PANELS_SHARP
from .regimen import Regimen
from .solve import linear
from .system import Filter, Inputs, build

Array = NDArray[np.float64]

#: A first panel as long as the fastest process allows does for a level so many times the half.
PLAIN_RATIO = 10.0
#: power * ln(level / half) from which panels must be twice as many, four times, and so on: with
#: few panels to begin with, and with the more that a power above 1 begins with. Measured against
#: ladders of 128 panels to a doubling, so that 2e-5 is kept with room to spare.
TURNS, TURNS_SHARP = (3.0, 8.0, 25.0, 42.0), (9.0, 25.0, 42.0)
#: More than this is not cut: 2**14 times past a half-point no level is.
MOST_OCTAVES = 14
#: Where the typical level is looked at after every event, in hours; a filter is highest after it.
_LOOKED_AT_H = np.array([0.0, 0.02, 0.1, 0.4, 1.0, 3.0])
#: inputs, half, power, fall and its power, name.
_Asked = tuple[tuple[tuple[str, float], ...], float, float, float, float, str]
_Spec = tuple[tuple[str, tuple[tuple[str, float], ...], float], ...]
#: Answers kept, with the model they are of: a model has no hash of its own.
_KEPT: dict[tuple[object, ...], tuple[Model, float, float]] = {}
_MOST_KEPT = 256
#: So many different stretches between events are looked at; sittings given alike are one.
_STRETCHES = 32


def fineness(
    model: Model, regimen: Regimen, filters: Sequence[Filter], stages: Sequence[Stage]
) -> tuple[int, int]:
    """(octaves by which the first panel is shorter than usual, panels to each doubling)."""
    bends = [stage for stage in stages if isinstance(stage, Bend)]
    sharp = any(bend.power > 1 or bend.fall is not None for bend in bends)
    panels = PANELS_SHARP if sharp else PANELS
    asked = tuple(
        (tuple(b.inputs.items()), _typical(b), b.power, _typical_fall(b), b.fall_power, b.name)
        for b in bends
    )
    spec = tuple((f.name, tuple(f.inputs.items()), _rate(f)) for f in filters)
    ratio, turn = _farthest(model, regimen, spec, asked)
    octaves = int(np.ceil(np.log2(max(1.0, ratio / PLAIN_RATIO))))
    doublings = sum(turn > limit for limit in (TURNS_SHARP if sharp else TURNS))
    return min(octaves, MOST_OCTAVES), panels * 2**doublings


def _rate(one: Filter) -> float:
    return one.typical_per_h or float(np.max(one.rate_per_h))


def _typical(bend: Bend) -> float:
    """The half of the typical person; 0 where it differs between people and none was named."""
    if bend.typical_half or np.ndim(bend.half):
        return bend.typical_half
    return float(bend.half)


def _typical_fall(bend: Bend) -> float:
    return 0.0 if bend.fall is None or np.ndim(bend.fall) else float(bend.fall)


def _farthest(
    model: Model, regimen: Regimen, filters: _Spec, bends: tuple[_Asked, ...]
) -> tuple[float, float]:
    """How far past its half any bend is driven, and the largest power * ln of that."""
    key = (id(model), regimen, filters, bends)
    known = _KEPT.get(key)
    if known is None or known[0] is not model:
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        known = _KEPT[key] = (model, *_looked_up(model, regimen, filters, bends))
    return known[1], known[2]


def _looked_up(
    model: Model, regimen: Regimen, filters: _Spec, bends: Sequence[_Asked]
) -> tuple[float, float]:
    own = [Filter(name, dict(inputs), rate) for name, inputs, rate in filters]
    read = {name for bend in bends for name, _ in bend[0] if name in model.outputs}
    outputs = [name for name in model.outputs if name in read] or None
    system, inputs = build(model, regimen, typical_people(model), own, (), outputs)
    times = _looked_at(inputs)
    levels = linear(system, inputs, times)[:, 0]
    highest = {name: levels[k] for k, name in enumerate(system.outputs)}
    ratio, turn = 1.0, 0.0
    for far, power in _driven(bends, highest):
        ratio = max(ratio, far)
        turn = max(turn, power * float(np.log(max(far, 1.0))))
    return ratio, turn


def _driven(bends: Sequence[_Asked], levels: Mapping[str, Array]) -> Iterator[tuple[float, float]]:
    """(level over half, power) of every curve; of a curve of a curve, in terms of the level."""
    seen: dict[str, tuple[float, float, float]] = {}
    for inputs, half, power, fall, fall_power, name in bends:
        first = inputs[0][0]
        if all(given in levels for given, _ in inputs):
            top = float(np.sum([weight * levels[given] for given, weight in inputs], axis=0).max())
            inner_half, inner_power = 1.0, 1.0
        elif first in seen:
            top, inner_half, inner_power = seen[first]
        else:
            # A stage with a memory drives it: what that follows is slower than any turn.
            continue
        for at, steep in ((half, power), (fall, fall_power)):
            if at <= 0.0:
                continue
            turned = at
            if first in seen:
                # The inner curve never reaches 1: beyond it there is nothing to turn at.
                if at >= 1.0:
                    continue
                turned = inner_half * (at / (1.0 - at)) ** (1.0 / inner_power)
            yield top / turned, steep * (inner_power if first in seen else 1.0)
        if half > 0.0 and first not in seen:
            seen[name] = (top, half, power)


def _looked_at(inputs: Inputs) -> Array:
    """Times after the events of every different stretch of the regimen."""
    events, first = np.unique(inputs.time_h, return_index=True)
    last = np.append(first, len(inputs.time_h))[1:]
    ends = np.append(events, np.inf)[1:]
    stretches: dict[tuple[object, ...], tuple[float, float]] = {}
    for start, end, i, j in zip(events, ends, first, last, strict=True):
        given = tuple(zip(inputs.state[i:j].tolist(), inputs.amount[i:j].tolist(), strict=True))
        stretches.setdefault((given, round(end - start, 6)), (float(start), float(end)))
    chosen = list(stretches.values())[:_STRETCHES]
    times = [start + _LOOKED_AT_H[start + _LOOKED_AT_H < end] for start, end in chosen]
    return np.unique(np.concatenate([*times, [0.0]]))
