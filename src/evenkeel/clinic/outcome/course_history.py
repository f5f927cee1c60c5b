"""How a course came to stand where it stands, read from its versions in the record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from evenkeel.clinic.course.models import Course, CourseState
from evenkeel.clinic.record.models import ChainPayload, Version

#: The stretches drawn on the story line: the three states before the first dose are one.
_STRETCH: Final[dict[str, str]] = {
    "referred": "Before",
    "screening": "Before",
    "consented": "Before",
    "induction": "Induction",
    "maintenance": "Maintenance",
    "paused": "Paused",
}


@dataclass(frozen=True, slots=True)
class StateSpell:
    """A state and the moment it began."""

    state: str
    since: datetime

    @property
    def label(self) -> str:
        """The state in words."""
        return str(dict(CourseState.choices).get(self.state, self.state))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of the story line; without an end it lasts until today."""

    label: str
    start: datetime
    end: datetime | None


def spells_of(course: Course) -> list[StateSpell]:
    """Every state of the course with its beginning, the first first. One query.

    A version whose payload was erased lawfully is passed over; the row itself always counts.
    """
    label = Course._meta.label_lower
    wrote = Version.objects.filter(kind=label, object_id=course.pk).values("position")
    bodies = (
        ChainPayload.objects.filter(position__in=wrote)
        .order_by("position")
        .values_list("body", flat=True)
    )
    states = [state for body in bodies for state in _states(body, label, str(course.pk))]
    spells = [StateSpell(s["state"], _moment(s["state_since"])) for s in states]
    return _without_repeats([*spells, StateSpell(course.state, course.state_since)])


def stretches(spells: Sequence[StateSpell]) -> list[Stretch]:
    """The story line's parts, neighbors of the same name joined; nothing once it is closed."""
    found: list[Stretch] = []
    for spell, after in zip(spells, [*spells[1:], None], strict=True):
        label = _STRETCH.get(spell.state)
        if label is None:
            continue
        end = after.since if after else None
        if found and found[-1].label == label and found[-1].end == spell.since:
            found[-1] = Stretch(label, found[-1].start, end)
        else:
            found.append(Stretch(label, spell.since, end))
    return found


def _states(body: str, label: str, pk: str) -> Iterable[dict[str, Any]]:
    try:
        effects = json.loads(body).get("effects", [])
    except (ValueError, AttributeError):
        return
    for effect in effects:
        if effect.get("kind") == label and str(effect.get("id")) == pk and effect.get("state"):
            yield effect["state"]


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _without_repeats(spells: Sequence[StateSpell]) -> list[StateSpell]:
    kept: list[StateSpell] = []
    for spell in spells:
        if not kept or (kept[-1].state, kept[-1].since) != (spell.state, spell.since):
            kept.append(spell)
    return kept
