"""The values facts may take, and the checks that keep anything else out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final, TypeVar

from .conditions import Status
from .errors import FactsError
from .medicines import Medicine, recognize_all
from .naming import plain
from .vocabulary import SCORES, FactSpec

T = TypeVar("T")

LONGEST_TEXT: Final = 300
LONGEST_LIST: Final = 1_000
_STATUSES: Final = ("active", "resolved", "history")


@dataclass(frozen=True, slots=True)
class ConditionRecord:
    """One entry of a condition. ``days_ago``: how long since it happened or ended, None unknown."""

    status: Status = "active"
    days_ago: float | None = None


@dataclass(frozen=True)
class MedicineUse:
    """One medicine as taken. ``stated_class`` is what the person who wrote it down said it is."""

    name: str
    dose_mg_per_day: float | None = None
    route: str = ""
    last_taken_hours_ago: float | None = None
    stated_class: str = ""

    @cached_property
    def recognized(self) -> tuple[Medicine, ...]:
        """The known ingredients in the name; empty when a person must read it."""
        nasal = f"{self.name} nasal" if self.route and plain(self.route) == "nasal" else ""
        return (nasal and recognize_all(nasal)) or recognize_all(self.name)

    @property
    def classes(self) -> frozenset[str]:
        """Every class known or stated for this medicine."""
        stated = {plain(self.stated_class).replace(" ", "_")} if self.stated_class else set()
        return frozenset(stated).union(*(item.classes for item in self.recognized))


@dataclass(frozen=True, slots=True)
class BloodPressure:
    """One resting reading. ``minutes_ago`` None: nobody said when."""

    sbp_mmhg: float
    dbp_mmhg: float
    minutes_ago: float | None = None


def number(key: str, value: object, low: float | None, high: float | None) -> float:
    """Return ``value`` as a finite number in [low, high], or raise ``FactsError``."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FactsError(key, "must be a number")
    try:
        real = float(value)
    except OverflowError:
        raise FactsError(key, "is too large") from None
    if not math.isfinite(real):
        raise FactsError(key, "must be a finite number")
    if (low is not None and real < low) or (high is not None and real > high):
        raise FactsError(key, f"must lie between {low:g} and {high:g}")
    return real


def text(key: str, value: object) -> str:
    """Return ``value`` as a non-empty text of sane length, or raise ``FactsError``."""
    if not isinstance(value, str) or not value.strip():
        raise FactsError(key, "must be a name")
    if len(value) > LONGEST_TEXT:
        raise FactsError(key, f"is longer than {LONGEST_TEXT} characters")
    return value.strip()


def items(key: str, value: object) -> Sequence[object]:
    """Return ``value`` as a list of sane length, or raise ``FactsError``."""
    if not isinstance(value, list | tuple):
        raise FactsError(key, "must be a list")
    if len(value) > LONGEST_LIST:
        raise FactsError(key, f"has more than {LONGEST_LIST} entries")
    return value


def choice(key: str, value: object, choices: Sequence[str]) -> str:
    """Return ``value`` if it is one of ``choices``, or raise ``FactsError``."""
    if not isinstance(value, str) or value not in choices:
        raise FactsError(key, "must be one of " + ", ".join(choices))
    return value


def status(key: str, value: object) -> Status:
    """Return a condition status, or raise ``FactsError``."""
    for known in ("active", "resolved", "history"):
        if value == known:
            return known
    raise FactsError(key, "must be one of " + ", ".join(_STATUSES))


def checked(spec: FactSpec, value: object) -> object:
    """Return ``value`` in the immutable form rules read, or raise ``FactsError``.

    number -> float; whole -> int; boolean -> bool; choice -> str; names -> tuple[str, ...];
    medicines -> tuple[MedicineUse, ...]; pressures -> tuple[BloodPressure, ...], latest first;
    condition -> tuple[ConditionRecord, ...], or False; scores -> mapping of str to float;
    answers -> mapping of str to bool.
    """
    key = spec.key
    if spec.type == "number":
        return number(key, value, spec.low, spec.high)
    if spec.type == "whole":
        real = number(key, value, spec.low, spec.high)
        if real != int(real):
            raise FactsError(key, "must be a whole number")
        return int(real)
    if spec.type == "boolean":
        if not isinstance(value, bool):
            raise FactsError(key, "must be true or false")
        return value
    if spec.type == "choice":
        return choice(key, value, spec.choices)
    if spec.type == "names":
        return tuple(text(key, item) for item in items(key, value))
    if spec.type == "condition":
        return _condition(key, value)
    if spec.type == "medicines":
        return tuple(_instances(key, value, MedicineUse))
    if spec.type == "pressures":
        return _pressures(key, value)
    return _mapping(spec, value)


def _condition(key: str, value: object) -> object:
    if value is False:
        return False
    if value is True:
        return (ConditionRecord(),)
    if isinstance(value, ConditionRecord):
        return (value,)
    records = tuple(_instances(key, value, ConditionRecord))
    return records or False


def _instances(key: str, value: object, kind: type[T]) -> list[T]:
    found: list[T] = []
    for item in items(key, value):
        if not isinstance(item, kind):
            raise FactsError(key, f"holds something that is not a {kind.__name__}")
        found.append(item)
    return found


def _pressures(key: str, value: object) -> tuple[BloodPressure, ...]:
    readings = _instances(key, value, BloodPressure)
    if not readings:
        raise FactsError(key, "has no reading")
    for reading in readings:
        number(f"{key}.sbp_mmhg", reading.sbp_mmhg, 20, 350)
        number(f"{key}.dbp_mmhg", reading.dbp_mmhg, 10, 300)
        if reading.sbp_mmhg <= reading.dbp_mmhg:
            raise FactsError(key, "has a systolic value that is not above the diastolic one")
    # A reading of unknown time sorts last, so a dated one is preferred as "the latest".
    return tuple(
        sorted(readings, key=lambda r: math.inf if r.minutes_ago is None else r.minutes_ago)
    )


def _mapping(spec: FactSpec, value: object) -> object:
    if not isinstance(value, Mapping):
        raise FactsError(spec.key, "must be an object")
    found: dict[str, object] = {}
    for name, item in value.items():
        if not isinstance(name, str) or name not in spec.choices:
            raise FactsError(f"{spec.key}.{name!s:.60}", "is not a key this product knows")
        if item is None:
            continue
        path = f"{spec.key}.{name}"
        if spec.type == "scores":
            found[name] = number(path, item, 0, SCORES[name][1])
        elif isinstance(item, bool):
            found[name] = item
        else:
            raise FactsError(path, "must be true or false")
    return MappingProxyType(found)
