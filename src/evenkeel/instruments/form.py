"""Reading and checking an instrument's `questionnaire.json`, a FHIR R4 Questionnaire."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evenkeel.instruments.entry import Entry
from evenkeel.instruments.loinc import LOINC_SYSTEM, is_answer_code, is_term_code
from evenkeel.instruments.model import Condition, Item

ORDINAL_VALUE = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
"""R4 extension on an option's Coding: the number the option counts for
(hl7.org/fhir/R4/extension-ordinalvalue.html)."""

LINK_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
"""Link ids are used as HTML field names too, so they keep to these characters."""


@dataclass(frozen=True)
class Form:
    """What the questionnaire file says, before scoring is known."""

    title: str
    url: str
    version: str
    notice: str
    language: str
    code: str | None
    items: tuple[Item, ...]
    total_link_id: str | None
    total_code: str | None


@dataclass
class _Found:
    """What has been met so far while walking the items."""

    items: list[Item]
    link_ids: dict[str, str]
    codes: dict[str, str]
    total_link_id: str | None = None
    total_code: str | None = None


def read_form(
    root: Entry, instrument_id: str, *, text_ships: bool, may_be_empty: bool = False
) -> Form:
    """The form in a FHIR R4 Questionnaire.

    `may_be_empty` lets a form through that holds nothing but a total, or nothing at all: its
    questions are not known here.

    Raises InstrumentFileError, naming the entry, for a wrong resource type or id, repeated link
    ids or codes, an item that cannot be asked, or a LOINC code whose check digit is wrong.
    """
    for key, expected in (("resourceType", "Questionnaire"), ("id", instrument_id)):
        if root.text(key) != expected:
            raise root.error(key, f"must be {expected!r}, found {root.text(key)!r}")
    found = _Found(items=[], link_ids={}, codes={})
    code = _term_code(root, found)
    for entry in root.entries("item"):
        _read_item(entry, "", found, text_ships=text_ships)
    if not found.items and not may_be_empty:
        raise root.error("item", "holds no question")
    _check_conditions(root, found)
    return Form(
        title=root.text("title"),
        url=root.text("url"),
        version=root.text("version"),
        notice=root.text("copyright"),
        language=root.text("language"),
        code=code,
        items=tuple(found.items),
        total_link_id=found.total_link_id,
        total_code=found.total_code,
    )


def _read_item(entry: Entry, lead_in: str, found: _Found, *, text_ships: bool) -> None:
    link_id = _link_id(entry, found)
    kind = entry.text("type")
    if kind == "group":
        for child in entry.entries("item"):
            _read_item(child, entry.text_or_empty("text"), found, text_ships=text_ships)
        return
    code = _term_code(entry, found)
    if kind == "integer" and entry.flag("readOnly", False):
        if found.total_link_id is not None:
            raise entry.error("linkId", f"a second total; {found.total_link_id!r} is the first")
        found.total_link_id, found.total_code = link_id, code
        return
    if kind != "choice":
        raise entry.error("type", f"{kind!r} is not group, choice or a read-only integer")
    if not text_ships and entry.has("text"):
        raise entry.error("text", "the wording may not ship (text_ships is false)")
    found.items.append(
        Item(
            link_id=link_id,
            number=entry.text("prefix"),
            text=entry.text("text") if text_ships else "",
            options=_options(entry),
            lead_in=lead_in,
            code=code,
            asked_when=_asked_when(entry),
        )
    )


def _link_id(entry: Entry, found: _Found) -> str:
    link_id = entry.text("linkId")
    if not LINK_ID.fullmatch(link_id):
        raise entry.error("linkId", f"{link_id!r} is not lower-case letters, digits and hyphens")
    if link_id in found.link_ids:
        raise entry.error(
            "linkId", f"{link_id!r} is used twice, first at {found.link_ids[link_id]}"
        )
    found.link_ids[link_id] = entry.where
    return link_id


def _term_code(entry: Entry, found: _Found) -> str | None:
    codes = list(entry.entries("code"))
    if not codes:
        return None
    if len(codes) > 1:
        raise entry.error("code", "holds more than one code")
    coding = codes[0]
    if coding.text("system") != LOINC_SYSTEM:
        raise coding.error("system", f"must be {LOINC_SYSTEM}")
    code = coding.text("code")
    if not is_term_code(code):
        raise coding.error(
            "code", f"{code!r} is not a LOINC code: its check digit or form is wrong"
        )
    if code in found.codes:
        raise coding.error("code", f"{code!r} is used twice, first at {found.codes[code]}")
    found.codes[code] = coding.where
    return code


def _options(entry: Entry) -> tuple[tuple[int, str], ...]:
    options: list[tuple[int, str]] = []
    codes: set[str] = set()
    for option in entry.entries("answerOption"):
        coding = option.entry("valueCoding")
        value = _ordinal(coding)
        code = coding.text("code")
        if coding.text("system") == LOINC_SYSTEM and not is_answer_code(code):
            raise coding.error("code", f"{code!r} is not the form of a LOINC answer code")
        if code in codes:
            raise coding.error("code", f"{code!r} is offered twice")
        if value in {other for other, _ in options}:
            raise coding.error("extension", f"the value {value} is offered twice")
        codes.add(code)
        options.append((value, coding.text("display")))
    if len(options) < 2:
        raise entry.error("answerOption", "offers fewer than two answers")
    return tuple(options)


def _ordinal(coding: Entry) -> int:
    for extension in coding.entries("extension"):
        if extension.text("url") == ORDINAL_VALUE:
            return extension.integer("valueDecimal")
    raise coding.error("extension", "does not say what the answer counts for (ordinalValue)")


def _asked_when(entry: Entry) -> Condition | None:
    conditions = list(entry.entries("enableWhen"))
    if not conditions:
        return None
    if len(conditions) > 1:
        raise entry.error("enableWhen", "holds more than one condition")
    condition = conditions[0]
    if condition.text("operator") != "=":
        raise condition.error("operator", "must be '='")
    return Condition(condition.text("question"), _ordinal(condition.entry("answerCoding")))


def _check_conditions(root: Entry, found: _Found) -> None:
    before: dict[str, frozenset[int]] = {}
    for item in found.items:
        condition = item.asked_when
        if condition and condition.value not in before.get(condition.link_id, frozenset()):
            raise root.error(
                found.link_ids[item.link_id],
                f"depends on {condition.link_id!r} = {condition.value}, "
                "which no earlier item can be answered with",
            )
        before[item.link_id] = item.values


def option_codings(questionnaire: dict[str, Any]) -> dict[str, dict[int, dict[str, str]]]:
    """Link id -> value -> the Coding (system, code, display) that stands for it in FHIR."""
    codings: dict[str, dict[int, dict[str, str]]] = {}
    for item in walk_items(questionnaire):
        for option in item.get("answerOption", []):
            coding = option["valueCoding"]
            value = next(
                e["valueDecimal"] for e in coding["extension"] if e["url"] == ORDINAL_VALUE
            )
            codings.setdefault(item["linkId"], {})[value] = {
                key: coding[key] for key in ("system", "code", "display")
            }
    return codings


def walk_items(questionnaire: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every item of a checked questionnaire, groups before what they hold."""
    waiting = list(reversed(questionnaire.get("item", [])))
    while waiting:
        item = waiting.pop()
        yield item
        waiting.extend(reversed(item.get("item", [])))
