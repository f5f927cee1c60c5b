"""The words of the consent to being in a group, and of what a program asks of who is there."""

from __future__ import annotations

from typing import Final

from evenkeel.clinic.programs.edits import KIND_WORDS, ROLE_WORDS
from evenkeel.clinic.programs.parts import Program

#: Clinic policy: no source read words such a consent. Plain, for reading age 12.
CONSENT_LINES: Final = (
    "I am treated together with other people, in one room. They see me and hear me.",
    "What others say or do there stays there. I tell nobody who is in the group.",
    "The clinic asks the same of everybody, and cannot promise that everybody keeps to it.",
    "My dose, my readings, my notes and my questionnaires stay in my own record. Nobody in the "
    "group sees them.",
    "I do not touch anybody in the group. I may be silent. I may leave the room; then somebody of "
    "the clinic stays with me.",
    "I can leave the group at any time and need give no reason. My other care goes on.",
)


def consent_words(name: str, program: Program) -> str:
    """The whole text that is read to the person: which group, of how many, and every line."""
    head = f"The group “{name}” ({program.title}), up to {program.most_people} people."
    return "\n".join((head, *CONSENT_LINES))


def asked_words(program: Program, kind: str) -> list[str]:
    """Who a program wants there at a kind of visit: "2 session nurses in the room"."""
    places = {"room": "in the room", "site": "on site"}
    return [
        f"{s.count} {ROLE_WORDS[s.role]}{'' if s.count == 1 else 's'} {places[s.where]}"
        for s in program.staffing
        if s.at == kind
    ]


def kind_words(kind: str) -> str:
    """A kind of visit in a sentence: "dosing session"."""
    return KIND_WORDS[kind]
