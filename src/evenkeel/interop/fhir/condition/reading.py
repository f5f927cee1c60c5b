"""Conditions: what the source calls it, since when, and whether it still holds.

Statuses: FHIR R4 condition-clinical and condition-ver-status
(https://hl7.org/fhir/R4/condition.html). Mark: sourced; the folding of recurrence and relapse
into active, and of remission into inactive, is FHIR's own hierarchy.
"""

from __future__ import annotations

from typing import Any

from ..concept import read_concept, read_status_concept
from ..moment import Moment, read_moment, read_period
from ..node import Node
from ..reading import FactStatus, ReadFact
from ..resource import Resource, make_fact

CLINICAL_SYSTEM = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION_SYSTEM = "http://terminology.hl7.org/CodeSystem/condition-ver-status"

_CLINICAL: dict[str, FactStatus] = {
    "active": "active",
    "recurrence": "active",
    "relapse": "active",
    "inactive": "inactive",
    "remission": "inactive",
    "resolved": "resolved",
}
VERIFICATION = frozenset(
    {"unconfirmed", "provisional", "differential", "confirmed", "refuted", "entered-in-error"}
)
_TIMES = ("DateTime", "Age", "Period", "Range", "String", "Boolean")


def read_condition(resource: Resource, source_key: str) -> ReadFact | None:
    """The condition; None where a problem was gathered."""
    node = resource.node
    clinical = read_status_concept(node, "clinicalStatus", CLINICAL_SYSTEM, _CLINICAL)
    verification = read_status_concept(
        node, "verificationStatus", VERIFICATION_SYSTEM, VERIFICATION
    )
    concept = read_concept(node.node("code"))
    onset, onset_text = read_when(node, "onset")
    ended, ended_text = read_when(node, "abatement")
    recorded = read_moment(node, "recordedDate")
    severity = read_concept(node.node("severity"))
    categories = [found for part in node.nodes("category") if (found := read_concept(part))]
    if concept is None:
        node.problem("code", "The condition has no name and no code.")
        return None
    status: FactStatus = _CLINICAL[clinical] if clinical else "unknown"
    if verification == "refuted":
        status = "refuted"
    value: dict[str, Any] = {
        **concept,
        "source_status": clinical,
        "verification": verification,
        "onset": onset_text,
        "ended": ended_text,
        "ended_at": ended.at.isoformat() if ended else None,
        "severity": severity["label"] if severity else None,
        "categories": [category["label"] for category in categories],
    }
    return make_fact(resource, source_key, "condition", value, status, onset, recorded)


def read_when(node: Node, stem: str) -> tuple[Moment | None, str | None]:
    """A `stem[x]` time: the moment where it is a date, and what was written, for people."""
    choice = node.one_of(f"{stem}[x]", stem, _TIMES)
    if choice == "DateTime":
        moment = read_moment(node, stem + choice)
        return moment, moment.text if moment else None
    if choice == "Period":
        moment = read_period(node, stem + choice, first="end" if stem == "abatement" else "start")
        return moment, moment.text if moment else None
    if choice == "String":
        return None, node.text(stem + choice)
    if choice == "Age":
        age = node.node(stem + choice)
        years = age.number("value") if age else None
        unit = age.text("unit") if age else None
        return None, None if years is None else f"at age {years:g} {unit or ''}".strip()
    return None, None
