"""A program as data: which visits in which order, what is gone through, by whom, from which source.

Pure: reads a document and refuses one that does not hold together, naming the place. A shipped
program is one file in ``shipped/``; a clinic's own version is the same document, stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Final

from evenkeel.clinic.programs.parts import (
    Item,
    Program,
    ProgramError,
    Source,
    Staffing,
    Step,
    Visit,
)

VISIT_KINDS: Final = ("preparation", "dosing", "integration")
MARKS: Final = ("sourced", "derived", "clinic policy")
ROUTES: Final = ("nasal", "intravenous", "intramuscular", "subcutaneous", "oral", "sublingual")
STAFF: Final = ("prescriber", "session_nurse", "therapist")
#: The one place where a dose is given. Anything else is no program of this house.
PREMISES: Final = "premises"
MOST_VISITS: Final = 60
MOST_BYTES: Final = 100_000


_KEYS: Final = {
    "": frozenset(
        {
            "id", "version", "title", "summary", "place", "routes", "therapy", "touch_agreement",
            "most_people", "visits", "steps", "checklist", "staffing", "not_known", "sources",
        }
    ),
    "visits": frozenset({"kinds", "times", "minutes", "mark", "source", "note"}),
    "steps": frozenset({"id", "title", "what", "minutes", "mark", "source"}),
    "checklist": frozenset({"id", "at", "title", "what", "own_words", "mark", "source"}),
    "staffing": frozenset({"at", "role", "count", "where", "mark", "source"}),
    "sources": frozenset({"title", "url", "kind", "note"}),
}  # fmt: skip
_MAY_LACK: Final = frozenset({"source", "note", "times", "minutes", "own_words", "not_known"})


class _Reader:
    """Reads one document; every refusal names the place."""

    def __init__(self, name: str, document: Any) -> None:
        self.name = name
        if not isinstance(document, dict):
            raise ProgramError(name, "", "a program is an object with named parts")
        self.document = document
        self.sources: dict[str, Source] = {}
        self.cited: set[str] = set()

    def refuse(self, place: str, message: str) -> ProgramError:
        return ProgramError(self.name, place, message)

    def keys(self, part: Mapping[str, Any], kind: str, place: str) -> None:
        unknown = sorted(map(str, part.keys() - _KEYS[kind]))
        if unknown:
            raise self.refuse(_at(place, unknown[0]), "is not known here")
        missing = sorted(_KEYS[kind] - part.keys() - _MAY_LACK)
        if missing:
            raise self.refuse(_at(place, missing[0]), "is missing")

    def text(self, value: Any, place: str, limit: int, *, may_be_empty: bool = False) -> str:
        if not isinstance(value, str) or (not value.strip() and not may_be_empty):
            raise self.refuse(place, "must be words")
        if len(value) > limit:
            raise self.refuse(place, f"has {len(value)} characters; at most {limit} fit")
        return value.strip()

    def number(self, value: Any, place: str, low: int, high: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.refuse(place, f"must be a whole number from {low} to {high}")
        return value

    def choice(self, value: Any, place: str, options: Sequence[str]) -> str:
        if not isinstance(value, str) or value not in options:
            raise self.refuse(place, "must be one of " + ", ".join(options))
        return value

    def yes_no(self, value: Any, place: str) -> bool:
        if not isinstance(value, bool):
            raise self.refuse(place, "must be true or false")
        return value

    def parts(self, name: str) -> list[tuple[str, dict[str, Any]]]:
        value = self.document[name]
        if not isinstance(value, list):
            raise self.refuse(name, "must be a list")
        found = []
        for number, part in enumerate(value):
            place = f"{name}[{number}]"
            if not isinstance(part, dict):
                raise self.refuse(place, "must be an object with named parts")
            self.keys(part, name, place)
            found.append((place, part))
        return found

    def backing(self, part: Mapping[str, Any], place: str) -> tuple[str, Source | None]:
        """The mark of an entry and its source; whatever is sourced or derived names one."""
        mark = self.choice(part["mark"], f"{place}.mark", MARKS)
        key = part.get("source")
        if key is None:
            if mark != "clinic policy":
                raise self.refuse(f"{place}.source", f"is missing: the entry is marked {mark}")
            return mark, None
        if not isinstance(key, str) or key not in self.sources:
            raise self.refuse(f"{place}.source", f"names “{key}”, which is not among the sources")
        self.cited.add(key)
        return mark, self.sources[key]

    def read_sources(self) -> None:
        value = self.document["sources"]
        if not isinstance(value, dict):
            raise self.refuse("sources", "must be an object")
        for key, part in value.items():
            place = f"sources.{key}"
            if not isinstance(part, dict):
                raise self.refuse(place, "must be an object with named parts")
            self.keys(part, "sources", place)
            url = self.text(part["url"], f"{place}.url", 400)
            if not url.startswith(("https://", "http://")):
                raise self.refuse(f"{place}.url", "must be a web address")
            self.sources[str(key)] = Source(
                self.text(part["title"], f"{place}.title", 200),
                url,
                self.choice(part["kind"], f"{place}.kind", ("primary", "secondary")),
                self.text(part.get("note", ""), f"{place}.note", 300, may_be_empty=True),
            )

    def read_visits(self) -> tuple[Visit, ...]:
        found: list[Visit] = []
        counts = dict.fromkeys(VISIT_KINDS, 0)
        for place, part in self.parts("visits"):
            kinds = part["kinds"]
            if not isinstance(kinds, list) or not kinds:
                raise self.refuse(f"{place}.kinds", "must list at least one kind of visit")
            kinds = [
                self.choice(k, f"{place}.kinds[{n}]", VISIT_KINDS) for n, k in enumerate(kinds)
            ]
            minutes = part.get("minutes")
            if not isinstance(minutes, dict) or set(minutes) != set(kinds):
                raise self.refuse(f"{place}.minutes", "must give the minutes of each kind in it")
            long = {
                kind: self.number(value, f"{place}.minutes.{kind}", 10, 480)
                for kind, value in minutes.items()
            }
            mark, source = self.backing(part, place)
            note = self.text(part.get("note", ""), f"{place}.note", 300, may_be_empty=True)
            for _ in range(self.number(part.get("times", 1), f"{place}.times", 1, 30)):
                for kind in kinds:
                    counts[kind] += 1
                    found.append(Visit(kind, counts[kind], long[kind], mark, source, note))
            if len(found) > MOST_VISITS:
                raise self.refuse(place, f"makes more than {MOST_VISITS} visits")
        return tuple(found)

    def read_steps(self) -> tuple[Step, ...]:
        found = []
        for place, part in self.parts("steps"):
            mark, source = self.backing(part, place)
            found.append(
                Step(
                    self.id_of(part["id"], f"{place}.id"),
                    self.text(part["title"], f"{place}.title", 80),
                    self.text(part["what"], f"{place}.what", 400),
                    self.span(part.get("minutes"), f"{place}.minutes"),
                    mark,
                    source,
                )
            )
        self.once([step.id for step in found], "steps")
        return tuple(found)

    def span(self, value: Any, place: str) -> tuple[int, int] | None:
        if value is None:
            return None
        if not isinstance(value, list) or len(value) != 2:
            raise self.refuse(place, "must be two numbers, least and most")
        low, high = (self.number(v, f"{place}[{n}]", 1, 480) for n, v in enumerate(value))
        if low > high:
            raise self.refuse(place, f"says least {low} and most {high}")
        return low, high

    def read_checklist(self) -> tuple[Item, ...]:
        found = []
        for place, part in self.parts("checklist"):
            mark, source = self.backing(part, place)
            found.append(
                Item(
                    self.id_of(part["id"], f"{place}.id"),
                    self.choice(part["at"], f"{place}.at", VISIT_KINDS),
                    self.text(part["title"], f"{place}.title", 120),
                    self.text(part["what"], f"{place}.what", 400, may_be_empty=True),
                    self.text(
                        part.get("own_words", ""), f"{place}.own_words", 200, may_be_empty=True
                    ),
                    mark,
                    source,
                )
            )
        self.once([item.id for item in found], "checklist")
        return tuple(found)

    def read_staffing(self) -> tuple[Staffing, ...]:
        found = []
        for place, part in self.parts("staffing"):
            mark, source = self.backing(part, place)
            found.append(
                Staffing(
                    self.choice(part["at"], f"{place}.at", VISIT_KINDS),
                    self.choice(part["role"], f"{place}.role", STAFF),
                    self.number(part["count"], f"{place}.count", 1, 10),
                    self.choice(part["where"], f"{place}.where", ("room", "site")),
                    mark,
                    source,
                )
            )
        self.once([f"{s.at} {s.role}" for s in found], "staffing")
        return tuple(found)

    def id_of(self, value: Any, place: str) -> str:
        name = self.text(value, place, 40)
        if not name.replace("_", "").isalnum() or not name.isascii() or name != name.lower():
            raise self.refuse(place, "may have small letters, digits and _ only")
        return name

    def once(self, ids: Sequence[str], place: str) -> None:
        for number, one in enumerate(ids):
            if one in ids[:number]:
                raise self.refuse(f"{place}[{number}]", f"“{one}” stands there twice")


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def read_program(document: Any, *, name: str) -> Program:
    """The program a document describes. Raises :class:`ProgramError` naming the place."""
    reader = _Reader(name, document)
    reader.keys(document, "", "")
    place = document["place"]
    if place != PREMISES:
        raise reader.refuse(
            "place",
            f"is “{place!s:.40}”: every dose of a program is given on the premises, "
            f"so it can only be “{PREMISES}”",
        )
    reader.read_sources()
    routes = document["routes"]
    if not isinstance(routes, list) or not routes:
        raise reader.refuse("routes", "must list at least one route")
    not_known = document.get("not_known", [])
    if not isinstance(not_known, list):
        raise reader.refuse("not_known", "must be a list")
    program = Program(
        id=reader.id_of(document["id"], "id"),
        version=reader.text(document["version"], "version", 20),
        title=reader.text(document["title"], "title", 80),
        summary=reader.text(document["summary"], "summary", 400),
        routes=tuple(reader.choice(r, f"routes[{n}]", ROUTES) for n, r in enumerate(routes)),
        has_therapy=reader.yes_no(document["therapy"], "therapy"),
        needs_touch_agreement=reader.yes_no(document["touch_agreement"], "touch_agreement"),
        most_people=reader.number(document["most_people"], "most_people", 1, 12),
        visits=reader.read_visits(),
        steps=reader.read_steps(),
        checklist=reader.read_checklist(),
        staffing=reader.read_staffing(),
        not_known=tuple(reader.text(v, f"not_known[{n}]", 300) for n, v in enumerate(not_known)),
        sources=reader.sources,
    )
    _hold_together(reader, program)
    return program


def _hold_together(reader: _Reader, program: Program) -> None:
    """What each part alone cannot know: the order of the visits, and what a program must have."""
    kinds = [visit.kind for visit in program.visits]
    if "dosing" not in kinds:
        raise reader.refuse("visits", "has no dosing session")
    first = kinds.index("dosing")
    last = len(kinds) - 1 - kinds[::-1].index("dosing")
    if "integration" in kinds[:first]:
        raise reader.refuse("visits", "has an integration before the first dosing session")
    if "preparation" in kinds[last:]:
        raise reader.refuse("visits", "has a preparation after the last dosing session")
    if program.has_therapy:
        if "preparation" not in kinds[:first]:
            raise reader.refuse("visits", "has therapy but no preparation before the first dose")
        if "integration" not in kinds[first:]:
            raise reader.refuse("visits", "has therapy but no integration after a dose")
        if not program.needs_touch_agreement:
            raise reader.refuse(
                "touch_agreement",
                "must be true: where there is therapy, touch and the stop word are agreed before "
                "the dose",
            )
    elif "preparation" in kinds or "integration" in kinds:
        raise reader.refuse("therapy", "is false, but there are talks among the visits")
    for number, item in enumerate(program.checklist):
        if item.at not in kinds:
            raise reader.refuse(
                f"checklist[{number}].at", f"there is no {item.at} among the visits"
            )
    for number, staff in enumerate(program.staffing):
        if staff.at not in kinds:
            raise reader.refuse(
                f"staffing[{number}].at", f"there is no {staff.at} among the visits"
            )
    for kind in dict.fromkeys(kinds):
        if not any(staff.at == kind for staff in program.staffing):
            raise reader.refuse("staffing", f"says nobody for {kind}")
    if not any(s.at == "dosing" and s.role == "session_nurse" for s in program.staffing):
        raise reader.refuse("staffing", "has no session nurse at the dosing session")
    if not program.steps:
        raise reader.refuse("steps", "has no step of the dosing session")
    unused = sorted(reader.sources.keys() - reader.cited)
    if unused:
        raise reader.refuse(f"sources.{unused[0]}", "is cited nowhere")


def read_text(text: str, *, name: str) -> Program:
    """The program in a text. Raises :class:`ProgramError`, also for what is no JSON."""
    if len(text.encode()) > MOST_BYTES:
        raise ProgramError(name, "", f"is larger than {MOST_BYTES // 1000} kB")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise ProgramError(name, "", "is not JSON") from None
    return read_program(document, name=name)


@cache
def shipped() -> Mapping[str, Program]:
    """The programs that come with the software, by id. Raises :class:`ProgramError`."""
    found = {}
    for file in sorted(_files(), key=lambda f: f.name):
        program = read_text(file.read_text(encoding="utf-8"), name=file.name)
        if f"{program.id}.json" != file.name:
            raise ProgramError(file.name, "id", f"is “{program.id}”, not the name of the file")
        found[program.id] = program
    return found


def shipped_document(program_id: str) -> dict[str, Any]:
    """The document of a shipped program. Raises ``KeyError`` for an unknown one."""
    for file in _files():
        if file.name == f"{program_id}.json":
            document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            return document
    raise KeyError(program_id)


def _files() -> list[Any]:
    folder = resources.files("evenkeel.clinic.programs") / "shipped"
    return [file for file in folder.iterdir() if file.name.endswith(".json")]
