"""One resource of a bundle, who it is, and the facts made from it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .moment import Moment
from .node import Node
from .reading import FactKind, FactStatus, ReadFact, SetAside

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}")
SERVER_URL = re.compile(r"(https?://\S+/)([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource in its entry: `full_url` and `id` are what the source calls it, if anything."""

    type: str
    id: str | None
    full_url: str | None
    node: Node

    @property
    def server_base(self) -> str | None:
        """`https://server/fhir/` where the full URL is a server's, else None."""
        match = SERVER_URL.fullmatch(self.full_url or "")
        return match[1] if match else None

    def identity(self, namespace: str) -> str:
        """What names this resource in every export of it.

        A UUID or a server's URL is unique by itself (and a UUID the same in an export with server
        URLs and in one without); a bare id is only so among the ids of one source, so it is taken
        together with `namespace`, the source's name for the patient; a resource without any name
        is its content.
        """
        uuid = self.id or (self.full_url or "").removeprefix("urn:uuid:")
        if _UUID.fullmatch(uuid):
            return f"{self.type}/{uuid.lower()}"
        if self.server_base:
            return str(self.full_url)
        if self.id:
            return f"{namespace}|{self.type}/{self.id}"
        if self.full_url:
            return f"{self.type}|{self.full_url}"
        return f"{self.type}|{digest_of(self.node.fields)}"

    @property
    def origin(self) -> str:
        """`FHIR <type>/<id>`, for people."""
        if self.id:
            return f"FHIR {self.type}/{self.id}"
        if self.full_url:
            return f"FHIR {self.type} {self.full_url[:200]}"
        return f"FHIR {self.type} without id ({digest_of(self.node.fields)[:8]})"

    def set_aside(self, reason: str) -> None:
        """Leave this resource out, by name and with the reason."""
        self.node.intake.set_aside.append(SetAside(self.origin, reason))


def make_fact(
    resource: Resource,
    source_key: str,
    kind: FactKind,
    value: Mapping[str, Any],
    status: FactStatus,
    effective: Moment | None,
    recorded: Moment | None,
    origin: str | None = None,
) -> ReadFact:
    """A fact from `resource`, with the digest of all that was read into it."""
    said = [kind, value, status, effective and effective.text, recorded and recorded.text]
    return ReadFact(
        kind=kind,
        value=value,
        effective_at=effective.at if effective else None,
        effective_precision=effective.precision if effective else None,
        effective_text=effective.text if effective else None,
        recorded_at=recorded.at if recorded else None,
        status=status,
        origin=origin or resource.origin,
        source_key=source_key,
        digest=digest_of(said),
    )


def key_of(*identities: str) -> str:
    """A short stable key for one resource, or for several that make one fact."""
    return "fhir:" + digest_of(sorted(identities))[:40]


def digest_of(value: Any) -> str:
    """SHA-256, in hexadecimal, of a JSON value in one canonical spelling."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def modifiers_known(resource: Resource) -> bool:
    """False, with a problem, where an extension evenkeel does not know may change the meaning.

    FHIR R4 asks readers to refuse these (https://hl7.org/fhir/R4/extensibility.html#modifierExtension).
    """
    known = True
    for key in ("modifierExtension", "implicitRules"):
        if resource.node.fields.get(key):
            resource.node.problem(
                key,
                "It changes the meaning of this record in a way evenkeel does not know.",
                "Enter this record by hand, and export the rest without it.",
            )
            known = False
    return known
