"""A session in sentences, and its events as lines; plain functions over what was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from evenkeel.clinic.session.account import mg_words, milligrams
from evenkeel.clinic.session.answers import done_words
from evenkeel.clinic.session.events import CHECKS
from evenkeel.clinic.session.models import Session, SessionEvent
from evenkeel.clinic.session.setting_events import setting_words
from evenkeel.clinic.session.timeline import Timeline
from evenkeel.protocol.products import PRODUCTS
from evenkeel.web.wording import clock_text, number_text, span_text

_CHECK_LABELS: Final = {name: label for name, label, _ in CHECKS}
_DISPOSITIONS: Final = {
    "discharge": "may leave",
    "hold": "not yet",
    "escalate": "a clinician must look",
}


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event in words. ``fate`` says by whom and why it no longer stands, if it does not."""

    at: datetime
    recorded_at: datetime
    words: str
    by: str
    is_late: bool
    fate: str


def _mg(value: Any) -> str:
    return f"{number_text(round(float(value), 2))} mg"


def narrative(session: Session, timeline: Timeline) -> list[str]:
    """The story in a few sentences: dose, effects, alarms, leaving. Times in the active zone."""
    said = [_dose_sentence(session, timeline)]
    said += _pressure_sentence(timeline)
    said += _effect_sentences(timeline)
    said += _alarm_sentence(timeline)
    said += _leaving_sentence(timeline)
    said += _account_sentence(timeline)
    return [one for one in said if one]


def _dose_sentence(session: Session, timeline: Timeline) -> str:
    label = PRODUCTS[session.product].label
    if timeline.started_at is None:
        return f"Session {session.number}, {label}: no drug was given."
    words = (
        f"Session {session.number}, {label}: {_mg(timeline.given_mg)} given, beginning at "
        f"{clock_text(timeline.started_at)}"
    )
    if timeline.ended_at and timeline.ended_at > timeline.started_at:
        words += f" and ending at {clock_text(timeline.ended_at)}"
    if timeline.planned_mg is not None and timeline.given_mg < timeline.planned_mg - 0.05:
        words += f" ({_mg(timeline.planned_mg)} planned)"
    return words + "."


def _pressure_sentence(timeline: Timeline) -> list[str]:
    start = timeline.baseline
    if "sbp_mmhg" not in start or "dbp_mmhg" not in start or timeline.started_at is None:
        return []
    rise = timeline.peak_rise
    base = f"{start['sbp_mmhg']:g}/{start['dbp_mmhg']:g} mmHg"
    if "sbp_mmhg" not in rise:
        return [f"Blood pressure before the dose was {base}; none was measured after it."]
    peak = max(p.value for p in timeline.series["sbp_mmhg"] if p.at > timeline.started_at)
    return [
        f"Blood pressure was {base} before the dose and at most {peak:g} mmHg systolic after it "
        f"({'+' if rise['sbp_mmhg'] >= 0 else '−'}{abs(rise['sbp_mmhg']):g})."
    ]


def _effect_sentences(timeline: Timeline) -> list[str]:
    said = []
    dissociation = timeline.series.get("dissociation_0_10")
    if dissociation:
        top = max(dissociation, key=lambda p: p.value)
        said.append(
            f"Dissociation reached {top.value:g} of 10 at {clock_text(top.at)} and was "
            f"{dissociation[-1].value:g} when last asked."
        )
    sedation = timeline.series.get("moaas")
    if sedation:
        low = min(sedation, key=lambda p: p.value)
        said.append(f"Sedation was at its deepest MOAA/S {low.value:g} at {clock_text(low.at)}.")
    oxygen = timeline.series.get("spo2_percent")
    if oxygen:
        said.append(f"The lowest oxygen saturation was {min(p.value for p in oxygen):g} %.")
    symptoms = {name for row in timeline.symptoms for name in row["symptoms"]}
    if symptoms:
        said.append("Symptoms: " + ", ".join(s.replace("_", " ") for s in sorted(symptoms)) + ".")
    for given in timeline.rescue:
        said.append(f"{rescue_words(given.body)} was given at {clock_text(given.at)}.")
    return said


def rescue_words(body: dict[str, Any]) -> str:
    """A rescue medicine with its dose and route."""
    dose = _mg(body["dose_mg"]) if body.get("dose_mg") else ""
    return " ".join(part for part in (body.get("name", ""), dose, body.get("route", "")) if part)


def _alarm_sentence(timeline: Timeline) -> list[str]:
    count = len(timeline.open_alarms) + len(timeline.answered_alarms)
    if not count:
        return ["No alarm was raised."]
    open_now = len(timeline.open_alarms)
    words = f"{count} {'alarm was' if count == 1 else 'alarms were'} raised"
    said = f"{words}; {open_now} not acknowledged." if open_now else f"{words}, all acknowledged."
    every = [*timeline.open_alarms, *timeline.answered_alarms]
    late = [alarm for alarm in every if alarm.calls]
    if not late:
        return [said]
    times = "once" if len(late) == 1 else f"{len(late)} times"
    return [said, f"Somebody else was called {times} because an alarm stood unanswered."]


def _leaving_sentence(timeline: Timeline) -> list[str]:
    if timeline.discharged_at is None:
        return ["The session is not closed."]
    early = timeline.left_early
    words = f"Left at {clock_text(timeline.discharged_at)}"
    if early is not None:
        words = f"Left before ready at {clock_text(timeline.discharged_at)}"
    if timeline.started_at is not None:
        words += f", {span_text(timeline.discharged_at - timeline.started_at)} after the dose began"
    said = [words + "."]
    if early is not None and early["missing"]:
        labels = ", ".join(one["label"].lower() for one in early["missing"])
        said.append(f"Not settled when they left: {labels}.")
    return said


def _account_sentence(timeline: Timeline) -> list[str]:
    account = timeline.account
    if account is None or (not account.lines and account.agrees):
        return []
    words = f"{mg_words(account.drawn_mg)} drawn, {mg_words(account.given_mg)} given"
    words += f", {mg_words(account.wasted_mg)} wasted"
    if account.put_back_mg:
        words += f", {mg_words(account.put_back_mg)} put back"
    return [f"{words}.", *account.open_words()]


def event_lines(events: Sequence[SessionEvent]) -> list[EventLine]:
    """Every event but plain readings and alarms, corrected and struck ones with their fate."""
    replaced = {e.supersedes_id: e for e in events if e.supersedes_id}
    lines = []
    for event in sorted(events, key=lambda e: (e.happened_at, e.position)):
        gone = replaced.get(event.pk)
        if event.kind in {"void", "alarm_raised", "alarm_escalated"}:
            continue
        if event.kind == "alarm_acknowledged" and gone is None and event.supersedes_id is None:
            continue
        if event.kind == "observation" and gone is None and event.supersedes_id is None:
            continue
        late = (event.recorded_at - event.happened_at).total_seconds() > 120
        lines.append(
            EventLine(
                at=event.happened_at,
                recorded_at=event.recorded_at,
                words=event_words(event),
                by="monitor" if event.via == "monitor" else event.actor_name,
                is_late=late,
                fate=_fate(gone),
            )
        )
    return lines


def _left_early(early: dict[str, Any]) -> str:
    """Leaving before ready, with everything that was written down about it."""
    missing = "; ".join(one["note"].rstrip(".") for one in early.get("missing", ()))
    capacity = {"yes": "has capacity", "no": "lacks capacity", "doubtful": "capacity in doubt"}
    risks = "risks explained" if early["risks_explained"] else "risks not explained"
    company = early.get("accompanied_by") or "nobody"
    words = f"Left before ready. Said: {early['said']}. {capacity[early['capacity']].capitalize()}"
    words += f", {risks}, went with {company}. Told: {early['clinician_told']}."
    words += f" Agreed: {early['follow_up']}."
    return words + (f" Not settled: {missing}." if missing else "")


def _fate(gone: SessionEvent | None) -> str:
    if gone is None:
        return ""
    at = clock_text(gone.recorded_at)
    if gone.kind == "void":
        witness = gone.body.get("witness_name")
        by = f"{gone.actor_name}, witnessed by {witness}" if witness else gone.actor_name
        return f"struck out by {by}, {at}: {gone.body.get('reason', '')}"
    return f"corrected by {gone.actor_name}, {at}, to: {event_words(gone)}"


def _rate(body: dict[str, Any]) -> str:
    words = f"{number_text(float(body['rate_mg_per_h']))} mg/h"
    pump = body.get("rate_ml_per_h")
    return f"{words} ({number_text(float(pump))} mL/h)" if pump else words


def _why(body: dict[str, Any]) -> str:
    return f": {body['reason']}" if body.get("reason") else ""


def _reading(body: dict[str, Any]) -> str:
    parts = []
    if "sbp_mmhg" in body:
        parts.append(f"pressure {body['sbp_mmhg']}/{body.get('dbp_mmhg', '?')}")
    for name, label in (
        ("heart_rate_bpm", "heart"),
        ("spo2_percent", "SpO₂"),
        ("respiratory_rate_per_min", "breathing"),
        ("dissociation_0_10", "dissociation"),
        ("moaas", "MOAA/S"),
        ("nausea_0_10", "nausea"),
    ):
        if name in body:
            parts.append(f"{label} {body[name]:g}")
    parts += [s.replace("_", " ") for s in body.get("symptoms", ())]
    parts += [body["note"]] if body.get("note") else []
    return "Reading: " + ", ".join(parts) if parts else "Reading"


def _check(body: dict[str, Any]) -> str:
    answer = {True: "in order", False: "a problem"}.get(body.get("ok"), "not known")
    label = _CHECK_LABELS.get(body["name"], body["name"])
    return f"{label}: {answer}{', ' + body['note'] if body.get('note') else ''}"


def _source(body: dict[str, Any]) -> str:
    """Where a dose was drawn from."""
    said = f", from container {body['label']}" if body.get("label") else ""
    said += f", lot {body['lot']}" if body.get("lot") else ""
    late = ", given before the draw could be written down"
    return said + (late if body.get("given_before_drawn") else "")


def _line(verb: str, body: dict[str, Any]) -> str:
    """A line of the ledger: container, lot, how, who witnessed it."""
    words = f"{mg_words(milligrams(body['amount_mg']))} {verb} {body.get('name', '')}".rstrip()
    words += f", container {body.get('label', '')}, lot {body.get('lot', '')}"
    words += f", {body['method']}" if body.get("method") else ""
    words += f", witnessed by {body['witness_name']}" if body.get("witness_name") else ""
    return words + (f": {body['note']}" if body.get("note") else "")


def _opened(body: dict[str, Any]) -> str:
    """Who was there, and which rule of staffing was not met."""
    staffing = body.get("staffing", {})
    here = ", ".join(one["name"] for one in staffing.get("here", ()))
    parts = ["Session opened" + (f"; here: {here}" if here else ""), *staffing.get("not_met", ())]
    return ". ".join(part.rstrip(".") for part in parts)


def event_words(event: SessionEvent) -> str:
    """One event in words."""
    body, kind = event.body, event.kind
    dose = _mg(body["dose_mg"]) if body.get("dose_mg") is not None else ""
    simple = {
        "opened": lambda: _opened(body),
        "observation": lambda: _reading(body),
        "note": lambda: f"“{body['text']}”" if body.get("quoted") else body["text"],
        "check": lambda: _check(body),
        "dose_check": lambda: (
            f"Dose recomputed by a second person: {dose}, "
            + ("agrees" if body.get("agrees") else "does not agree")
        ),
        "infusion_start": lambda: f"Infusion started, {_rate(body)}{_source(body)}{_why(body)}",
        "rate_change": lambda: f"Rate changed to {_rate(body)}{_why(body)}",
        "pause": lambda: f"Infusion paused{_why(body)}",
        "resume": lambda: f"Infusion resumed, {_rate(body)}{_why(body)}",
        "infusion_stop": lambda: f"Infusion stopped{_why(body)}",
        "injection": lambda: (
            f"Injection, {dose} {body.get('body_site', '')}".strip() + _source(body)
        ),
        "oral_dose": lambda: (
            f"Dose by mouth, {dose} {body.get('form', '')}".strip() + _source(body)
        ),
        "device": lambda: f"Device {body.get('number')}, {dose}{_source(body)}{_why(body)}",
        "drawn": lambda: _line("drawn from", body),
        "wasted": lambda: _line("wasted of", body),
        "put_back": lambda: _line("put back to", body),
        "rescue_medicine": lambda: f"{rescue_words(body)}{_why(body)}",
        "alarm_acknowledged": lambda: f"Alarm answered: {done_words(body) or 'seen'}",
        "second_person": lambda: (
            f"Second person: {body.get('second_name') or 'nobody'}{_why(body)}"
        ),
        "hand_over": lambda: (
            f"Handed over to {body.get('to_name', '')}"
            + (f": {body['note']}" if body.get("note") else "")
        ),
        "discharge_check": lambda: (
            "Leaving checklist: " + _DISPOSITIONS.get(body.get("disposition", ""), "answered")
        ),
        "ready": lambda: (
            "Ready to leave"
            + (
                f", against the checklist: {body['override_reason']}"
                if body.get("override_reason")
                else ""
            )
        ),
        "discharged": lambda: (
            (_left_early(body["early"]) if "early" in body else "Left")
            + (f" with {body['escort']}" if body.get("escort") else "")
            + (
                f", against advice of the checklist: {body['override_reason']}"
                if body.get("override_reason")
                else ""
            )
        ),
    }
    words = simple.get(kind)
    return words() if words else setting_words(kind, body) or kind.replace("_", " ")
