"""What a forecast needs, read from the record: of the person, and of the order as typed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from evenkeel.clinic.course.dose_sheet import Figures
from evenkeel.clinic.course.forecast_terms import About, Ordered
from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.sessions_given import sessions_given
from evenkeel.protocol.facts import Facts

#: Stops that say a dose or duration is outside what was published.
_OUTSIDE: Final = frozenset(
    {"dose.range_mg_per_kg", "dose.range_mg", "dose.allowed_mg", "dose.duration_range_min"}
)
#: A pressure older than this says little about the next session. [assumed]
_PRESSURE_MAX_MIN: Final = 365 * 24 * 60.0


def about_person(course: Course, facts: Facts, now: datetime) -> About:
    """What is known of the person of a course; one query, for the sessions given."""
    today = now.astimezone(ZoneInfo(course.site.timezone)).date()
    weight, medicines = facts["weight_kg"].value, facts["medicines"]
    scores = facts["scores"].value
    scores = scores if isinstance(scores, Mapping) else {}
    sbp, dbp = _usual_pressure(facts)
    return About(
        weight_kg=float(weight) if isinstance(weight, int | float) else None,
        age_years=float(course.patient.age_years(today)),
        session_number=sessions_given(course) + 1,
        medicines=tuple(use.name for use in _list(medicines.value)),
        medicines_known=medicines.state != "unknown",
        sbp_mmhg=sbp,
        dbp_mmhg=dbp,
        madrs=_score(scores.get("madrs")),
        phq9=_score(scores.get("phq9")),
    )


def _score(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _usual_pressure(facts: Facts) -> tuple[float | None, float | None]:
    """The mean of the readings of the newest occasion, where it is not too old."""
    readings = [
        reading
        for reading in _list(facts["blood_pressure"].value)
        if reading.sbp_mmhg and reading.dbp_mmhg
        and (reading.minutes_ago is None or reading.minutes_ago <= _PRESSURE_MAX_MIN)
    ]  # fmt: skip
    if not readings:
        return None, None
    return (
        sum(float(reading.sbp_mmhg) for reading in readings) / len(readings),
        sum(float(reading.dbp_mmhg) for reading in readings) / len(readings),
    )


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def ordered_session(product: str, figures: Figures | None, *, unreadable: bool) -> Ordered:
    """One session as typed, from the figures that were worked out; ``None`` without a protocol."""
    if figures is None:
        return Ordered(product, None, problem="No protocol for this product is in force here.")
    if unreadable:
        return Ordered(product, None, problem="Some figures cannot be read.")
    order, sheet = figures.order, figures.sheet
    if sheet is None:
        asked = order.dose_mg is not None or order.dose_mg_per_kg is not None
        empty = "Enter the dose to see what is expected of it."
        return Ordered(product, None, problem=figures.problem_words if asked else empty)
    refused = next((s.message for s in figures.hard_stops if s.id.startswith("dose.")), "")
    return Ordered(
        product,
        float(sheet.dose_mg),
        None if order.duration_min is None else float(order.duration_min),
        outside=tuple(stop.message for stop in figures.stops if stop.id in _OUTSIDE),
        refused=refused,
    )
