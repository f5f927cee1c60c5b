"""The one place where evenkeel's own engine is plugged into its benchmark.

Each function takes and returns plain arrays in the shapes of ``bench.pharmacology.workloads``;
``UNITS`` says what the engine's numbers have to be divided by to be in the units there. Nothing of
the engine is imported before it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

from bench.pharmacology.workloads import Array

NAME = "evenkeel"
#: The engine answers in ng/mL, the workloads are in mg/L: (C_ket, C_nor, MAP, mood, dissociation).
UNITS = (1000.0, 1000.0, 1.0, 1.0, 1.0)


class NotHere(RuntimeError):
    """The engine, or this part of it, cannot be measured yet."""


def engine() -> ModuleType:
    """Return the engine; raise ``NotHere`` where it cannot be imported."""
    try:
        return import_module("evenkeel.pharmacology")
    except ImportError as error:
        raise NotHere("engine not here yet") from error


def w1(people_parameters: Array, times_min: Array) -> Array:
    """W1 with the model file ``w1_model.json``: (N, 10), (T,) -> fresh (N, T, 2), ng/mL."""
    engine()
    raise NotHere("engine not plugged in yet")


def w2(people_parameters: Array, times_min: Array) -> Array:
    """W2: (N, 15), (305,) -> fresh (N, 305, 5), concentrations in ng/mL."""
    engine()
    raise NotHere("engine not plugged in yet")


def w3_prepare(particles: Array, values: Array) -> Any:
    """A forecast of W3's drug that has learned: particles (5000, 10), readings (3,) in mg/L."""
    engine()
    raise NotHere("engine not plugged in yet")


def w3_update(prepared: Any, value: float) -> Array:
    """Learn from one more reading and predict: quantiles (3, 91, 2) in ng/mL.

    The prepared forecast is used again in the next round, so it must stay as it was.
    """
    engine()
    raise NotHere("engine not plugged in yet")


def w3_point_fit(values: Array) -> Array:
    """Most probable effects of one person: readings (8,) in mg/L -> (5,)."""
    engine()
    raise NotHere("engine not plugged in yet")


def w3_refit_many(values: Array) -> Array:
    """Most probable effects of many: readings (N, 8) in mg/L -> (N, 5)."""
    engine()
    raise NotHere("engine not plugged in yet")
