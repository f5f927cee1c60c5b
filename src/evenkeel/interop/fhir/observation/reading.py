"""Vital signs and the PHQ-9 total, from Observations.

Only the codes of codes.json are read; any other Observation is counted as not used. A systolic
and a diastolic pressure sent apart are put together where exactly one of each carries the same
instant; otherwise each stands alone with the other half None.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..concept import codes_in, read_concept, read_status_code
from ..moment import Moment, read_moment, read_period
from ..node import Node
from ..reading import FactStatus, ReadFact
from ..resource import Resource, key_of, make_fact
from .codes import CODES
from .quantity import NO_VALUE, Measured, NotCharted, read_measured

_STATUS: dict[str, FactStatus] = {
    "final": "final",
    "amended": "final",
    "corrected": "final",
    "preliminary": "preliminary",
    "unknown": "unknown",
    "registered": "unknown",
    "cancelled": "unknown",
    "entered-in-error": "unknown",
}
_NO_RESULT = frozenset({"registered", "cancelled"})


@dataclass(frozen=True, slots=True)
class HalfPressure:
    """One of the two pressures, sent as an Observation of its own."""

    systolic: bool
    mmhg: float
    identity: str
    origin: str
    fact: ReadFact
    resource: Resource


@dataclass(slots=True)
class ObservationReader:
    """Reads the Observations of one bundle; `halves` wait for their other half."""

    identity_of: Callable[[Resource], str]
    halves: list[HalfPressure] = field(default_factory=list)

    def read(self, resource: Resource, role: str) -> ReadFact | None:
        """The fact in one Observation whose code has `role`; None where there is none (yet)."""
        node = resource.node
        status = read_status_code(node, "status", _STATUS)
        effective = _effective(node)
        recorded = read_moment(node, "issued")
        if status is None:
            return None
        if status in _NO_RESULT:
            resource.set_aside(f"its status is {status}, so it carries no result")
            return None
        if node.has("focus"):
            resource.set_aside("it was measured on somebody or something else (focus)")
            return None
        try:
            return self._read_value(resource, role, _STATUS[status], effective, recorded)
        except NotCharted as reason:
            resource.set_aside(str(reason))
            return None

    def pair_halves(self) -> list[ReadFact]:
        """Blood pressures from the halves gathered, joined where they belong together."""
        by_time: dict[str, list[HalfPressure]] = {}
        for half in self.halves:
            at = half.fact.effective_at
            known = at is not None and half.fact.effective_precision == "instant"
            by_time.setdefault(str(at) if known else half.identity, []).append(half)
        facts = []
        for group in by_time.values():
            systolic = [half for half in group if half.systolic]
            diastolic = [half for half in group if not half.systolic]
            if len(systolic) == len(diastolic) == 1:
                joined = _join(systolic[0], diastolic[0])
                if joined is not None:
                    facts.append(joined)
                continue
            facts.extend(half.fact for half in group)
        return facts

    def _read_value(
        self,
        resource: Resource,
        role: str,
        status: FactStatus,
        effective: Moment | None,
        recorded: Moment | None,
    ) -> ReadFact | None:
        identity = self.identity_of(resource)
        key = key_of(identity)
        if role == "panel":
            value = _read_panel(resource.node)
            return make_fact(resource, key, "blood_pressure", value, status, effective, recorded)
        if role in ("systolic", "diastolic"):
            self._keep_half(resource, role == "systolic", identity, status, effective, recorded)
            return None
        kind, measure = next(found for found in CODES.measures.values() if found[0] == role)
        measured = read_measured(resource.node, measure)
        number: float | int = int(measured.value) if measure.whole else measured.value
        value = {kind: number, **_source_of(measured)}
        return make_fact(resource, key, kind, value, status, effective, recorded)

    def _keep_half(
        self,
        resource: Resource,
        systolic: bool,
        identity: str,
        status: FactStatus,
        effective: Moment | None,
        recorded: Moment | None,
    ) -> None:
        measured = read_measured(resource.node, CODES.systolic if systolic else CODES.diastolic)
        value = _pressure(measured if systolic else None, None if systolic else measured)
        fact = make_fact(
            resource, key_of(identity), "blood_pressure", value, status, effective, recorded
        )
        self.halves.append(
            HalfPressure(systolic, measured.value, identity, resource.origin, fact, resource)
        )


def role_of(node: Node) -> str | None:
    """What an Observation (or component) is read as, from its LOINC codes; None if not used."""
    concept = read_concept(node.node("code"))
    roles = {CODES.role(code) for code in codes_in(concept, CODES.loinc)} - {None}
    if len(roles) > 1:
        node.problem("code", "Its codes name two different measurements.")
        return None
    return roles.pop() if roles else None


def _effective(node: Node) -> Moment | None:
    choice = node.one_of("effective[x]", "effective", ("DateTime", "Instant", "Period", "Timing"))
    if choice == "Period":
        return read_period(node, "effectivePeriod")
    if choice in ("DateTime", "Instant"):
        return read_moment(node, "effective" + choice)
    return None


def _read_panel(node: Node) -> dict[str, Any]:
    found: dict[str, Measured] = {}
    for component in node.nodes("component"):
        role = role_of(component)
        if role not in ("systolic", "diastolic"):
            continue
        if role in found:
            component.problem("code", f"The panel has more than one {role} pressure.")
            continue
        measure = CODES.systolic if role == "systolic" else CODES.diastolic
        try:
            found[role] = read_measured(component, measure)
        except NotCharted as reason:
            if str(reason) != NO_VALUE:
                raise
    if not found:
        raise NotCharted(NO_VALUE)
    return _pressure(found.get("systolic"), found.get("diastolic"))


def _pressure(systolic: Measured | None, diastolic: Measured | None) -> dict[str, Any]:
    if systolic and diastolic and diastolic.value >= systolic.value:
        raise NotCharted("its diastolic pressure is not below its systolic pressure")
    known = systolic or diastolic
    return {
        "sbp_mmhg": systolic.value if systolic else None,
        "dbp_mmhg": diastolic.value if diastolic else None,
        "source_unit": known.source_unit if known else None,
    }


def _source_of(measured: Measured) -> dict[str, Any]:
    return {"source_value": measured.source_value, "source_unit": measured.source_unit}


def _join(systolic: HalfPressure, diastolic: HalfPressure) -> ReadFact | None:
    if diastolic.mmhg >= systolic.mmhg:
        for half in (systolic, diastolic):
            half.resource.set_aside("its diastolic pressure is not below its systolic pressure")
        return None
    first = systolic.fact
    status: FactStatus = first.status if first.status == diastolic.fact.status else "unknown"
    value = {**first.value, "dbp_mmhg": diastolic.mmhg}
    effective = _moment_of(first)
    recorded_at = max(
        (half.fact.recorded_at for half in (systolic, diastolic) if half.fact.recorded_at),
        default=None,
    )
    recorded = Moment(recorded_at, "instant", recorded_at.isoformat()) if recorded_at else None
    return make_fact(
        systolic.resource,
        key_of(systolic.identity, diastolic.identity),
        "blood_pressure",
        value,
        status,
        effective,
        recorded,
        origin=f"{systolic.origin} + {diastolic.origin}",
    )


def _moment_of(fact: ReadFact) -> Moment | None:
    if fact.effective_at is None or fact.effective_precision is None:
        return None
    return Moment(fact.effective_at, fact.effective_precision, fact.effective_text or "")
