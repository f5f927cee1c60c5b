"""One thing that must hold before a person goes home, and how it is judged with three values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .departure import DischargeFacts
from .pack import Protocol
from .sources import CLINIC_POLICY, SOURCED, Source, cite

ItemState = Literal["met", "unmet", "unknown"]


@dataclass(frozen=True, slots=True)
class DischargeItem:
    """One thing that must hold. ``escalate``: it needs a clinician now, not just time.

    ``asks`` are the keys of ``evenkeel-discharge/1`` that would settle an unknown.
    """

    id: str
    label: str
    state: ItemState
    statement: str
    source: Source
    escalate: bool = False
    asks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """The sentences of an item for each of its three states."""

    met: str
    unmet: str
    unknown: str


def item(
    item_id: str,
    label: str,
    met: bool | None,
    said: Said,
    source: Source,
    *,
    asks: tuple[str, ...] = (),
    escalate: bool = False,
) -> DischargeItem:
    """Return an item; ``met`` None is unknown. Only what is known to be wrong can escalate."""
    if met is None:
        return DischargeItem(item_id, label, "unknown", said.unknown, source, False, asks)
    if met:
        return DischargeItem(item_id, label, "met", said.met, source)
    return DischargeItem(item_id, label, "unmet", said.unmet, source, escalate)


def all_of(*answers: bool | None) -> bool | None:
    """Return the three-valued conjunction: one false settles it, else an unknown leaves it open."""
    if any(answer is False for answer in answers):
        return False
    return None if any(answer is None for answer in answers) else True


def label_source(protocol: Protocol, key: str) -> Source:
    """Return a citation of the nasal label or its REMS; for other products a clinic's extension."""
    nasal = protocol.product == "esketamine_nasal"
    note = "" if nasal else "extended from the nasal esketamine label by clinic policy"
    return cite(key, SOURCED if nasal else CLINIC_POLICY, note)


def since_drug_end_min(facts: DischargeFacts) -> float | None:
    """Return the minutes since the end of the drug; never more than since its start.

    Where the two contradict each other the shorter time counts.
    """
    end, start = facts.minutes_since_drug_end, facts.minutes_since_start
    return end if end is None or start is None else min(end, start)


def is_late(facts: DischargeFacts, protocol: Protocol) -> bool:
    """Return whether so much more than the minimum time has passed that waiting is no answer."""
    beyond = protocol.number("discharge.late_after_min")
    for key, passed in (
        ("discharge.min_since_start_min", facts.minutes_since_start),
        ("discharge.min_since_drug_end_min", since_drug_end_min(facts)),
    ):
        asked = protocol.number(key)
        if asked > 0 and (passed is None or passed < asked + beyond):
            return False
    return True
