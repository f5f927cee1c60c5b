"""Brings the compiled kernels into memory with the smallest possible problem."""

from __future__ import annotations

import numpy as np

from .bends import Bend, Delay, Growth
from .effects import warm_effects
from .model_file import load_model
from .people import draw_people
from .quantiles import weighted_quantiles
from .regimen import Regimen, infusion
from .simulate import simulate
from .system import Filter

MODEL = "otto_2021_fanta_2015"


def warm_up() -> None:
    """Run every kernel once. Seconds the first time on a machine, then well under one."""
    model = load_model(MODEL)
    output = "s_ketamine_ng_ml"
    simulate(
        model,
        Regimen.of(infusion(10, over_min=40)),
        draw_people(model, 65),
        np.arange(0, 3, 1 / 60),
        filters=[Filter("site", {output: 1.0}, 5.0)],
        stages=[
            Bend("drive", {output: 1.0}, 100.0),
            Delay("signal", "drive", 1.0),
            Growth("growth", "signal", 1.0, 0.1),
        ],
        wanted=["signal", "growth"],
    )
    weighted_quantiles(np.ones((4, 3)), np.full(4, 0.25), (0.5,))
    warm_effects()
