"""To what a person must not be allergic: the drug, and what it is dissolved in."""

from __future__ import annotations

from typing import Final

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
_ALLERGY: Final = ("allergy", "allergic", "hypersensitivity", "anaphylaxis", "anaphylactic")
_DENIED: Final = ("no ", "not ", "denies ", "without ", "negative for ", "family ", "fh ")


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
