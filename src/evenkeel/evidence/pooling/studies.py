"""What is pooled: studies of two arms, arm 1 being the treatment; and what went wrong with them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MEASURES = ("RR", "OR", "RD", "MD", "SMD")
METHODS = ("FE", "MH", "PETO", "DL", "PM", "REML")
INTERVALS = ("wald", "hk")
RATIOS = ("RR", "OR")
COUNTED = ("RR", "OR", "RD")


class EvidenceError(Exception):
    """Studies that cannot be read or pooled as asked; the message is a sentence for a person."""

    code = "evidence"


@dataclass(frozen=True, slots=True)
class Study:
    """One trial. Either events or mean and sd of both arms are given."""

    name: str
    n1: int
    n2: int
    events1: int | None = None
    events2: int | None = None
    mean1: float = 0.0
    sd1: float = 0.0
    mean2: float = 0.0
    sd2: float = 0.0
    score: str = ""
    allocation: tuple[int, int] | None = None
    design: str = ""

    @property
    def counted(self) -> bool:
        """Whether the outcome is a number of people."""
        return self.events1 is not None


@dataclass(frozen=True, slots=True)
class Caution:
    """Where a reader should stop. ``study`` is empty where it concerns all."""

    code: str
    study: str
    message: str
