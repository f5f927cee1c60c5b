"""May this person go home now? A conjunction: every item must be met, and unknown is not met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from .alarms import symptom_code
from .departure import DischargeFacts
from .errors import FactsError, ProtocolError
from .findings import source_document
from .pack import Protocol, default_protocol
from .sources import CLINIC_POLICY, SOURCED, Source, cite

ItemState = Literal["met", "unmet", "unknown"]
DischargeDisposition = Literal["discharge", "hold", "escalate"]

_EMERGENCY: Final = frozenset(
    {
        "chest_pain",
        "dyspnea",
        "severe_headache",
        "visual_disturbance",
        "seizure",
        "syncope",
        "unresponsive",
        "focal_deficit",
    }
)
_TOLERATED: Final = frozenset({"nausea", "anxiety", "headache"})


@dataclass(frozen=True, slots=True)
class DischargeItem:
    """One thing that must hold. ``escalate``: it needs a clinician now, not just time."""

    id: str
    label: str
    state: ItemState
    statement: str
    source: Source
    escalate: bool = False


@dataclass(frozen=True, slots=True)
class DischargeResult:
    """``missing`` are the ids of unknown items; ``items`` stand in the order of the protocol."""

    disposition: DischargeDisposition
    items: tuple[DischargeItem, ...]
    missing: tuple[str, ...]
    protocol_name: str
    protocol_version: str

    def as_document(self) -> dict[str, object]:
        """Return the JSON form that ``evenkeel discharge`` prints."""
        return {
            "disposition": self.disposition,
            "missing": list(self.missing),
            "findings": [
                {
                    "id": item.id,
                    "state": item.state,
                    "effect": "escalate" if item.escalate else "hold",
                    "statement": item.statement,
                    "source": source_document(item.source),
                }
                for item in self.items
                if item.state != "met"
            ],
            "items": [{"id": item.id, "state": item.state} for item in self.items],
            "protocol": {"name": self.protocol_name, "version": self.protocol_version},
        }


def discharge_check(facts: DischargeFacts, protocol: Protocol) -> DischargeResult:
    """Judge whether the person may leave, by the items the protocol requires.

    ``escalate`` beats ``hold``; ``discharge`` only when every item is met. Raises
    ``ProtocolError`` when the facts are of another product than the protocol.
    """
    if facts.product is not None and facts.product != protocol.product:
        raise ProtocolError("product", f"protocol {protocol.name} is not for {facts.product}")
    items = [_ITEMS[name](facts, protocol) for name in protocol.discharge_required]
    ready = all(item.state == "met" for item in items)
    again = _after_hold(facts, protocol, ready)
    if again is not None:
        items.append(again)
    if any(item.escalate for item in items):
        disposition: DischargeDisposition = "escalate"
    else:
        disposition = "discharge" if all(item.state == "met" for item in items) else "hold"
    return DischargeResult(
        disposition=disposition,
        items=tuple(items),
        missing=tuple(item.id for item in items if item.state == "unknown"),
        protocol_name=protocol.name,
        protocol_version=protocol.version,
    )


def discharge_document(document: object, protocol: Protocol | None = None) -> dict[str, object]:
    """Judge an ``evenkeel-discharge/1`` document and return what ``evenkeel discharge`` prints.

    Raises ``FactsError`` for a bad document, ``ProtocolError`` when no protocol fits.
    """
    facts = DischargeFacts.from_document(document)
    if facts.product is None:
        raise FactsError("product", "is missing")
    held = protocol or default_protocol(facts.product, facts.jurisdiction or "US")
    return discharge_check(facts, held).as_document()


def _item(
    item_id: str,
    label: str,
    met: bool | None,
    texts: tuple[str, str, str],
    source: Source,
    *,
    escalate: bool = False,
) -> DischargeItem:
    """Return an item; ``texts`` are the sentences for met, unmet and unknown."""
    state: ItemState = "unknown" if met is None else "met" if met else "unmet"
    text = texts[("met", "unmet", "unknown").index(state)]
    return DischargeItem(item_id, label, state, text, source, escalate and met is False)


def _policy() -> Source:
    return cite("clinic", CLINIC_POLICY)


def _both(first: bool | None, second: bool | None) -> bool | None:
    if first is False or second is False:
        return False
    return None if first is None or second is None else True


def _minimum_time(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    start = protocol.threshold("discharge.min_since_start_min")
    end = protocol.threshold("discharge.min_since_drug_end_min")
    states: list[bool | None] = []
    waits: list[float] = []
    for threshold, passed in (
        (start, facts.minutes_since_start),
        (end, facts.minutes_since_drug_end),
    ):
        asked = protocol.number(threshold.key)
        if asked <= 0:
            continue
        states.append(None if passed is None else passed >= asked)
        waits.append(0 if passed is None else asked - passed)
    met: bool | None = True
    for state in states:
        met = _both(met, state)
    governing = start if protocol.number(start.key) > 0 else end
    texts = (
        "The minimum time has passed.",
        f"{max(waits, default=0):g} more minutes of the minimum time.",
        "How long ago the drug was given is not known.",
    )
    return _item("minimum_time", "Minimum time", met, texts, governing.source)


def _blood_pressure(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    label, source = "Blood pressure", protocol.threshold("discharge.sbp_mmhg").source
    latest = facts.blood_pressure[0] if facts.blood_pressure else None
    if latest is None:
        texts = ("", "", "Blood pressure has not been measured.")
        return _item("blood_pressure", label, None, texts, source)
    shown = f"{latest.sbp_mmhg:g}/{latest.dbp_mmhg:g}"
    hold_sbp = protocol.threshold("alarm.sbp_hold_mmhg")
    severe = latest.sbp_mmhg > protocol.number(hold_sbp.key) or latest.dbp_mmhg > protocol.number(
        "alarm.dbp_hold_mmhg"
    )
    if severe:
        texts = ("", f"Blood pressure {shown} is very high.", "")
        return _item("blood_pressure", label, False, texts, hold_sbp.source, escalate=True)
    margin = protocol.number("discharge.bp_above_baseline_mmhg")
    sbp_limit = max(protocol.number("discharge.sbp_mmhg"), (facts.baseline_sbp_mmhg or 0) + margin)
    dbp_limit = max(protocol.number("discharge.dbp_mmhg"), (facts.baseline_dbp_mmhg or 0) + margin)
    fine = latest.sbp_mmhg <= sbp_limit and latest.dbp_mmhg <= dbp_limit
    low = protocol.number("alarm.sbp_low_mmhg")
    fine = fine and latest.sbp_mmhg >= low
    fine = fine and not _risen(facts, latest.sbp_mmhg, latest.dbp_mmhg, protocol)
    age_limit = protocol.number("discharge.reading_max_age_min")
    fresh = latest.minutes_ago is not None and latest.minutes_ago <= age_limit
    texts = (
        f"Blood pressure {shown} is acceptable.",
        f"Blood pressure {shown} is not yet acceptable "
        f"({low:g} to {sbp_limit:g} over at most {dbp_limit:g}, and near the baseline).",
        f"Blood pressure {shown} is not a reading of the last {age_limit:g} minutes.",
    )
    return _item("blood_pressure", label, None if fine and not fresh else fine, texts, source)


def _risen(facts: DischargeFacts, sbp: float, dbp: float, protocol: Protocol) -> bool:
    """Return whether the pressure still stands above the baseline by the label's surge."""
    by_sbp = facts.baseline_sbp_mmhg is not None and (
        sbp - facts.baseline_sbp_mmhg >= protocol.number("alarm.sbp_rise_mmhg")
    )
    by_dbp = facts.baseline_dbp_mmhg is not None and (
        dbp - facts.baseline_dbp_mmhg >= protocol.number("alarm.dbp_rise_mmhg")
    )
    return by_sbp or by_dbp


def _heart_rate(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    low = protocol.threshold("alarm.heart_rate_low_review_bpm")
    high = protocol.number("alarm.heart_rate_high_review_bpm")
    rate = facts.heart_rate_bpm
    met = None if rate is None else protocol.number(low.key) <= rate <= high
    texts = (
        "Heart rate is acceptable.",
        f"Heart rate is not between {protocol.number(low.key):g} and {high:g}.",
        "Heart rate has not been measured.",
    )
    return _item("heart_rate", "Heart rate", met, texts, low.source)


def _oxygen(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    limit, oxygen = protocol.threshold("discharge.spo2_percent"), facts.spo2_percent
    asked = protocol.number(limit.key)
    low = oxygen is not None and oxygen < protocol.number("alarm.spo2_emergency_percent")
    texts = (
        "Oxygen saturation is acceptable.",
        f"Oxygen saturation is under {asked:g} %.",
        "Oxygen saturation has not been measured.",
    )
    met = None if oxygen is None else oxygen >= asked
    return _item("oxygen", "Oxygen", met, texts, limit.source, escalate=low)


def _breathing(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    limit = protocol.threshold("alarm.respiratory_rate_review_per_min")
    rate, asked = facts.respiratory_rate_per_min, protocol.number(limit.key)
    slow = rate is not None and rate < protocol.number("alarm.respiratory_rate_emergency_per_min")
    texts = (
        "Breathing is not slowed.",
        f"Breathing is under {asked:g} a minute.",
        "Breathing has not been counted.",
    )
    met = None if rate is None else rate >= asked
    return _item("breathing", "Breathing", met, texts, limit.source, escalate=slow)


def _sedation(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    limit, level = protocol.threshold("discharge.moaas"), facts.moaas
    deep = level is not None and level <= protocol.number("alarm.moaas_emergency")
    texts = ("Sedation is gone.", "Still sedated.", "Sedation has not been looked at.")
    met = None if level is None else level >= protocol.number(limit.key)
    return _item("sedation", "Sedation", met, texts, limit.source, escalate=deep)


def _aldrete(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    limit, score = protocol.threshold("discharge.aldrete"), facts.aldrete
    asked = protocol.number(limit.key)
    texts = (
        "The Aldrete score is high enough.",
        f"The Aldrete score is under {asked:g}.",
        "The Aldrete score is missing.",
    )
    met = None if score is None else score >= asked
    return _item("aldrete", "Aldrete score", met, texts, limit.source)


def _dissociation(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    nasal = protocol.product == "esketamine_nasal"
    source = cite("rems", SOURCED if nasal else CLINIC_POLICY)
    texts = (
        "Dissociation is gone.",
        "Still dissociated.",
        "Dissociation has not been asked about.",
    )
    return _item("dissociation", "Dissociation", facts.dissociation_resolved, texts, source)


def _orientation(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    texts = ("Oriented.", "Not oriented.", "Orientation has not been asked about.")
    source = cite("ambulatory", SOURCED)
    return _item("orientation", "Orientation", facts.oriented, texts, source)


def _gait(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    texts = ("Walks alone.", "Does not walk steadily alone.", "Walking has not been looked at.")
    met = None if facts.gait is None else facts.gait == "independent"
    return _item("gait", "Walking", met, texts, cite("ambulatory", SOURCED))


def _symptoms(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    source = cite("ambulatory", SOURCED)
    if facts.symptoms is None:
        texts = ("", "", "Symptoms have not been asked about.")
        return _item("symptoms", "Symptoms", None, texts, source)
    codes = [symptom_code(name) for name in facts.symptoms]
    grave = [code for code in codes if code in _EMERGENCY]
    holding = [code for code in codes if code not in _TOLERATED]
    named = ", ".join(code.replace("_", " ") for code in dict.fromkeys(grave + holding))
    texts = ("No symptom that keeps the person here.", f"Still present: {named}.", "")
    if grave:
        source = cite("organ_damage", CLINIC_POLICY)
    return _item("symptoms", "Symptoms", not holding, texts, source, escalate=bool(grave))


def _suicide_risk(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    intent = facts.cssrs_intent
    texts = (
        "No suicidal intent.",
        "Suicidal intent: a clinician must see the person now.",
        "Suicidal intent has not been asked about.",
    )
    met = None if intent is None else not intent
    return _item("suicide_risk", "Suicide risk", met, texts, _policy(), escalate=True)


def _escort(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    label = protocol.product == "esketamine_nasal"
    texts = (
        "Someone is here to take the person home.",
        "Nobody is here to take the person home.",
        "Whether someone takes the person home is not known.",
    )
    source = cite("us_label", SOURCED if label else CLINIC_POLICY)
    return _item("escort", "Escort", facts.escort_present, texts, source)


def _driving(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    label = protocol.product == "esketamine_nasal"
    plans = facts.plans_to_drive
    texts = (
        "Will not drive before tomorrow.",
        "Plans to drive: not before tomorrow, after restful sleep.",
        "Whether the person plans to drive is not known.",
    )
    met = None if plans is None else not plans
    alone = facts.escort_present is False
    source = cite("us_label", SOURCED if label else CLINIC_POLICY)
    return _item("driving", "Driving", met, texts, source, escalate=alone)


def _instructions(facts: DischargeFacts, protocol: Protocol) -> DischargeItem:
    texts = (
        "Written instructions and an emergency number were given.",
        "Give written instructions and an emergency number.",
        "Whether instructions were given is not known.",
    )
    source = cite("rcem", SOURCED)
    return _item("instructions", "Instructions", facts.instructions_given, texts, source)


def _after_hold(facts: DischargeFacts, protocol: Protocol, ready: bool) -> DischargeItem | None:
    """Return what an earlier hold adds: a second look some time later, or a clinician's."""
    if facts.held_at_min is None:
        return None
    recheck = protocol.threshold("discharge.recheck_after_hold_min")
    longest = protocol.number("discharge.escalate_after_hold_min")
    asked = protocol.number(recheck.key)
    now = facts.minutes_since_start
    since = None if now is None else now - facts.held_at_min
    too_long = since is not None and since >= longest and not ready
    texts = (
        "Enough time has passed since the person was held back.",
        f"Held back {longest:g} minutes or longer and still not ready: a clinician must look."
        if too_long
        else f"Held back less than {asked:g} minutes ago: look again then.",
        "When the person was held back is not known.",
    )
    met = None if since is None else since >= asked and not too_long
    return _item("after_hold", "After a hold", met, texts, recheck.source, escalate=too_long)


_ITEMS: Final[dict[str, Callable[[DischargeFacts, Protocol], DischargeItem]]] = {
    "minimum_time": _minimum_time,
    "blood_pressure": _blood_pressure,
    "heart_rate": _heart_rate,
    "oxygen": _oxygen,
    "breathing": _breathing,
    "sedation": _sedation,
    "aldrete": _aldrete,
    "dissociation": _dissociation,
    "orientation": _orientation,
    "gait": _gait,
    "symptoms": _symptoms,
    "suicide_risk": _suicide_risk,
    "escort": _escort,
    "driving": _driving,
    "instructions": _instructions,
}
