"""The one place where evenkeel's own engine is plugged into its benchmark.

Each function takes and returns plain arrays in the shapes of ``bench.pharmacology.workloads``;
``UNITS`` says what the engine's numbers have to be divided by to be in the units there. Nothing of
the engine is imported before it is asked for.
"""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np

from bench.pharmacology import workloads as w
from bench.pharmacology.workloads import Array

NAME = "evenkeel"
#: The engine answers in ng/mL, the workloads are in mg/L: (C_ket, C_nor, MAP, mood, dissociation).
UNITS = (1000.0, 1000.0, 1.0, 1.0, 1.0)
OUTPUTS = {"C_ket": "ketamine_ng_ml", "C_nor": "norketamine_ng_ml"}


#: Courses put together at a time: what stays in the cache.
_ASSEMBLED = 256


class NotHere(RuntimeError):
    """The engine, or this part of it, cannot be measured here."""


@cache
def _model() -> Any:
    try:
        from evenkeel.pharmacology import load_model
    except ImportError as error:
        raise NotHere(f"the engine cannot be imported: {error}") from error
    return load_model(w.MODEL_FILE)


@cache
def _regimen() -> Any:
    from evenkeel.pharmacology import Regimen, infusion

    return Regimen.of(infusion(w.DOSE_MG, over_min=w.INFUSION_MIN))


def _people(parameters: Array) -> Any:
    from evenkeel.pharmacology import known_people

    named = zip(w.W1_PARAMETERS, parameters.T, strict=False)
    return known_people(_model(), dict(named))


def w1(people_parameters: Array, times_min: Array) -> Array:
    """W1 with the model file ``w1_model.json``: (N, 10), (T,) -> fresh (N, T, 2), ng/mL.

    What comes back is a view of the engine's own result, which has outputs first.
    """
    from evenkeel.pharmacology import simulate

    found = simulate(_model(), _regimen(), _people(people_parameters), times_min / 60.0)
    return np.moveaxis(found.array, 0, -1)


def w2(people_parameters: Array, times_min: Array) -> Array:
    """W2: (N, 15), (305,) -> fresh (N, 305, 5), concentrations in ng/mL."""
    from evenkeel.pharmacology import Bend, Delay, Filter, simulate

    ke0, ec50, koutb, ia50, m0 = people_parameters[:, 10:].T
    loss_per_h = w.ACCUMULATION_LOSS_PER_MIN * 60.0
    # A filter of rate r passes on r times its input: the gain is what is wanted, over r.
    gain = w.ACCUMULATION_PER_MIN / w.ACCUMULATION_LOSS_PER_MIN
    found = simulate(
        _model(),
        _regimen().repeated(w.W2_DOSES_MIN / 60.0),
        _people(people_parameters),
        times_min / 60.0,
        filters=[
            Filter("site", {"ketamine_ng_ml": 1e-3}, ke0 * 60.0, w.W2_PARAMETERS["KE0"][0] * 60.0),
            Filter(
                "load",
                {"site": gain, "norketamine_ng_ml": 1e-3 * gain * w.NORKETAMINE_SHARE},
                loss_per_h,
            ),
        ],
        stages=[
            Bend("drive", {"ketamine_ng_ml": 1e-3}, w.MAP_EC50),
            Delay("pressure", "drive", koutb * 60.0),
            Bend("relief", {"load": 1.0}, ia50),
            Delay("lift", "relief", w.MOOD_PER_MIN * 60.0),
        ],
        wanted=["pressure", "lift"],
    )
    from evenkeel.pharmacology.sharing import in_threads
    from evenkeel.pharmacology.solve import room_for

    out = room_for(5, len(people_parameters), len(times_min))

    def assemble(first: int) -> None:
        rows = slice(first, first + _ASSEMBLED)
        for k, name in enumerate(("ketamine_ng_ml", "norketamine_ng_ml")):
            out[k, rows] = found[name][rows]
        np.multiply(found["pressure"][rows], w.MAP_BASE * w.MAP_EMAX, out=out[2, rows])
        out[2, rows] += w.MAP_BASE
        np.multiply(found["lift"][rows], -w.MOOD_EMAX * m0[rows, None], out=out[3, rows])
        out[3, rows] += m0[rows, None]
        site = found["site"][rows]
        square = np.multiply(site, site, out=out[4, rows])
        square /= square + np.square(ec50[rows])[:, None]
        square *= w.DISSOCIATION_MAX

    in_threads([partial(assemble, k) for k in range(0, len(people_parameters), _ASSEMBLED)])
    return np.moveaxis(out, 0, -1)


def _readings(values: Array, first: int = 0) -> list[Any]:
    from evenkeel.pharmacology.forecast import Observation

    read = w.W3_READINGS[first : first + len(values)]
    return [
        Observation(minute / 60.0, OUTPUTS[name], 1000.0 * value)
        for (name, minute), value in zip(read, values.tolist(), strict=True)
    ]


def w3_prepare(particles: Array, values: Array) -> Any:
    """A forecast of W3's drug that has learned readings (3,) in mg/L: as many people, own draw."""
    from evenkeel.pharmacology.forecast import Forecast, Setting

    setting = Setting(_model(), _regimen(), n=len(particles), seed=w.SEED, effects=False)
    return Forecast.prior(setting).update(*_readings(values))


def w3_update(prepared: Any, value: float) -> Array:
    """Learn from one more reading and predict: quantiles (3, 91, 2) in ng/mL.

    The prepared forecast is used again in the next round; it is immutable.
    """
    learned = prepared.update(*_readings(np.array([value]), w.W3_NEW_READING))
    names = list(OUTPUTS.values())
    found = learned.predict(w.W3_AHEAD_MIN / 60.0, levels=w.W3_QUANTILES, names=names)
    return np.stack([found.bands[name] for name in names], axis=-1)


def w3_point_fit(values: Array) -> Array:
    """Most probable effects of one person: readings (8,) in mg/L -> (5,)."""
    return w3_refit_many(values[None])[0]


def w3_refit_many(values: Array) -> Array:
    """Most probable effects of many: readings (N, 8) in mg/L -> (N, 5)."""
    from evenkeel.pharmacology.forecast import fit_many

    times_h = np.array([minute for _, minute in w.W3_READINGS]) / 60.0
    outputs = [OUTPUTS[name] for name, _ in w.W3_READINGS]
    found = fit_many(
        _model(), _regimen(), times_h, outputs, 1000.0 * values, names=w.W3_EFFECTS, sd=w.W3_ERROR
    )
    return found.effects
