"""What a forecast of a plan is asked with and answers: plain values, no record and no markup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Quantity = Literal["concentration", "pressure", "dissociation", "sedation"]
#: How far a curve was made for this: as the pharmacology room says it.
Status = Literal["validated", "extrapolated", "derived"]
#: The shares of people below each line of a band: 90 % lie within the outer, 50 % in the inner.
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class About:
    """What is known of the person. ``None`` where nothing is; medicines as they are written.

    ``session_number`` is that of the next session, from 1. ``sbp_mmhg`` and ``dbp_mmhg`` are the
    usual pressure, as far as it was measured.
    """

    weight_kg: float | None
    age_years: float | None
    session_number: int = 1
    medicines: tuple[str, ...] = ()
    medicines_known: bool = True
    sbp_mmhg: float | None = None
    dbp_mmhg: float | None = None
    madrs: float | None = None
    phq9: float | None = None


@dataclass(frozen=True, slots=True)
class Ordered:
    """One session as it is ordered: the product, what is given in mg, and over how long."""

    product: str
    dose_mg: float | None
    duration_min: float | None = None
    #: Why the dose cannot be worked out, as a sentence; empty where it can.
    problem: str = ""
    #: Why it is outside what was published, each a sentence; such a forecast is extrapolated.
    outside: tuple[str, ...] = ()
    #: Why the protocol refuses it outright; such a dose is not forecast.
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Trust:
    """Which model a curve is from, how far it was made for this, and why no further."""

    model: str
    status: Status
    reasons: tuple[str, ...]
    source: str = ""


@dataclass(frozen=True, eq=False)
class Band:
    """One quantity over the session: ``values`` (5, T) at ``LEVELS``, T as ``PlanForecast``."""

    quantity: Quantity
    title: str
    unit: str
    values: Array
    trust: Trust

    def turn(self) -> int:
        """The column in which the median is furthest from its start (a peak, or a trough)."""
        median = self.values[2]
        return int(np.argmax(np.abs(median - median[0])))


@dataclass(frozen=True, slots=True)
class Chance:
    """A chance from 0 to 1, and what it would be in a calm and in a reactive clinic."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Readiness:
    """Minutes from the start: the middle and the 90 % ends; ``None`` is not by ``end_min``."""

    low_min: float | None
    middle_min: float | None
    high_min: float | None
    by_end: float
    end_min: float
    note: str


@dataclass(frozen=True, eq=False)
class PlanForecast:
    """What one session is expected to do. ``given`` are (from, to) minutes at which drug is given.

    ``baseline_sbp_mmhg`` is the middle of the pressures before the dose.
    """

    times_min: Array
    bands: tuple[Band, ...]
    severe: Chance
    rise: Chance
    readiness: Readiness
    given: tuple[tuple[float, float], ...]
    baseline_sbp_mmhg: float
    readings_every_min: int
    readings_until_min: int
    people: int
    seed: int
    notes: tuple[str, ...]

    def band(self, quantity: Quantity) -> Band:
        """The band of a quantity."""
        return next(band for band in self.bands if band.quantity == quantity)


@dataclass(frozen=True, slots=True)
class NoForecast:
    """Why there is none, as a sentence, and what would help."""

    code: str
    words: str
    what_to_do: str = ""
