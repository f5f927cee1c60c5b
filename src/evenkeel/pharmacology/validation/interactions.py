"""What other drugs do to the covariates of the models, as ``interactions.json`` states it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources


@cache
def interactions() -> Mapping[str, Mapping[str, float]]:
    """For each drug the covariates it sets; a model that has no such covariate is not changed."""
    text = (resources.files("evenkeel.pharmacology") / "interactions.json").read_text("utf-8")
    return {
        drug["id"]: {name: float(c["value"]) for name, c in drug["covariates"].items()}
        for drug in json.loads(text)["drugs"]
    }
