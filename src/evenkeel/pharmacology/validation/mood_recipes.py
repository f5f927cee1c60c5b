"""The prediction of a target about mood over days and weeks."""

from __future__ import annotations

from .recipe_form import Recipe
from .recipes import Prediction, RecipeError

NOT_YET = "not answered yet: the mood model is not part of this version"


def predict(model_id: str | None, recipe: Recipe) -> Prediction:
    """Raises ``RecipeError``: nothing here answers mood yet."""
    raise RecipeError(NOT_YET)
