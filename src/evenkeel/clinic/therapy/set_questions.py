"""What is asked of the set: the person's own part, and the therapist's notes beside it.

The scales are words of this house, [clinic policy]: no validated instrument, and no sum is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

LONGEST: Final = 2000
SCALE: Final = range(11)


@dataclass(frozen=True, slots=True)
class SetQuestion:
    """One question. ``kind``: ``words``, ``line`` or ``scale`` (0 to 10, ``ends`` say of what)."""

    key: str
    side: str
    kind: str
    label: str
    asked: str
    help: str = ""
    ends: tuple[str, str] = ("", "")


QUESTIONS: Final[tuple[SetQuestion, ...]] = (
    SetQuestion(
        "intention", "patient", "words", "Intention", "Why do you come? One line is enough."
    ),
    SetQuestion(
        "expectations",
        "patient",
        "words",
        "Expectations",
        "What do you hope will change?",
        "It may also change nothing. Both happen.",
    ),
    SetQuestion("fears", "patient", "words", "Fears", "What are you afraid of?"),
    SetQuestion(
        "readiness",
        "patient",
        "scale",
        "Readiness",
        "How ready do you feel?",
        ends=("not at all", "fully"),
    ),
    SetQuestion(
        "calm", "patient", "scale", "Calm", "How calm are you?", ends=("not at all", "very")
    ),
    SetQuestion(
        "open",
        "patient",
        "scale",
        "Open to what comes",
        "How open are you to what may come up?",
        ends=("not at all", "very"),
    ),
    SetQuestion(
        "trust",
        "patient",
        "scale",
        "Trust in the people there",
        "How much do you trust the people who will be with you?",
        ends=("not at all", "fully"),
    ),
    SetQuestion(
        "past",
        "patient",
        "words",
        "From the past",
        "Did something bad happen to you that we should know?",
        "Only if you want. You can also say it, or not.",
    ),
    SetQuestion(
        "closeness",
        "patient",
        "words",
        "Closeness",
        "What helps you feel safe with others? What does not?",
    ),
    SetQuestion(
        "music", "patient", "words", "Music", "What would you like to hear, or is quiet better?"
    ),
    SetQuestion(
        "call_name", "patient", "line", "Who to call", "Who should we call if you need somebody?"
    ),
    SetQuestion("call_phone", "patient", "line", "Their number", "Their phone number"),
    SetQuestion(
        "trauma_note", "therapist", "words", "Trauma", "Trauma: what matters for the session"
    ),
    SetQuestion("attachment_note", "therapist", "words", "Attachment", "Attachment and closeness"),
    SetQuestion(
        "readiness_note", "therapist", "words", "Readiness", "Readiness, as the therapist sees it"
    ),
    SetQuestion(
        "plan_note",
        "therapist",
        "words",
        "If it gets hard",
        "What helps this person if it gets hard",
    ),
)


def asked_of(side: str) -> tuple[SetQuestion, ...]:
    """The questions of one side."""
    return tuple(q for q in QUESTIONS if q.side == side)


def read_answers(side: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What was answered of one side's questions, and what is wrong by key. Empty is no answer."""
    found: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for question in asked_of(side):
        typed = given.get(question.key, "")
        text = typed.strip().replace("\r\n", "\n") if isinstance(typed, str) else ""
        if not text:
            continue
        if question.kind == "scale":
            if not text.isdecimal() or int(text[:3]) not in SCALE:
                wrong[question.key] = "Choose a number from 0 to 10."
                continue
            found[question.key] = int(text)
            continue
        limit = 160 if question.kind == "line" else LONGEST
        if len(text) > limit or "\x00" in text:
            wrong[question.key] = f"At most {limit} characters."
            continue
        found[question.key] = text
    return found, wrong
