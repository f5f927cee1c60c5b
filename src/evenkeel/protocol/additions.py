"""What a clinic adds to a protocol beyond its lines: an addiction program, one more required fact.

Both come typed from the form of a draft. A field is named as the part of the document it fills, so
that a fault found in the document later is said at the same place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .editions import Document
from .labels import SUBSTANCE_LABELS
from .sources import CLINIC_POLICY
from .substances import TREATABLE
from .vocabulary import GROUPS, VOCABULARY, FactSpec

#: The part of a document, and the name before the fields of its form.
PROGRAM: Final = "addiction_programme"
PROGRAM_NAME: Final = f"{PROGRAM}.name"
PROGRAM_SUBSTANCES: Final = f"{PROGRAM}.substances"
#: Says that the form of the program was sent at all: an unticked box sends nothing.
PROGRAM_SENT: Final = f"{PROGRAM}.sent"
PROGRAM_TAKES: Final = f"{PROGRAM}.takes."
PROGRAM_WHY: Final = f"why.other.{PROGRAM}"

NEW_FACT: Final = "add.fact"
NEW_WHEN: Final = "add.when"
NEW_STAGE: Final = "add.stage"
NEW_RESOLVE: Final = "add.resolve"
NEW_WHY: Final = "add.why"
WHEN_CHOICES: Final = {"first": "Before the first session", "every": "Before every session"}
STAGE_CHOICES: Final = {
    "course": "When the person is screened for the course",
    "session": "On the day of the session",
}
_LONGEST: Final = {"name": 120, "resolve": 200, "why": 500}
#: Worked out from the rest of the record, so that nobody can answer them.
_NOT_ASKED: Final = frozenset({"deceased", "contradictions", "other_conditions", "session_number"})


@dataclass(frozen=True, slots=True)
class ProgramForm:
    """The addiction program as it stands in a draft; all empty where there is none."""

    name: str
    substances: tuple[str, ...]
    why: str


def program_form(document: Mapping[str, Any]) -> ProgramForm:
    """Return the program of a document as its form shows it."""
    raw = document.get(PROGRAM) or {}
    taken = tuple(str(item) for item in raw.get("substances", ()))
    return ProgramForm(str(raw.get("name", "")), taken, str(raw.get("note", "")))


def apply_program(document: Document, given: Mapping[str, str]) -> dict[str, str]:
    """Put the program that was typed into the document; return what is wrong, by field.

    Nothing typed takes the program out. Which substances may stand in one is judged with the rest
    of the document, as for a file.
    """
    if PROGRAM_SENT not in given:
        return {}
    name = _tidy(given.get(PROGRAM_NAME, ""), "name")
    why = _tidy(given.get(PROGRAM_WHY, ""), "why")
    taken = [
        key.removeprefix(PROGRAM_TAKES)
        for key, value in given.items()
        if key.startswith(PROGRAM_TAKES) and value
    ]
    taken.sort(key=lambda code: (list(TREATABLE).index(code) if code in TREATABLE else 99, code))
    if not name and not taken:
        if document.get(PROGRAM) is not None:
            document[PROGRAM] = None
        return {}
    wrong: dict[str, str] = {}
    if not name:
        wrong[PROGRAM_NAME] = "Enter what the program is called."
    if not taken:
        wrong[PROGRAM_SUBSTANCES] = "Choose the substances whose misuse it treats."
    if not why:
        wrong[PROGRAM_WHY] = "Say why the clinic decides so."
    if PROGRAM_NAME not in wrong and PROGRAM_SUBSTANCES not in wrong:
        document[PROGRAM] = {
            "name": name,
            "substances": taken,
            "mark": CLINIC_POLICY,
            "source": "clinic_own",
            "note": why,
        }
    return wrong


def substance_choices() -> tuple[tuple[str, str], ...]:
    """Return the substances a program may take in: (code, name)."""
    return tuple((code, SUBSTANCE_LABELS[code]) for code in TREATABLE)


def facts_to_add(document: Mapping[str, Any]) -> dict[str, tuple[FactSpec, ...]]:
    """Return the facts that have no line among those required yet, by group."""
    held = document["required_before_session"]
    found: dict[str, tuple[FactSpec, ...]] = {}
    for group in GROUPS:
        specs = tuple(
            spec
            for spec in VOCABULARY.values()
            if spec.group == group and spec.key not in held and spec.key not in _NOT_ASKED
        )
        if specs:
            found[group] = specs
    return found


def apply_new_fact(document: Document, given: Mapping[str, str]) -> dict[str, str]:
    """Put one more required fact into the document; return what is wrong, by field."""
    key = given.get(NEW_FACT, "")
    when, stage = given.get(NEW_WHEN, ""), given.get(NEW_STAGE, "")
    resolve = _tidy(given.get(NEW_RESOLVE, ""), "resolve")
    why = _tidy(given.get(NEW_WHY, ""), "why")
    if not key and not resolve and not why:
        return {}
    wrong: dict[str, str] = {}
    if key not in {spec.key for specs in facts_to_add(document).values() for spec in specs}:
        wrong[NEW_FACT] = (
            "This fact has its own line above; set it there."
            if key in document["required_before_session"]
            else "Choose a fact of the list."
        )
    if when not in WHEN_CHOICES:
        wrong[NEW_WHEN] = "Choose before which sessions it must be known."
    if stage not in STAGE_CHOICES:
        wrong[NEW_STAGE] = "Choose when it is asked."
    if not resolve:
        wrong[NEW_RESOLVE] = "Say what somebody does to find it out."
    if not why:
        wrong[NEW_WHY] = "Say why the clinic decides so."
    if not wrong:
        document["required_before_session"][key] = {
            "when": when,
            "stage": stage,
            "resolve": resolve,
            "mark": CLINIC_POLICY,
            "source": "clinic_own",
            "note": why,
        }
    return wrong


def _tidy(typed: str, part: str) -> str:
    return " ".join(typed.split())[: _LONGEST[part]]
