"""Medicines a person was prescribed (MedicationRequest) or is said to take (MedicationStatement).

Statuses: FHIR R4 (https://hl7.org/fhir/R4/medicationrequest.html,
https://hl7.org/fhir/R4/medicationstatement.html). Mark: sourced. Proposals and plans are kept
with their intent: for interactions, a medicine too many is safer than one too few.
"""

from __future__ import annotations

from typing import Any

from ..concept import read_concept, read_status_code
from ..moment import Moment, read_moment, read_period
from ..node import Node
from ..reading import FactStatus, ReadFact
from ..reference import References
from ..resource import Resource, make_fact

_REQUEST: dict[str, FactStatus] = {
    "active": "active",
    "on-hold": "inactive",
    "cancelled": "inactive",
    "completed": "inactive",
    "entered-in-error": "inactive",
    "stopped": "inactive",
    "draft": "planned",
    "unknown": "unknown",
}
_STATEMENT: dict[str, FactStatus] = {
    "active": "active",
    "completed": "inactive",
    "entered-in-error": "inactive",
    "intended": "planned",
    "stopped": "inactive",
    "on-hold": "inactive",
    "unknown": "unknown",
    "not-taken": "inactive",
}
_INTENT = frozenset(
    {
        "proposal",
        "plan",
        "order",
        "original-order",
        "reflex-order",
        "filler-order",
        "instance-order",
        "option",
    }
)


def read_medicine(
    resource: Resource, source_key: str, references: References
) -> tuple[ReadFact | None, Resource | None]:
    """The medicine (None where a problem was gathered, or it was set aside), and the Medication
    entry of the bundle that names it, if one does.
    """
    node = resource.node
    is_request = resource.type == "MedicationRequest"
    statuses = _REQUEST if is_request else _STATEMENT
    source_status = read_status_code(node, "status", statuses)
    intent = read_status_code(node, "intent", _INTENT) if is_request else None
    concept, named_by = _read_concept(resource, references)
    planned = source_status is not None and statuses[source_status] == "planned"
    effective, recorded = _times(node, is_request, planned)
    dosage = node.nodes("dosageInstruction" if is_request else "dosage")
    texts = [text for part in dosage if (text := part.text("text"))]
    as_needed = [flag for part in dosage if (flag := part.flag("asNeededBoolean")) is not None]
    forbidden = node.flag("doNotPerform") if is_request else None
    if concept is None or source_status is None:
        return None, named_by
    if forbidden:
        resource.set_aside(
            "it is an order not to give this medicine; read it in the source and note it by hand"
        )
        return None, named_by
    value: dict[str, Any] = {
        **concept,
        "record": "request" if is_request else "statement",
        "source_status": source_status,
        "intent": intent,
        "dosage": texts,
        "as_needed": any(as_needed) if as_needed else None,
    }
    status = statuses[source_status]
    fact = make_fact(resource, source_key, "medicine", value, status, effective, recorded)
    return fact, named_by


def _times(node: Node, is_request: bool, planned: bool) -> tuple[Moment | None, Moment | None]:
    if is_request:
        authored = read_moment(node, "authoredOn")
        return authored, authored
    recorded = read_moment(node, "dateAsserted")
    choice = node.one_of("effective[x]", "effective", ("DateTime", "Period"))
    if choice == "Period":
        return read_period(node, "effectivePeriod", future_allowed=planned), recorded
    if choice == "DateTime":
        return read_moment(node, "effectiveDateTime", future_allowed=planned), recorded
    return None, recorded


def _read_concept(
    resource: Resource, references: References
) -> tuple[dict[str, Any] | None, Resource | None]:
    node = resource.node
    choice = node.one_of("medication[x]", "medication", ("CodeableConcept", "Reference"))
    if choice is None:
        if not (node.has("medicationCodeableConcept") or node.has("medicationReference")):
            node.problem("medication[x]", "It does not say which medicine.")
        return None, None
    if choice == "CodeableConcept":
        holder = node.node("medicationCodeableConcept")
        concept = read_concept(holder)
        if concept is None and holder is not None:
            holder.problem("", "The medicine has no name and no code.")
        return concept, None
    reference = node.node("medicationReference")
    return _read_reference(resource, reference, references) if reference else (None, None)


def _read_reference(
    resource: Resource, reference: Node, references: References
) -> tuple[dict[str, Any] | None, Resource | None]:
    target, display = reference.text("reference"), reference.text("display")
    named_by: Resource | None = None
    medication: Node | None = None
    if target and target.startswith("#"):
        medication = _contained(resource.node, target[1:])
    elif target:
        named_by = references.resolve(target, resource)
        if named_by is not None and named_by.type != "Medication":
            reference.problem("reference", f"It points to a {named_by.type}, not to a medicine.")
            return None, None
        medication = named_by.node if named_by else None
    if medication is not None:
        if medication.text("status") == "entered-in-error":
            reference.problem("reference", "The medicine it names is marked entered-in-error.")
            return None, named_by
        concept = read_concept(medication.node("code"))
        if concept is not None:
            return concept, named_by
    if display:
        return {"label": display, "text": display, "codings": []}, named_by
    reference.problem("reference", "The medicine it names is not in the file, or has no name.")
    return None, named_by


def _contained(node: Node, name: str) -> Node | None:
    for part in node.nodes("contained"):
        if part.text("resourceType") == "Medication" and part.text("id") == name:
            return part
    return None
