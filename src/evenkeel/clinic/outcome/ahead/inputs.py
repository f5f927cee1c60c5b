"""Everything a forecast of mood follows from, read from the record and named by one digest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

from evenkeel.clinic.course.forecast import SEED, given_as
from evenkeel.clinic.course.forecast_medicines import Interacting, interacting
from evenkeel.clinic.course.forecast_terms import NoForecast
from evenkeel.clinic.course.models import Course, Plan
from evenkeel.clinic.outcome.ahead.doses import GivenDose, doses_of
from evenkeel.clinic.outcome.models import Response
from evenkeel.clinic.outcome.queries import responses_of
from evenkeel.clinic.people.facts import facts_of
from evenkeel.clinic.people.models import Fact
from evenkeel.clinic.people.unread import medicine_name, of_no_concern
from evenkeel.clinic.record.chain import canonical, digest
from evenkeel.clinic.session.models import Appointment, Session
from evenkeel.pharmacology.forecast import mood_version

#: The questionnaires that are learned from.
LEARNED: Final = ("phq9", "madrs")
#: A score older than this before the first dose says little of where the course began. [assumed]
_BASELINE_DAYS: Final = 60
#: The range of a MADRS at which trials begin; outside it nothing was fitted. [assumed]
_MADRS_BEGINS: Final = (10, 60)
_ADULT_YEARS: Final = 18
_SCORES_STILL: Final = "Scores still show how relief holds."
_IN_USE: Final = frozenset({"active", "unknown", "final", "preliminary"})


@dataclass(frozen=True, slots=True)
class Score:
    """One total, when it was answered."""

    id: str
    instrument: str
    total: int
    at: datetime


@dataclass(frozen=True)
class AheadInputs:
    """What is known of a course. ``missing`` says why there can be no forecast, else ``None``.

    ``scores`` are those that are learned from, in order of time; ``doses`` what was given.
    ``planned_at`` is the next dosing visit: booked, or by the plan's spacing. ``assumed`` names
    the sessions of which only the sum is on record.
    """

    course_id: str
    product: str
    doses: tuple[GivenDose, ...]
    scores: tuple[Score, ...]
    baseline_madrs: int | None
    baseline_phq9: int | None
    weight_kg: float | None
    age_years: int
    medicines: Interacting
    planned_at: datetime | None
    assumed: tuple[int, ...]
    missing: NoForecast | None

    @property
    def began_at(self) -> datetime:
        """The first dose: hour 0."""
        return self.doses[0].at

    @cached_property
    def digest(self) -> str:
        """Names everything here, the model's version and the seed."""
        stated = {
            **{name: value for name, value in vars(self).items() if name != "digest"},
            "doses": [asdict(dose) for dose in self.doses],
            "scores": [asdict(score) for score in self.scores],
            "medicines": asdict(self.medicines),
            "missing": self.missing.code if self.missing else "",
        }
        return digest(canonical([stated, mood_version(), SEED]))


def read_inputs(
    course: Course,
    *,
    responses: Sequence[Response] | None = None,
    appointments: Sequence[Appointment] | None = None,
    plan: Plan | None = None,
) -> AheadInputs:
    """Read what a forecast of ``course`` follows from, and nothing of the time it is read at.

    Sessions, their drug events and the person's facts are three queries; what is given is not read
    again. Of a signed plan nothing is asked where it is given.
    """
    sessions = _sessions_of(course)
    doses, assumed = doses_of(sessions)
    every = responses_of(course) if responses is None else responses
    begin = doses[0].at if doses else None
    scores, base_madrs, base_phq9 = _scores(every, begin)
    rows = facts_of(course.patient)
    weight = _weight_kg(rows)
    products = tuple(dict.fromkeys(session.product for session in sessions))
    last = sessions[-1].first_dose_at if sessions else course.opened_at
    age_years = course.patient.age_years(last.date())
    return AheadInputs(
        course_id=str(course.pk),
        product=products[-1] if products else course.product,
        doses=doses,
        scores=scores,
        baseline_madrs=base_madrs,
        baseline_phq9=base_phq9,
        weight_kg=weight,
        age_years=age_years,
        medicines=interacting(_medicines(rows)),
        planned_at=_planned_at(course, sessions, appointments, plan),
        assumed=assumed,
        missing=_missing(course, products, doses, every, weight, age_years),
    )


def _sessions_of(course: Course) -> list[Session]:
    """Finished sessions in which drug was given, the first one first; one query."""
    rows = Session.objects.filter(
        course=course, first_dose_at__isnull=False, closed_at__isnull=False
    )
    return list(
        rows.select_related("plan")
        .only("number", "product", "first_dose_at", "summary", "course_id", "plan__duration_min")
        .order_by("first_dose_at", "number")
    )


def _scores(
    rows: Iterable[Response], begin: datetime | None
) -> tuple[tuple[Score, ...], int | None, int | None]:
    """Scores to learn from, and where the course began by MADRS and by PHQ-9.

    Before the first dose only the newest of each questionnaire counts. A MADRS among them is the
    severity at the start itself; a PHQ-9 is learned from like any later one, for it says less.
    """
    totals = [
        Score(str(row.pk), row.instrument, row.total, row.answered_at)
        for row in rows
        if row.instrument in LEARNED and row.total is not None
    ]
    totals.sort(key=lambda score: (score.at, score.id))
    if begin is None:
        return tuple(totals), None, None
    since = begin - timedelta(days=_BASELINE_DAYS)
    before = {s.instrument: s for s in totals if since <= s.at <= begin}
    after = [s for s in totals if s.at > begin]
    madrs, phq9 = before.get("madrs"), before.get("phq9")
    low, high = _MADRS_BEGINS
    base_madrs = madrs.total if madrs is not None and low <= madrs.total <= high else None
    first_phq9 = phq9 or next((s for s in after if s.instrument == "phq9"), None)
    learned = [*([phq9] if phq9 is not None else []), *after]
    return tuple(learned), base_madrs, first_phq9.total if first_phq9 else None


def _weight_kg(rows: Iterable[Fact]) -> float | None:
    """The newest known weight; rows stand the newest first."""
    row = next((row for row in rows if row.key == "weight_kg"), None)
    if row is None or row.state != "known" or isinstance(row.value, bool):
        return None
    return float(row.value) if isinstance(row.value, int | float) and row.value > 0 else None


def _medicines(rows: Iterable[Fact]) -> list[str]:
    return sorted(
        medicine_name(row.value)
        for row in rows
        if row.key == "medicine"
        and row.state == "known"
        and row.status in _IN_USE
        and not of_no_concern(row.value)
    )


def _planned_at(
    course: Course,
    sessions: Sequence[Session],
    appointments: Sequence[Appointment] | None,
    plan: Plan | None,
) -> datetime | None:
    """The next dosing visit that is booked; else the plan's spacing after the last dose."""
    if not sessions or course.state not in ("induction", "maintenance"):
        return None
    last: datetime = sessions[-1].first_dose_at
    if appointments is None:
        appointments = list(
            Appointment.objects.filter(course=course, kind="dosing", status="booked")
        )
    booked = [
        each.starts_at
        for each in appointments
        if each.kind == "dosing" and each.status == "booked" and each.starts_at > last
    ]
    if booked:
        return min(booked)
    if plan is None:
        plan = Plan.objects.filter(course=course, state="signed").first()
    return None if plan is None else last + timedelta(days=float(plan.spacing_days))


def _missing(
    course: Course,
    products: Sequence[str],
    doses: Sequence[GivenDose],
    responses: Iterable[Response],
    weight_kg: float | None,
    age_years: int,
) -> NoForecast | None:
    """The first thing in the way of a forecast, and what to record."""
    scored = any(row.instrument in LEARNED and row.total is not None for row in responses)
    if course.state == "closed":
        return NoForecast(
            "ended", "This course has ended, so nothing is forecast.", "Open a new course."
        )
    if not doses:
        words = "No session of this course is finished yet; the forecast begins with the first."
        return NoForecast("no_session", words, "Until then the plan page forecasts the plan.")
    given = [given_as(product) for product in products]
    if None in given:
        words = "No model of mood covers this drug and route."
        return NoForecast("no_model", words, _SCORES_STILL)
    if len({each[0] for each in given if each}) > 1:
        words = "Ketamine and esketamine were both given on this course; mood is forecast for one."
        return NoForecast("mixed", words, _SCORES_STILL)
    if age_years < _ADULT_YEARS:
        return NoForecast("not_adult", "The models were made for adults only.")
    if weight_kg is None:
        return NoForecast(
            "no_weight", "Without a measured weight nothing can be forecast.", "Record a weight."
        )
    if not scored:
        words = "Nobody has answered a PHQ-9 or MADRS on this course, so nothing can be learned."
        return NoForecast("no_score", words, "Ask a PHQ-9, or enter one from paper.")
    return None
