"""Recognize a medicine by ingredient or brand and say which classes matter here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from .errors import ProtocolError
from .naming import find_all, plain
from .sources import read_json


@dataclass(frozen=True, slots=True)
class Medicine:
    """One ingredient. ``classes`` are this room's words (``benzodiazepine``, ``maoi`` ...).

    ``lorazepam_mg_per_mg`` converts its dose to lorazepam-equivalents; None where no usual
    figure exists. Equivalence tables differ: it is a guide, marked ``assumed`` in the data.
    """

    ingredient: str
    classes: frozenset[str]
    names: tuple[str, ...]
    lorazepam_mg_per_mg: float | None = None


@cache
def known_medicines() -> tuple[Medicine, ...]:
    """Return every medicine the product knows, in the order of the data file."""
    raw = read_json("lists", "medicines.json")
    if not isinstance(raw, dict):
        raise ProtocolError("medicines.json", "must be an object")
    return tuple(
        Medicine(
            ingredient=entry["ingredient"],
            classes=frozenset(entry["classes"]),
            names=tuple(entry["names"]),
            lorazepam_mg_per_mg=(
                1 / entry["mg_equal_to_lorazepam_1_mg"]
                if "mg_equal_to_lorazepam_1_mg" in entry
                else None
            ),
        )
        for entry in raw["medicines"]
    )


@cache
def _by_name() -> dict[str, Medicine]:
    table: dict[str, Medicine] = {}
    for medicine in known_medicines():
        for name in (medicine.ingredient, *medicine.names):
            if table.setdefault(plain(name), medicine) is not medicine:
                raise ProtocolError("medicines.json", f"the name {name!r} stands twice")
    return table


def recognize_all(name: str) -> tuple[Medicine, ...]:
    """Return every known ingredient named in ``name`` ("hydrocodone / acetaminophen")."""
    return find_all(name, _by_name())


def recognize(name: str) -> Medicine | None:
    """Return the known medicine named in ``name``, the one with most classes if several.

    Brand, ingredient, strength and form may stand together ("Klonopin 0.5 mg tablet").
    None means: not recognized, a person must read it.
    """
    return max(recognize_all(name), key=lambda medicine: len(medicine.classes), default=None)
