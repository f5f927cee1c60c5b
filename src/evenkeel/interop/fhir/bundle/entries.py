"""The entries of a Bundle, each as a Resource, with repeats taken once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..json_text import printable
from ..node import Intake, Node, quoted
from ..reading import BundleError, Problem
from ..resource import ID, SERVER_URL, TYPE, Resource, digest_of

# The types whose content is read. A Medication is read only where a request names it.
READ_TYPES = frozenset(
    {
        "Patient",
        "Condition",
        "MedicationRequest",
        "MedicationStatement",
        "Medication",
        "AllergyIntolerance",
        "Observation",
    }
)
_BUNDLE_TYPES = frozenset(
    {"collection", "document", "transaction", "batch", "searchset", "message"}
)
NO_RESOURCE = "entry without a resource"


@dataclass(slots=True)
class Entries:
    """What stands in the bundle: the resources to look at, and what was counted on the way."""

    resources: list[Resource] = field(default_factory=list)
    entry_count: int = 0
    without_resource: int = 0
    repeated: int = 0


def read_head(root: Node) -> str:
    """The bundle's type. Raises BundleError where the document is no readable Bundle."""
    named = root.fields.get("resourceType")
    if named != "Bundle":
        if isinstance(named, str) and TYPE.fullmatch(named):
            raise _refusal(
                "resourceType",
                f"The file is a FHIR {printable(named)}, not a Bundle.",
                "Put it into a Bundle together with its Patient, or export the whole record.",
            )
        raise _refusal(
            "resourceType",
            'The file is JSON, but not FHIR: it does not say "resourceType": "Bundle".',
            "Export the record as one FHIR R4 Bundle in JSON.",
        )
    kind = root.fields.get("type")
    if not isinstance(kind, str) or kind not in _BUNDLE_TYPES:
        said = f"is {quoted(kind)}" if isinstance(kind, str) else "is missing"
        raise _refusal(
            "type",
            f"The kind of bundle {said}; read are {', '.join(sorted(_BUNDLE_TYPES))}.",
            "Export the record as it is now, as a collection; a history or the answer of a server "
            "does not say what holds today.",
        )
    return kind


def read_entries(root: Node) -> Entries:
    """All entries. Gathers problems; raises BundleError where `entry` is no list, or too long."""
    raw = root.fields.get("entry")
    if not isinstance(raw, list) or not raw:
        raise _refusal(
            "entry",
            "The bundle has no list of entries.",
            "Export again, and see that the export holds the patient.",
        )
    limit = root.intake.limits.max_entries
    if len(raw) > limit:
        raise _refusal(
            "entry",
            f"The bundle has {len(raw):,} entries; at most {limit:,} are read.",
            "Export this one patient, with fewer kinds of record.",
        )
    entries = Entries(entry_count=len(raw))
    seen: dict[tuple[str, str], Resource] = {}
    for index, value in enumerate(raw):
        resource = _read_entry(value, f"entry[{index}]", root.intake, entries)
        if resource is not None and not _is_repeat(resource, seen, entries):
            entries.resources.append(resource)
    return entries


def _is_repeat(resource: Resource, seen: dict[tuple[str, str], Resource], entries: Entries) -> bool:
    if resource.type not in READ_TYPES:
        return False
    key = (resource.type, resource.identity(""))
    first = seen.setdefault(key, resource)
    if first is resource:
        return False
    if digest_of(first.node.fields) == digest_of(resource.node.fields):
        entries.repeated += 1
        return True
    resource.node.problem(
        "",
        f"This {resource.type} stands in the bundle twice with different content "
        f"(first at {first.node.path}).",
        "Export the record as it is now; evenkeel does not guess which version holds.",
    )
    return True


def _read_entry(value: Any, path: str, intake: Intake, entries: Entries) -> Resource | None:
    if not isinstance(value, dict):
        intake.problem(path, "The entry should be an object.")
        return None
    entry = Node(value, path, intake)
    full_url = entry.text("fullUrl")
    request = entry.node("request")
    method = request.text("method") if request else None
    if method in ("DELETE", "PATCH"):
        entry.problem(
            "request.method",
            f"The entry asks to {method.lower()} a record; only whole records are read.",
        )
        return None
    node = entry.node("resource")
    if node is None:
        if not entry.has("resource"):
            entries.without_resource += 1
        return None
    kind = node.text("resourceType")
    if kind is None or not TYPE.fullmatch(kind):
        node.problem("resourceType", "It does not say what kind of record this is.")
        return None
    return _named(kind, full_url, node)


def _named(kind: str, full_url: str | None, node: Node) -> Resource:
    raw_id = node.fields.get("id")
    valid = isinstance(raw_id, str) and ID.fullmatch(raw_id) is not None
    name = str(raw_id) if valid else None
    if kind in READ_TYPES:
        if raw_id is not None and not valid:
            node.problem("id", "It is not a FHIR id (1 to 64 letters, digits, - and .).")
        server = SERVER_URL.fullmatch(full_url or "")
        if server and (server[2] != kind or name not in (None, server[3])):
            node.problem("id", "The entry's fullUrl names another record than its id and type.")
        elif server and name is None:
            name = server[3]
    return Resource(kind, name, full_url, node)


def _refusal(path: str, message: str, what_to_do: str) -> BundleError:
    return BundleError([Problem(path, message, what_to_do)])
