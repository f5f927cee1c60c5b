"""From dose to blood to receptor to effect, for many virtual people at once.

Importing this compiles nothing and loads neither SciPy nor Numba; the kernels load on first use, or
when ``warm`` is called.
"""

from .bends import Bend, Delay, Growth
from .errors import (
    AskedError,
    ExpressionError,
    ModelError,
    PeopleError,
    PharmacologyError,
    RegimenError,
    TimesError,
)
from .model import Model
from .model_file import load_model, model_ids, read_model
from .people import People, draw_covariates, draw_people, known_people, typical_people
from .regimen import Dose, Regimen, bolus, devices, infusion
from .regimen_words import parse_regimen
from .regimen_written import describe, regimen_from_document
from .simulate import Result, compare, simulate, warm
from .system import Filter, Integral

__all__ = [
    "AskedError",
    "Bend",
    "Delay",
    "Dose",
    "ExpressionError",
    "Filter",
    "Growth",
    "Integral",
    "Model",
    "ModelError",
    "People",
    "PeopleError",
    "PharmacologyError",
    "Regimen",
    "RegimenError",
    "Result",
    "TimesError",
    "bolus",
    "compare",
    "describe",
    "devices",
    "draw_covariates",
    "draw_people",
    "infusion",
    "known_people",
    "load_model",
    "model_ids",
    "parse_regimen",
    "read_model",
    "regimen_from_document",
    "simulate",
    "typical_people",
    "warm",
]
