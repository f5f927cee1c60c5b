"""Protocols: one data file a product and jurisdiction, every number with unit, mark and source."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from .errors import ProtocolError
from .findings import Effect, Level, as_effect
from .products import PRODUCTS
from .sources import CLINIC_POLICY, Source, as_mark, cite
from .substances import AddictionProgram, parse_program
from .thresholds import MAY_EQUAL, NEEDS, ORDER, Need, Threshold
from .vocabulary import VOCABULARY

FORMAT: Final = "evenkeel-protocol/1"
DISCHARGE_ITEMS: Final = (
    "minimum_time",
    "blood_pressure",
    "heart_rate",
    "oxygen",
    "breathing",
    "sedation",
    "aldrete",
    "dissociation",
    "orientation",
    "gait",
    "symptoms",
    "suicide_risk",
    "escort",
    "driving",
    "instructions",
)
_LONGEST_CHAIN: Final = 6


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """How strongly a protocol holds one rule, and by which source."""

    effect: Effect
    level: Level
    source: Source


@dataclass(frozen=True, slots=True)
class Requirement:
    """A fact that must be settled: before the first session or every one, and at which stage."""

    fact: str
    first_only: bool
    stage: Literal["course", "session"]
    resolve: str
    source: Source


@dataclass(frozen=True, slots=True)
class Protocol:
    """One loaded and checked protocol for one product in one jurisdiction."""

    name: str
    version: str
    title: str
    product: str
    jurisdictions: tuple[str, ...]
    thresholds: Mapping[str, Threshold]
    rules: Mapping[str, RuleEntry]
    required: tuple[Requirement, ...]
    discharge_required: tuple[str, ...]
    addiction_programme: AddictionProgram | None = None

    def find(self, key: str) -> Threshold | None:
        """Return a threshold this protocol may or may not state."""
        return self.thresholds.get(key)

    def threshold(self, key: str) -> Threshold:
        """Return a threshold; ``ProtocolError`` naming it when it is not stated."""
        try:
            return self.thresholds[key]
        except KeyError:
            raise ProtocolError(key, f"is not stated by protocol {self.name}") from None

    def number(self, key: str) -> float:
        """Return the value of a single-valued threshold."""
        value = self.threshold(key).value
        if isinstance(value, tuple):
            raise ProtocolError(key, "is a list, not one number")
        return value

    def numbers(self, key: str) -> tuple[float, ...]:
        """Return the values of a list threshold; empty when it is not stated."""
        found = self.thresholds.get(key)
        if found is None:
            return ()
        return found.value if isinstance(found.value, tuple) else (found.value,)


def protocol_names() -> tuple[str, ...]:
    """Return the names of the shipped protocols that stand for a product."""
    return tuple(sorted(name for name, raw in _shipped().items() if "product" in raw))


@cache
def load_protocol(name: str) -> Protocol:
    """Return the shipped protocol ``name``; ``ProtocolError`` if unknown or inconsistent."""
    if name not in protocol_names():
        raise ProtocolError(str(name), "is not a shipped protocol")
    return parse_protocol(_shipped()[name])


def load_protocol_file(path: Path) -> Protocol:
    """Return the protocol in a file of the clinic's own; it may extend a shipped one.

    Raises ``ProtocolError`` naming the entry, also when the file is not JSON.
    """
    try:
        raw = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ProtocolError(path.name, f"cannot be read as JSON: {error}") from None
    return parse_protocol(raw)


@cache
def default_protocol(product: str, jurisdiction: str = "US") -> Protocol:
    """Return the shipped protocol of a product in a jurisdiction.

    Raises ``ProtocolError`` when none is shipped: the clinic must then bring its own.
    """
    if product not in PRODUCTS:
        raise ProtocolError(str(product), "is not a product")
    for name in protocol_names():
        found = load_protocol(name)
        if found.product == product and jurisdiction in found.jurisdictions:
            return found
    shipped = sorted({j for name in protocol_names() for j in load_protocol(name).jurisdictions})
    raise ProtocolError(
        "jurisdiction",
        f"no protocol for {product} is shipped for {jurisdiction!s:.40}, only for "
        f"{', '.join(shipped)}; give the clinic's own protocol (on the command line: --protocol)",
    )


@cache
def _shipped() -> dict[str, dict[str, object]]:
    folder = resources.files("evenkeel.protocol").joinpath("packs")
    return {
        item.name.removesuffix(".json"): json.loads(item.read_text("utf-8"))
        for item in sorted(folder.iterdir(), key=lambda item: item.name)
        if item.name.endswith(".json")
    }


def resolved_document(raw: object) -> dict[str, object]:
    """Return a document with everything it takes over from the shipped ones it extends.

    Raises ``ProtocolError`` naming ``format`` or ``extends``.
    """
    return _extended(raw)


def parse_protocol(raw: object, *, ordered: bool = True) -> Protocol:
    """Check a protocol document and return it; ``ProtocolError`` naming the entry otherwise.

    ``ordered`` false leaves out whether thresholds stand in the right order to each other.
    """
    merged = _extended(raw)
    product = merged.get("product")
    if not isinstance(product, str) or product not in PRODUCTS:
        raise ProtocolError("product", "must be one of " + ", ".join(PRODUCTS))
    thresholds = _thresholds(_object(merged, "thresholds"), product)
    if ordered:
        _check_order(thresholds)
    jurisdictions = merged.get("jurisdictions")
    if not isinstance(jurisdictions, list) or not all(isinstance(j, str) for j in jurisdictions):
        raise ProtocolError("jurisdictions", "must be a list of texts")
    return Protocol(
        name=_text(merged, "name"),
        version=_text(merged, "version"),
        title=_text(merged, "title"),
        product=product,
        jurisdictions=tuple(jurisdictions),
        thresholds=MappingProxyType(thresholds),
        rules=MappingProxyType(_rules(_object(merged, "rules"))),
        required=_required(_object(merged, "required_before_session")),
        discharge_required=_discharge(merged.get("discharge_required")),
        addiction_programme=_program(merged.get("addiction_programme")),
    )


def _extended(raw: object, depth: int = 0) -> dict[str, object]:
    if not isinstance(raw, dict):
        raise ProtocolError("protocol", "must be an object")
    if raw.get("format") != FORMAT:
        raise ProtocolError("format", f"must be {FORMAT!r}")
    parent = raw.get("extends")
    if parent is None:
        return dict(raw)
    if depth >= _LONGEST_CHAIN or not isinstance(parent, str) or parent not in _shipped():
        raise ProtocolError("extends", f"{parent!r} is not a shipped protocol")
    base = _extended(_shipped()[parent], depth + 1)
    # What belongs to the parent alone must be said anew.
    merged: dict[str, object] = {
        key: value for key, value in base.items() if key not in ("name", "title", "extends")
    }
    for key, value in raw.items():
        old = merged.get(key)
        both = isinstance(value, dict) and isinstance(old, dict)
        merged[key] = {**old, **value} if both else value  # type: ignore[dict-item]
    return merged


def _object(raw: Mapping[str, object], key: str) -> dict[str, object]:
    value = raw.get(key)
    if not isinstance(value, dict):
        raise ProtocolError(key, "must be an object")
    return value


def _text(raw: Mapping[str, object], key: str) -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ProtocolError(key, "must be a text")
    return value


def _source(raw: Mapping[str, object], key: str) -> Source:
    mark = as_mark(raw.get("mark"), key)
    source = cite(_text(raw, "source"), mark, str(raw.get("note", "")))
    if mark != CLINIC_POLICY and not re.match(r"https?://", source.url):
        raise ProtocolError(key, "is marked sourced, so its source needs an address")
    return source


def _thresholds(raw: Mapping[str, object], product: str) -> dict[str, Threshold]:
    found: dict[str, Threshold] = {}
    for key, entry in raw.items():
        need = NEEDS.get(key)
        if need is None:
            raise ProtocolError(key, "is not a threshold this product knows")
        if entry is None:
            continue
        if not isinstance(entry, dict):
            raise ProtocolError(key, "must be an object with value, unit, mark and source")
        if entry.get("unit") != need.unit:
            raise ProtocolError(key, f"unit must be {need.unit!r}")
        found[key] = Threshold(key, _value(key, entry, need), need.unit, _source(entry, key))
    for key, need in NEEDS.items():
        wanted = not need.optional and (not need.only or product in need.only)
        if wanted and key not in found:
            raise ProtocolError(key, "is missing")
    return found


def _value(key: str, entry: Mapping[str, object], need: Need) -> float | tuple[float, ...]:
    value = entry.get("value")
    listed = value if isinstance(value, list) else [value]
    if need.many != isinstance(value, list) or not listed:
        raise ProtocolError(key, "must be a list" if need.many else "must be one number")
    numbers: list[float] = []
    for item in listed:
        if isinstance(item, bool) or not isinstance(item, int | float):
            raise ProtocolError(key, "must be a number")
        if not need.low <= item <= need.high:
            raise ProtocolError(key, f"must lie between {need.low:g} and {need.high:g}")
        numbers.append(float(item))
    if numbers != sorted(numbers):
        raise ProtocolError(key, "must ascend")
    return tuple(numbers) if need.many else numbers[0]


def _check_order(found: Mapping[str, Threshold]) -> None:
    for low_key, high_key in ORDER:
        if low_key not in found or high_key not in found:
            continue
        low, high = found[low_key].value, found[high_key].value
        top = max(low) if isinstance(low, tuple) else low
        limit = min(high) if isinstance(high, tuple) else high
        fits = top <= limit if (low_key, high_key) in MAY_EQUAL else top < limit
        if not fits:
            raise ProtocolError(low_key, f"must lie below {high_key}")


def _rules(raw: Mapping[str, object]) -> dict[str, RuleEntry]:
    from . import rules  # noqa: F401  (registers every rule)
    from .registry import RULES

    found: dict[str, RuleEntry] = {}
    for key, entry in raw.items():
        if key not in RULES:
            raise ProtocolError(key, "is not a rule this product knows")
        if entry is None:
            continue
        if not isinstance(entry, dict):
            raise ProtocolError(key, "must be an object with effect, mark and source")
        effect = as_effect(entry.get("effect"), key)
        found[key] = RuleEntry(effect, _level(entry.get("level"), effect, key), _source(entry, key))
    missing = [key for key in RULES if key not in raw]
    if missing:
        raise ProtocolError(missing[0], "this rule is neither held nor set to null")
    return found


def _level(value: object, effect: Effect, key: str) -> Level:
    usual: dict[Effect, Level] = {
        "inform": "inform",
        "defer": "hold",
        "needs_specialist_review": "review",
        "contraindicated": "hold",
    }
    if value is None:
        return usual[effect]
    for level in usual.values():
        if value == level:
            return level
    raise ProtocolError(key, "level must be inform, review or hold")


def _required(raw: Mapping[str, object]) -> tuple[Requirement, ...]:
    found: list[Requirement] = []
    for key, entry in raw.items():
        if key not in VOCABULARY:
            raise ProtocolError(key, "is not a fact this product knows")
        if entry is None:
            continue
        if not isinstance(entry, dict):
            raise ProtocolError(key, "must be an object with when, stage, mark and source")
        frequency, stage = entry.get("when"), entry.get("stage")
        if frequency not in ("first", "every"):
            raise ProtocolError(key, "when must be first or every")
        if stage not in ("course", "session"):
            raise ProtocolError(key, "stage must be course or session")
        found.append(
            Requirement(
                fact=key,
                first_only=frequency == "first",
                stage="course" if stage == "course" else "session",
                resolve=_text(entry, "resolve"),
                source=_source(entry, key),
            )
        )
    return tuple(found)


def _program(raw: object) -> AddictionProgram | None:
    if raw is None:
        return None
    key = "addiction_programme"
    if not isinstance(raw, dict):
        raise ProtocolError(key, "must be an object with name, substances, mark and source")
    return parse_program(raw.get("name"), raw.get("substances"), _source(raw, key))


def _discharge(raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list) or not raw:
        raise ProtocolError("discharge_required", "must be a list of items")
    for item in raw:
        if item not in DISCHARGE_ITEMS:
            raise ProtocolError("discharge_required", f"{item!r} is not a discharge item")
    return tuple(str(item) for item in raw)
