"""Every target answered by the model that the product would use for it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

from ..errors import PharmacologyError
from . import acute_recipes, mood_recipes, recipes
from .checking import ODD
from .recipe_form import ACUTE_NEEDS
from .rows import Target
from .statistics import fold

Progress = Callable[[int, int], None]
#: Where two numbers print alike a band holds the one as it holds the other.
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Answer:
    """What is predicted for a target. ``why_not`` says in words why there is no prediction.

    ``first`` is what the recipe gave before it was corrected; None where it never was.
    """

    target: Target
    predicted: float | None
    status: str
    why_not: str
    first: float | None = None

    @property
    def ratio(self) -> float | None:
        """predicted / observed, where a fold means something."""
        return None if self.predicted is None else fold(self.predicted, self.target.observed)

    @property
    def inside(self) -> bool | None:
        """Whether the prediction lies in the band; None where it is not judged or not answered."""
        if self.predicted is None or self.target.band is None:
            return None
        return self._holds(self.predicted)

    @property
    def inside_first(self) -> bool | None:
        """The same of the recipe as it was encoded before the first run."""
        if self.first is None or self.target.band is None:
            return self.inside
        return self._holds(self.first)

    def _holds(self, value: float) -> bool:
        assert self.target.band is not None
        low, high = self.target.band
        slack = _ROUNDING * max(abs(low), abs(high))
        return low - slack <= value <= high + slack

    @property
    def reason(self) -> str:
        """Why a target fails, as it was found out afterwards; empty where nobody wrote it."""
        return reasons().get(self.target.id, "")


def answer_all(
    targets: Iterable[Target], progress: Progress = lambda done, of: None
) -> tuple[Answer, ...]:
    """Answer targets in their order; ``progress`` is told how many are done, of how many."""
    listed: Sequence[Target] = list(targets)
    found = []
    for number, target in enumerate(listed):
        progress(number, len(listed))
        found.append(answer(target))
    progress(len(listed), len(listed))
    return tuple(found)


def answer(target: Target) -> Answer:
    """Answer one target, and by its first recipe too where that was corrected."""
    found = _answer(target)
    if target.corrected is None:
        return found
    return replace(found, first=_answer(replace(target, how=target.corrected.first)).predicted)


def _answer(target: Target) -> Answer:
    """Answer by the recipe of the target; what goes wrong is part of the answer."""
    if target.refused:
        return Answer(target, None, "", target.refused)
    if target.how is None:
        return Answer(target, None, "", "no model answers it")
    try:
        if target.kind == "pk":
            found = recipes.predict(str(target.model), target.how)
        elif target.how["statistic"] in ACUTE_NEEDS:
            found = acute_recipes.predict(target.model, target.how)
        else:
            found = mood_recipes.predict(target.model, target.how)
    except PharmacologyError as error:
        return Answer(target, None, "", str(error))
    except (*ODD, MemoryError) as error:
        # A recipe of somebody else's rows, well formed and yet without what its effect needs.
        return Answer(target, None, "", f"the recipe cannot be followed: {error!r}")
    if not math.isfinite(found.value):
        return Answer(target, None, found.status, "the prediction is not a number")
    return Answer(target, found.value, found.status, "")


@cache
def reasons() -> Mapping[str, str]:
    """Why targets fail, by target id, from ``reasons.json``: written after the first run."""
    text = (resources.files(__package__) / "reasons.json").read_text(encoding="utf-8")
    found: Mapping[str, str] = json.loads(text)["reasons"]
    return found
