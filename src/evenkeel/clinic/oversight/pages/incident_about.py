"""What the form of an incident is opened from, and what it begins with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.models import Response, SafetySignal
from evenkeel.clinic.oversight.given import given_in
from evenkeel.clinic.people.models import Patient, Site
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.errors import NotFound
from evenkeel.clinic.session.follow_up import SIDE_EFFECTS
from evenkeel.clinic.session.models import LIVE_STATES, Appointment, Session
from evenkeel.clinic.session.queries import timeline_of

PERMISSION = "incident.record"
WHAT = "form of an incident"


@dataclass
class Opened:
    """Where an incident is told from. ``words`` says so; ``initial`` is what the form shows."""

    site: Site
    words: str
    patient: Patient | None = None
    session: Session | None = None
    product: str = ""
    given: dict[str, Any] = field(default_factory=dict)
    initial: dict[str, Any] = field(default_factory=dict)


def incident_about(ctx: Context, source: str, source_id: Any) -> Opened:
    """What is named by the address; its reading is logged. Raises ``NotFound``."""
    opener = {
        "session": _session,
        "call": _call,
        "signal": _signal,
        "questionnaire": _response,
        "person": _person,
        "site": _site,
    }.get(source)
    if opener is None:
        raise NotFound("There is nothing here with that address.")
    opened = opener(ctx, source_id)
    opened.initial.setdefault("kind", "adverse_event" if opened.patient else "near_miss")
    return opened


def _read(ctx: Context, model: Any, key: Any, *related: str) -> Any:
    return open_record(ctx, model, key, *related, permission=PERMISSION, what=WHAT)


def _session(ctx: Context, key: Any) -> Opened:
    row = _read(ctx, Session, key, "site", "patient", "course", "nurse", "second")
    opened = Opened(row.site, f"session {row.number}", row.patient, row, row.product)
    _beside(opened, row, ctx.clock.now())
    live = row.state in LIVE_STATES
    opened.initial |= _times(ctx.clock.now() if live else row.first_dose_at, row.site)
    return opened


def _call(ctx: Context, key: Any) -> Opened:
    row = _read(ctx, Appointment, key, "site", "patient", "course", "follows__session")
    session = getattr(row.follows, "session", None) if row.follows else None
    product = session.product if session else row.course.product
    opened = Opened(row.site, "the follow-up call", row.patient, session, product)
    if session is not None:
        _beside(opened, session, ctx.clock.now())
        opened.initial |= _times(session.first_dose_at, row.site)
    outcome = row.outcome or {}
    said = [SIDE_EFFECTS[e] for e in outcome.get("side_effects", []) if e in SIDE_EFFECTS]
    told = [words for words in said if words != SIDE_EFFECTS["none"]]
    opened.initial["title"] = ", ".join(told)[:160]
    note = str(outcome.get("side_effects_note", ""))
    if told or note:
        parts = filter(None, (", ".join(told), note))
        opened.initial["narrative"] = f"Said on the telephone: {': '.join(parts)}"
    return opened


def _signal(ctx: Context, key: Any) -> Opened:
    row = _read(ctx, SafetySignal, key, "site", "patient", "course")
    opened = Opened(row.site, "a safety signal", row.patient, None, row.course.product)
    opened.initial = {"title": row.statement[:160]} | _times(row.raised_at, row.site)
    return opened


def _response(ctx: Context, key: Any) -> Opened:
    row = _read(ctx, Response, key, "site", "patient", "course")
    opened = Opened(row.site, "a questionnaire", row.patient, None, row.course.product)
    opened.initial = _times(row.answered_at, row.site)
    return opened


def _person(ctx: Context, key: Any) -> Opened:
    row = _read(ctx, Patient, key, "site")
    course = Course.objects.filter(patient=row).order_by("-opened_at").first()
    return Opened(row.site, "the person’s page", row, None, course.product if course else "")


def _site(ctx: Context, key: Any) -> Opened:
    row = _read(ctx, Site, key)
    return Opened(row, f"{row.name}, about nobody in particular")


def _beside(opened: Opened, session: Session, now: datetime) -> None:
    opened.given = given_in(session, timeline_of(session, now))


def _times(moment: datetime | None, site: Site) -> dict[str, Any]:
    if moment is None:
        return {}
    local = moment.astimezone(ZoneInfo(site.timezone))
    return {"happened_on": local.date(), "happened_at": local.time().replace(second=0)}
