"""The blocks of a draft's form for what a clinic adds: an addiction program, a required fact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from evenkeel.clinic.record.errors import Conflict, DomainError
from evenkeel.protocol import additions
from evenkeel.protocol.editions import Document

#: What each field of the two blocks is called where an error above the form leads to it.
ADDED_LABELS: Final = {
    additions.PROGRAM: "Addiction program",
    additions.PROGRAM_NAME: "Addiction program, name",
    additions.PROGRAM_SUBSTANCES: "Addiction program, substances",
    additions.PROGRAM_WHY: "Addiction program, why",
    additions.NEW_FACT: "One more fact",
    additions.NEW_WHEN: "One more fact, before which sessions",
    additions.NEW_STAGE: "One more fact, when it is asked",
    additions.NEW_RESOLVE: "One more fact, what to do",
    additions.NEW_WHY: "One more fact, why",
}


def program_block(
    document: Document, typed: Mapping[str, str], error: DomainError | None
) -> dict[str, Any]:
    """The addiction program of a draft as its block shows it: what was typed, else what stands."""
    held, wrong = additions.program_form(document), error.fields if error else {}
    sent = additions.PROGRAM_SENT in typed
    name = typed.get(additions.PROGRAM_NAME, held.name)
    taken = [
        code
        for code, _ in additions.substance_choices()
        if (f"{additions.PROGRAM_TAKES}{code}" in typed if sent else code in held.substances)
    ]
    elsewhere = isinstance(error, Conflict) and (name, taken) != (held.name, list(held.substances))
    return {
        "name": name,
        "why": typed.get(additions.PROGRAM_WHY, held.why),
        "choices": [
            (f"{additions.PROGRAM_TAKES}{code}", label, code in taken)
            for code, label in additions.substance_choices()
        ],
        "is_held": bool(held.name),
        "name_error": wrong.get(additions.PROGRAM_NAME, "") or wrong.get(additions.PROGRAM, ""),
        "substances_error": wrong.get(additions.PROGRAM_SUBSTANCES, ""),
        "why_error": wrong.get(additions.PROGRAM_WHY, ""),
        "saved_meanwhile": (held.name or "none") if elsewhere else "",
    }


def fact_block(
    document: Document, typed: Mapping[str, str], error: DomainError | None
) -> dict[str, Any]:
    """The block that adds a required fact: the facts to choose from, and what was typed."""
    wrong = error.fields if error else {}
    return {
        "facts": additions.facts_to_add(document),
        "fact": typed.get(additions.NEW_FACT, ""),
        "when": typed.get(additions.NEW_WHEN, "every"),
        "stage": typed.get(additions.NEW_STAGE, "session"),
        "resolve": typed.get(additions.NEW_RESOLVE, ""),
        "why": typed.get(additions.NEW_WHY, ""),
        "when_choices": additions.WHEN_CHOICES,
        "stage_choices": additions.STAGE_CHOICES,
        "fact_error": wrong.get(additions.NEW_FACT, ""),
        "when_error": wrong.get(additions.NEW_WHEN, ""),
        "stage_error": wrong.get(additions.NEW_STAGE, ""),
        "resolve_error": wrong.get(additions.NEW_RESOLVE, ""),
        "why_error": wrong.get(additions.NEW_WHY, ""),
    }
