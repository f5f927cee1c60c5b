"""Brings the compiled kernels into memory with the smallest possible problem."""

from __future__ import annotations

import numpy as np

from .bends import Bend, Delay, Growth
from .effects import warm_effects
from .forecast.weights import Normal, moments, placed_at
from .model_file import load_model
from .people import draw_people
from .quantiles import weighted_quantiles
from .regimen import Regimen, infusion
from .simulate import simulate
from .solve import room_for
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
    weights, few = np.full(4, 0.25), room_for(4, 3)
    few[:] = 1.0
    for values in (np.ones((4, 3)), few):
        weighted_quantiles(values, weights, (0.5,))
    near, normals = Normal(np.zeros(2), np.eye(2)), np.ones((4, 2))
    moments(normals, weights)
    near.step(near.own(normals)[0], normals, 0.5)
    placed_at(normals, near.mean, near.root)
    warm_effects()
