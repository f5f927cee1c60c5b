"""A session's row and events, brought into the form the forecast takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from evenkeel.clinic.course.forecast_terms import About
from evenkeel.clinic.session.forecast.inputs import Given, devices_due
from evenkeel.clinic.session.forecast.lines import lines_of
from evenkeel.clinic.session.forecast.payload import Scene
from evenkeel.clinic.session.forecast.person import from_document
from evenkeel.clinic.session.models import Session
from evenkeel.clinic.session.moments import Event
from evenkeel.clinic.session.phases import fold, standing
from evenkeel.clinic.session.rules import Sheet
from evenkeel.protocol.pack import Protocol


def given_of(session: Session, protocol: Protocol) -> Given:
    """What was ordered for this session."""
    sheet = Sheet.of(session.dose_sheet)
    devices = session.dose_sheet.get("devices")
    gap = protocol.find("dose.device_gap_min")
    return Given(
        product=session.product,
        dose_mg=sheet.dose_mg,
        duration_min=sheet.duration_min,
        devices=int(devices) if devices else None,
        device_gap_min=protocol.number(gap.key) if gap else 0.0,
    )


def about_of(session: Session, events: Sequence[Event]) -> About:
    """What was known when the session opened; of an old session, what its row still tells."""
    for event in events:
        if event.kind == "opened" and isinstance(event.body.get("person"), Mapping):
            return from_document(event.body["person"])
    zone = ZoneInfo(session.site.timezone)
    opened = session.opened_at.astimezone(zone).date()
    return About(
        weight_kg=Sheet.of(session.dose_sheet).weight_kg,
        age_years=float(session.patient.age_years(opened)),
        session_number=session.number,
        medicines_known=False,
    )


def scene_of(session: Session, events: Sequence[Event], now: datetime, protocol: Protocol) -> Scene:
    """When and against which lines the forecast is made."""
    stands = standing(events)
    drug = fold(stands)
    phase = drug.state()
    given = given_of(session, protocol)
    if phase == "watching" and devices_due(drug, given, now):
        phase = "running"
    running = phase in ("running", "paused", "before_dose")
    every = protocol.number("vitals.every_min" if running else "vitals.after_every_min")
    return Scene(
        now=now,
        phase=phase,
        every_min=every,
        lines=lines_of(protocol, baseline_of(stands, drug.started_at)),
        earliest_leave=_earliest_leave(drug, protocol),
    )


def baseline_of(stands: Sequence[Any], started_at: datetime | None) -> dict[str, float]:
    """The last value of each pressure before the first dose."""
    found: dict[str, float] = {}
    for event in stands:
        if event.kind != "observation" or (started_at and event.happened_at > started_at):
            continue
        for name in ("sbp_mmhg", "dbp_mmhg"):
            if event.body.get(name) is not None:
                found[name] = float(event.body[name])
    return found


def _earliest_leave(drug: Any, protocol: Protocol) -> datetime | None:
    """The end of the protocol's shortest stay, as far as it is known by now."""
    if drug.started_at is None:
        return None
    stays = [drug.started_at + _minutes(protocol, "discharge.min_since_start_min")]
    if drug.ended_at is not None and not drug.is_infusing:
        stays.append(drug.ended_at + _minutes(protocol, "discharge.min_since_drug_end_min"))
    return max(stays)


def _minutes(protocol: Protocol, key: str) -> timedelta:
    found = protocol.find(key)
    return timedelta(minutes=protocol.number(key) if found else 0.0)
