"""Entries of a person's lists that no list of names knows, and what a clinician read them as."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from evenkeel.clinic.people.fact_item import LISTS, list_name
from evenkeel.clinic.people.models import Fact
from evenkeel.protocol.conditions import (
    Condition,
    Status,
    known_conditions,
    recognize_condition,
    suggest_condition,
)
from evenkeel.protocol.medicines import recognize_all, suggest_medicine
from evenkeel.protocol.situations import known_situations, recognize_situation

Kind = Literal["known", "no_concern"]

_SNOMED: Final = "http://snomed.info/sct"
_RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
_ICD10: Final = "icd-10"
#: A row that says that something is not, or that is not yet, is not there to be read.
_NOT_COUNTED: Final = frozenset({"refuted", "planned", "entered_in_error"})
#: Of these only what is taken, or holds, now is judged.
_NOW_ONLY: Final = frozenset({"medicine", "allergy"})
_IN_USE: Final = frozenset({"active", "unknown", "final", "preliminary"})


@dataclass(frozen=True, slots=True)
class ReadAs:
    """What a named clinician read an entry as: a name the lists know, or of no concern here."""

    kind: Kind
    name: str = ""


def read_as(value: Any) -> ReadAs | None:
    """What a stored entry was read as; None where nobody has said, or it makes no sense."""
    said = value.get("read_as") if isinstance(value, dict) else None
    if not isinstance(said, dict):
        return None
    if said.get("kind") == "no_concern":
        return ReadAs("no_concern")
    if said.get("kind") == "known" and isinstance(said.get("name"), str) and said["name"]:
        return ReadAs("known", said["name"])
    return None


def names_of(value: Any) -> list[str]:
    """What a list-like fact may be recognized by: what it was read as, its codes, its label."""
    said = read_as(value)
    names = [said.name] if said is not None else []
    if isinstance(value, dict):
        for coding in value.get("codings") or []:
            system = str(coding.get("system") or "") if isinstance(coding, dict) else ""
            if system in (_SNOMED, _RXNORM) or _ICD10 in system.lower():
                names.append(str(coding.get("code") or ""))
        if value.get("code"):
            names.append(str(value["code"]))
    return [name for name in [*names, list_name(value)] if name]


def condition_of(value: Any) -> tuple[Condition, Status | None] | None:
    """The condition an entry stands for and the status its wording implies, if any is known.

    A code names a condition more surely than a label; but where the label says something the
    code does not, such as that it is past, that counts.
    """
    said = read_as(value)
    if said is not None and said.name in known_conditions():
        return known_conditions()[said.name], None
    for name in names_of(value):
        situation = recognize_situation(name)
        if situation is not None and situation[0] in known_situations():
            return known_situations()[situation[0]].as_condition(), situation[1]
    return next((m for name in names_of(value) if (m := recognize_condition(name))), None)


def medicine_name(value: Any) -> str:
    """The name under which the rules judge a medicine: as written, with what it was read as."""
    name = list_name(value)
    said = read_as(value)
    if said is not None:
        return f"{name} (read as {said.name})" if said.name else name
    if not recognize_all(name):
        coded = next((m[0] for one in names_of(value) if (m := recognize_all(one))), None)
        if coded is not None:
            return f"{name} ({coded.ingredient})"
    return name


def allergy_name(value: Any) -> str:
    """The name under which the rules judge an allergy."""
    name, said = list_name(value), read_as(value)
    return f"{name} (read as {said.name})" if said is not None and said.name else name


def of_no_concern(value: Any) -> bool:
    """Whether a clinician has read the entry and found that it does not matter here."""
    said = read_as(value)
    return said is not None and said.kind == "no_concern"


def is_unread(row: Fact) -> bool:
    """Whether an entry counts and nobody, no list and no person, knows what it is."""
    if row.key not in LISTS or row.state != "known" or row.status in _NOT_COUNTED:
        return False
    if row.key in _NOW_ONLY and row.status not in _IN_USE:
        return False
    if of_no_concern(row.value):
        return False
    if row.key == "condition":
        return condition_of(row.value) is None
    if row.key == "medicine":
        return not recognize_all(medicine_name(row.value))
    # Only the few allergies to the drug and its vehicle matter, and those are found by their
    # words; what has no words, such as a bare code, could be any of them.
    return not any(letter.isalpha() for letter in allergy_name(row.value))


def unread_of(rows: Iterable[Fact]) -> list[Fact]:
    """The rows that a person must read, in their order."""
    return [row for row in rows if is_unread(row)]


def as_written(value: Any) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The words and the codes of an entry: two entries of the same are read at once."""
    codings = value.get("codings") if isinstance(value, dict) else None
    return list_name(value).casefold(), tuple(
        (str(one.get("system") or ""), str(one.get("code") or ""))
        for one in codings or []
        if isinstance(one, dict)
    )


def known_name(key: str, given: str) -> str | None:
    """The name to store where ``given`` is one the lists know; None otherwise.

    A condition is stored by its code, so that a change of names does not change what was meant.
    """
    given = given.strip()
    if key == "condition":
        match = recognize_condition(given)
        return match[0].code if match is not None else None
    if key == "medicine":
        return given if recognize_all(given) else None
    return given if any(letter.isalpha() for letter in given) else None


def read_words(value: Any) -> str:
    """What an entry was read as, for people: "read as Stroke (not a bleed)"."""
    said = read_as(value)
    if said is None:
        return ""
    if said.kind == "no_concern":
        return "read, of no concern here"
    condition = known_conditions().get(said.name)
    return f"read as {condition.label if condition is not None else said.name}"


def suggested(row: Fact) -> str:
    """A known name that the entry misses by one letter, for a person to confirm; else empty."""
    suggest = {"condition": suggest_condition, "medicine": suggest_medicine}.get(row.key)
    return (suggest(list_name(row.value)) or "") if suggest is not None else ""


__all__ = [
    "ReadAs",
    "allergy_name",
    "as_written",
    "condition_of",
    "is_unread",
    "known_name",
    "medicine_name",
    "names_of",
    "of_no_concern",
    "read_as",
    "read_words",
    "suggested",
    "unread_of",
]
