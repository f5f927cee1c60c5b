"""Long-term exposure and what to ask because of it: bladder, cognition, dependence.

No cumulative threshold was found for treatment. What treatment has shown stays within about
0.1 g a week over half a year; recreational harm is at grams, whose amounts are poorly known. So
outside the studied range there is a signal to ask about symptoms and never a probability, and the
question is asked at every session whatever the signal says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import PharmacologyError

Array = NDArray[np.float64]
Domain = Literal["bladder", "cognition", "dependence", "tolerance"]
WINDOW_WEEKS = 26.0
_LABEL = (
    "https://jnjmedicalconnect.com/products/spravato/medical-content/"
    "adverse-event-of-spravato-urinary-disorders"
)


class LongTermError(PharmacologyError):
    """An exposure that cannot be: a negative dose, a time that is not a number, shapes apart."""

    code = "long-term"


@dataclass(frozen=True)
class Quantity:
    """One number of the bladder signal, with its unit, mark and source."""

    value: float
    unit: str
    mark: str
    source: str
    verification: str
    note: str


@dataclass(frozen=True)
class Note:
    """One published finding, in words, that a long-term watch rests on."""

    domain: Domain
    population: Literal["treatment", "recreational"]
    text: str
    source: str
    verification: str


@dataclass(frozen=True)
class BladderSignal:
    """What to show of the bladder; arrays have the shape of the exposure asked about.

    `per_100_patient_years` is an upper bound of a hazard inside the studied range and NaN
    outside it, where only `relative_to_bound` (the signal over the therapeutic bound) is given.
    """

    grams_per_week: Array
    within_studied: NDArray[np.bool_]
    per_100_patient_years: Array
    relative_to_bound: Array
    ask: str


#: 0 cases of interstitial cystitis in 3777 patient-years: rule of three.
THERAPEUTIC_BOUND = Quantity(
    0.0794,
    "per 100 patient-years",
    "derived",
    _LABEL,
    "computed",
    "upper 95% limit of 0 in 3777 patient-years, up to 6.5 years of esketamine",
)
STUDIED_TOP = Quantity(
    0.1,
    "g/week over 6 months",
    "derived",
    _LABEL,
    "computed",
    "84 mg a week is 0.08 g a week; a little above what was followed",
)
HAZARD_BASE = Quantity(
    0.0397,
    "per 100 patient-years",
    "assumed",
    _LABEL,
    "unverified",
    "half of the therapeutic bound; no background rate was found",
)
HAZARD_PER_SQUARE = Quantity(
    3.97,
    "per 100 patient-years per (g/week)^2",
    "derived",
    _LABEL,
    "computed",
    "so that 0.1 g a week reaches the therapeutic bound and does not pass it",
)
ASK = "Ask about urinary symptoms at every session: frequency, urgency, pain, blood."
ASK_OUTSIDE = (
    "Exposure is above what treatment trials followed. Ask closely about urinary symptoms; "
    "no probability can be given here."
)
ASK_OTHER_USE = (
    "Use outside the clinic is reported or not yet asked about: ask how much and how often, "
    "and about urinary symptoms. The doses given here do not describe the exposure."
)

NOTES: tuple[Note, ...] = (
    Note(
        "bladder",
        "treatment",
        "Frequent urination in 3% against 0.5% on placebo (TRD trials) and 2% against 1% (MDSI); "
        "17% had any renal or urinary event in one open-label year, mostly gone in two weeks; no "
        "treatment-related interstitial cystitis up to 6.5 years.",
        _LABEL,
        "verified",
    ),
    Note(
        "bladder",
        "treatment",
        "Spontaneous reports: 159 of 14,606 were urinary (1.1%), 5 of them interstitial cystitis.",
        _LABEL,
        "verified",
    ),
    Note(
        "bladder",
        "recreational",
        "26.6% of 1285 past-year users had urinary symptoms, rising with dose and frequency; 51% "
        "were better after stopping, 3.8% worse.",
        "https://pubmed.ncbi.nlm.nih.gov/22416998/",
        "verified",
    ),
    Note(
        "cognition",
        "recreational",
        "Deficits in frequent users and not in infrequent ones; over a year the change follows "
        "the change in use (n=150).",
        "https://pubmed.ncbi.nlm.nih.gov/19919593/",
        "verified",
    ),
    Note(
        "cognition",
        "recreational",
        "A deficit of source memory three days after use.",
        "http://eprints.gla.ac.uk/152504/",
        "verified",
    ),
    Note(
        "cognition",
        "treatment",
        "Esketamine: no decline in one year. Acutely worse at 40 minutes and equal to placebo at "
        "2 hours; no driving until the next day.",
        "https://www.usmedicine.com/2021online-dir/inc/html/31.html",
        "verified",
    ),
    Note(
        "dependence",
        "recreational",
        "17% of 1285 past-year users were dependent; many frequent users try and fail to stop.",
        "https://pubmed.ncbi.nlm.nih.gov/22416998/",
        "verified",
    ),
    Note(
        "tolerance",
        "treatment",
        "Dissociation weakens over sessions; the rise of blood pressure does not (same at the "
        "first and the sixth infusion).",
        "https://moreblossom.com/papers/"
        "blood-pressure-safety-of-subanesthetic-ketamine-for-depression-a-report-on-684-i",
        "verified",
    ),
)


def notes_on(domain: Domain) -> tuple[Note, ...]:
    """The published findings on one domain, treatment and recreational kept apart in each."""
    return tuple(note for note in NOTES if note.domain == domain)


def cumulative_grams(dose_day: ArrayLike, dose_mg: ArrayLike, at_day: ArrayLike) -> Array:
    """Grams given up to and at each day: (T,) or (N, T) for doses (M,) or (N, M) on days (M,).

    Raises LongTermError as `grams_per_week` does.
    """
    days, doses, at = _checked(dose_day, dose_mg, at_day)
    given = (days[:, None] <= at[None, :]).astype(np.float64)
    return np.asarray(doses @ given / 1000.0, dtype=np.float64)


def grams_per_week(
    dose_day: ArrayLike,
    dose_mg: ArrayLike,
    at_day: ArrayLike,
    *,
    window_weeks: float = WINDOW_WEEKS,
) -> Array:
    """Weekly grams smoothed over the trailing window: what was given in it over its length.

    `dose_day` (M,) days, `dose_mg` (M,) or (N, M) mg of base, `at_day` (T,) days; returns (T,) or
    (N, T) g/week. The window is half a year also early in a course, so a new course reads low.
    Raises LongTermError for a negative or non-finite dose or day, or shapes that do not fit.
    """
    if not window_weeks > 0:
        raise LongTermError("the window must be longer than zero weeks")
    days, doses, at = _checked(dose_day, dose_mg, at_day)
    age = at[None, :] - days[:, None]
    inside = ((age >= 0.0) & (age < 7.0 * window_weeks)).astype(np.float64)
    return np.asarray(doses @ inside / (1000.0 * window_weeks), dtype=np.float64)


def bladder_signal(
    weekly_grams: ArrayLike, *, use_outside_clinic: bool | None = None
) -> BladderSignal:
    """The bladder signal at smoothed weekly grams of any shape.

    h = h0 + h1 * (g/week)^2, at the therapeutic bound at the top of the studied range. A hazard is
    given inside that range only, and only where use outside the clinic is known to be none:
    unknown (None) asks, and does not pass. Raises LongTermError for negative or NaN grams.
    """
    grams = np.asarray(weekly_grams, dtype=np.float64)
    if not np.all(np.isfinite(grams)) or np.any(grams < 0):
        raise LongTermError("weekly grams must be finite and at least 0")
    hazard = np.asarray(HAZARD_BASE.value + HAZARD_PER_SQUARE.value * grams * grams)
    within = np.asarray((grams <= STUDIED_TOP.value) & (use_outside_clinic is False))
    if use_outside_clinic is not False:
        ask = ASK_OTHER_USE
    else:
        ask = ASK if bool(np.all(within)) else ASK_OUTSIDE
    return BladderSignal(
        grams_per_week=grams,
        within_studied=within,
        per_100_patient_years=np.asarray(np.where(within, hazard, np.nan)),
        relative_to_bound=hazard / THERAPEUTIC_BOUND.value,
        ask=ask,
    )


def _checked(
    dose_day: ArrayLike, dose_mg: ArrayLike, at_day: ArrayLike
) -> tuple[Array, Array, Array]:
    days = np.asarray(dose_day, dtype=np.float64)
    doses = np.asarray(dose_mg, dtype=np.float64)
    at = np.asarray(at_day, dtype=np.float64)
    if days.ndim != 1 or at.ndim != 1:
        raise LongTermError("the days of doses and the days asked about are one row each")
    if doses.ndim not in (1, 2) or doses.shape[-1] != len(days):
        raise LongTermError(f"expected a dose for each of {len(days)} days, not {doses.shape}")
    if not all(np.all(np.isfinite(array)) for array in (days, doses, at)):
        raise LongTermError("days and doses must be finite numbers")
    if np.any(doses < 0):
        raise LongTermError("a dose cannot be negative")
    return days, doses, at
