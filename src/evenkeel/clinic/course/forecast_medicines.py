"""Which medicines on record the interaction file speaks of, and which nobody put a number to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from evenkeel.protocol.medicines import recognize_all

#: Ingredient of the protocol's list -> entry of the interaction file.
DESCRIBED: Final = {
    "ticlopidine": "ticlopidine",
    "clarithromycin": "clarithromycin",
    "itraconazole": "itraconazole",
    "grapefruit": "grapefruit_juice",
    "rifampin": "rifampicin",
    "st john s wort": "st_johns_wort",
    "oxymetazoline": "oxymetazoline_nasal",
    "mometasone nasal": "mometasone_nasal",
    "diazepam": "diazepam_acute",
    "phenobarbital": "long_term_barbiturates",
    "primidone": "long_term_barbiturates",
    "butalbital": "long_term_barbiturates",
}
#: What a class does that the forecast has no number for.
_WITHOUT_NUMBER: Final = {
    "cyp3a4_inhibitor": "slows the breakdown of ketamine (CYP3A4)",
    "cyp3a4_inducer": "speeds the breakdown of ketamine (CYP3A4)",
    "cyp2b6_inhibitor": "slows the breakdown of ketamine (CYP2B6)",
    "cyp2b6_inducer": "speeds the breakdown of ketamine (CYP2B6)",
    "benzodiazepine": "may add to sedation",
    "barbiturate": "may add to sedation",
    "opioid": "may add to sedation",
    "cns_depressant": "may add to sedation",
    "psychostimulant": "may add to the rise of pressure",
    "maoi": "may add to the rise of pressure",
}


@dataclass(frozen=True, slots=True)
class Interacting:
    """``described``: ids of the interaction file. ``left_out``: sentences on what has no number.

    ``unread``: names that no list knows, so that nothing can be said of them.
    """

    described: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


def interacting(names: Iterable[str]) -> Interacting:
    """Sort medicines by what the forecast can make of them; each named once, in their order."""
    described: dict[str, None] = {}
    left_out: dict[str, None] = {}
    unread: dict[str, None] = {}
    for name in names:
        found = recognize_all(name)
        if not found:
            unread.setdefault(name)
        for medicine in found:
            if medicine.ingredient in DESCRIBED:
                described.setdefault(DESCRIBED[medicine.ingredient])
            does = dict.fromkeys(
                words
                for one, words in _WITHOUT_NUMBER.items()
                if one in medicine.classes
                and not (medicine.ingredient in DESCRIBED and one.startswith("cyp"))
            )
            if does:
                left_out.setdefault(
                    f"{medicine.ingredient.capitalize()} {' and '.join(does)}: "
                    "no size is known, so it is not in these curves."
                )
    return Interacting(tuple(described), tuple(left_out), tuple(unread))
