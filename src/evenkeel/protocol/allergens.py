"""To what a person must not be allergic: the drug, and what it is dissolved in."""

from __future__ import annotations

from typing import Final

from .medicines import recognize_all
from .naming import plain

# The active substance and the excipients of the products on sale (Spravato: citric acid,
# disodium edetate; racemic vials: benzethonium chloride, and chlorobutanol in some).
_ALLERGENS: Final = (
    "ketamine",
    "ketamin",
    "esketamine",
    "esketamin",
    "s ketamine",
    "s ketamin",
    "arketamine",
    "spravato",
    "ketalar",
    "ketanest",
    "vesierra",
    "benzethonium",
    "chlorobutanol",
    "edetate",
    "edta",
    "citric acid",
    "excipient",
    "excipients",
)
# Words, or their beginnings, for common allergies to what no product holds, and for none.
_ELSEWHERE: Final = (
    *(
        "latex",
        "rubber",
        "penicillin",
        "amoxicillin",
        "cephalosporin",
        "sulfa",
        "sulfon",
        "sulfite",
    ),
    *("antibiotic", "statin", "nsaid", "aspirin", "iodine", "contrast", "chlorhex", "plaster"),
    *("adhesive", "tape", "nickel", "metal", "nut", "peanut", "almond", "cashew", "walnut", "egg"),
    *("milk", "dairy", "lactose", "gluten", "wheat", "soy", "fish", "shellfish", "shrimp", "prawn"),
    *("seafood", "sesame", "strawberr", "kiwi", "banana", "fruit", "food", "tomato", "chocolate"),
    *("pollen", "grass", "tree", "ragweed", "hay", "dust", "mite", "mold", "mould", "cat", "dog"),
    *("horse", "pet", "animal", "dander", "feather", "bee", "wasp", "insect", "venom", "perfume"),
    *("fragrance", "cosmetic", "seasonal", "environmental", "none", "nkda", "nka", "nil"),
)
_ALLERGY: Final = ("allergy", "allergic", "hypersensitivity", "anaphylaxis", "anaphylactic")
_DENIED: Final = ("no ", "not ", "never ", "denies ", "without ", "negative for ", "family ", "fh ")


def is_allergen(name: str) -> bool:
    """Return whether ``name`` names the drug or a part of a product."""
    words = f" {plain(name)} "
    return any(f" {allergen} " in words for allergen in _ALLERGENS)


def is_denied(name: str) -> bool:
    """Return whether ``name`` says that something is not there ("no known ketamine allergy")."""
    return plain(name).startswith(_DENIED)


def is_allergy(name: str) -> bool:
    """Return whether a condition called ``name`` is an allergy of the person."""
    return not is_denied(name) and any(word in plain(name) for word in _ALLERGY)


def is_read_allergy(name: str) -> bool:
    """Return whether somebody knows what ``name`` is: a part of a product, a medicine, or harmless.

    A part of a product is judged by its own rule; a medicine here is another than the drug.
    """
    if is_allergen(name) or is_denied(name) or recognize_all(name):
        return True
    # A short word is taken whole: "cat" is not the beginning of anything else.
    return any(
        word in _ELSEWHERE
        or word.removesuffix("s") in _ELSEWHERE
        or word.startswith(tuple(one for one in _ELSEWHERE if len(one) > 4))
        for word in plain(name).split()
    )
