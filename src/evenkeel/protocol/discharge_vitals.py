"""What is measured before a person goes home: time, circulation, breathing, sedation."""

from __future__ import annotations

from .departure import DischargeFacts
from .discharge_item import DischargeItem, Said, all_of, is_late, item, since_drug_end_min
from .pack import Protocol
from .values import BloodPressure


def minimum_time(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    """Judge the minimum time since the start and since the end of the drug; at the limit it is met.

    What the protocol does not ask for (0 minutes) need not be known.
    """
    states: list[bool | None] = []
    waits = [0.0]
    asks: list[str] = []
    governing = protocol.threshold("discharge.min_since_drug_end_min")
    for key, name, passed in (
        ("discharge.min_since_drug_end_min", "minutes_since_drug_end", since_drug_end_min(facts)),
        ("discharge.min_since_start_min", "minutes_since_start", facts.minutes_since_start),
    ):
        asked = protocol.number(key)
        if asked <= 0:
            continue
        governing = protocol.threshold(key)
        states.append(None if passed is None else passed >= asked)
        if passed is None:
            asks.append(name)
        else:
            waits.append(asked - passed)
    said = Said(
        "The minimum time has passed.",
        f"{max(waits):g} more minutes of the minimum time.",
        "How long ago the drug was given is not known.",
    )
    return item(
        "minimum_time", "Minimum time", all_of(*states), said, governing.source, asks=tuple(asks)
    )


def blood_pressure(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    """Judge the pressure: measured lately, not high, not low, steady and near the baseline."""
    label, item_id = "Blood pressure", "blood_pressure"
    source = protocol.threshold("discharge.sbp_mmhg").source
    if not facts.blood_pressure:
        said = Said("", "", "Blood pressure has not been measured.")
        return item(item_id, label, None, said, source, asks=("blood_pressure",))
    latest = facts.blood_pressure[0]
    shown = f"{latest.sbp_mmhg:g}/{latest.dbp_mmhg:g}"
    if _severe(latest, protocol):
        source = protocol.threshold("alarm.sbp_hold_mmhg").source
        said = Said("", f"Blood pressure {shown} is very high.", "")
        return item(item_id, label, False, said, source, escalate=True)
    low = protocol.number("alarm.sbp_low_mmhg")
    if latest.sbp_mmhg < low:
        source = protocol.threshold("alarm.sbp_low_mmhg").source
        very = latest.sbp_mmhg < protocol.number("discharge.sbp_escalate_low_mmhg")
        said = Said("", f"Blood pressure {shown} is low (systolic under {low:g}).", "")
        return item(item_id, label, False, said, source, escalate=very)
    said = _pressure_said(facts, shown, protocol)
    asks = _pressure_asks(facts, protocol)
    met = all_of(
        _acceptable(latest, facts, protocol),
        _steady(facts, protocol),
        True if not asks else None,
    )
    return item(item_id, label, met, said, source, asks=asks)


def _severe(reading: BloodPressure, protocol: Protocol) -> bool:
    return reading.sbp_mmhg > protocol.number(
        "alarm.sbp_hold_mmhg"
    ) or reading.dbp_mmhg > protocol.number("alarm.dbp_hold_mmhg")


def _limits(facts: DischargeFacts, protocol: Protocol) -> tuple[float, float]:
    """Return the highest pressures taken: the fixed ones, or a little above a high baseline."""
    margin = protocol.number("discharge.bp_above_baseline_mmhg")
    return (
        max(protocol.number("discharge.sbp_mmhg"), (facts.baseline_sbp_mmhg or 0) + margin),
        max(protocol.number("discharge.dbp_mmhg"), (facts.baseline_dbp_mmhg or 0) + margin),
    )


def _acceptable(reading: BloodPressure, facts: DischargeFacts, protocol: Protocol) -> bool | None:
    sbp_limit, dbp_limit = _limits(facts, protocol)
    if reading.sbp_mmhg > sbp_limit or reading.dbp_mmhg > dbp_limit:
        return False
    near: list[bool | None] = []
    for key, value, baseline in (
        ("discharge.sbp_rise_mmhg", reading.sbp_mmhg, facts.baseline_sbp_mmhg),
        ("discharge.dbp_rise_mmhg", reading.dbp_mmhg, facts.baseline_dbp_mmhg),
    ):
        near.append(None if baseline is None else value - baseline < protocol.number(key))
    return all_of(*near)


def _steady(facts: DischargeFacts, protocol: Protocol) -> bool:
    """Return whether no recent reading stood above the alarm limit: one good one is no trend."""
    recent = protocol.number("discharge.reading_max_age_min")
    return not any(
        _severe(reading, protocol)
        and (reading.minutes_ago is None or reading.minutes_ago <= recent)
        for reading in facts.blood_pressure
    )


def _pressure_asks(facts: DischargeFacts, protocol: Protocol) -> tuple[str, ...]:
    """Return the keys that leave the pressure open: no recent time, or no baseline."""
    asks: list[str] = []
    recent = protocol.number("discharge.reading_max_age_min")
    age = facts.blood_pressure[0].minutes_ago
    undated = [r for r in facts.blood_pressure if r.minutes_ago is None]
    doubtful = any(_acceptable(r, facts, protocol) is not True for r in undated)
    if age is None or age > recent or doubtful:
        asks.append("blood_pressure")
    if facts.baseline_sbp_mmhg is None:
        asks.append("baseline.sbp_mmhg")
    if facts.baseline_dbp_mmhg is None:
        asks.append("baseline.dbp_mmhg")
    return tuple(asks)


def _pressure_said(facts: DischargeFacts, shown: str, protocol: Protocol) -> Said:
    sbp_limit, dbp_limit = _limits(facts, protocol)
    recent = protocol.number("discharge.reading_max_age_min")
    unmet = f"Blood pressure {shown} is not yet acceptable (at most {sbp_limit:g}/{dbp_limit:g}"
    unmet += ", and near the baseline)."
    if not _steady(facts, protocol):
        unmet = f"Blood pressure was very high in the last {recent:g} minutes; measure again."
    asks = _pressure_asks(facts, protocol)
    unknown = f"Blood pressure {shown} has no baseline to be held against."
    if "blood_pressure" in asks:
        unknown = f"Blood pressure {shown} is not known to be of the last {recent:g} minutes."
    return Said(f"Blood pressure {shown} is acceptable.", unmet, unknown)


def heart_rate(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    """Judge the pulse within fixed limits, or within a margin of an unusual baseline."""
    low = protocol.threshold("discharge.heart_rate_low_bpm")
    least, most = protocol.number(low.key), protocol.number("discharge.heart_rate_high_bpm")
    lowest = protocol.number("alarm.heart_rate_low_hold_bpm")
    highest = protocol.number("alarm.heart_rate_high_review_bpm")
    baseline, rate = facts.baseline_heart_rate_bpm, facts.heart_rate_bpm
    if baseline is not None:
        below = baseline - protocol.number("discharge.heart_rate_below_baseline_bpm")
        above = baseline + protocol.number("discharge.heart_rate_above_baseline_bpm")
        least = max(lowest, min(least, below))
        most = min(max(most, above), max(most, highest))
    extreme = rate is not None and (
        rate < lowest or rate > protocol.number("alarm.heart_rate_high_hold_bpm")
    )
    said = Said(
        "Heart rate is acceptable.",
        f"Heart rate {rate or 0:g} is not between {least:g} and {most:g}.",
        "Heart rate has not been measured.",
    )
    met = None if rate is None else least <= rate <= most
    return item(
        "heart_rate",
        "Heart rate",
        met,
        said,
        low.source,
        asks=("heart_rate_bpm",),
        escalate=extreme,
    )


def oxygen(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    """Judge oxygen saturation; the source says at least, so at the limit it is met."""
    limit, value = protocol.threshold("discharge.spo2_percent"), facts.spo2_percent
    asked = protocol.number(limit.key)
    low = value is not None and value < protocol.number("alarm.spo2_emergency_percent")
    said = Said(
        "Oxygen saturation is acceptable.",
        f"Oxygen saturation is under {asked:g} %.",
        "Oxygen saturation has not been measured.",
    )
    met = None if value is None else value >= asked
    return item("oxygen", "Oxygen", met, said, limit.source, asks=("spo2_percent",), escalate=low)


def breathing(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    """Judge the breathing rate: neither slowed by the drug nor fast from distress."""
    limit = protocol.threshold("alarm.respiratory_rate_review_per_min")
    rate, least = facts.respiratory_rate_per_min, protocol.number(limit.key)
    most = protocol.number("discharge.respiratory_rate_high_per_min")
    extreme = rate is not None and (
        rate < protocol.number("alarm.respiratory_rate_emergency_per_min")
        or rate >= protocol.number("discharge.respiratory_rate_escalate_per_min")
    )
    said = Said(
        "Breathing is neither slow nor fast.",
        f"Breathing {rate or 0:g} a minute is not between {least:g} and {most:g}.",
        "Breathing has not been counted.",
    )
    met = None if rate is None else least <= rate <= most
    return item(
        "breathing",
        "Breathing",
        met,
        said,
        limit.source,
        asks=("respiratory_rate_per_min",),
        escalate=extreme,
    )


def sedation(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    """Judge sedation; deep, or long past the minimum time, it needs a clinician."""
    limit, level = protocol.threshold("discharge.moaas"), facts.moaas
    deep = level is not None and level <= protocol.number("discharge.moaas_escalate")
    said = Said("Sedation is gone.", "Still sedated.", "Sedation has not been looked at.")
    met = None if level is None else level >= protocol.number(limit.key)
    escalate = deep or is_late(facts, protocol)
    return item("sedation", "Sedation", met, said, limit.source, asks=("moaas",), escalate=escalate)


def aldrete(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    """Judge the Aldrete score; where nobody added it up, its parts stand for it."""
    limit, score = protocol.threshold("discharge.aldrete"), facts.aldrete
    asked = protocol.number(limit.key)
    if score is not None:
        said = Said(
            "The Aldrete score is high enough.", f"The Aldrete score is under {asked:g}.", ""
        )
        return item("aldrete", "Aldrete score", score >= asked, said, limit.source)
    parts = [judge(facts, protocol) for judge in (blood_pressure, oxygen, breathing, sedation)]
    walks = None if facts.gait is None else facts.gait == "independent"
    states = [{"met": True, "unmet": False, "unknown": None}[part.state] for part in parts]
    said = Said(
        "Not added up; each part of the Aldrete score is in order.",
        "The Aldrete score was not added up, and a part of it is not in order.",
        "The Aldrete score is missing, and not all of its parts are known.",
    )
    return item(
        "aldrete", "Aldrete score", all_of(walks, *states), said, limit.source, asks=("aldrete",)
    )
