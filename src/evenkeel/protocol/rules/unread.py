"""Names nobody here understands: a person must read them."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final

from ..allergens import is_allergen, is_denied, is_read_allergy
from ..conditions import is_icd10, recognize_condition, suggest_condition
from ..naming import plain
from ..registry import CLEAR, Case, Fired, Verdict, rule

# Beginnings of words that stand in the names of what could rule treatment out.
_ALARMING: Final = (
    "aneurysm",
    "malformation",
    "hemorrhag",
    "bleed",
    "hematoma",
    "dissection",
    "intracran",
    "intracereb",
    "cerebr",
    "infarct",
    "myocard",
    "cardi",
    "coronary",
    "ischemi",
    "psycho",
    "schizo",
    "delusion",
    "hallucinat",
    "manic",
    "hypoman",
    "cirrhosis",
    "hepatic",
    "addict",
    "misus",
    "abuse",
    "dependen",
    "intoxic",
    "withdraw",
    "suicid",
    "pregnan",
    "ketamine",
    "meningiom",
    "gliom",
    "pheochromocyt",
    "marfan",
    "ehlers",
    "moyamoya",
    "overdos",
    "ascit",
)
_ALARMING_WORDS: Final = frozenset({"heart", "brain", "stroke", "mania", "avm", "ich", "varices"})
_ALARMING_PHRASES: Final = (
    "use disorder",
    "liver failure",
    "raised pressure",
    "drug use",
    "high on ",
)
# ICD-10 codes of families in which contraindications stand: substances, psychosis and mania;
# inflamed or swollen brain, its vessels and tumors; heart and arteries; cirrhosis; pregnancy.
_ALARMING_CODES: Final = re.compile(
    r"(?:F[12]|F30|F31|G0[0-9]|G46|G93|C7[0-2]|C79\.?3|D3[23]|(?!I78\.?1)I[0-7]|I85|K7[0-6]|O|Q2[0-8]|Z3[349]|Z3A"
    r"|T4[03])[0-9A-Z.]*",
    re.IGNORECASE,
)
_HARMLESS: Final = (
    "nicotine",
    "tobacco",
    "caffeine",
    "oxygen",
    "psychotherapy",
    "menstrual",
    "gums",
)
_LONG_WORDS: Final = tuple(word for word in _ALARMING if len(word) > 6)


def alarming(name: str) -> bool:
    """Return whether an unread name looks like something that could rule treatment out.

    "Denied" and "family history of" do not, nor do misuse and dependence on what does not
    matter here. A slip of a letter in a long word is seen through, and so is one in the name of
    a condition that a rule asks about.
    """
    words = plain(name).split()
    if is_icd10(name):
        return _ALARMING_CODES.fullmatch(name.strip()) is not None
    guess = suggest_condition(name)
    if guess is not None and (match := recognize_condition(guess)) and match[0].screened:
        return True
    if is_denied(name) or any(word in _HARMLESS for word in words):
        return False
    if is_allergen(name) or any(phrase in " ".join(words) for phrase in _ALARMING_PHRASES):
        return True
    return any(
        word in _ALARMING_WORDS
        or word.startswith(_ALARMING)
        or (len(word) > 6 and get_close_matches(word, _LONG_WORDS, 1, 0.85))
        for word in words
    )


def _listed(names: list[str]) -> str:
    """Return the names, each with what a slip of one letter may have hidden."""
    suggested = ((name, suggest_condition(name)) for name in names)
    return ", ".join(f"{name} ({guess}?)" if guess else name for name, guess in suggested)


@rule("unread_alarming_conditions", kind="unknown", reads=("other_conditions",))
def unread_alarming_conditions(case: Case) -> Verdict:
    """Names that are not recognized and look like a contraindication: nobody can tell, so wait."""
    names = [name for name in case.names("other_conditions") if alarming(name)]
    if not names:
        return CLEAR
    return Fired(
        "Not recognized, please read before treatment: " + _listed(names),
        "No rule knows these names, but they look like something that could rule treatment out.",
        "A clinician reads them and names the condition, or says that it is harmless.",
    )


@rule("unread_conditions", kind="unknown", reads=("other_conditions",))
def unread_conditions(case: Case) -> Verdict:
    """Conditions and diagnoses that are not recognized."""
    names = [name for name in case.names("other_conditions") if not alarming(name)]
    if not names:
        return CLEAR
    return Fired(
        "Not recognized, please read: " + _listed(names),
        "These conditions are not in the list the rules know, so no rule has looked at them.",
        "A clinician reads them.",
    )


@rule("unread_medicines", kind="unknown", reads=("medicines",))
def unread_medicines(case: Case) -> Verdict:
    """Medicines that are not recognized."""
    names = [use.name for use in case.medicines() if not use.recognized]
    if not names:
        return CLEAR
    return Fired(
        "Not recognized, please read: " + ", ".join(names),
        "These medicines are not in the list the rules know; only a stated class was looked at.",
        "A clinician reads them.",
    )


@rule("unread_allergies", kind="unknown", reads=("allergies",))
def unread_allergies(case: Case) -> Verdict:
    """Allergies to something that no list knows, in a product or outside it."""
    names = [name for name in case.names("allergies") if not is_read_allergy(name)]
    if not names:
        return CLEAR
    return Fired(
        "Not recognized, please read: " + ", ".join(names),
        "No list knows what these allergies are to, so nobody can tell whether it is in the drug.",
        "A clinician reads them.",
    )
