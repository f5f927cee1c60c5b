"""What was typed into a protocol's lines, put into its document, and what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import deepcopy
from typing import Final

from .additions import apply_new_fact, apply_program
from .editions import DISCHARGE_NOTES, REMOVAL_NOTES, Document, shipped_document
from .entries import NONE, PART_OF, Entry, entries, reason_of, strength
from .errors import ProtocolError
from .labels import threshold_label
from .pack import DISCHARGE_ITEMS, parse_protocol
from .sources import CLINIC_POLICY, SOURCED
from .thresholds import NEEDS

_LONGEST_NOTE: Final = 500


def apply(document: Document, given: Mapping[str, str]) -> tuple[Document, dict[str, str]]:
    """Return the document with what was typed, and a message for each field that is wrong.

    ``given`` maps an entry's field, and ``why.`` and its field, to what was typed; what it leaves
    out stays. A value other than the shipped one becomes the clinic's own, marked so, and needs
    the reason; one set back to the shipped value is the shipped entry again. A program for
    addiction and one more required fact come with the fields of :mod:`.additions`.
    """
    changed, errors = deepcopy(document), {}
    shipped = shipped_document(str(document["extends"]))
    for entry in entries(document):
        typed = given.get(entry.field)
        if typed is None or entry.kind == "other":
            continue
        why = " ".join(given.get(f"why.{entry.field}", "").split())[:_LONGEST_NOTE]
        try:
            value = _tidy(entry, typed)
        except ProtocolError as error:
            errors[entry.field] = f"{error.message[:1].upper()}{error.message[1:]}."
            continue
        _put(changed, shipped, entry, value, why)
    errors |= {**apply_program(changed, given), **apply_new_fact(changed, given)}
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
        if base is None and entry.kind == "required":
            # What the clinic had added itself is gone with all that was said of it.
            del changed[part][entry.key]
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
    notes = changed.setdefault(REMOVAL_NOTES, {})
    notes.pop(entry.field, None)
    if why:
        notes[entry.field] = why
    if not notes:
        del changed[REMOVAL_NOTES]


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
