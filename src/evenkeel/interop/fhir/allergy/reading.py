"""Allergies and intolerances; a statement that none is known is a fact of its own kind.

Statuses: FHIR R4 (https://hl7.org/fhir/R4/allergyintolerance.html). Codes that say "none known":
HL7 C-CDA on FHIR, ConceptMap CF-NoKnownAllergies
(https://hl7.org/fhir/us/ccda/ConceptMap-CF-NoKnownAllergies.html), and 160244002 from the older
FHIR value set allergyintolerance-substance-code, which exports still carry. Mark: sourced.
"""

from __future__ import annotations

from typing import Any

from ..concept import codes_in, read_concept, read_status_concept
from ..condition.reading import read_when
from ..moment import read_moment
from ..node import Node
from ..reading import FactKind, FactStatus, ReadFact
from ..resource import Resource, make_fact

CLINICAL_SYSTEM = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
VERIFICATION_SYSTEM = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
_CLINICAL: dict[str, FactStatus] = {
    "active": "active",
    "inactive": "inactive",
    "resolved": "resolved",
}
_VERIFICATION = frozenset({"unconfirmed", "confirmed", "refuted", "entered-in-error"})

# "No known" allergy, drug allergy, food allergy, allergies (old). Read as an allergy they would be
# its opposite; which of them it is stays in the source's label.
_SNOMED = "http://snomed.info/sct"
_NONE_KNOWN = frozenset({"716186003", "409137002", "429625007", "160244002"})


def read_allergy(resource: Resource, source_key: str) -> ReadFact | None:
    """The allergy; None where a problem was gathered."""
    node = resource.node
    clinical = read_status_concept(node, "clinicalStatus", CLINICAL_SYSTEM, _CLINICAL)
    verification = read_status_concept(
        node, "verificationStatus", VERIFICATION_SYSTEM, _VERIFICATION
    )
    reactions = node.nodes("reaction")
    concept = read_concept(node.node("code")) or _substance(reactions)
    onset, onset_text = read_when(node, "onset")
    recorded = read_moment(node, "recordedDate")
    value: dict[str, Any] = {
        "source_status": clinical,
        "verification": verification,
        "onset": onset_text,
        "type": node.text("type"),
        "categories": node.texts("category"),
        "criticality": node.text("criticality"),
        "manifestations": _manifestations(reactions),
    }
    if concept is None:
        node.problem("code", "The allergy does not say to what.")
        return None
    status: FactStatus = _CLINICAL[clinical] if clinical else "unknown"
    if verification == "refuted":
        status = "refuted"
    none_known = not _NONE_KNOWN.isdisjoint(codes_in(concept, _SNOMED))
    kind: FactKind = "no_known_allergy" if none_known else "allergy"
    return make_fact(resource, source_key, kind, {**concept, **value}, status, onset, recorded)


def _substance(reactions: list[Node]) -> dict[str, Any] | None:
    found = [read_concept(reaction.node("substance")) for reaction in reactions]
    return next((concept for concept in found if concept), None)


def _manifestations(reactions: list[Node]) -> list[str]:
    found = []
    for reaction in reactions:
        for manifestation in reaction.nodes("manifestation"):
            concept = read_concept(manifestation)
            if concept:
                found.append(concept["label"])
    return found
