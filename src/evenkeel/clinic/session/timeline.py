"""A session as a function of its events: what the screen, the note and the watcher look at.

Pure, and blind to the order in which events arrived: the same events give the same timeline.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.session.account import Account, account_of
from evenkeel.clinic.session.alarm_story import shown_alarms
from evenkeel.clinic.session.events import QUANTITIES, VITALS, checks_for
from evenkeel.clinic.session.moments import (
    Change,
    CheckState,
    Event,
    Given,
    Last,
    Note,
    Point,
    SessionMeta,
    ShownAlarm,
)
from evenkeel.clinic.session.phases import DRUG, Drug, fold, in_order
from evenkeel.protocol.pack import Protocol
from evenkeel.protocol.schedule import next_due, overdue

#: A reading at least this much older than its message counts as old on the screen. Clinic policy.
OLD_AFTER: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Timeline:
    """Everything a screen shows of a session at ``now``. Amounts mg, rates mg/h, times aware."""

    now: datetime
    phase: str
    product: str
    opened_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    ready_at: datetime | None
    discharged_at: datetime | None
    given_mg: float
    planned_mg: float | None
    remaining_mg: float | None
    rate_mg_per_h: float
    rate_ml_per_h: float | None
    runs_out_at: datetime | None
    stop_due: bool
    series: dict[str, list[Point]]
    last: dict[str, Last]
    baseline: dict[str, float]
    peak_rise: dict[str, float]
    next_vitals_at: datetime | None
    vitals_overdue_s: float
    vitals_overdue_level: str
    open_alarms: list[ShownAlarm]
    answered_alarms: list[ShownAlarm]
    notes: list[Note]
    checks: list[CheckState]
    checks_done: int
    dose_check: dict[str, Any] | None
    drug: list[Given]
    rescue: list[Given]
    in_charge: dict[str, str]
    second: dict[str, str]
    hand_overs: list[dict[str, Any]]
    discharge: dict[str, Any] | None
    left_early: dict[str, Any] | None
    symptoms: list[dict[str, Any]]
    history: list[Change]
    #: Where the drug went; ``None`` where the ledger is not kept here.
    account: Account | None = None
    position: int = 0
    people: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON: times as ISO 8601 text."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Account):
        return value.as_dict()
    if hasattr(value, "__dataclass_fields__"):
        return _plain(asdict(value))
    return value


def read_timeline(
    meta: SessionMeta, events: Iterable[Any], now: datetime, protocol: Protocol
) -> Timeline:
    """The session at ``now``.

    ``events`` in any order, stored rows or :class:`Event`; those after ``now`` count too, for a
    clock that runs behind must not hide a dose. Corrected and voided events stand only in
    ``history``.
    """
    every = [e if isinstance(e, Event) else Event.of(e) for e in events]
    every = list({e.id: e for e in every}.values())
    gone = {e.supersedes_id: e for e in in_order(every) if e.supersedes_id}
    stands = in_order(e for e in every if e.id not in gone and e.kind != "void")
    of = _by_kind(stands)
    drug = fold(stands)
    observations = of.get("observation", [])
    series = _series(observations)
    baseline = _baseline(series, drug.started_at)
    discharged = of.get("discharged", [])
    due, late_s, late_level = _vitals_due(series, drug, now, protocol, bool(discharged))
    alarms = shown_alarms(of.get("alarm_raised", []), every)
    checks = _checks(of.get("check", []), meta.product)
    given = drug.given_mg(now)
    running_out = drug.runs_out_at(now)
    rate = drug.rate_mg_per_h if drug.is_running else 0.0
    hand_overs = [_hand_over(e) for e in of.get("hand_over", [])]
    planned = meta.planned_mg if drug.planned_mg is None else drug.planned_mg
    leaving = of.get("discharge_check", [])
    return Timeline(
        now=now,
        phase=_phase(drug, meta, of),
        product=meta.product,
        opened_at=meta.opened_at,
        started_at=drug.started_at,
        ended_at=None if drug.is_infusing else drug.ended_at,
        ready_at=_first_time(of.get("ready", [])),
        discharged_at=_first_time(discharged),
        given_mg=round(given, 3),
        planned_mg=planned,
        remaining_mg=None if planned is None else round(max(0.0, planned - given), 3),
        rate_mg_per_h=rate,
        rate_ml_per_h=_pump_rate(rate, meta.concentration_mg_ml),
        runs_out_at=running_out,
        stop_due=running_out is not None and running_out <= now,
        series=series,
        last={name: _last(name, points, now, baseline) for name, points in series.items()},
        baseline=baseline,
        peak_rise=_peaks(series, baseline, drug.started_at),
        next_vitals_at=due,
        vitals_overdue_s=late_s,
        vitals_overdue_level=late_level,
        open_alarms=[a for a in alarms if a.acknowledged_at is None],
        answered_alarms=[a for a in alarms if a.acknowledged_at is not None],
        notes=_notes(of),
        checks=checks,
        checks_done=sum(1 for c in checks if c.ok),
        dose_check=_dose_check(of.get("dose_check", [])),
        drug=[_given(e) for e in stands if e.kind in DRUG],
        rescue=[_given(e) for e in of.get("rescue_medicine", [])],
        in_charge=_in_charge(meta, hand_overs),
        second=_second(meta, of),
        hand_overs=hand_overs,
        discharge=_discharge(leaving[-1]) if leaving else None,
        left_early=_left_early(discharged),
        symptoms=[
            {"at": e.happened_at, "symptoms": list(e.body["symptoms"]), "by": e.actor_name}
            for e in observations
            if e.body.get("symptoms")
        ],
        history=_history(every, gone),
        account=account_of(stands, now) if meta.ledger == "here" else None,
        position=max((e.position for e in every), default=0),
        people=sorted({e.actor_name for e in stands if not e.actor_id.startswith("system:")}),
    )


def _by_kind(events: Sequence[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.kind, []).append(event)
    return found


def _phase(drug: Drug, meta: SessionMeta, of: dict[str, list[Event]]) -> str:
    if of.get("discharged"):
        return "closed" if drug.started_at else "abandoned"
    state = drug.state()
    if state == "watching" and drug.devices and meta.planned_mg is not None:
        given = sum(mg for _, mg, kind in drug.doses if kind == "device")
        state = "running" if given < meta.planned_mg - 0.05 else state
    if state == "watching" and of.get("ready"):
        return "ready"
    return state


def _first_time(events: Sequence[Event]) -> datetime | None:
    return events[0].happened_at if events else None


def _pump_rate(rate_mg_per_h: float, concentration_mg_ml: float | None) -> float | None:
    if not concentration_mg_ml or not rate_mg_per_h:
        return None
    return round(rate_mg_per_h / concentration_mg_ml, 2)


def _series(observations: Sequence[Event]) -> dict[str, list[Point]]:
    found: dict[str, list[Point]] = {}
    for event in observations:
        flags = tuple(event.body.get("flags", ()))
        for name in QUANTITIES:
            value = event.body.get(name)
            if value is not None:
                point = Point(event.happened_at, value, event.id, event.via, flags)
                found.setdefault(name, []).append(point)
    return {name: found[name] for name in QUANTITIES if name in found}


def _baseline(series: dict[str, list[Point]], started_at: datetime | None) -> dict[str, float]:
    """The last value of each quantity before the first dose; before it, the last so far."""
    found = {}
    for name, points in series.items():
        before = [p for p in points if started_at is None or p.at <= started_at]
        if before:
            found[name] = before[-1].value
    return found


def _last(name: str, points: list[Point], now: datetime, baseline: dict[str, float]) -> Last:
    newest = points[-1]
    start = baseline.get(name)
    return Last(
        value=newest.value,
        at=newest.at,
        age_s=max(0.0, (now - newest.at).total_seconds()),
        via=newest.via,
        flags=newest.flags,
        from_baseline=None if start is None else round(newest.value - start, 2),
    )


def _peaks(
    series: dict[str, list[Point]], baseline: dict[str, float], started_at: datetime | None
) -> dict[str, float]:
    """How far each pressure and the pulse rose above the baseline after the first dose."""
    found: dict[str, float] = {}
    if started_at is None:
        return found
    for name in ("sbp_mmhg", "dbp_mmhg", "map_mmhg", "heart_rate_bpm"):
        after = [p.value for p in series.get(name, ()) if p.at > started_at]
        if after and name in baseline:
            found[name] = round(max(after) - baseline[name], 2)
    return found


def _vitals_due(
    series: dict[str, list[Point]],
    drug: Drug,
    now: datetime,
    protocol: Protocol,
    discharged: bool,
) -> tuple[datetime | None, float, str]:
    """When the next set is due, how late it is in seconds, and how loud that is."""
    if drug.started_at is None or discharged:
        return None, 0.0, ""
    last = last_vitals_at(series)
    ended = None if drug.is_infusing else drug.ended_at
    due = next_due(last, drug.started_at, ended, protocol)
    alarm = overdue(last, drug.started_at, ended, now, protocol)
    return due, max(0.0, (now - due).total_seconds()), alarm.level if alarm else ""


def last_vitals_at(series: dict[str, list[Point]]) -> datetime | None:
    """When a set of vitals was last taken: a blood pressure, for a probe alone is no set."""
    points = series.get("sbp_mmhg") or []
    return points[-1].at if points else None


def _notes(of: dict[str, list[Event]]) -> list[Note]:
    found = [
        Note(e.happened_at, e.body["text"], e.actor_name, bool(e.body.get("quoted")), e.id)
        for e in of.get("note", [])
    ]
    found += [
        Note(e.happened_at, e.body["note"], e.actor_name, False, e.id)
        for e in of.get("observation", [])
        if e.body.get("note")
    ]
    return sorted(found, key=lambda n: (n.at, n.event_id))


def _checks(events: Sequence[Event], product: str) -> list[CheckState]:
    newest = {e.body["name"]: e for e in events}
    found = []
    for name, label in checks_for(product):
        event = newest.get(name)
        if event is None:
            found.append(CheckState(name, label, None))
            continue
        body = event.body
        found.append(
            CheckState(
                name,
                label,
                body.get("ok"),
                body.get("note", ""),
                event.actor_name,
                event.happened_at,
            )
        )
    return found


def _dose_check(events: Sequence[Event]) -> dict[str, Any] | None:
    if not events:
        return None
    newest = events[-1]
    return {**newest.body, "by": newest.actor_name, "at": newest.happened_at}


def _given(event: Event) -> Given:
    return Given(event.id, event.kind, event.happened_at, event.actor_name, event.body)


def _hand_over(event: Event) -> dict[str, Any]:
    body = event.body
    return {
        "at": event.happened_at,
        "from_id": body.get("from_id", ""),
        "from_name": body.get("from_name", ""),
        "to_id": body["to_id"],
        "to_name": body.get("to_name", ""),
        "note": body.get("note", ""),
    }


def _in_charge(meta: SessionMeta, hand_overs: Sequence[dict[str, Any]]) -> dict[str, str]:
    if hand_overs:
        return {"id": hand_overs[-1]["to_id"], "name": hand_overs[-1]["to_name"]}
    return {"id": meta.nurse_id, "name": meta.nurse_name}


def _second(meta: SessionMeta, of: dict[str, list[Event]]) -> dict[str, str]:
    """Who is called where an alarm is not answered; empty where nobody is named."""
    changes = in_order([*of.get("second_person", []), *of.get("hand_over", [])])
    named = [e.body for e in changes if "second_id" in e.body]
    if named:
        return {"id": named[-1]["second_id"], "name": named[-1].get("second_name", "")}
    return {"id": meta.second_id, "name": meta.second_name}


def _discharge(event: Event) -> dict[str, Any]:
    return {**event.body, "by": event.actor_name, "at": event.happened_at}


def _left_early(discharged: Sequence[Event]) -> dict[str, Any] | None:
    """What was written down where somebody left before they were ready."""
    for event in discharged:
        if "early" in event.body:
            return {**event.body["early"], "by": event.actor_name, "at": event.happened_at}
    return None


def _history(every: Sequence[Event], gone: dict[str, Event]) -> list[Change]:
    return [
        Change(
            event_id=e.id,
            kind=e.kind,
            happened_at=e.happened_at,
            by=e.actor_name,
            body=e.body,
            replaced_by=gone[e.id].id,
            how="voided" if gone[e.id].kind == "void" else "corrected",
            replaced_at=gone[e.id].recorded_at,
            replaced_by_name=gone[e.id].actor_name,
        )
        for e in in_order(every)
        if e.id in gone
    ]


__all__ = [
    "OLD_AFTER",
    "VITALS",
    "Event",
    "Point",
    "SessionMeta",
    "ShownAlarm",
    "Timeline",
    "last_vitals_at",
    "read_timeline",
]
