"""The mechanistic form: a translation signal, fast plasticity and new synapses.

    dB/dt = kB (G - B)                           B: BDNF, translation
    dP/dt = kP B (1 - P) - P / tauP              P: fast plasticity, the onset
    dS/dt = kS B (1 - S) - S (1 - c T) / tauS    S: new synapses, what persists; T: therapy
    A = AP P + AS S                              improvement in MADRS points

The names are those of a hypothesis. Rapamycin did not block the effect in people, so the form is
kept only while it predicts better than the plain kernel.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..bends import Delay, Growth, Stage
from .form import Values, column, drive_stages
from .parameters import load_mood

Array = NDArray[np.float64]

SIGNAL, FAST, SLOW = "bdnf", "plasticity_fast", "plasticity_slow"


def _bundled() -> Values:
    return load_mood().values("states")


@dataclass(frozen=True, eq=False)
class States:
    """The mechanistic form with its parameters, each one number or (n,)."""

    values: Values = field(default_factory=_bundled)

    @property
    def name(self) -> str:
        return "states"

    @property
    def wanted(self) -> tuple[str, ...]:
        return (SIGNAL, FAST, SLOW)

    def stages(self, outputs: Collection[str], therapy: Array | float = 0.0) -> tuple[Stage, ...]:
        """Drive, B, P and S. Therapy slows the loss of S by ``therapy_slowing``."""
        v = self.values
        slowing = load_mood().value("outcome", "therapy_slowing")
        return (
            *drive_stages(v, outputs),
            Delay(SIGNAL, "mood_drive", v["bdnf_rate_per_h"]),
            Growth(FAST, SIGNAL, v["fast_gain_per_h"], 1.0 / v["fast_time_constant_h"]),
            Growth(
                SLOW,
                SIGNAL,
                v["slow_gain_per_h"],
                (1.0 - slowing * therapy) / v["slow_time_constant_h"],
            ),
        )

    def improvement(self, found: Mapping[str, Array], therapy: Array | float = 0.0) -> Array:
        """A = AP P + AS S, (n, T) in MADRS points; therapy is in S already."""
        fast = column(self.values["fast_points"]) * found[FAST]
        total: Array = fast + column(self.values["slow_points"]) * found[SLOW]
        return total
