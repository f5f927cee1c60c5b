"""Which resource a reference means, and whether it means this bundle's patient.

Rules: FHIR R4, resolving references in Bundles
(https://hl7.org/fhir/R4/bundle.html#references). An absolute or `urn:` reference means the entry
with that full URL. A relative one is read against the server of the entry it stands in. Where
that entry has no server, it means the one resource of that type and id; this last step is wider
than the letter of R4, and is what exports with `urn:uuid` entries need. Mark: sourced, widening
assumed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from .node import Node
from .reading import Identifier
from .resource import ID, TYPE, Resource

_RELATIVE = re.compile(rf"({TYPE.pattern})/({ID.pattern})")
_VERSION = re.compile(r"/_history/[^/]+$")
_ANY_PATIENT = re.compile(rf"(?:\S*/)?Patient/{ID.pattern}")
_PATIENT_SEARCH = re.compile(r"Patient\?identifier=([^&]*)\|([^&|]+)")
ANOTHER = "It is about another patient than the one in this bundle."
SPLIT = "Send one bundle for each patient, with only that patient's records."


class References:
    """The index of one bundle's resources, and its patient."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._by_url: dict[str, Resource] = {}
        self._by_name: dict[str, list[Resource]] = {}
        for resource in resources:
            if resource.full_url:
                self._by_url.setdefault(resource.full_url, resource)
            if resource.id:
                self._by_name.setdefault(f"{resource.type}/{resource.id}", []).append(resource)
        self.patient: Resource | None = None
        self.patient_identifiers: frozenset[Identifier] = frozenset()

    def resolve(self, reference: str, source: Resource) -> Resource | None:
        """The resource `reference`, written in `source`, means; None where it is not here."""
        target = _VERSION.sub("", reference)
        if target in self._by_url:
            return self._by_url[target]
        if not _RELATIVE.fullmatch(target):
            return None
        base = source.server_base
        if base is not None and base + target in self._by_url:
            return self._by_url[base + target]
        candidates = [
            candidate
            for candidate in self._by_name.get(target, ())
            if base is None or candidate.server_base in (None, base)
        ]
        return candidates[0] if len(candidates) == 1 else None

    def is_about_patient(self, resource: Resource, key: str) -> bool:
        """Whether the Reference at `key` is this bundle's patient; if not, a problem says why."""
        subject = resource.node.node(key)
        if subject is None:
            if not resource.node.has(key):
                resource.node.problem(key, "It does not say which patient this record is about.")
            return False
        reference = subject.text("reference")
        if reference is None:
            return self._is_patient_by_identifier(subject)
        target = self.resolve(reference, resource)
        if target is not None:
            if target is self.patient:
                return True
            subject.problem("reference", f"It is about a {target.type}, not about the patient.")
            return False
        search = _PATIENT_SEARCH.fullmatch(reference)
        if search and self._identifies(unquote(search[1]), unquote(search[2])):
            return True
        if reference.startswith("#"):
            subject.problem(
                "reference", "It is about a patient held inside the record itself.", SPLIT
            )
        elif _ANY_PATIENT.fullmatch(_VERSION.sub("", reference)) or search:
            subject.problem("reference", ANOTHER, SPLIT)
        else:
            subject.problem("reference", "It points to nobody in this bundle.", SPLIT)
        return False

    def names_another_patient(self, resource: Resource) -> bool:
        """Whether a resource that is not read is, all the same, plainly about somebody else."""
        for key in ("subject", "patient"):
            holder = resource.node.fields.get(key)
            reference = holder.get("reference") if isinstance(holder, dict) else None
            if not isinstance(reference, str) or not _ANY_PATIENT.fullmatch(
                _VERSION.sub("", reference)
            ):
                continue
            if self.resolve(reference, resource) is not self.patient:
                resource.node.problem(key, ANOTHER, SPLIT)
                return True
        return False

    def _is_patient_by_identifier(self, subject: Node) -> bool:
        identifier = subject.node("identifier")
        if identifier is None:
            subject.problem("", "It does not say which patient this record is about.")
            return False
        value = identifier.text("value")
        if value and self._identifies(identifier.text("system") or "", value):
            return True
        subject.problem("identifier", ANOTHER, SPLIT)
        return False

    def _identifies(self, system: str, value: str) -> bool:
        return Identifier(system, value) in self.patient_identifiers
