"""May this person go home: what the session shows and what was asked, put to the protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.session.phases import Drug, fold
from evenkeel.protocol.departure import DischargeFacts
from evenkeel.protocol.discharge import DischargeResult, discharge_check
from evenkeel.protocol.findings import source_document
from evenkeel.protocol.pack import Protocol
from evenkeel.protocol.values import BloodPressure


def minutes(start: datetime | None, at: datetime) -> float | None:
    """Whole minutes and parts from ``start`` to ``at``; ``None`` before it."""
    return None if start is None else max(0.0, (at - start).total_seconds() / 60)


#: Names under which a reversal agent may be entered as a rescue medicine.
REVERSAL_AGENTS: Final = ("flumazenil", "naloxone", "nalmefene", "physostigmine")


def facts_of(
    events: Sequence[Any],
    answers: Mapping[str, Any],
    at: datetime,
    protocol: Protocol,
    *,
    insists_on_leaving: bool | None = None,
) -> DischargeFacts:
    """The facts at a moment of a session whose standing ``events`` are in the order they happened.

    What was measured counts for as long as the protocol's reading age; an answer given now counts
    before a measurement.
    """
    found = _measured(
        [e for e in events if e.kind == "observation"],
        fold([e for e in events if e.happened_at <= at]),
        first_held_at(events, at),
        answers,
        at,
        protocol,
    )
    return replace(
        found,
        minutes_since_reversal=minutes(_reversed_at(events, at), at),
        insists_on_leaving=insists_on_leaving,
    )


def answers_lately(events: Sequence[Any], at: datetime, protocol: Protocol) -> dict[str, Any]:
    """What the last leaving check was answered, where that is no older than a reading may be."""
    recent_since = at - timedelta(minutes=protocol.number("discharge.reading_max_age_min"))
    checks = [
        e for e in events if e.kind == "discharge_check" and recent_since <= e.happened_at <= at
    ]
    return dict(checks[-1].body.get("answers", {})) if checks else {}


def _reversed_at(events: Sequence[Any], at: datetime) -> datetime | None:
    """When a reversal agent was last given."""
    given = [
        e.happened_at
        for e in events
        if e.kind == "rescue_medicine"
        and e.happened_at <= at
        and any(name in str(e.body.get("name", "")).lower() for name in REVERSAL_AGENTS)
    ]
    return max(given, default=None)


def _measured(
    observations: Sequence[Any],
    drug: Drug,
    held_at: datetime | None,
    answers: Mapping[str, Any],
    at: datetime,
    protocol: Protocol,
) -> DischargeFacts:
    recent_since = at - timedelta(minutes=protocol.number("discharge.reading_max_age_min"))
    last: dict[str, float] = {}
    baseline: dict[str, float] = {}
    pressures: list[BloodPressure] = []
    symptoms: tuple[str, ...] | None = None
    for one in observations:
        if one.happened_at > at:
            continue
        before = drug.started_at is None or one.happened_at <= drug.started_at
        for name, value in one.body.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                if before:
                    baseline[name] = value
                if one.happened_at >= recent_since:
                    last[name] = value
        if one.happened_at >= recent_since and "symptoms" in one.body:
            symptoms = tuple(one.body["symptoms"])
        if {"sbp_mmhg", "dbp_mmhg"} <= one.body.keys():
            age_min = (at - one.happened_at).total_seconds() / 60
            pressures.append(BloodPressure(one.body["sbp_mmhg"], one.body["dbp_mmhg"], age_min))
    dissociation = last.get("dissociation_0_10")
    resolved = answers.get("dissociation_resolved")
    if resolved is None and dissociation is not None:
        resolved = dissociation == 0
    asked = answers.get("symptoms")
    return DischargeFacts(
        product=protocol.product,
        minutes_since_start=minutes(drug.started_at, at),
        minutes_since_drug_end=None if drug.is_infusing else minutes(drug.ended_at, at),
        baseline_sbp_mmhg=baseline.get("sbp_mmhg"),
        baseline_dbp_mmhg=baseline.get("dbp_mmhg"),
        baseline_heart_rate_bpm=baseline.get("heart_rate_bpm"),
        baseline_spo2_percent=baseline.get("spo2_percent"),
        blood_pressure=tuple(reversed(pressures)),
        heart_rate_bpm=last.get("heart_rate_bpm"),
        spo2_percent=last.get("spo2_percent"),
        respiratory_rate_per_min=answers.get(
            "respiratory_rate_per_min", last.get("respiratory_rate_per_min")
        ),
        moaas=last.get("moaas"),
        aldrete=answers.get("aldrete"),
        dissociation_resolved=resolved,
        oriented=answers.get("oriented"),
        gait=answers.get("gait"),
        symptoms=symptoms if asked is None else tuple(asked),
        cssrs_intent=answers.get("cssrs_intent"),
        held_at_min=minutes(drug.started_at, held_at) if held_at and drug.started_at else None,
        escort_present=answers.get("escort_present"),
        instructions_given=answers.get("instructions_given"),
        plans_to_drive=answers.get("plans_to_drive"),
    )


def first_held_at(events: Sequence[Any], at: datetime) -> datetime | None:
    """When a discharge check first held the person back, since the last one that did not."""
    held: datetime | None = None
    for event in events:
        if event.kind != "discharge_check" or event.happened_at >= at:
            continue
        if event.body.get("disposition") == "discharge":
            held = None
        elif held is None:
            held = event.happened_at
    return held


def still_missing(result: DischargeResult) -> list[dict[str, str]]:
    """What was not met when a person left all the same: ``{"label", "note", "state"}`` each.

    That the person wants to go is why this is asked, and that an earlier check held them back says
    nothing new, so neither is counted among the reasons.
    """
    return [
        {"label": item.label, "note": item.statement, "state": item.state}
        for item in result.items
        if item.state != "met" and item.id not in ("leaving_early", "after_hold")
    ]


def judge(facts: DischargeFacts, protocol: Protocol) -> dict[str, Any]:
    """Items and disposition as they stand in the event's body."""
    return as_body(discharge_check(facts, protocol))


def as_body(result: DischargeResult) -> dict[str, Any]:
    """A result as plain JSON: ``{"disposition", "items": [{id, label, state, note, source}]}``."""
    return {
        "disposition": result.disposition,
        "items": [
            {
                "id": item.id,
                "label": item.label,
                "state": item.state,
                "note": item.statement,
                "escalate": item.escalate,
                "source": source_document(item.source),
            }
            for item in result.items
        ],
    }
