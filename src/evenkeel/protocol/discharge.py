"""May this person go home now? A conjunction: every item must be met, and unknown is not met."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from . import discharge_person as person
from . import discharge_vitals as vitals
from .departure import DischargeFacts
from .discharge_item import DischargeItem, ItemState, Said, item
from .errors import FactsError, ProtocolError
from .findings import source_document
from .pack import Protocol, default_protocol
from .sources import CLINIC_POLICY, cite

DischargeDisposition = Literal["discharge", "hold", "escalate"]

__all__ = [
    "DischargeDisposition",
    "DischargeItem",
    "DischargeResult",
    "ItemState",
    "discharge_check",
    "discharge_document",
]


@dataclass(frozen=True, slots=True)
class DischargeResult:
    """What was judged; ``items`` stand in the order of the protocol."""

    disposition: DischargeDisposition
    items: tuple[DischargeItem, ...]
    protocol_name: str
    protocol_version: str

    @property
    def missing(self) -> tuple[str, ...]:
        """What nobody has asked or measured yet, in plain words, each with the key to give."""
        return tuple(
            f"{one.statement.rstrip('.')} ({', '.join(one.asks)})."
            for one in self.items
            if one.state == "unknown"
        )

    def as_document(self) -> dict[str, object]:
        """Return the JSON form that ``evenkeel discharge`` prints."""
        return {
            "disposition": self.disposition,
            "missing": list(self.missing),
            "findings": [
                {
                    "id": one.id,
                    "label": one.label,
                    "state": one.state,
                    "effect": "escalate" if one.escalate else "hold",
                    "statement": one.statement,
                    "source": source_document(one.source),
                }
                for one in self.items
                if one.state != "met"
            ],
            "items": [
                {"id": one.id, "state": one.state, "statement": one.statement} for one in self.items
            ],
            "protocol": {"name": self.protocol_name, "version": self.protocol_version},
        }


def discharge_check(facts: DischargeFacts, protocol: Protocol) -> DischargeResult:
    """Judge whether the person may leave, by the items the protocol requires.

    ``escalate`` (a clinician now) beats ``hold`` (settle it or wait); ``discharge`` only when
    every item is met. Raises ``ProtocolError`` when the facts are of another product than the
    protocol.
    """
    if facts.product is not None and facts.product != protocol.product:
        raise ProtocolError("product", f"protocol {protocol.name} is not for {facts.product}")
    items = [_ITEMS[name](facts, protocol) for name in protocol.discharge_required]
    if facts.minutes_since_reversal is not None:
        items.append(_after_reversal(facts.minutes_since_reversal, protocol))
    ready = all(one.state == "met" for one in items)
    if facts.held_at_min is not None:
        items.append(_after_hold(facts, facts.held_at_min, protocol, ready))
    ready = all(one.state == "met" for one in items)
    if facts.insists_on_leaving and not ready:
        items.append(_insists())
    if any(one.escalate for one in items):
        disposition: DischargeDisposition = "escalate"
    else:
        disposition = "discharge" if ready else "hold"
    return DischargeResult(disposition, tuple(items), protocol.name, protocol.version)


def discharge_document(document: object, protocol: Protocol | None = None) -> dict[str, object]:
    """Judge an ``evenkeel-discharge/1`` document and return what ``evenkeel discharge`` prints.

    Raises ``FactsError`` for a bad document, ``ProtocolError`` when no protocol fits.
    """
    facts = DischargeFacts.from_document(document)
    if protocol is None and facts.product is None:
        raise FactsError("product", "is missing; say what was given, or give --protocol")
    if protocol is None:
        assert facts.product is not None
        protocol = default_protocol(facts.product, facts.jurisdiction or "US")
    return discharge_check(facts, protocol).as_document()


def _after_reversal(since_min: float, protocol: Protocol) -> DischargeItem:
    limit = protocol.threshold("discharge.min_after_reversal_min")
    asked = protocol.number(limit.key)
    said = Said(
        "Enough time has passed since the reversal agent.",
        f"{max(asked - since_min, 0):g} more minutes after the reversal agent: it may wear off "
        "before the drug does.",
        "",
    )
    return item("after_reversal", "After a reversal agent", since_min >= asked, said, limit.source)


def _after_hold(
    facts: DischargeFacts, held_at_min: float, protocol: Protocol, ready: bool
) -> DischargeItem:
    """Return what an earlier hold adds: a second look some time later, or a clinician's."""
    recheck = protocol.threshold("discharge.recheck_after_hold_min")
    longest = protocol.number("discharge.escalate_after_hold_min")
    asked = protocol.number(recheck.key)
    now = facts.minutes_since_start
    since = None if now is None else now - held_at_min
    too_long = since is not None and since >= longest and not ready
    said = Said(
        "Enough time has passed since the person was held back.",
        f"Held back {longest:g} minutes or longer and still not ready: a clinician must look."
        if too_long
        else f"Held back less than {asked:g} minutes ago: look again then.",
        "How long ago the person was held back is not known.",
    )
    met = None if since is None else since >= asked and not too_long
    return item(
        "after_hold",
        "After a hold",
        met,
        said,
        recheck.source,
        asks=("minutes_since_start",),
        escalate=too_long,
    )


def _insists() -> DischargeItem:
    said = Said("", "Wants to leave before everything is settled: a clinician talks first.", "")
    source = cite("clinic", CLINIC_POLICY)
    return item("leaving_early", "Leaving early", False, said, source, escalate=True)


_ITEMS: Final[dict[str, Callable[[DischargeFacts, Protocol], DischargeItem]]] = {
    "minimum_time": vitals.minimum_time,
    "blood_pressure": vitals.blood_pressure,
    "heart_rate": vitals.heart_rate,
    "oxygen": vitals.oxygen,
    "breathing": vitals.breathing,
    "sedation": vitals.sedation,
    "aldrete": vitals.aldrete,
    "dissociation": person.dissociation,
    "orientation": person.orientation,
    "gait": person.gait,
    "symptoms": person.symptoms,
    "suicide_risk": person.suicide_risk,
    "escort": person.escort,
    "driving": person.driving,
    "instructions": person.instructions,
}
