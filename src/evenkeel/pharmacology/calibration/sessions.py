"""Recorded sessions: what was known of the person, what was given and when, what was read.

In memory, and as a file that ``evenkeel calibrate`` reads::

    {"format": "evenkeel-sessions/1", "title": "...", "sessions": [
      {"person": "p01", "session": 1, "drug": "racemic",
       "covariates": {"weight_kg": 78, "sbp_usual_mmhg": 128},
       "given": [{"from_min": 0, "regimen": "0.5 mg/kg iv over 40 min"},
                 {"from_min": 25, "regimen": "0.5 mg/kg iv over 40 min; halve the rate at 25 min"}],
       "readings": [{"at_min": 0, "kind": "sbp", "value": 131}]}]}

``given`` holds the whole regimen as it was known from each moment on, in words or as a regimen
document; each agrees with the one before it up to its moment. ``model`` may name the blood level's
model, else the default for drug and route answers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from ..choice import Drug, default_model
from ..effects import COVARIATES
from ..errors import PharmacologyError, RegimenError
from ..forecast import Observation
from ..forecast.observations import ReadingError, check
from ..model import Model
from ..model_file import load_model
from ..people import WEIGHT
from ..regimen import Regimen, check_agree
from ..regimen_words import Spoken, read_words
from ..regimen_written import FORMAT as REGIMEN_FORMAT
from ..regimen_written import read_document
from .score import UNITS

FORMAT = "evenkeel-sessions/1"
#: What a file may hold: enough for a busy clinic of some years, little enough to be read at once.
LARGEST_BYTES = 50_000_000
MOST_SESSIONS = 20_000
MOST_READINGS = 2_000
MOST_CHANGES = 200
LONGEST_MIN = 24 * 60
_KEYS = ("person", "session", "drug", "model", "covariates", "given", "regimen", "readings")
_READING_KEYS = ("at_min", "kind", "value", "id")


class SessionsError(PharmacologyError):
    """Sessions that cannot be replayed; says which of them and what is wrong."""

    code = "sessions"


@dataclass(frozen=True, eq=False)
class RecordedSession:
    """One session of one person, as it was recorded.

    ``given`` are (hours, regimen): the whole regimen as it was known from then on, the first from 0
    or before. ``covariates`` are those of ``Setting``. ``model`` is the id of the blood level's
    model, or "" for the default of the drug and its routes.
    """

    person: str
    number: int
    given: tuple[tuple[float, Regimen], ...]
    readings: tuple[Observation, ...]
    covariates: Mapping[str, float] = field(default_factory=dict)
    drug: Drug = "racemic"
    model: str = ""

    @property
    def id(self) -> str:
        """Tells sessions apart."""
        return f"{self.person}/{self.number}"

    def blood_model(self) -> Model:
        """The blood level's model. Raises ``PharmacologyError`` where there is none."""
        return load_model(self.model or default_model(self.drug, self.given[-1][1]))


def checked(session: RecordedSession) -> RecordedSession:
    """The session with its readings in order.

    Raises ``SessionsError`` for one that cannot be replayed: nothing given, regimens that
    contradict each other, readings of a kind that is not scored, too many of anything.
    """
    try:
        return _checked(session)
    except PharmacologyError as error:
        raise SessionsError(f"session {session.id}: {error}") from error


def _checked(session: RecordedSession) -> RecordedSession:
    if not session.person or len(session.person) > 64:
        raise SessionsError("a person's id has 1 to 64 characters")
    if isinstance(session.number, bool) or not 1 <= session.number <= 1000:
        raise SessionsError(f"sessions are counted from 1 to 1000, not {session.number}")
    if not 1 <= len(session.given) <= MOST_CHANGES:
        raise SessionsError(f"a session has 1 to {MOST_CHANGES} states of its regimen")
    if len(session.readings) > MOST_READINGS:
        raise SessionsError(f"a session may have {MOST_READINGS} readings")
    times = [at_h for at_h, _ in session.given]
    if times[0] > 0 or any(b <= a for a, b in pairwise(times)):
        raise SessionsError("regimens are known from 0 min on, each from later than the one before")
    for (_, known), (at_h, other) in pairwise(session.given):
        check_agree(known, other, at_h)
    model = session.blood_model()
    allowed = {*COVARIATES, *model.covariates, WEIGHT.name}
    for given in session.covariates:
        if given not in allowed:
            listed = ", ".join(sorted(allowed))
            raise SessionsError(f"there is no covariate {given!r}; there are: {listed}")
    check(session.readings, model)
    for one in session.readings:
        if one.kind not in UNITS or one.time_h * 60.0 > LONGEST_MIN:
            raise ReadingError(f"{one.words} is not scored: {', '.join(UNITS)} within a day are")
    return replace(session, readings=tuple(sorted(set(session.readings))))


def load_sessions(path: Path) -> tuple[RecordedSession, ...]:
    """The sessions of a file. Raises ``SessionsError``, naming the session and what is wrong."""
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise SessionsError(f"{path.name} is larger than {LARGEST_BYTES // 1_000_000} MB")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SessionsError(f"{path.name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SessionsError(f"{path.name} is not text in UTF-8") from None
    try:
        document = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise SessionsError(f"{path.name} is not JSON: {error}") from None
    return read_sessions(document)


def read_sessions(document: object) -> tuple[RecordedSession, ...]:
    """The sessions of a document, as ``json.loads`` gives it. Raises ``SessionsError``."""
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise SessionsError(f"the file must be an object with the format {FORMAT!r}")
    unknown = set(document) - {"format", "title", "sessions"}
    if unknown:
        raise SessionsError(f"the file has an unknown key {min(unknown)!r}"[:200])
    listed = document.get("sessions")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_SESSIONS:
        raise SessionsError(f"the key 'sessions' must be a list of 1 to {MOST_SESSIONS}")
    found = []
    for place, item in enumerate(listed, start=1):
        try:
            found.append(checked(_session(item)))
        except PharmacologyError as error:
            raise SessionsError(f"session {place} of the file: {error}") from error
    return in_order(found)


def in_order(sessions: Iterable[RecordedSession]) -> tuple[RecordedSession, ...]:
    """By person, and by number within one. Raises ``SessionsError`` for one that stands twice."""
    found = sorted(sessions, key=lambda one: (one.person, one.number))
    for one, other in pairwise(found):
        if one.id == other.id:
            raise SessionsError(f"session {one.id} stands twice")
    return tuple(found)


def _session(item: object) -> RecordedSession:
    if not isinstance(item, Mapping):
        raise SessionsError("a session must be an object")
    _only(item, _KEYS, "a session")
    if ("given" in item) == ("regimen" in item):
        raise SessionsError("a session has either 'given' or 'regimen'")
    listed = item["given"] if "given" in item else [{"from_min": 0, "regimen": item["regimen"]}]
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST_CHANGES:
        raise SessionsError(f"the key 'given' must be a list of 1 to {MOST_CHANGES}")
    states = [_state(state) for state in listed]
    drug = _drug(item, [spoken for _, spoken in states])
    person, number, covariates = item.get("person"), item.get("session"), item.get("covariates", {})
    if not isinstance(person, str) or isinstance(number, bool) or not isinstance(number, int):
        raise SessionsError("a session needs 'person', a text, and 'session', a whole number")
    if not isinstance(covariates, Mapping):
        raise SessionsError("the key 'covariates' must be an object")
    readings = item.get("readings")
    if not isinstance(readings, list) or len(readings) > MOST_READINGS:
        raise SessionsError(f"the key 'readings' must be a list of at most {MOST_READINGS}")
    model = item.get("model", "")
    if not isinstance(model, str) or "/" in model or model.endswith(".json"):
        raise SessionsError("the key 'model' must be the id of a bundled model")
    return RecordedSession(
        person=person,
        number=number,
        given=tuple((at_h, spoken.regimen) for at_h, spoken in states),
        readings=tuple(_reading(one, place) for place, one in enumerate(readings, start=1)),
        covariates={str(k): _number(v, f"covariate {k}") for k, v in covariates.items()},
        drug=drug,
        model=model,
    )


def _state(item: object) -> tuple[float, Spoken]:
    if not isinstance(item, Mapping):
        raise SessionsError("what was given must be an object with 'from_min' and 'regimen'")
    _only(item, ("from_min", "regimen"), "what was given")
    words = item.get("regimen")
    spoken = read_words(words) if isinstance(words, str) else read_document(words)
    return _number(item.get("from_min", 0.0), "from_min") / 60.0, spoken


def _drug(item: Mapping[Any, Any], spoken: list[Spoken]) -> Drug:
    told = [*(one.drug for one in spoken if one.drug), *([item["drug"]] if "drug" in item else [])]
    if not all(isinstance(name, str) and name in get_args(Drug) for name in told):
        raise SessionsError(f"the key 'drug' must be one of {', '.join(get_args(Drug))}")
    named = set(told)
    if len(named) > 1:
        raise SessionsError("the drug is told differently in different places")
    nasal = any(dose.route == "nasal" for one in spoken for dose in one.regimen)
    found: Drug = named.pop() if named else ("s_ketamine" if nasal else "racemic")
    return found


def _reading(item: object, place: int) -> Observation:
    if not isinstance(item, Mapping):
        raise SessionsError(f"reading {place} must be an object")
    _only(item, _READING_KEYS, f"reading {place}")
    kind = item.get("kind")
    if not isinstance(kind, str) or kind not in UNITS:
        raise SessionsError(f"reading {place}: the key 'kind' must be one of {', '.join(UNITS)}")
    at_h = _number(item.get("at_min"), f"reading {place}: at_min") / 60.0
    value = _number(item.get("value"), f"reading {place}: value")
    return Observation(at_h, kind, value, str(item.get("id", ""))[:64])


def _only(found: Mapping[Any, Any], keys: tuple[str, ...], where: str) -> None:
    for key in found:
        if key not in keys:
            raise SessionsError(f"{where} has an unknown key {key!r:.80}; known: {', '.join(keys)}")


def _number(found: object, key: str) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float) or not abs(found) < 1e9:
        raise SessionsError(f"{key} must be a number, not {found!r:.80}")
    if not math.isfinite(found):
        raise SessionsError(f"{key} must be a finite number")
    return float(found)


def document(sessions: Iterable[RecordedSession], title: str = "") -> dict[str, Any]:
    """The document that ``read_sessions`` reads back to these sessions."""
    return {"format": FORMAT, "title": title, "sessions": [_written(one) for one in sessions]}


def _written(session: RecordedSession) -> dict[str, Any]:
    found: dict[str, Any] = {
        "person": session.person,
        "session": session.number,
        "drug": session.drug,
        "covariates": dict(session.covariates),
        "given": [
            {"from_min": at_h * 60.0, "regimen": _regimen(regimen)}
            for at_h, regimen in session.given
        ],
        "readings": [
            {"at_min": one.time_h * 60.0, "kind": one.kind, "value": one.value}
            | ({"id": one.id} if one.id else {})
            for one in session.readings
        ],
    }
    return found | ({"model": session.model} if session.model else {})


def _regimen(regimen: Regimen) -> dict[str, Any]:
    if not regimen.doses:
        raise RegimenError("a session without any dose cannot be written down")
    doses = [
        {"amount": d.amount, "unit": d.unit, "route": d.route, "at_h": d.at_h, "over_h": d.over_h}
        for d in regimen
    ]
    return {"format": REGIMEN_FORMAT, "doses": doses}
