"""What was given over a course, dose by dose, as the pump and the hand gave it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from evenkeel.clinic.course.forecast import given_as
from evenkeel.clinic.session.models import Session, SessionEvent
from evenkeel.clinic.session.phases import DRUG, each_start, fold, standing


@dataclass(frozen=True, slots=True)
class GivenDose:
    """One dose: at once where ``over_min`` is 0, else at a constant rate."""

    at: datetime
    mg: float
    route: str
    over_min: float = 0.0


def doses_of(sessions: Sequence[Session]) -> tuple[tuple[GivenDose, ...], tuple[int, ...]]:
    """The doses of finished sessions in order of time; one query for all of them.

    Where a session's events are not on record, its sum is taken over the minutes of its plan, and
    its number stands among the second value.
    """
    by_session: dict[Any, list[SessionEvent]] = {session.pk: [] for session in sessions}
    kinds = (*DRUG, "void")
    if sessions:
        rows = SessionEvent.objects.filter(session_id__in=list(by_session), kind__in=kinds)
        for event in rows.only(
            *("session_id", "kind", "happened_at", "position", "body", "supersedes_id")
        ):
            by_session[event.session_id].append(event)
    found: list[GivenDose] = []
    assumed: list[int] = []
    for session in sessions:
        given = given_as(session.product)
        route = given[1] if given else ""
        doses = _from_events(by_session[session.pk], route)
        if not doses:
            doses = _from_summary(session, route)
            assumed += [session.number] if doses else []
        found += doses
    return tuple(sorted(found, key=lambda dose: dose.at)), tuple(assumed)


def _from_events(events: Sequence[SessionEvent], route: str) -> list[GivenDose]:
    """A pump stops by itself once it has given what that start set it to give."""
    stands = standing(events)
    found = []
    for pump in each_start(stands):
        left_mg = float("inf") if pump.planned_mg is None else pump.planned_mg
        for stretch in pump.stretches:
            if stretch.end is None or stretch.rate_mg_per_h <= 0:
                continue
            hours = (stretch.end - stretch.start).total_seconds() / 3600.0
            mg = min(stretch.rate_mg_per_h * hours, left_mg)
            left_mg -= mg
            if mg > 0:
                minutes = 60.0 * mg / stretch.rate_mg_per_h
                found.append(GivenDose(stretch.start, round(mg, 3), route, round(minutes, 3)))
    found += [GivenDose(at, mg, route) for at, mg, _ in fold(stands).doses if mg > 0]
    return found


def _from_summary(session: Session, route: str) -> list[GivenDose]:
    total, at = session.summary.get("total_mg"), session.first_dose_at
    if isinstance(total, bool) or not isinstance(total, int | float) or total <= 0 or at is None:
        return []
    minutes = float(session.plan.duration_min or 0.0) if route == "iv" else 0.0
    if route != "nasal":
        return [GivenDose(at, float(total), route, minutes)]
    from evenkeel.pharmacology.regimen import NASAL_DEVICE_MG

    count = max(1, round(total / NASAL_DEVICE_MG))
    return [GivenDose(at + timedelta(minutes=5 * n), NASAL_DEVICE_MG, route) for n in range(count)]
