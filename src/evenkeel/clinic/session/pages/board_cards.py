"""What one chair of the board says of its session, or of who comes next."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone
from django.utils.safestring import SafeString

from evenkeel.clinic.people.models import Chair
from evenkeel.clinic.session.models import Appointment, AppointmentStatus, Session
from evenkeel.clinic.session.moments import CheckState
from evenkeel.clinic.session.raising import protocol_of
from evenkeel.clinic.session.timeline import Timeline
from evenkeel.protocol.gate import pressure_gate_for
from evenkeel.protocol.pack import Protocol
from evenkeel.protocol.products import PRODUCTS
from evenkeel.web.svg import PressureReading, PressureSpark, sparkline
from evenkeel.web.wording import clock_text, number_text

#: A reading older than this is drawn quieter. Clinic policy.
OLD_AFTER: Final = timedelta(minutes=20)
_ROUTES: Final = {
    "nasal": "nasal",
    "intravenous": "IV",
    "intramuscular": "IM",
    "subcutaneous": "SC",
    "oral": "oral",
    "sublingual": "sublingual",
}
_MOST_LINES: Final = 5
_LINES_WITH_VITALS: Final = 3
#: The checks in as few words as a chair has room for.
_SHORT: Final = {
    "identity": "Identity",
    "allergies": "Allergies",
    "medicines_today": "Medicines today",
    "fasting": "Food and fluids",
    "escort": "Escort",
    "touch": "Touch, stop word",
    "equipment": "Oxygen, airway tools",
    "line": "Line",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line under the figures: what, how it stands (done, missing, open), a short word."""

    words: str
    state: str = ""
    aside: str = ""
    due_at: datetime | None = None
    due_words: str = ""


@dataclass(slots=True)
class Card:
    """One chair. ``figure`` is the large number with its words; ``share`` of 1 done.

    ``under`` is the session whose protocol is named.
    """

    chair: str
    state: str
    name: str = ""
    plan: str = ""
    level: str = ""
    spark: str = ""
    figure: str = ""
    figure_words: str = ""
    share: float | None = None
    vitals: list[tuple[str, str, str, bool]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    session_id: Any = None
    under: Any = None
    appointment_id: Any = None
    button: str = ""
    aside: str = ""
    is_live: bool = False
    draws: bool = True


def drug_words(product_code: str) -> str:
    """The drug and its way, short: "ketamine IV"."""
    product = PRODUCTS.get(product_code)
    if product is None:
        return ""
    drug = "esketamine" if product.drug == "esketamine" else "ketamine"
    return f"{drug} {_ROUTES[product.route]}"


def card_of(session: Session, timeline: Timeline, now: datetime, *, draws: bool = True) -> Card:
    """A chair with a live session, with its small chart where it ``draws``."""
    patient = session.patient
    age = patient.age_years(timezone.localdate(now))
    dose = session.dose_sheet.get("dose_mg")
    amount = f" {dose} mg" if dose else ""
    of = f" of {session.plan.sessions_planned}"
    card = Card(
        chair=session.chair.name if session.chair else "No chair",
        state=_state_word(session, timeline),
        name=patient.name,
        plan=f"{age} y · {drug_words(session.product)}{amount}, session {session.number}{of}",
        level=timeline.open_alarms[0].level if timeline.open_alarms else "",
        session_id=session.pk,
        under=session,
        button="Open session",
        is_live=True,
    )
    protocol = protocol_of(session)
    card.draws = draws
    card.spark = _spark(session, timeline, protocol, now) if draws else ""
    card.vitals = _vitals(timeline, now)
    fill = {"before_dose": _before, "running": _running, "paused": _running}
    fill.get(timeline.phase, _watching)(card, session, timeline, protocol, now)
    return card


def _state_word(session: Session, timeline: Timeline) -> str:
    infused = PRODUCTS[session.product].is_infusion
    return {
        "before_dose": "Before dose",
        "running": "Infusing" if infused else "Dosing",
        "paused": "Paused",
        "watching": "Watching",
        "ready": "Ready to leave",
    }.get(timeline.phase, timeline.phase)


def _before(
    card: Card, session: Session, timeline: Timeline, protocol: Protocol, now: datetime
) -> None:
    total = len(timeline.checks)
    card.figure, card.figure_words = str(timeline.checks_done), f"of {total} checks"
    card.share = timeline.checks_done / total if total else 0.0
    card.button = "Open checks"
    lines = [Line(_short(c), "missing", "a problem") for c in timeline.checks if c.ok is False]
    lines += [Line(_short(c), "", "not asked") for c in timeline.checks if c.ok is None]
    second = timeline.dose_check
    agreed = bool(second and second.get("agrees"))
    lines.append(
        Line(
            "Dose recomputed",
            "done" if agreed else "missing" if second else "",
            second["by"] if second else "not yet",
        )
    )
    lines += [
        Line(_short(c), "done", (c.at and clock_text(c.at)) or "") for c in timeline.checks if c.ok
    ]
    card.lines = lines[:_MOST_LINES]
    card.vitals = []


def _short(check: CheckState) -> str:
    return _SHORT.get(check.name, check.label)


def _running(
    card: Card, session: Session, timeline: Timeline, protocol: Protocol, now: datetime
) -> None:
    started = timeline.started_at or now
    minutes = int((now - started).total_seconds() // 60)
    duration = session.dose_sheet.get("duration_min")
    card.figure = str(minutes)
    card.figure_words = f"of {duration} min" if duration else "min since the first dose"
    if timeline.planned_mg:
        card.share = min(1.0, timeline.given_mg / timeline.planned_mg)
    card.lines = [_due_line(timeline)]
    given = f"{number_text(round(timeline.given_mg, 1))} mg given"
    if timeline.phase == "paused":
        card.lines.append(Line("Paused", "missing", given))
    elif timeline.stop_due:
        card.lines.append(Line("Record the stop", "missing", given))
    elif timeline.runs_out_at:
        card.lines.append(Line(f"Ends {clock_text(timeline.runs_out_at)}", "", given))
    else:
        card.lines.append(Line("Dose", "", given))
    card.lines += _scores(timeline)[:1]


def _watching(
    card: Card, session: Session, timeline: Timeline, protocol: Protocol, now: datetime
) -> None:
    earliest = earliest_leaving(timeline, protocol)
    started = timeline.started_at or now
    left = (earliest - now).total_seconds() / 60 if earliest else 0.0
    if timeline.phase == "ready":
        waited = int((now - (timeline.ready_at or now)).total_seconds() // 60)
        card.figure, card.figure_words, card.share = str(waited), "min since ready", 1.0
    elif left > 0 and earliest:
        whole = max(1.0, (earliest - started).total_seconds() / 60)
        card.figure = str(max(1, round(left)))
        card.figure_words = f"min to {clock_text(earliest)}"
        card.share = 1 - left / whole
    else:
        card.figure = str(int(-left))
        card.figure_words, card.share = "min past least time", 1.0
    card.button = "Leaving checks"
    card.lines = [_due_line(timeline)] if timeline.phase != "ready" else []
    if earliest and timeline.phase != "ready":
        state = "done" if left <= 0 else ""
        aside = "passed" if left <= 0 else f"at {clock_text(earliest)}"
        card.lines.append(Line("Least time", state, aside))
    card.lines += _scores(timeline)
    if timeline.discharge:
        open_items = [i for i in timeline.discharge.get("items", ()) if i["state"] != "met"]
        words = f"{len(open_items)} leaving criteria open" if open_items else "Criteria met"
        state = "missing" if open_items else "done"
        card.lines.insert(1, Line(words, state, clock_text(timeline.discharge["at"])))
    card.lines = card.lines[:_LINES_WITH_VITALS]


def earliest_leaving(timeline: Timeline, protocol: Protocol) -> datetime | None:
    """The least time the protocol asks for, from the first dose or the end of the drug."""
    if timeline.started_at is None:
        return None
    found = timeline.started_at + timedelta(
        minutes=protocol.number("discharge.min_since_start_min")
    )
    if timeline.ended_at is not None:
        after = timedelta(minutes=protocol.number("discharge.min_since_drug_end_min"))
        found = max(found, timeline.ended_at + after)
    return found


def _due_line(timeline: Timeline) -> Line:
    if timeline.next_vitals_at is None:
        return Line("Next vitals", "", "")
    late = timeline.vitals_overdue_s > 0
    words = "Vitals overdue" if late else "Next vitals"
    left_s = abs((timeline.next_vitals_at - timeline.now).total_seconds())
    text = f"{'+' if late else ''}{int(left_s // 60)}:{int(left_s % 60):02d}"
    return Line(words, "missing" if late else "", "", timeline.next_vitals_at, text)


def _scores(timeline: Timeline) -> list[Line]:
    lines = []
    for name, words, fine in (
        ("moaas", "MOAA/S", 5),
        ("dissociation_0_10", "Dissociation", 0),
    ):
        last = timeline.last.get(name)
        if last is None:
            lines.append(Line(words, "", "not asked"))
            continue
        state = "done" if last.value == fine else ""
        lines.append(Line(f"{words} {number_text(last.value)}", state, clock_text(last.at)))
    return lines


def _vitals(timeline: Timeline, now: datetime) -> list[tuple[str, str, str, bool]]:
    """(hue, label, value, whether old) of pressure, pulse and oxygen."""
    last = timeline.last
    sbp, dbp = last.get("sbp_mmhg"), last.get("dbp_mmhg")
    rows = [
        ("pressure", "Pressure", f"{sbp.value:g}/{dbp.value:g}" if sbp and dbp else "–", sbp),
        ("heart", "Heart", _plain(last.get("heart_rate_bpm")), last.get("heart_rate_bpm")),
        ("oxygen", "SpO₂", _plain(last.get("spo2_percent")), last.get("spo2_percent")),
    ]
    old_s = OLD_AFTER.total_seconds()
    return [(hue, label, text, bool(at and at.age_s > old_s)) for hue, label, text, at in rows]


def _plain(last: Any) -> str:
    return f"{last.value:g}" if last else "–"


def _spark(session: Session, timeline: Timeline, protocol: Protocol, now: datetime) -> SafeString:
    lower = {p.event_id: p.value for p in timeline.series.get("dbp_mmhg", ())}
    readings = [
        PressureReading(p.at, p.value, lower[p.event_id])
        for p in timeline.series.get("sbp_mmhg", ())
        if p.event_id in lower
    ]
    if not readings:
        return SafeString("")
    before = timeline.phase == "before_dose"
    start = readings[0].at - timedelta(minutes=1)
    end = max(now + timedelta(minutes=6), readings[-1].at)
    if timeline.runs_out_at:
        end = max(end, timeline.runs_out_at)
    age_years = session.patient.age_years(timezone.localdate(now))
    gate = pressure_gate_for(protocol, age_years) if before else None
    words = f"delay above {gate.sbp_mmhg:g}/{gate.dbp_mmhg:g}" if gate else ""
    baseline = timeline.baseline.get("sbp_mmhg")
    rise_mmhg = protocol.number("alarm.sbp_rise_mmhg")
    review = gate.sbp_mmhg if gate else (baseline and baseline + rise_mmhg)
    highest = max(r.sbp_mmhg for r in readings)
    near = review is not None and (before or highest > review - 20)
    return sparkline(
        PressureSpark(
            start=start,
            end=end,
            readings=readings,
            now=now,
            review_sbp_mmhg=review if near else None,
            review_word=words or (f"review {review:g}" if near else ""),
            start_word=clock_text(start),
            end_word=clock_text(end),
            title=f"Blood pressure, {session.chair.name if session.chair else ''}",
        )
    )


def empty_card(chair: Chair, visit: Appointment | None, now: datetime) -> Card:
    """A chair without a session, and who comes next."""
    card = Card(chair=chair.name, state="Empty", aside=chair.room and f"room {chair.room}")
    if visit is None:
        card.figure_words = "nobody else today"
        return card
    age = visit.patient.age_years(timezone.localdate(now))
    drug = drug_words(visit.course.product) if visit.kind == "dosing" else ""
    card.name = f"Next: {visit.patient.name}"
    kind = drug or visit.get_kind_display().lower()
    card.plan = f"{age} y · {kind}"
    arrived = visit.status == AppointmentStatus.CHECKED_IN
    minutes = int((visit.starts_at - now).total_seconds() // 60)
    if minutes >= 0:
        card.figure, card.figure_words = str(minutes), f"min until {clock_text(visit.starts_at)}"
    else:
        card.figure, card.figure_words = str(-minutes), f"min since {clock_text(visit.starts_at)}"
    card.lines = [
        Line("Arrived", "done", clock_text(visit.checked_in_at))
        if arrived
        else Line("Arrives", "", clock_text(visit.starts_at)),
        Line("Watches", "", visit.nurse.shown_name if visit.nurse else "nobody named"),
    ]
    card.appointment_id = visit.pk
    card.button = "Open session" if arrived and visit.kind == "dosing" else "Appointment"
    return card
