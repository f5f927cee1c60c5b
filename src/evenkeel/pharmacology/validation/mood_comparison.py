"""The two models of mood compared by predicting studies they have not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..mood import load_mood

NAMES = {"states": "mechanistic states", "two_exponential": "two exponentials"}


@dataclass(frozen=True)
class Comparison:
    """Errors of the models of mood, each predicting the study it was not given.

    ``errors`` is (name, error in ``unit``, error in MADRS points) of each; ``words`` says which is
    used and why.
    """

    errors: tuple[tuple[str, float, float], ...]
    unit: str
    words: str

    def data(self) -> dict[str, Any]:
        """As an object for JSON."""
        both = {name: {"error": error, "points": points} for name, error, points in self.errors}
        return {"unit": self.unit, "errors": both, "words": self.words}


def compare() -> Comparison:
    """What ``python -m evenkeel.pharmacology.mood.fit`` found and stored."""
    known = load_mood()
    forms = known.comparison["forms"]
    errors = tuple(
        (NAMES[name], float(found["standardized"]), float(found["points"]))
        for name, found in forms.items()
    )
    used = NAMES[known.default]
    words = (
        "Each study is predicted by a fit that has not seen it; the errors are root mean squares "
        f"over studies. The product uses the one with the smaller error: {used}."
    )
    return Comparison(errors, "units of each row's error and the spread between trials", words)
