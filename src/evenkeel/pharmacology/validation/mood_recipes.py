"""The prediction of a target about mood over days and weeks, and the two models compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .recipe_form import Recipe
from .recipes import Prediction, RecipeError

NOT_YET = "not answered yet: the mood model is not part of this version"


@dataclass(frozen=True)
class Comparison:
    """Errors of the models of mood, each predicting the study it was not given."""

    errors: tuple[tuple[str, float], ...]
    unit: str
    words: str

    def data(self) -> dict[str, Any]:
        """As an object for JSON."""
        return {"errors": dict(self.errors), "unit": self.unit, "words": self.words}


def predict(model_id: str | None, recipe: Recipe) -> Prediction:
    """Raises ``RecipeError``: nothing here answers mood yet."""
    raise RecipeError(NOT_YET)


def compare() -> Comparison | None:
    """The comparison, or None where there is nothing to compare."""
    return None
