"""How a stored fact is written for people to read."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.people.fact_item import KEPT, LISTS, list_name
from evenkeel.clinic.people.models import Fact
from evenkeel.clinic.people.unread import read_words
from evenkeel.protocol.facts import Fact as ProtocolFact
from evenkeel.protocol.vocabulary import SCORES, VOCABULARY
from evenkeel.web.wording import quantity_text

STATUS_WORDS = {
    "active": "",
    "final": "",
    "unknown": "status not said",
    "preliminary": "preliminary",
    "inactive": "in the past",
    "history": "in the past",
    "resolved": "over",
    "refuted": "ruled out",
    "planned": "planned",
    "entered_in_error": "entered in error",
}


def fact_words(row: Fact) -> str:
    """The value of a stored fact with its unit."""
    if row.key in LISTS:
        if row.state == "absent":
            return {"allergy": "none known", "medicine": "takes none"}.get(row.key, "none")
        return _with(list_name(row.value), _list_details(row))
    if row.state == "absent":
        return "no"
    return value_words(row.key, row.value, STATUS_WORDS.get(row.status, ""))


def _list_details(row: Fact) -> str:
    value = row.value if isinstance(row.value, dict) else {}
    dose = value.get("dose_mg_per_day")
    parts = [quantity_text(dose, "mg a day") if isinstance(dose, int | float) else ""]
    parts += [str(value.get("route") or ""), *[str(t) for t in value.get("dosage") or []]]
    parts += [STATUS_WORDS.get(row.status, row.status), read_words(row.value)]
    return ", ".join(part for part in parts if part)


def _with(name: str, details: str) -> str:
    return f"{name} ({details})" if details else name


def value_words(key: str, value: Any, status: str = "") -> str:
    """A value of the vocabulary in words: "72 kg", "118/74 mmHg", "yes, in the past"."""
    if key in KEPT:
        return quantity_text(value, KEPT[key][1])
    spec = VOCABULARY[key]
    if spec.type == "condition":
        return _with("yes", status)
    if spec.type == "boolean":
        return "yes" if value else "no"
    if spec.type in {"number", "whole"}:
        return quantity_text(value, spec.unit)
    if spec.type == "choice":
        return str(value).replace("_", " ")
    if spec.type == "pressures" and isinstance(value, dict):
        return f"{value.get('sbp_mmhg')}/{value.get('dbp_mmhg')} mmHg"
    if spec.type == "scores" and isinstance(value, dict):
        return ", ".join(f"{SCORES[n][0]} {v:g}" for n, v in value.items() if n in SCORES)
    if spec.type == "answers" and isinstance(value, dict):
        yes = [name.upper() for name, said in value.items() if said]
        return f"yes to {', '.join(yes)}" if yes else "no to all asked"
    return ", ".join(str(v) for v in value) if isinstance(value, list | tuple) else str(value)


def assembled_words(fact: ProtocolFact) -> str:
    """A fact as the rules see it, in words."""
    if fact.state == "absent":
        return "none" if VOCABULARY[fact.key].type in {"names", "medicines"} else "no"
    value: Any = fact.value
    kind = VOCABULARY[fact.key].type
    if kind == "condition":
        words = [STATUS_WORDS.get(record.status, "") for record in value]
        return _with("yes", "" if "" in words else ", ".join(dict.fromkeys(words)))
    if kind == "medicines":
        return ", ".join(use.name for use in value)
    if kind == "pressures":
        return f"{value[0].sbp_mmhg:g}/{value[0].dbp_mmhg:g} mmHg"
    if kind in {"scores", "answers"}:
        return value_words(fact.key, dict(value))
    return value_words(fact.key, value)
