"""What a form of the drug effect must offer, and the drive that all forms share.

The drive starts from the index of NMDA-receptor blockade of ``effects.occupancy``: x =
sum(fu * C / Ki) over S- and R-ketamine and S- and R-norketamine, theta = x / (1 + x). No human
tracer has confirmed it; it is an index, uncertain by a factor of three, and never shown as measured
occupancy. The drive G is a Hill curve of theta that falls again at very high values, as glutamate
does in the rat.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..bends import Bend, Stage
from ..effects import occupancy_weights
from .parameters import MoodError

Array = NDArray[np.float64]
Values = Mapping[str, Array | float]


class Form(Protocol):
    """One form of the drug effect: stages for the engine, and what they make of mood.

    ``values`` holds its parameters by name, each one number or (n,).
    """

    @property
    def values(self) -> Values: ...

    @property
    def name(self) -> str: ...

    @property
    def wanted(self) -> tuple[str, ...]:
        """The stages whose values ``improvement`` needs."""
        ...

    def stages(self, outputs: Collection[str], therapy: Array | float = 0.0) -> tuple[Stage, ...]:
        """The stages behind a model with these ``outputs``; ``therapy`` from 0 to 1, or (n,)."""
        ...

    def improvement(self, found: Mapping[str, Array], therapy: Array | float = 0.0) -> Array:
        """(n, T) improvement by the drug in MADRS points from the (n, T) values of ``wanted``.

        ``therapy`` must be what ``stages`` was given.
        """
        ...


def drive_inputs(outputs: Collection[str]) -> tuple[dict[str, float], bool]:
    """What each output adds to x (mL/ng), and whether enantiomers were assumed.

    Where a model has enantiomers, they are used and one that is absent counts as zero. Where it
    knows only the total of a racemate, half of it is taken for each, which is derived.
    Raises ``MoodError`` where there is no ketamine at all.
    """
    weights = occupancy_weights()
    found: dict[str, float] = {}
    derived = False
    for species in ("ketamine_ng_ml", "norketamine_ng_ml"):
        each = {name: weights[name] for name in (f"s_{species}", f"r_{species}")}
        own = {name: weight for name, weight in each.items() if name in outputs}
        if own:
            found |= own
        elif species in outputs:
            found[species] = sum(each.values()) / 2.0
            derived = True
    if not {"s_ketamine_ng_ml", "r_ketamine_ng_ml", "ketamine_ng_ml"} & set(found):
        raise MoodError("the mood models need a level of ketamine, and the model gives none")
    return found, derived


def drive_stages(values: Values, outputs: Collection[str]) -> tuple[Stage, ...]:
    """theta and the drive G, both without memory."""
    weights, _ = drive_inputs(outputs)
    return (
        Bend("mood_occupancy", weights, half=1.0),
        Bend(
            "mood_drive",
            {"mood_occupancy": 1.0},
            half=values["drive_half"],
            power=float(np.ravel(values["drive_power"])[0]),
            fall=values["drive_fall"],
            fall_power=float(np.ravel(values["drive_fall_power"])[0]),
        ),
    )


def column(value: Array | float) -> Array | float:
    """A parameter that multiplies (n, T): (n,) becomes (n, 1)."""
    return value[:, None] if isinstance(value, np.ndarray) and value.ndim == 1 else value
