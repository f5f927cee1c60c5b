"""One Bundle, one person: `read_bundle`.

The patient is read first, since every other record has to be about that patient. Then each
resource is read by the folder of its type, and every entry ends in exactly one count.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from ..allergy.reading import read_allergy
from ..condition.reading import read_condition
from ..json_text import parse_object
from ..medication.reading import read_medicine
from ..node import Intake, Node
from ..observation.reading import ObservationReader, role_of
from ..patient.reading import read_patient
from ..reading import DEFAULT, BundleError, ImportReading, Limits, ReadFact, ReadPatient
from ..reference import SPLIT, References
from ..resource import Resource, key_of, modifiers_known
from .entries import NO_RESOURCE, Entries, read_entries, read_head

_SUBJECT = {
    "Condition": "subject",
    "MedicationRequest": "subject",
    "MedicationStatement": "subject",
    "AllergyIntolerance": "patient",
    "Observation": "subject",
}


def read_bundle(data: bytes, *, now: datetime, limits: Limits = DEFAULT) -> ImportReading:
    """Read one FHIR R4 Bundle (UTF-8 JSON) about one person.

    `now` is an aware datetime: nothing may be dated after it. Raises BundleError, with every
    problem found, and nothing else for any `data`; ValueError for a naive `now`.
    """
    if now.tzinfo is None:
        raise ValueError("now must be an aware datetime")
    intake = Intake(now, limits)
    root = Node(parse_object(data, limits), "", intake)
    bundle_type = read_head(root)
    entries = read_entries(root)
    reading = _Reading(intake, entries)
    patient = reading.read_patient()
    if patient is None:
        raise BundleError(intake.problems, intake.more_problems)
    reading.read_resources()
    _note_more_pages(root)
    if intake.problems:
        raise BundleError(intake.problems, intake.more_problems)
    return reading.result(patient, bundle_type)


@dataclass(slots=True)
class _Reading:
    """The counts and facts of one bundle while it is read."""

    intake: Intake
    entries: Entries
    references: References = field(init=False)
    observations: ObservationReader = field(init=False)
    namespace: str = ""
    facts: list[ReadFact] = field(default_factory=list)
    used: Counter[str] = field(default_factory=Counter)
    not_used: Counter[str] = field(default_factory=Counter)
    entered_in_error: Counter[str] = field(default_factory=Counter)
    medications_named: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.references = References(self.entries.resources)
        self.observations = ObservationReader(self._identity)

    def read_patient(self) -> ReadPatient | None:
        """The one patient; None, with a problem, where there is none or more than one."""
        patients = [found for found in self.entries.resources if found.type == "Patient"]
        if not patients:
            self.intake.problem(
                "entry",
                "There is no Patient in the bundle.",
                "Export again with the patient's own record in it.",
            )
            return None
        if len(patients) > 1:
            places = ", ".join(found.node.path for found in patients[:5])
            self.intake.problem(
                "entry", f"There are {len(patients):,} patients in the bundle ({places}).", SPLIT
            )
            return None
        resource = patients[0]
        modifiers_known(resource)
        self.namespace = resource.identity("")
        patient = read_patient(resource, key_of(self.namespace))
        self.references.patient = resource
        self.references.patient_identifiers = frozenset(patient.identifiers)
        self.used["Patient"] += 1
        return patient

    def read_resources(self) -> None:
        """Every resource but the patient, each into its count."""
        medications = []
        for resource in self.entries.resources:
            if resource.type == "Medication":
                medications.append(resource)
            elif resource.type in _SUBJECT:
                self._read_clinical(resource)
            elif resource.type != "Patient":
                self._leave(resource)
        for resource in medications:
            if id(resource) in self.medications_named:
                self.used["Medication"] += 1
            elif resource.node.fields.get("status") == "entered-in-error":
                self.entered_in_error["Medication"] += 1
            else:
                self.not_used["Medication"] += 1
        before = len(self.intake.set_aside)
        self.facts.extend(self.observations.pair_halves())
        self.used["Observation"] -= len(self.intake.set_aside) - before

    def result(self, patient: ReadPatient, bundle_type: str) -> ImportReading:
        """The finished reading, in an order that does not depend on the file's."""
        if self.entries.without_resource:
            self.not_used[NO_RESOURCE] = self.entries.without_resource
        return ImportReading(
            patient=patient,
            facts=tuple(sorted(self.facts, key=_fact_order)),
            bundle_type=bundle_type,
            entry_count=self.entries.entry_count,
            used=_counts(self.used),
            not_used=_counts(self.not_used),
            entered_in_error=_counts(self.entered_in_error),
            set_aside=tuple(sorted(self.intake.set_aside, key=lambda a: (a.origin, a.reason))),
            repeated=self.entries.repeated,
            notes=tuple(sorted(self.intake.notes)),
        )

    def _read_clinical(self, resource: Resource) -> None:
        if _is_entered_in_error(resource):
            self.entered_in_error[resource.type] += 1
            return
        role = None
        if resource.type == "Observation":
            role = role_of(resource.node)
            if role is None:
                self._leave(resource)
                return
        if not self.references.is_about_patient(resource, _SUBJECT[resource.type]):
            return
        if not modifiers_known(resource):
            return
        before = len(self.intake.set_aside)
        fact = self._read_fact(resource, role)
        if fact is not None:
            self.facts.append(fact)
        if len(self.intake.set_aside) == before:
            self.used[resource.type] += 1

    def _read_fact(self, resource: Resource, role: str | None) -> ReadFact | None:
        key = key_of(self._identity(resource))
        if role is not None:
            return self.observations.read(resource, role)
        if resource.type == "Condition":
            return read_condition(resource, key)
        if resource.type == "AllergyIntolerance":
            return read_allergy(resource, key)
        fact, medication = read_medicine(resource, key, self.references)
        if medication is not None:
            self.medications_named.add(id(medication))
        return fact

    def _leave(self, resource: Resource) -> None:
        if not self.references.names_another_patient(resource):
            self.not_used[resource.type] += 1

    def _identity(self, resource: Resource) -> str:
        return resource.identity(self.namespace)


def _is_entered_in_error(resource: Resource) -> bool:
    fields = resource.node.fields
    if fields.get("status") == "entered-in-error":
        return True
    verification = fields.get("verificationStatus")
    codings = verification.get("coding") if isinstance(verification, dict) else None
    return isinstance(codings, list) and any(
        isinstance(coding, dict) and coding.get("code") == "entered-in-error" for coding in codings
    )


def _note_more_pages(root: Node) -> None:
    if any(link.text("relation") == "next" for link in root.nodes("link")):
        root.intake.notes.add(
            "The file is one page of a longer answer: the source holds more than was read."
        )


def _fact_order(fact: ReadFact) -> tuple[str, str, str, str]:
    at = fact.effective_at.isoformat() if fact.effective_at else ""
    return (fact.kind, at, fact.source_key, fact.digest)


def _counts(counter: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in sorted(counter.items()) if count}
