"""A program as the fields of a form, and back; and what one states otherwise than another. Pure.

What a clinic writes otherwise becomes its own policy: the mark changes, and the citation goes.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from evenkeel.clinic.programs.document import (
    STAFF,
    VISIT_KINDS,
    read_program,
)
from evenkeel.clinic.programs.parts import Program, ProgramError

SECTIONS: Final = {
    "about": "About it",
    "visits": "The way",
    "steps": "Steps of a dosing session",
    "checklist": "Checklists",
    "staffing": "Who is there",
}
ROLE_WORDS: Final = {
    "prescriber": "prescriber",
    "session_nurse": "session nurse",
    "therapist": "therapist",
}
KIND_WORDS: Final = {
    "preparation": "preparation",
    "dosing": "dosing session",
    "integration": "integration",
}
_LINE: Final = re.compile(r"(preparation|dosing|integration)[\s,]+(\d{1,3})\s*(?:min)?", re.I)
_SPAN: Final = re.compile(r"(\d{1,3})\s*(?:-|–|to)\s*(\d{1,3})|(\d{1,3})")
POLICY: Final = "clinic policy"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form: ``name`` like ``steps.debrief.what``, ``value`` as it is typed.

    ``mark`` and ``source`` say where the entry behind it comes from.
    """

    section: str
    name: str
    label: str
    value: str
    kind: str  # "line", "words", "number"
    group: str = ""
    mark: str = ""
    source: str = ""
    url: str = ""


def document_text(document: Mapping[str, Any]) -> str:
    """The document as it is stored and hashed."""
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True)


def fields_of(program: Program) -> list[Field]:
    """Everything of a program that a clinic may word otherwise."""
    found = [
        Field("about", "about.title", "Title", program.title, "line"),
        Field("about", "about.summary", "In a few words", program.summary, "words"),
        Field(
            "about", "about.most_people", "Most people at once", str(program.most_people), "number"
        ),
        Field("visits", "visits", "Visits, one a line", visit_lines(program), "words"),
    ]
    for step in program.steps:
        backing = _backing(step)
        place = f"steps.{step.id}"
        minutes = "" if step.minutes is None else f"{step.minutes[0]}-{step.minutes[1]}"
        found += [
            Field("steps", f"{place}.title", "Title", step.title, "line", step.title, *backing),
            Field("steps", f"{place}.what", "What is done", step.what, "words", step.title),
            Field("steps", f"{place}.minutes", "Minutes", minutes, "number", step.title),
        ]
    for item in program.checklist:
        backing, place = _backing(item), f"checklist.{item.id}"
        group = f"{item.title} ({KIND_WORDS[item.at]})"
        found += [
            Field("checklist", f"{place}.title", "Title", item.title, "line", group, *backing),
            Field("checklist", f"{place}.what", "What it means", item.what, "words", group),
            Field(
                "checklist", f"{place}.own_words", "What the person ticks", item.own_words,
                "line", group,
            ),
        ]  # fmt: skip
    counts = {(s.at, s.role): s for s in program.staffing}
    for kind in dict.fromkeys(visit.kind for visit in program.visits):
        for role in STAFF:
            held = counts.get((kind, role))
            label = f"{ROLE_WORDS[role].capitalize()}, {KIND_WORDS[kind]}"
            count = str(held.count) if held else "0"
            backing = _backing(held) if held else ("", "", "")
            found.append(
                Field("staffing", f"staffing.{kind}.{role}", label, count, "number", "", *backing)
            )
    return found


def _backing(part: Any) -> tuple[str, str, str]:
    source = part.source
    return part.mark, source.title if source else POLICY, source.url if source else ""


def visit_lines(program: Program) -> str:
    """The way as it is typed: a kind and its minutes a line."""
    return "\n".join(f"{visit.kind} {visit.minutes}" for visit in program.visits)


def apply(document: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """The document with what was typed. Raises :class:`ProgramError` naming the field.

    ``given`` maps names of :func:`fields_of` to text; ``drop.ID`` takes a line of a checklist out,
    ``new.at``, ``new.title``, ``new.what`` and ``new.own_words`` add one.
    """
    out = copy.deepcopy(dict(document))
    for name in ("title", "summary"):
        out[name] = _typed(given, f"about.{name}", out[name])
    out["most_people"] = _count(given, "about.most_people", out["most_people"], low=1)
    before = read_program(document, name=str(document["title"]))
    lines = given.get("visits")
    if lines is not None and _read_lines(lines) != _read_lines(visit_lines(before)):
        out["visits"] = [
            {"kinds": [kind], "times": 1, "minutes": {kind: minutes}, "mark": POLICY}
            for kind, minutes in _read_lines(lines)
        ]
    for step in out["steps"]:
        place = f"steps.{step['id']}"
        typed = {n: _typed(given, f"{place}.{n}", step[n]) for n in ("title", "what")}
        minutes = _span(given, f"{place}.minutes", step.get("minutes"))
        _put(step, typed | {"minutes": minutes})
    out["checklist"] = [i for i in out["checklist"] if not given.get(f"drop.{i['id']}")]
    for item in out["checklist"]:
        place = f"checklist.{item['id']}"
        names = ("title", "what", "own_words")
        _put(item, {n: _typed(given, f"{place}.{n}", item.get(n, "")) for n in names})
    if given.get("new.title", "").strip():
        out["checklist"].append(_new_item(out, given))
    out["staffing"] = _staffing(out, given)
    _drop_unused_sources(out)
    return out


def _put(part: dict[str, Any], typed: Mapping[str, Any]) -> None:
    """Write what was typed into an entry; where it says something else it is the clinic's now."""
    changed = {n: v for n, v in typed.items() if v != (part.get(n) or ("" if v == "" else None))}
    if not changed:
        return
    part.update(changed)
    if part.get("minutes", 1) is None:
        part.pop("minutes")
    part["mark"] = POLICY
    part.pop("source", None)


def _typed(given: Mapping[str, str], name: str, before: str) -> str:
    return given[name].strip().replace("\r\n", "\n") if name in given else before


def _count(given: Mapping[str, str], name: str, before: int, *, low: int = 0) -> int:
    text = given.get(name, str(before)).strip()
    if not text.isdecimal() or not low <= int(text[:6]) <= 12:
        raise ProgramError("the program", name, f"must be a whole number from {low} to 12")
    return int(text)


def _span(given: Mapping[str, str], name: str, before: Any) -> list[int] | None:
    if name not in given:
        return before  # type: ignore[no-any-return]
    text = given[name].strip()
    if not text:
        return None
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ProgramError("the program", name, "must be minutes like 20-30")
    low, high, alone = found.groups()
    return [int(low or alone), int(high or alone)]


def _read_lines(text: str) -> list[tuple[str, int]]:
    found = []
    for number, line in enumerate(filter(None, (row.strip() for row in text.splitlines())), 1):
        match = _LINE.fullmatch(line)
        if match is None:
            raise ProgramError(
                "the program",
                "visits",
                f"line {number} is “{line[:40]}”; write a kind and minutes, like “dosing 150”",
            )
        found.append((match[1].lower(), int(match[2])))
    return found


def _new_item(document: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    title = given["new.title"].strip()
    base = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:30] or "own"
    taken = {item["id"] for item in document["checklist"]}
    names = (base, *(f"{base}_{n}" for n in range(2, 100)))
    return {
        "id": next(name for name in names if name not in taken),
        "at": given.get("new.at", VISIT_KINDS[0]),
        "title": title,
        "what": given.get("new.what", "").strip(),
        "own_words": given.get("new.own_words", "").strip(),
        "mark": POLICY,
    }


def _staffing(document: Mapping[str, Any], given: Mapping[str, str]) -> list[dict[str, Any]]:
    """Who is there, as typed; in the order of the document, what is new after it."""
    held = {(s["at"], s["role"]): s for s in document["staffing"]}
    kinds = dict.fromkeys(kind for block in document["visits"] for kind in block["kinds"])
    every = [*held, *((kind, role) for kind in kinds for role in STAFF if (kind, role) not in held)]
    found = []
    for kind, role in every:
        part = held.get((kind, role))
        before = part["count"] if part else 0
        count = _count(given, f"staffing.{kind}.{role}", before)
        if count == 0 or kind not in kinds:
            continue
        if part is not None and count == before:
            found.append(part)
            continue
        where = part["where"] if part else "site" if role == "prescriber" else "room"
        found.append({"at": kind, "role": role, "count": count, "where": where, "mark": POLICY})
    return found


def _drop_unused_sources(document: dict[str, Any]) -> None:
    cited = {
        part.get("source")
        for name in ("visits", "steps", "checklist", "staffing")
        for part in document[name]
    }
    document["sources"] = {k: v for k, v in document["sources"].items() if k in cited}


@dataclass(frozen=True, slots=True)
class Change:
    """One field as it was and as it is; empty where it was not there."""

    section: str
    what: str
    was: str
    now: str


def changes(before: Program, after: Program) -> Sequence[Change]:
    """What ``after`` states otherwise than ``before``, in the order of the form."""
    old = {field.name: field for field in fields_of(before)}
    new = {field.name: field for field in fields_of(after)}
    found = []
    for name in dict.fromkeys((*old, *new)):
        was, now = old.get(name), new.get(name)
        shown = now or was
        assert shown is not None
        values = (was.value if was else "", now.value if now else "")
        if values[0] != values[1]:
            what = f"{shown.group}: {shown.label.lower()}" if shown.group else shown.label
            found.append(Change(SECTIONS[shown.section], what, *values))
    return found
