"""Recognize a medicine by ingredient, brand or RxNorm code; say which classes matter here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from .errors import ProtocolError
from .naming import find_all, misspellings, plain, suggestion
from .sources import read_json

# Words that say how a medicine is given. Where the list has the ingredient in that form, it is
# that entry which is meant: a steroid for the nose, an antifungal that stays on the skin.
_FORMS: Final = (
    ("nasal", frozenset({"nasal", "intranasal", "nose", "nostril", "nostrils"})),
    (
        "topical",
        frozenset({"topical", "cream", "ointment", "gel", "lotion", "shampoo", "foam", "eye"}),
    ),
)


@dataclass(frozen=True, slots=True)
class Medicine:
    """One ingredient. ``classes`` are this room's words (``benzodiazepine``, ``maoi`` ...).

    ``lorazepam_mg_per_mg`` converts its dose to lorazepam-equivalents; None where no usual
    figure exists. Equivalence tables differ: the data names the table each was read in.
    ``rxnorm`` holds RxNorm ingredient codes, each checked in the public file the data names.
    """

    ingredient: str
    classes: frozenset[str]
    names: tuple[str, ...]
    lorazepam_mg_per_mg: float | None = None
    rxnorm: tuple[str, ...] = ()


@cache
def _raw() -> Mapping[str, object]:
    raw = read_json("lists", "medicines.json")
    if not isinstance(raw, dict):
        raise ProtocolError("medicines.json", "must be an object")
    return raw


@cache
def known_medicines() -> tuple[Medicine, ...]:
    """Return every medicine the product knows, in the order of the data file."""
    entries = _raw()["medicines"]
    if not isinstance(entries, list):
        raise ProtocolError("medicines.json", "medicines must be a list")
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
            rxnorm=tuple(entry.get("rxnorm", ())),
        )
        for entry in entries
    )


@cache
def combinations() -> dict[str, tuple[Medicine, ...]]:
    """Return brand -> the ingredients it combines. Raises ``ProtocolError`` for one not listed."""
    by_ingredient = {medicine.ingredient: medicine for medicine in known_medicines()}
    brands = _raw()["combinations"]
    if not isinstance(brands, dict):
        raise ProtocolError("medicines.json", "combinations must be an object")
    unknown = {one for parts in brands.values() for one in parts} - by_ingredient.keys()
    if unknown:
        raise ProtocolError("medicines.json", f"no medicine is called {min(unknown)!r}")
    return {brand: tuple(by_ingredient[one] for one in parts) for brand, parts in brands.items()}


@cache
def _by_name() -> dict[str, tuple[Medicine, ...]]:
    table: dict[str, tuple[Medicine, ...]] = {}
    named = [
        (name, (medicine,))
        for medicine in known_medicines()
        for name in (medicine.ingredient, *medicine.names)
    ]
    for name, meant in [*named, *combinations().items()]:
        if table.setdefault(plain(name), meant) != meant:
            raise ProtocolError("medicines.json", f"the name {name!r} stands twice")
    return table


@cache
def _by_rxnorm() -> dict[str, Medicine]:
    return {code: medicine for medicine in known_medicines() for code in medicine.rxnorm}


@cache
def _misspelled() -> dict[str, set[str]]:
    return misspellings(_by_name())


def recognize_all(name: str) -> tuple[Medicine, ...]:
    """Return every known ingredient named in ``name``, each once, in the order they stand.

    Brand, ingredient, strength and form may stand together ("hydrocodone / acetaminophen",
    "Contrave", "fluticasone 50 mcg nasal spray"). A bare number is an RxNorm ingredient code.
    """
    coded = _by_rxnorm().get(name.strip())
    if coded is not None:
        return (coded,)
    found = dict.fromkeys(one for group in find_all(name, _by_name()) for one in group)
    if not found:
        return ()
    words = set(plain(name).split())
    forms = [form for form, said in _FORMS if not said.isdisjoint(words)]
    return tuple(dict.fromkeys(_as_given(medicine, forms) for medicine in found))


def _as_given(medicine: Medicine, forms: list[str]) -> Medicine:
    for form in forms:
        meant = _by_name().get(f"{medicine.ingredient} {form}")
        if meant is not None:
            return meant[0]
    return medicine


def recognize(name: str) -> Medicine | None:
    """Return the known medicine named in ``name``, the one with most classes if several.

    None means: not recognized, a person must read it.
    """
    return max(recognize_all(name), key=lambda medicine: len(medicine.classes), default=None)


def suggest_medicine(name: str) -> str | None:
    """Return the known name that ``name`` misses by one letter, for a person to confirm."""
    return None if recognize_all(name) else suggestion(name, _misspelled())
