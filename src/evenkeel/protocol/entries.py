"""What a protocol document states, line by line: to be shown, edited and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from . import rules as _rules  # noqa: F401  (registers every rule)
from .additions import PROGRAM, WHEN_CHOICES
from .editions import (
    DISCHARGE_NOTES,
    OTHER_PARTS,
    REMOVAL_NOTES,
    shipped_document,
)
from .findings import EFFECTS
from .labels import (
    EFFECT_LABELS,
    SECTIONS,
    discharge_label,
    fact_label,
    other_label,
    rule_label,
    threshold_label,
    threshold_section,
)
from .pack import DISCHARGE_ITEMS
from .registry import RULES
from .sources import SOURCED, Source, as_mark, cite
from .thresholds import NEEDS

Kind = Literal["threshold", "rule", "required", "discharge", "other"]
PART_OF: Final[dict[Kind, str]] = {
    "threshold": "thresholds",
    "rule": "rules",
    "required": "required_before_session",
}
NONE: Final = "none"
#: Held by every clinic, whatever their mark.
_FIXED: Final = frozenset({"deceased"})
_WHEN_LABELS: Final = {**WHEN_CHOICES, NONE: "Not asked for"}
_ASKED_LABELS: Final = {"yes": "Required", "no": "Not required"}
_ONE_OF: Final = {"people": "person", "treatments": "treatment", "days": "day", "years": "year"}


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
        return self.kind == "other" or (self.kind == "discharge" and self.value == "no")

    def say(self, value: str) -> str:
        """Return a value of this entry in words."""
        if self.choices:
            return dict(self.choices).get(value, value)
        if not value:
            return "not stated"
        if self.kind == "other":
            return value
        shown = value.replace(", ", " to ") if value.count(",") == 1 else value
        return f"{shown} {_ONE_OF.get(self.unit, self.unit) if value == '1' else self.unit}"


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
        *_other(document, shipped),
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


def _other(document: Any, shipped: Any) -> Iterator[Entry]:
    for key in OTHER_PARTS:
        own, base = document.get(key), shipped.get(key)
        yield Entry(
            "other",
            key,
            other_label(key),
            "screening",
            _written(key, own),
            _written(key, base),
            _source(own),
            _source(base),
            _note(own, base),
        )


def _written(key: str, raw: Any) -> str:
    """A part without lines of its own, in the words of the file; its source is shown beside."""
    if raw is None:
        return ""
    if key == PROGRAM:
        return f"“{raw['name']}”, where misuse is treated of: {', '.join(raw['substances'])}"
    shown = {name: part for name, part in raw.items() if name not in ("mark", "source", "note")}
    return "; ".join(
        ", ".join(map(str, part)) if isinstance(part, list) else str(part)
        for part in shown.values()
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


def reason_of(document: Mapping[str, Any], entry: Entry) -> str:
    """Return why the clinic states otherwise, also for what it took out."""
    return entry.note or str((document.get(REMOVAL_NOTES) or {}).get(entry.field, ""))
