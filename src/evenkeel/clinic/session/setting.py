"""The room over a session as a function of its events: light, music, people, touch, disturbances.

Pure, as the timeline is; a setting is described and never scored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evenkeel.clinic.session.phases import standing
from evenkeel.clinic.session.setting_events import (
    PERSON_ROLES,
    SETTING_KINDS,
    setting_words,
)
from evenkeel.clinic.session.setting_items import setting_list


@dataclass(frozen=True, slots=True)
class Stretch:
    """What lasted from a time to a time; ``until`` is ``None`` while it goes on."""

    what: str
    since: datetime
    until: datetime | None = None
    more: str = ""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened in the room."""

    at: datetime
    kind: str
    words: str
    by: str


@dataclass(frozen=True, slots=True)
class Setting:
    """The setting as it stands: the room in words, music and people with times, what happened."""

    room: tuple[tuple[str, str], ...] = ()
    music: tuple[Stretch, ...] = ()
    people: tuple[Stretch, ...] = ()
    happenings: tuple[Happening, ...] = ()
    steps_done: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def marks(self) -> list[tuple[datetime, str]]:
        """What belongs on a drawn timeline: pieces of music, and what happened in the room."""
        return [(m.since, f"“{m.what}”") for m in self.music] + [
            (h.at, h.words) for h in self.happenings
        ]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written down yet."""
        return not (self.room or self.music or self.people or self.happenings)


def read_setting(events: Iterable[Any]) -> Setting:
    """The setting in a session's events, in any order; what was corrected or struck is left out."""
    # only what is about the room, and what may have struck it out
    told = [e for e in events if e.kind in SETTING_KINDS or e.supersedes_id]
    stands = [e for e in standing(told) if e.kind in SETTING_KINDS]
    room: dict[str, str] = {}
    for event in stands:
        if event.kind == "setting":
            room |= {k: v for k, v in event.body.get("items", {}).items() if v}
    steps: dict[str, datetime] = {}
    for event in stands:
        if event.kind == "guide_step":
            steps.pop(event.body["step"], None)
            if event.body["done"]:
                steps[event.body["step"]] = event.happened_at
    return Setting(
        room=tuple((i.title, room[i.id]) for i in setting_list().in_words if i.id in room),
        music=_music([e for e in stands if e.kind == "music"]),
        people=_people([e for e in stands if e.kind in ("person_entered", "person_left")]),
        happenings=tuple(
            Happening(e.happened_at, e.kind, setting_words(e.kind, e.body), e.actor_name)
            for e in stands
            if e.kind in ("touch", "stop_word", "intervention", "disturbance")
        ),
        steps_done=steps,
    )


def _music(events: Sequence[Any]) -> tuple[Stretch, ...]:
    """The playlist with its times; a new piece ends the one before."""
    found: list[Stretch] = []
    for event in events:
        body, at = event.body, event.happened_at
        if body["what"] == "volume":
            continue
        if found and found[-1].until is None:
            last = found.pop()
            found.append(Stretch(last.what, last.since, at, last.more))
        if body["what"] != "stop":
            asked = "the person asked for it" if body.get("asked_by") == "person" else ""
            more = ", ".join(filter(None, (body.get("volume", ""), asked)))
            found.append(Stretch(body["title"], at, None, more))
    return tuple(found)


def _people(events: Sequence[Any]) -> tuple[Stretch, ...]:
    """Who was in the room from when to when; somebody who left without having come is kept too."""
    found: list[Stretch] = []
    for event in events:
        body, at = event.body, event.happened_at
        here = next(
            (n for n, s in enumerate(found) if s.what == body["name"] and s.until is None), None
        )
        role = PERSON_ROLES.get(body.get("role", ""), "")
        if event.kind == "person_entered":
            if here is None:
                found.append(Stretch(body["name"], at, None, role))
            continue
        if here is None:
            found.append(Stretch(body["name"], at, at, role))
        else:
            old = found[here]
            found[here] = Stretch(old.what, old.since, at, old.more)
    return tuple(found)
