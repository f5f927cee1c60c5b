"""What a protocol document states, line by line: to be shown, edited and compared."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final, Literal

from . import rules as _rules  # noqa: F401  (registers every rule)
from .editions import Document, shipped_document
from .errors import ProtocolError
from .findings import EFFECTS
from .labels import (
    EFFECT_LABELS,
    SECTIONS,
    discharge_label,
    fact_label,
    rule_label,
    threshold_label,
    threshold_section,
)
from .pack import DISCHARGE_ITEMS, parse_protocol
from .registry import RULES
from .sources import CLINIC_POLICY, SOURCED, Source, as_mark, cite
from .thresholds import NEEDS

Kind = Literal["threshold", "rule", "required", "discharge"]
PART_OF: Final[dict[Kind, str]] = {
    "threshold": "thresholds",
    "rule": "rules",
    "required": "required_before_session",
}
NONE: Final = "none"
DISCHARGE_NOTES: Final = "discharge_notes"
_LONGEST_NOTE: Final = 500
#: Held by every clinic, whatever their mark.
_FIXED: Final = frozenset({"deceased"})
_WHEN_LABELS: Final = {
    "first": "Before the first session",
    "every": "Before every session",
    NONE: "Not asked for",
}
_ASKED_LABELS: Final = {"yes": "Required", "no": "Not required"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a protocol.

    ``value`` and ``shipped`` are as typed in a form: a number or numbers between commas, or one of
    ``choices``; empty where nothing is stated. ``source`` is that of the value that stands,
    ``note`` what the clinic said about its own. ``is_fixed``: a contraindication that its source
    makes for this very product, which no clinic can loosen.
    """

    kind: Kind
    key: str
    label: str
    section: str
    value: str
    shipped: str
    source: Source | None
    shipped_source: Source | None
    note: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    is_list: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    is_fixed: bool = False

    @property
    def field(self) -> str:
        """The name of its form field; its note's is ``why.`` and this."""
        return f"{self.kind}.{self.key}"

    @property
    def is_changed(self) -> bool:
        """Whether the clinic states otherwise than what is shipped."""
        return self.value != self.shipped

    @property
    def words(self) -> str:
        """The value as a page says it, with its unit."""
        return self.say(self.value)

    @property
    def shipped_words(self) -> str:
        """The shipped value as a page says it."""
        return self.say(self.shipped)

    @property
    def range_words(self) -> str:
        """The bounds of a number, as a page says them."""
        return "" if self.low is None else f"{self.low:g} to {self.high:g}"

    @property
    def is_loud(self) -> bool:
        """Whether the change lets through what was held, or departs from what a source says."""
        if not self.is_changed:
            return False
        if self.shipped_source is not None and self.shipped_source.mark == SOURCED:
            return True
        if self.kind == "rule":
            return strength(self.value) < strength(self.shipped)
        if self.kind == "required":
            return self.value == NONE or (self.value, self.shipped) == ("first", "every")
        return self.kind == "discharge" and self.value == "no"

    def say(self, value: str) -> str:
        """Return a value of this entry in words."""
        if self.choices:
            return dict(self.choices).get(value, value)
        if not value:
            return "not stated"
        shown = value.replace(", ", " to ") if value.count(",") == 1 else value
        return f"{shown} {self.unit}"


def strength(effect: str) -> int:
    """Return how strongly a rule holds; not held at all is 0."""
    return EFFECTS.index(effect) + 1 if effect in EFFECTS else 0


def entries(document: Mapping[str, Any]) -> tuple[Entry, ...]:
    """Return every line of a whole document, by section in the order of :data:`SECTIONS`."""
    shipped = shipped_document(str(document["extends"]))
    product = str(document["product"])
    found = [
        *_thresholds(document, shipped, product),
        *_rule_lines(document, shipped),
        *_required(document, shipped),
        *_discharge(document, shipped),
    ]
    places = list(SECTIONS)
    return tuple(sorted(found, key=lambda entry: places.index(entry.section)))


def _thresholds(document: Any, shipped: Any, product: str) -> Iterator[Entry]:
    for key, need in NEEDS.items():
        own, base = document["thresholds"].get(key), shipped["thresholds"].get(key)
        if need.only and product not in need.only and own is None and base is None:
            continue
        yield Entry(
            "threshold",
            key,
            threshold_label(key),
            threshold_section(key),
            _numbers(own),
            _numbers(base),
            _source(own),
            _source(base),
            _note(own, base),
            unit=need.unit,
            low=need.low,
            high=need.high,
            is_list=need.many,
        )


def _rule_lines(document: Any, shipped: Any) -> Iterator[Entry]:
    choices = (*((effect, EFFECT_LABELS[effect]) for effect in EFFECTS), (NONE, "Not held"))
    for key in RULES:
        own, base = document["rules"].get(key), shipped["rules"].get(key)
        effect = str(base["effect"]) if base else NONE
        fixed = effect == "contraindicated" and (key in _FIXED or base["mark"] == SOURCED)
        yield Entry(
            "rule",
            key,
            rule_label(key),
            "screening",
            str(own["effect"]) if own else NONE,
            effect,
            _source(own),
            _source(base),
            _note(own, base),
            choices=choices,
            is_fixed=fixed,
        )


def _required(document: Any, shipped: Any) -> Iterator[Entry]:
    owns, bases = document["required_before_session"], shipped["required_before_session"]
    for key in dict.fromkeys((*bases, *owns)):
        own, base = owns.get(key), bases.get(key)
        yield Entry(
            "required",
            key,
            fact_label(key),
            "required",
            str(own["when"]) if own else NONE,
            str(base["when"]) if base else NONE,
            _source(own),
            _source(base),
            _note(own, base),
            choices=tuple(_WHEN_LABELS.items()),
        )


def _discharge(document: Any, shipped: Any) -> Iterator[Entry]:
    notes = document.get(DISCHARGE_NOTES) or {}
    for item in DISCHARGE_ITEMS:
        yield Entry(
            "discharge",
            item,
            discharge_label(item),
            "leaving",
            "yes" if item in document["discharge_required"] else "no",
            "yes" if item in shipped["discharge_required"] else "no",
            None,
            None,
            str(notes.get(item, "")),
            choices=tuple(_ASKED_LABELS.items()),
        )


def _numbers(raw: Any) -> str:
    if raw is None:
        return ""
    value = raw["value"]
    return ", ".join(f"{item:.10g}" for item in (value if isinstance(value, list) else [value]))


def _source(raw: Any) -> Source | None:
    if raw is None:
        return None
    return cite(raw["source"], as_mark(raw["mark"], raw["source"]), str(raw.get("note", "")))


def _note(own: Any, base: Any) -> str:
    if own is None or own == base:
        return ""
    return str(own.get("note", ""))


def apply(document: Document, given: Mapping[str, str]) -> tuple[Document, dict[str, str]]:
    """Return the document with what was typed, and a message for each field that is wrong.

    ``given`` maps an entry's field, and ``why.`` and its field, to what was typed; what it leaves
    out stays. A value other than the shipped one becomes the clinic's own, marked so, and needs
    the reason; one set back to the shipped value is the shipped entry again.
    """
    changed, errors = deepcopy(document), {}
    shipped = shipped_document(str(document["extends"]))
    for entry in entries(document):
        typed = given.get(entry.field)
        if typed is None:
            continue
        why = " ".join(given.get(f"why.{entry.field}", "").split())[:_LONGEST_NOTE]
        try:
            value = _tidy(entry, typed)
        except ProtocolError as error:
            errors[entry.field] = f"{error.message[:1].upper()}{error.message[1:]}."
            continue
        _put(changed, shipped, entry, value, why)
    for field, message in {**faults(changed), **objections(changed)}.items():
        if field.removeprefix("why.") not in errors:
            errors.setdefault(field, message)
    return changed, errors


def _tidy(entry: Entry, typed: str) -> str:
    if entry.choices:
        if typed not in dict(entry.choices):
            raise ProtocolError(entry.key, "choose one of the list")
        return typed
    if not typed.strip():
        return ""
    return ", ".join(f"{number:.10g}" for number in _read(entry, typed))


def _read(entry: Entry, typed: str) -> list[float]:
    parts = typed.replace(";", ",").split(",") if entry.is_list else [typed]
    numbers = []
    for part in parts:
        try:
            number = float(part.strip())
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            how = (
                "numbers with commas between, such as 0.1, 0.75"
                if entry.is_list
                else ("a number, with a point before decimals")
            )
            raise ProtocolError(entry.key, f"enter {how}")
        numbers.append(number)
    return numbers


def _put(changed: Document, shipped: Document, entry: Entry, value: str, why: str) -> None:
    if entry.kind == "discharge":
        _put_discharge(changed, shipped, entry, value, why)
        return
    part = PART_OF[entry.kind]
    base = shipped[part].get(entry.key)
    if value == entry.shipped:
        changed[part][entry.key] = deepcopy(base)
        _put_note(changed, entry, "")
        return
    if value == entry.value and changed[part].get(entry.key):
        changed[part][entry.key]["note"] = why
        return
    own = {"mark": CLINIC_POLICY, "source": "clinic_own", "note": why}
    if entry.kind == "threshold":
        numbers = [int(n) if n.is_integer() else n for n in _read(entry, value)] if value else []
        stated = numbers if entry.is_list else next(iter(numbers), None)
        raw = {"value": stated, "unit": entry.unit, **own} if numbers else None
    elif entry.kind == "rule":
        raw = {"effect": value, **own} if value != NONE else None
    else:
        like = base or changed[part][entry.key]
        kept = {name: like[name] for name in ("stage", "resolve")} if like else {}
        raw = {"when": value, **kept, **own} if value != NONE else None
    changed[part][entry.key] = raw
    _put_note(changed, entry, why if raw is None else "")


def _put_note(changed: Document, entry: Entry, why: str) -> None:
    """Keep why an entry was taken out: a null entry has no place for it."""
    notes = changed.setdefault("removal_notes", {})
    notes.pop(entry.field, None)
    if why:
        notes[entry.field] = why
    if not notes:
        del changed["removal_notes"]


def _put_discharge(
    changed: Document, shipped: Document, entry: Entry, value: str, why: str
) -> None:
    asked = set(changed["discharge_required"]) - {entry.key}
    if value == "yes":
        asked.add(entry.key)
    changed["discharge_required"] = [item for item in DISCHARGE_ITEMS if item in asked]
    notes = changed.setdefault(DISCHARGE_NOTES, {})
    notes.pop(entry.key, None)
    if value != entry.shipped:
        notes[entry.key] = why
    if not notes:
        del changed[DISCHARGE_NOTES]


def faults(document: Document) -> dict[str, str]:
    """Return what does not hold together, by field; every fault, not the first alone."""
    errors: dict[str, str] = {}
    trial = deepcopy(document)
    shipped = shipped_document(str(document["extends"]))
    for _ in range(len(NEEDS) + 1):
        try:
            parse_protocol(trial)
        except ProtocolError as error:
            field = f"threshold.{error.key}" if error.key in NEEDS else error.key
            if field in errors:
                break
            errors[field] = f"{threshold_words(error.message)}."
            if error.key not in NEEDS:
                break
            # Set back, so that the next fault shows: all are said at once.
            trial["thresholds"][error.key] = deepcopy(shipped["thresholds"].get(error.key))
        else:
            break
    return errors


def threshold_words(message: str) -> str:
    """Return a fault as a sentence that names other thresholds by their labels."""
    for key in NEEDS:
        if message.endswith(key):
            message = message.removesuffix(key) + f"“{threshold_label(key)}”"
            break
    return message[:1].upper() + message[1:]


def objections(document: Document) -> dict[str, str]:
    """Return what may not be signed though it holds together, by field."""
    errors: dict[str, str] = {}
    for entry in entries(document):
        if entry.is_fixed and strength(entry.value) < strength(entry.shipped):
            errors[entry.field] = "This is ruled out for this product; a clinic cannot loosen it."
        elif not entry.is_changed:
            continue
        elif entry.source is not None and entry.source.mark == SOURCED:
            errors[entry.field] = "A changed value is clinic policy; mark it so."
        elif not reason_of(document, entry):
            errors[f"why.{entry.field}"] = "Say why the clinic decides so."
    return errors


def reason_of(document: Mapping[str, Any], entry: Entry) -> str:
    """Return why the clinic states otherwise, also for what it took out."""
    return entry.note or str((document.get("removal_notes") or {}).get(entry.field, ""))


@dataclass(frozen=True, slots=True)
class Change:
    """One line that two documents state differently. ``before`` and ``after`` are words."""

    kind: Kind
    key: str
    label: str
    section: str
    before: str
    after: str
    source: Source | None
    reason: str
    is_loud: bool


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what ``after`` states otherwise than ``before``, in the order of the sections.

    Values are compared, not marks and notes. Loud: lets through what ``before`` held, or departs
    from what a source says.
    """
    old = {entry.field: entry for entry in entries(before)}
    new = {entry.field: entry for entry in entries(after)}
    found = []
    for field in dict.fromkeys((*old, *new)):
        was, now = old.get(field), new.get(field)
        some = now or was
        assert some is not None
        first = was.value if was else _nothing(some)
        second = now.value if now else _nothing(some)
        if first == second:
            continue
        found.append(
            Change(
                some.kind,
                some.key,
                some.label,
                some.section,
                some.say(first),
                some.say(second),
                now.source if now else None,
                reason_of(after, now) if now else "",
                _loosens(some.kind, first, second) or bool(now and now.is_loud),
            )
        )
    places = list(SECTIONS)
    return tuple(sorted(found, key=lambda change: places.index(change.section)))


def _nothing(entry: Entry) -> str:
    if entry.kind == "discharge":
        return "no"
    return NONE if entry.choices else ""


def _loosens(kind: Kind, before: str, after: str) -> bool:
    if kind == "rule":
        return strength(after) < strength(before)
    if kind == "required":
        order = (NONE, "first", "every")
        return order.index(after) < order.index(before)
    return kind == "discharge" and after == "no"
