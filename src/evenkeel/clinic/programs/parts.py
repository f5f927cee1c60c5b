"""The parts of a program as plain values, and what is raised where one does not hold together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


class ProgramError(Exception):
    """A program does not hold together. ``place`` is where, like ``steps[2].mark``."""

    def __init__(self, name: str, place: str, message: str) -> None:
        super().__init__(f"{name}: {place}: {message}" if place else f"{name}: {message}")
        self.name, self.place, self.message = name, place, message


@dataclass(frozen=True, slots=True)
class Source:
    """One citation. ``kind``: ``primary`` for the source itself, ``secondary`` for a retelling."""

    title: str
    url: str
    kind: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit of the way; ``number`` counts within its kind from 1, ``minutes`` is its length."""

    kind: str
    number: int
    minutes: int
    mark: str
    source: Source | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a dosing session; ``minutes`` is (least, most), or ``None``."""

    id: str
    title: str
    what: str
    minutes: tuple[int, int] | None
    mark: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a checklist at a kind of visit; without ``own_words`` it is the staff's alone."""

    id: str
    at: str
    title: str
    what: str
    own_words: str
    mark: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Staffing:
    """How many of a role are there at a kind of visit; ``where``: in the room, or on site."""

    at: str
    role: str
    count: int
    where: str
    mark: str
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """A program that was read. ``routes`` are those of the products it is made for."""

    id: str
    version: str
    title: str
    summary: str
    routes: tuple[str, ...]
    has_therapy: bool
    needs_touch_agreement: bool
    most_people: int
    visits: tuple[Visit, ...]
    steps: tuple[Step, ...]
    checklist: tuple[Item, ...]
    staffing: tuple[Staffing, ...]
    not_known: tuple[str, ...]
    sources: Mapping[str, Source]

    def count(self, kind: str) -> int:
        """How many visits of a kind the way has."""
        return sum(visit.kind == kind for visit in self.visits)

    def items_at(self, kind: str) -> tuple[Item, ...]:
        """The checklist of a kind of visit."""
        return tuple(item for item in self.checklist if item.at == kind)

    def item(self, item_id: str) -> Item | None:
        """The line of the checklist with this id."""
        return next((item for item in self.checklist if item.id == item_id), None)
