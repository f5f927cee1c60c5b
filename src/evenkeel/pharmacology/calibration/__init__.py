"""Was the forecast right? What was predicted before each reading, scored and counted."""

from .predictive import LEVELS
from .score import UNITS, Score, score, score_moment

__all__ = ["LEVELS", "UNITS", "Score", "score", "score_moment"]
