"""The plain competitor: an onset and two exponential losses of the same drive, all linear.

    dO/dt = (G - O) / tau_onset
    dF/dt = O - F / tau_fast                     loss within about a day
    dL/dt = O - L / tau_slow                     loss within about ten days
    A = aF F + aL L                              improvement in MADRS points

Behind the drive nothing saturates: two sessions do twice what one does, less what was lost.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..bends import Delay, Stage
from .form import Values, column, drive_stages
from .parameters import load_mood

Array = NDArray[np.float64]

ONSET, FAST, SLOW = "kernel_onset", "kernel_fast", "kernel_slow"


def _bundled() -> Values:
    return load_mood().values("two_exponential")


@dataclass(frozen=True, eq=False)
class TwoExponential:
    """The plain kernel with its parameters, each one number or (n,)."""

    values: Values = field(default_factory=_bundled)

    @property
    def name(self) -> str:
        return "two_exponential"

    @property
    def wanted(self) -> tuple[str, ...]:
        return (ONSET, FAST, SLOW)

    def stages(self, outputs: Collection[str], therapy: Array | float = 0.0) -> tuple[Stage, ...]:
        """Drive, onset and the two losses. Therapy slows the slow one."""
        v = self.values
        slowing = load_mood().value("outcome", "therapy_slowing")
        return (
            *drive_stages(v, outputs),
            Delay(ONSET, "mood_drive", 1.0 / v["onset_time_constant_h"]),
            Delay(FAST, ONSET, 1.0 / v["fast_time_constant_h"]),
            Delay(SLOW, ONSET, (1.0 - slowing * therapy) / v["slow_time_constant_h"]),
        )

    def improvement(self, found: Mapping[str, Array], therapy: Array | float = 0.0) -> Array:
        """A = aF F + aL L, (n, T) in MADRS points.

        The engine's filter is y' = k (u - y), so that F = tau_fast y. ``therapy`` as in ``stages``.
        """
        v = self.values
        slowing = load_mood().value("outcome", "therapy_slowing")
        fast = column(v["fast_points_per_drive_h"] * v["fast_time_constant_h"]) * found[FAST]
        slow_h = v["slow_time_constant_h"] / (1.0 - slowing * therapy)
        total: Array = fast + column(v["slow_points_per_drive_h"] * slow_h) * found[SLOW]
        return total
