"""The group a target is printed and summed up in: product and route, or domain of effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .recipe_form import MOOD_NEEDS

PRODUCTS = {"racemic": "racemate", "s_ketamine": "S-ketamine"}
ROUTES = {
    "iv": "intravenous",
    "im": "intramuscular",
    "sc": "subcutaneous",
    "oral": "swallowed",
    "sublingual": "under the tongue",
    "oral_film": "film in the mouth",
    "nasal": "nasal",
}
DOMAINS = {
    "cadss": "dissociation",
    "score": "dissociation",
    "anxiety": "dissociation",
    "external": "dissociation",
    "internal": "dissociation",
    "dissociation": "dissociation",
    "sbp": "blood pressure and heart",
    "dbp": "blood pressure and heart",
    "hr": "blood pressure and heart",
    "pressure": "blood pressure and heart",
    "cardiac": "blood pressure and heart",
    "moaas": "sedation",
    "sedation": "sedation",
    "nausea": "nausea and dizziness",
    "dizziness": "nausea and dizziness",
    "bladder": "long-term",
}
MOOD = "mood"
INTERACTIONS = "other drugs"
NO_GROUP = "not modeled"


def group_of(kind: str, how: Mapping[str, Any] | None, drug: str) -> str:
    """The group of a target by its recipe; empty where there is none."""
    if how is None:
        return ""
    if kind == "pk":
        return _pk_group(how, drug)
    if how["statistic"] in MOOD_NEEDS:
        return MOOD
    first = how.get("any_of") or [{}]
    words = (how.get("effect"), how.get("event"), how.get("name"), first[0].get("effect"))
    word = next((w for w in words if w), how["statistic"])
    return DOMAINS.get(str(word).split("_")[0], NO_GROUP)


def groups_of_rows(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """The group of each row, from (row, group) of its targets: that of the first that has one."""
    found: dict[str, str] = {}
    for row, group in pairs:
        found[row] = found.get(row) or group
    return {row: group or NO_GROUP for row, group in found.items()}


def _pk_group(how: Mapping[str, Any], drug: str) -> str:
    whole: Mapping[str, Any] | None = how
    while whole is not None:
        if whole.get("interaction"):
            return INTERACTIONS
        whole = whole.get("divided_by")
    routes = dict.fromkeys(dose["route"] for dose in how.get("regimen", ()))
    product = PRODUCTS.get(drug, drug)
    if not routes:
        return f"{product}, parameters"
    return f"{product}, {' then '.join(ROUTES.get(route, route) for route in routes)}"
