"""CodeableConcept: every coding kept as the source wrote it, and the source's own label."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .node import Node, quoted


def read_concept(node: Node | None) -> dict[str, Any] | None:
    """`{"label", "text", "codings": [{"system", "code", "display"}]}`, or None where nothing is.

    The label is the source's text, else the first display, else the first code. No terminology is
    looked up: the label says what the source system called it.
    """
    if node is None:
        return None
    text = node.text("text")
    codings = []
    for coding in node.nodes("coding"):
        found = {key: coding.text(key) for key in ("system", "code", "display")}
        if any(found.values()):
            codings.append(found)
    displays = [coding["display"] for coding in codings if coding["display"]]
    codes = [coding["code"] for coding in codings if coding["code"]]
    label = text or next(iter(displays), None) or next(iter(codes), None)
    if label is None:
        return None
    return {"label": label, "text": text, "codings": codings}


def codes_in(concept: dict[str, Any] | None, system: str) -> list[str]:
    """The codes of `system` in a concept read by `read_concept`, in file order."""
    if concept is None:
        return []
    return [c["code"] for c in concept["codings"] if c["system"] == system and c["code"]]


def read_status_concept(node: Node, key: str, system: str, known: Collection[str]) -> str | None:
    """The one code of `system` in the CodeableConcept at `key`, which must be one of `known`."""
    holder = node.node(key)
    if holder is None:
        return None
    codes = set(codes_in(read_concept(holder), system))
    if len(codes) == 1 and codes <= set(known):
        return codes.pop()
    if not codes:
        node.problem(key, f"It has no code of {system}, so what it says is not certain.")
    else:
        shown = ", ".join(quoted(code) for code in sorted(codes))
        node.problem(key, f"It says {shown}; known are {', '.join(sorted(known))}, one at a time.")
    return None


def read_status_code(node: Node, key: str, known: Collection[str]) -> str | None:
    """The plain code at `key`, which must be there and be one of `known`."""
    code = node.text(key)
    if code is None:
        if not node.has(key):
            node.problem(key, "It is missing, and FHIR R4 asks for it.")
        return None
    if code not in known:
        node.problem(key, f"It says {quoted(code)}; known are {', '.join(sorted(known))}.")
        return None
    return code
