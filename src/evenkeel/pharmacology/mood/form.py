"""What a form of the drug effect must offer, and the drive that all forms share.

The drive starts from an index of NMDA-receptor blockade: x = sum(fu * C / Ki) over S- and
R-ketamine and S- and R-norketamine, theta = x / (1 + x). No human tracer has confirmed it; it is an
index, uncertain by a factor of three, and never shown as measured occupancy. The drive G is a
Hill curve of theta that falls again at very high values, as glutamate does in the rat.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..bends import Bend, Stage
from .parameters import MoodError, MoodParameters, load_mood

Array = NDArray[np.float64]
Values = Mapping[str, Array | float]

_SPECIES = {
    "ketamine": ("ki_s_ketamine_um", "ki_r_ketamine_um", "ketamine_g_per_mol"),
    "norketamine": ("ki_s_norketamine_um", "ki_r_norketamine_um", "norketamine_g_per_mol"),
}


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


def occupancy_weights(
    outputs: Collection[str], parameters: MoodParameters | None = None
) -> tuple[dict[str, float], bool]:
    """fu/Ki in mL/ng for each output that is read, and whether enantiomers were assumed.

    Where a model has enantiomers, they are used and one that is absent counts as zero. Where it
    knows only the total of a racemate, half of it is taken for each, which is derived.
    Raises ``MoodError`` where there is no ketamine at all.
    """
    known = (parameters or load_mood()).values("occupancy")
    weights: dict[str, float] = {}
    derived = False
    for species, (ki_s, ki_r, molar) in _SPECIES.items():
        each = {
            name: known["unbound_fraction"] / (known[ki] * known[molar])
            for name, ki in ((f"s_{species}_ng_ml", ki_s), (f"r_{species}_ng_ml", ki_r))
        }
        own = {name: weight for name, weight in each.items() if name in outputs}
        if own:
            weights |= own
        elif f"{species}_ng_ml" in outputs:
            weights[f"{species}_ng_ml"] = sum(each.values()) / 2.0
            derived = True
    if not any(name.endswith("_ketamine_ng_ml") or name == "ketamine_ng_ml" for name in weights):
        raise MoodError("the mood models need a level of ketamine, and the model gives none")
    return weights, derived


def occupancy_index(levels: Mapping[str, Array], parameters: MoodParameters | None = None) -> Array:
    """theta, 0 to 1, of the shape of the ``levels`` (ng/mL by name of output)."""
    weights, _ = occupancy_weights(levels, parameters)
    x = sum((levels[name] * weight for name, weight in weights.items()), np.zeros(()))
    found: Array = x / (1.0 + x)
    return found


def drive_stages(values: Values, outputs: Collection[str]) -> tuple[Stage, ...]:
    """theta and the drive G, both without memory."""
    weights, _ = occupancy_weights(outputs)
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
