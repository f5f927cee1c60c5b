"""What an alarm is, and what a reading holds. What sounds when stands in ``watching``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Final, Literal

from .errors import ProtocolError
from .naming import plain
from .sources import Source, read_json

AlarmLevel = Literal["inform", "review", "hold", "emergency"]
ALARM_LEVELS: Final[tuple[AlarmLevel, ...]] = ("inform", "review", "hold", "emergency")

#: The symptoms a page offers and the case format lists.
SYMPTOMS: Final = (
    "chest_pain",
    "dyspnea",
    "severe_headache",
    "headache",
    "visual_disturbance",
    "confusion",
    "nausea",
    "vomiting",
    "dizziness",
    "agitation",
    "anxiety",
    "palpitations",
    "syncope",
    "seizure",
    "unresponsive",
    "urinary_symptoms",
    "focal_deficit",
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One observation. None is "not measured". ``symptoms`` in any spelling, listed or not.

    ``asked`` says that symptoms were asked for: with none named there are none.
    """

    at: datetime
    sbp_mmhg: float | None = None
    dbp_mmhg: float | None = None
    heart_rate_bpm: float | None = None
    spo2_percent: float | None = None
    respiratory_rate_per_min: float | None = None
    moaas: float | None = None
    dissociation_0_10: float | None = None
    symptoms: tuple[str, ...] = field(default=())
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing to sound, or with ``inform`` only to show.

    ``value`` is what was measured, ``threshold`` the protocol key it passed ("" for symptoms),
    ``look_at`` what a person at the chair does first, ``why`` the limit and the reason for it in
    one sentence. ``subject`` is what the alarm is about: two of one subject are the same alarm,
    whatever their level.
    """

    id: str
    level: AlarmLevel
    statement: str
    value: str
    look_at: str
    threshold: str
    source: Source
    why: str = ""
    about: str = ""

    @property
    def subject(self) -> str:
        """The subject; the id where nothing else was said."""
        return self.about or self.id


def rank(level: AlarmLevel) -> int:
    """How bad a level is."""
    return ALARM_LEVELS.index(level)


def one_louder(level: AlarmLevel) -> AlarmLevel:
    """The next level up; an emergency stays one."""
    return ALARM_LEVELS[min(rank(level) + 1, len(ALARM_LEVELS) - 1)]


@dataclass(frozen=True, slots=True)
class Symptom:
    """A symptom the product knows. ``organ``: a sign of organ damage in the source's list."""

    code: str
    level: AlarmLevel
    organ: bool
    names: tuple[str, ...]


@cache
def known_symptoms() -> dict[str, Symptom]:
    """Return code -> symptom, in the order of the data file."""
    raw = read_json("lists", "symptoms.json")
    return {
        entry["code"]: Symptom(
            entry["code"], entry["level"], bool(entry.get("organ")), tuple(entry["names"])
        )
        for entry in raw["symptoms"]
    }


@cache
def _symptom_names() -> dict[str, str]:
    table: dict[str, str] = {}
    for symptom in known_symptoms().values():
        for name in (symptom.code, *symptom.names):
            if table.setdefault(plain(name), symptom.code) != symptom.code:
                raise ProtocolError("symptoms.json", f"the name {name!r} stands twice")
    return table


def symptom_code(name: str) -> str:
    """Return the code of a symptom written in any known way, else its plain words."""
    words = plain(name)
    return _symptom_names().get(words, words)
