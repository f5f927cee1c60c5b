"""Read a timeline document into events in the order they happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ..alarms import Reading
from ..casefile import check_document
from ..errors import FactsError
from ..pack import Protocol, default_protocol
from ..products import PRODUCTS
from .doses import Ordered
from .drug import RANK

FORMAT: Final = "evenkeel-timeline-1"
#: Minute 0 of a document, which states no date.
_ZERO: Final = datetime(2000, 1, 1, tzinfo=UTC)

_VITALS: Final = (
    "sbp_mmhg",
    "dbp_mmhg",
    "heart_rate_bpm",
    "spo2_percent",
    "respiratory_rate_per_min",
    "moaas",
    "dissociation_0_10",
)
_DOSED: Final = frozenset({"dose_mg", "reason"})
_RATED: Final = frozenset({"rate_mg_per_h", "reason"})
#: What an event of each kind may carry besides its time, kind and note.
_KEYS: Final[dict[str, frozenset[str]]] = {
    "observation": frozenset({*_VITALS, "cadss", "symptoms"}),
    "infusion_start": _RATED | {"dose_mg"},
    "rate_change": _RATED,
    "pause": frozenset({"reason"}),
    "resume": _RATED,
    "infusion_stop": frozenset({"reason"}),
    "injection": _DOSED,
    "device": _DOSED | {"number"},
    "oral_dose": _DOSED,
    "dose_entered": _DOSED,
    "rescue_medicine": frozenset({"name", "dose_mg", "reason"}),
    "note": frozenset(),
    "medicine_disclosed": frozenset({"name"}),
}
_NEEDED: Final[dict[str, str]] = {
    "device": "number",
    "dose_entered": "dose_mg",
    "rescue_medicine": "name",
    "medicine_disclosed": "name",
}
#: Of one minute, what is observed or learned comes before what is given.
_BEFORE_DOSES: Final = -2
_ENTERED: Final = -1


@dataclass(frozen=True, slots=True)
class Moment:
    """One event of a document. ``body`` holds only what is known."""

    at_min: float
    kind: str
    body: dict[str, Any]

    @property
    def happened_at(self) -> datetime:
        """The moment on the clock of this document."""
        return moment_of(self.at_min)


@dataclass(frozen=True, slots=True)
class Case:
    """A document as read: events in the order they happened."""

    protocol: Protocol
    ordered: Ordered
    events: Sequence[Moment]
    until_min: float
    every_min: float | None = None
    age_years: float | None = None
    conditions: tuple[str, ...] = field(default=())
    medicines: tuple[str, ...] = field(default=())


def moment_of(at_min: float) -> datetime:
    """Return the moment of a minute of the document."""
    return _ZERO + timedelta(minutes=at_min)


def minute_of(at: datetime) -> float:
    """Return the minute of a moment; whole where it is whole."""
    minutes = round((at - _ZERO) / timedelta(minutes=1), 4)
    return int(minutes) if minutes == int(minutes) else minutes


def read_case(document: object, protocol: Protocol | None) -> Case:
    """Return the case in a document; ``FactsError`` naming the key for what does not fit.

    Without ``protocol`` the shipped default of product and jurisdiction is used.
    """
    check_document(document, FORMAT)
    assert isinstance(document, dict)
    held = _protocol(document, protocol)
    events = [_moment(index, raw) for index, raw in enumerate(document["events"])]
    events.sort(key=lambda event: (event.at_min, _order(event)))
    last_min = events[-1].at_min if events else 0.0
    until = document.get("until_min")
    return Case(
        protocol=held,
        ordered=_ordered(document.get("planned") or {}),
        events=events,
        until_min=last_min if until is None else until,
        every_min=document.get("vitals_every_min"),
        age_years=document.get("age_years"),
        conditions=tuple(document.get("conditions") or ()),
        medicines=tuple(document.get("medicines") or ()),
    )


def reading_of(event: Moment) -> Reading:
    """Return an observation as a reading."""
    symptoms = event.body.get("symptoms")
    return Reading(
        at=event.happened_at,
        symptoms=tuple(symptoms or ()),
        asked=symptoms is not None,
        **{name: event.body.get(name) for name in _VITALS},
    )


def _protocol(document: Mapping[str, Any], given: Protocol | None) -> Protocol:
    product, jurisdiction = document["product"], document.get("jurisdiction")
    if given is not None:
        if given.product != product:
            raise FactsError("product", f"the protocol {given.name} is for {given.product}")
        return given
    if jurisdiction is None:
        raise FactsError("jurisdiction", "is missing; it chooses the protocol")
    return default_protocol(product, jurisdiction)


def _ordered(planned: Mapping[str, Any]) -> Ordered:
    dose, per_kg = planned.get("dose_mg"), planned.get("dose_mg_per_kg")
    return Ordered(
        dose_mg=dose or None,
        dose_mg_per_kg=per_kg or None,
        duration_min=planned.get("duration_min") or None,
        weight_kg=dose / per_kg if dose and per_kg else None,
    )


def _moment(index: int, raw: Mapping[str, Any]) -> Moment:
    kind = raw["kind"]
    body = {key: value for key, value in raw.items() if value is not None}
    allowed = _KEYS[kind] | {"at_min", "kind", "note"}
    for key in raw:
        if key not in allowed:
            where = ", ".join(one for one, keys in _KEYS.items() if key in keys)
            raise FactsError(
                f"events[{index}].{key}", f"does not belong to {kind}; it belongs to {where}"
            )
    needed = _NEEDED.get(kind)
    if needed is not None and needed not in body:
        raise FactsError(f"events[{index}].{needed}", f"is missing; {kind} needs it")
    return Moment(float(raw["at_min"]), kind, body)


def _order(event: Moment) -> int:
    if event.kind == "dose_entered":
        return _ENTERED
    return RANK.get(event.kind, _BEFORE_DOSES)


def product_dose_mg(case: Case, event: Moment) -> float | None:
    """What a dose event gives, in mg: as stated, else a device's content or the planned dose."""
    stated = event.body.get("dose_mg")
    if stated is not None:
        return float(stated)
    if event.kind == "device":
        return PRODUCTS[case.protocol.product].device_mg
    return case.ordered.dose_mg
