"""What the sessions of a plan are expected to do to mood over the weeks that follow.

A pure function, as the forecast of one session. Expectation and care are part of it, as they are of
any treatment; nothing in it chooses a plan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from evenkeel.clinic.course.forecast import SEED, Refusal, prepared, with_errors
from evenkeel.clinic.course.forecast_terms import (
    LEVELS,
    About,
    Array,
    NoForecast,
    Ordered,
    Status,
    Trust,
)
from evenkeel.clinic.course.mood_learned import LearnedMood
from evenkeel.pharmacology import Model, PharmacologyError, Regimen, draw_people
from evenkeel.pharmacology.mood import (
    Course,
    course,
    draw_mood_people,
    load_mood,
    mood_people_from_normals,
    remitted,
    responded,
)
from evenkeel.pharmacology.mood.relapse import cumulative, hazard_per_h
from evenkeel.pharmacology.people import people_from_normals

MOOD_PEOPLE: Final = 200
_AFTER_DAYS: Final = 28
#: After so long less than a hundredth is left of a dose: the slowest part of either form fades with
#: a time constant of 14 days. [derived]
_LASTS_DAYS: Final = 70.0
#: Beyond these the answer would take longer than a page that redraws while typing may.
_MOST_SESSIONS: Final = 16
_LONGEST_DAYS: Final = 182.0
#: With fewer virtual people well, a share of them would be noise.
_FEWEST_WELL: Final = 10
#: The range of a MADRS at which trials begin; outside it nothing was fitted. [assumed]
_BASELINE: Final = (10.0, 60.0)


@dataclass(frozen=True, slots=True)
class MoodPoint:
    """Shares of people from 0 to 1 whose MADRS, as read, has halved or is 10 or less."""

    day: float
    response: float
    remission: float
    middle_madrs: float


@dataclass(frozen=True, eq=False)
class GoingOn:
    """What a course has taught so far, and when its next session is: hours from its first dose."""

    learned: LearnedMood
    next_h: float


@dataclass(frozen=True, eq=False)
class MoodForecast:
    """MADRS as it would be read: ``values`` (5, T) at ``LEVELS`` over ``times_days`` (T,)."""

    times_days: Array
    values: Array
    session_days: tuple[float, ...]
    after_last: MoodPoint
    at_end: MoodPoint
    #: Of those who are well the day after the last session, the share who relapse in the four weeks
    #: without more; ``None`` where too few are well to say.
    relapse: float | None
    baseline_madrs: float | None
    people: int
    trust: Trust
    notes: tuple[str, ...]


def within_reach(sessions: int, spacing_days: float) -> int:
    """How many of the planned sessions mood can be forecast for, the first ones; at least 1."""
    fit = int(_LONGEST_DAYS // spacing_days) if spacing_days > 0 else sessions
    return max(1, min(sessions, _MOST_SESSIONS, fit))


def forecast_mood(
    ordered: Ordered,
    about: About,
    sessions: int,
    spacing_days: float,
    *,
    going_on: GoingOn | None = None,
    people: int = MOOD_PEOPLE,
    seed: int = SEED,
) -> MoodForecast | NoForecast:
    """Mood over the planned sessions and four weeks more, or why not. Raises nothing for input.

    With ``going_on`` it starts from the people who explain the scores of this course so far, and
    from what the sessions given still do.
    """
    if not 1 <= sessions <= _MOST_SESSIONS or not 0 < spacing_days * sessions <= _LONGEST_DAYS:
        return NoForecast("schedule", "Mood is forecast for 1 to 16 sessions within half a year.")
    try:
        model, regimen, covariates, trust = prepared(ordered, about)
        days = spacing_days * np.arange(sessions)
        end = days[-1] + _AFTER_DAYS
        times = np.union1d(np.arange(0.0, end + 0.5), np.append(days + 1.0, end))
        if going_on is not None and going_on.learned.model_id == model.id:
            baseline, notes = _as_learned(going_on.learned)
            found = _followed_on(going_on, model, regimen, covariates, days, times)
        else:
            baseline, notes = _baseline(about)
            notes += _anew(about, going_on)
            found = course(
                model,
                regimen.repeated((24.0 * days).tolist()),
                draw_people(model, people, seed, **covariates),
                draw_mood_people(people, seed, baseline_madrs=baseline),
                24.0 * times,
            )
    except Refusal as refusal:
        return refusal.reason
    except PharmacologyError as error:
        return NoForecast("engine", f"Mood: {error}.")
    sound = ~found.failed
    if not sound.all():
        return NoForecast("engine", "The numbers of this plan do not work out.")
    error = load_mood().value("outcome", "error_points")
    read = np.clip(with_errors(found.madrs, error), 0.0, 60.0)
    values = np.quantile(read, LEVELS, axis=0)
    began = np.tile(found.people.baseline_madrs, len(read) // len(found.madrs))

    def at(day: float) -> MoodPoint:
        column = int(np.argmin(np.abs(times - day)))
        return MoodPoint(
            float(times[column]),
            float(responded(read[:, column], began).mean()),
            float(remitted(read[:, column]).mean()),
            float(values[2, column]),
        )

    status: Status = "extrapolated" if "extrapolated" in (found.status, trust.status) else "derived"
    outside = trust.reasons if trust.status == "extrapolated" else ()
    reasons = (
        f"fitted to means of published trials by one of two competing forms ({found.form})",
        "trials differ widely, which is most of the width of the bands",
        "expectation and care of an open treatment are part of the curve",
        *outside,
    )
    return MoodForecast(
        times_days=times,
        values=values,
        session_days=tuple(days.tolist()),
        after_last=at(float(days[-1]) + 1.0),
        at_end=at(float(end)),
        relapse=_relapse(found, times, days[-1] + 1.0),
        baseline_madrs=baseline,
        people=len(found.madrs),
        trust=replace(trust, model="Mood over weeks, fitted here", status=status, reasons=reasons,
                      source=""),
        notes=notes,
    )  # fmt: skip


def _as_learned(learned: LearnedMood) -> tuple[float | None, tuple[str, ...]]:
    """Where a course that goes on began, and that it does not begin anew."""
    words = f"It goes on from this course so far: learned from {learned.learned_from}."
    return learned.baseline_madrs, (words,)


def _anew(about: About, going_on: GoingOn | None) -> tuple[str, ...]:
    """Why a course that has sessions behind it begins anew all the same."""
    if about.session_number < 2:
        return ()
    if going_on is None:
        why = "no score of this course has been learned from yet"
    else:
        why = "what was learned is of another product"
    return (f"What earlier sessions still do is not in it: it begins anew, for {why}.",)


def _followed_on(
    going_on: GoingOn,
    model: Model,
    regimen: Regimen,
    covariates: dict[str, float],
    days: Array,
    times: Array,
) -> Course:
    """The learned people through what was given and what is planned, at ``times`` (days).

    Doses so long ago that nothing of them is left are passed over, and every second person stands
    for two: a page that redraws while typing has no time for more.
    """
    learned, start_h = going_on.learned, going_on.next_h
    since_h = start_h - 24.0 * _LASTS_DAYS
    lately = Regimen.of(dose for dose in learned.given if dose.at_h >= since_h)
    planned = regimen.repeated((start_h + 24.0 * days).tolist())
    return course(
        model,
        lately + planned,
        people_from_normals(model, learned.blood[::2], **covariates),
        mood_people_from_normals(learned.mood[::2], baseline_madrs=learned.baseline_madrs),
        start_h + 24.0 * times,
    )


def _relapse(found: Course, times_days: Array, from_day: float) -> float | None:
    """Chance of relapse from ``from_day`` to the end among those in remission at its begin."""
    ahead = times_days >= from_day - 1e-9
    well = remitted(found.madrs[:, np.argmax(ahead)])
    if well.sum() < _FEWEST_WELL:
        return None
    values = load_mood().values(f"relapse_{found.form}")
    hazard = hazard_per_h(found.drug_effect_points, found.residual_madrs, values)[well][:, ahead]
    total = cumulative(found.times_h[ahead], hazard)[:, -1]
    return float(-np.expm1(-total).mean())


def _baseline(about: About) -> tuple[float | None, tuple[str, ...]]:
    """The MADRS at which the course begins, and what was done to get it."""
    if about.madrs is not None:
        return _held(about.madrs, "MADRS")
    if about.phq9 is not None:
        known = load_mood().values("outcome")
        madrs = (about.phq9 - known["phq9_intercept"]) / known["phq9_slope"]
        found, notes = _held(float(madrs), "PHQ-9")
        line = f"The MADRS at the start is worked out from a PHQ-9 of {about.phq9:g}: rough."
        return found, (line, *notes) if found is not None else notes
    return None, ("No MADRS or PHQ-9 on record: it starts where trials did.",)


def _held(madrs: float, name: str) -> tuple[float | None, tuple[str, ...]]:
    if _BASELINE[0] <= madrs <= _BASELINE[1]:
        return madrs, ()
    return None, (f"The {name} on record is outside what trials began at; theirs is taken.",)
