"""What an alarm is, and what a reading holds. What sounds when stands in ``watching``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Final, Literal

from .errors import ProtocolError
from .naming import find_all, plain
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


_LONG_WORD: Final = 7
_NOT_NOW: Final = frozenset(
    {"no", "not", "denies", "denied", "without", "never", "negative", "history", "family", "past"}
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


@cache
def _grave_names() -> dict[str, str]:
    """Names of emergencies that may be recognized inside a sentence; short words are no such."""
    emergencies = {code for code, one in known_symptoms().items() if one.level == "emergency"}
    return {
        name: code
        for name, code in _symptom_names().items()
        if code in emergencies and (" " in name or len(name) >= _LONG_WORD)
    }


def symptom_code(name: str) -> str:
    """Return the code of a symptom written in any known way, else its plain words.

    An emergency named inside a sentence ("crushing chest pain into the arm") is recognized,
    unless the sentence denies it or speaks of the past; nothing milder is, for "severe nausea"
    is not nausea alone.
    """
    words = plain(name)
    known = _symptom_names().get(words)
    if known is not None:
        return known
    if _NOT_NOW & set(words.split()):
        return words
    grave = find_all(words, _grave_names())
    return grave[0] if grave else words
