"""What the first use would have to wait for, done beforehand."""

from __future__ import annotations

from .bounded import bounded_integer
from .dissociation import cadss_scale, score_scale
from .parameters import AcuteModel, load_acute


def warm_effects(model: AcuteModel | None = None) -> None:
    """Read the parameters, load SciPy and build the tables of the bounded scores."""
    model = model or load_acute()
    cadss_scale(model)
    score_scale(model)
    bounded_integer(100, model["score_residual_sd"])
