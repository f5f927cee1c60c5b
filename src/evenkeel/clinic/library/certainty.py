"""A level of certainty as four boxes."""

from __future__ import annotations

from typing import Final

#: How many of four boxes stand for a level.
BOXES: Final = {"no trials": 0, "very low": 1, "low": 2, "moderate": 3, "high": 4}


def boxes(level: str) -> list[bool]:
    """Four boxes, filled up to the level. Raises ``KeyError`` for a level that is none."""
    return [n < BOXES[level] for n in range(4)]
