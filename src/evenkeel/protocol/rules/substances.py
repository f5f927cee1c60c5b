"""Substances: misuse now, in the past, and in a program that treats it."""

from __future__ import annotations

import re
from typing import Final

from ..naming import plain
from ..registry import CLEAR, Case, Fired, Verdict, rule, when
from ..substances import ANY_SUBSTANCE, NEVER_TREATABLE, TREATABLE
from ..vocabulary import VOCABULARY

_SUBSTANCES = (ANY_SUBSTANCE, *TREATABLE.values(), *NEVER_TREATABLE.values())


def _in_program(case: Case) -> frozenset[str]:
    program = case.protocol.addiction_programme
    return program.conditions if program is not None else frozenset()


def _labels(keys: list[str]) -> str:
    return ", ".join(VOCABULARY[key].label for key in keys)


@rule("active_substance_use", kind="contraindication", reads=_SUBSTANCES)
def active_substance_use(case: Case) -> Verdict:
    """Substance use disorder now, unless the protocol's program treats this substance."""
    keys = [key for key in _SUBSTANCES if key not in _in_program(case)]
    hits = [key for key in keys if case.active(key)]
    missing = [key for key in keys if case.active(key) is None]
    return when(
        case.active(*keys),
        Fired(
            f"Now: {_labels(hits)}",
            "With active misuse, guidance is not to start a series of treatments.",
            "Treat it first; then assess again."
            if hits != [ANY_SUBSTANCE]
            else "Say which substance; treat it first, then assess again.",
            tuple(hits),
        ),
        *missing,
    )


@rule("substance_use_in_programme", kind="eligibility", reads=_SUBSTANCES)
def substance_use_in_programme(case: Case) -> Verdict:
    """Misuse of a substance which the protocol's addiction program treats."""
    program = case.protocol.addiction_programme
    keys = [key for key in _SUBSTANCES if key in _in_program(case)]
    if program is None or not keys:
        return CLEAR
    hits = [key for key in keys if case.active(key)]
    missing = [key for key in keys if case.active(key) is None]
    return when(
        case.active(*keys),
        Fired(
            f"Now: {_labels(hits)}",
            f"The clinic's program “{program.name}” takes this in; a specialist must agree.",
            "An addiction specialist's decision, and a sober day of treatment.",
            tuple(hits),
            source=program.source,
        ),
        *missing,
    )


@rule("past_substance_use", kind="eligibility", reads=_SUBSTANCES)
def past_substance_use(case: Case) -> Verdict:
    """Substance use disorder in the past and not now."""
    if case.active(*_SUBSTANCES):
        return CLEAR
    hits = [key for key in _SUBSTANCES if case.ever(key)]
    missing = [key for key in _SUBSTANCES if case.ever(key) is None]
    return when(
        case.ever(*_SUBSTANCES),
        Fired(
            f"In the past: {_labels(hits)}",
            "Ketamine can be misused; consider carefully and watch for it.",
            "A plan to watch for craving and misuse.",
            tuple(hits),
        ),
        *missing,
    )


@rule("ketamine_misuse", kind="eligibility", reads=("ketamine_misuse",))
def ketamine_misuse(case: Case) -> Verdict:
    """Earlier misuse of ketamine or PCP."""
    return when(
        case.ever("ketamine_misuse"),
        Fired(
            "Earlier misuse of ketamine or PCP",
            "Trials leave out people with more than rare use.",
            "An addiction specialist's view.",
        ),
        "ketamine_misuse",
    )


@rule("drug_screen", kind="workup", reads=("drug_screen",))
def drug_screen(case: Case) -> Verdict:
    """A positive urine drug screen. None is asked for: it is only to be considered."""
    if case.word("drug_screen") != "positive":
        return CLEAR
    return Fired(
        "The urine drug screen is positive",
        "It may be a prescribed medicine, or misuse.",
        "A clinician reads it with the list of medicines.",
    )


# Words for what is not prescribed, as it stands in a list of what somebody takes.
_STREET: Final = re.compile(
    r"\b(?:heroin|crack|cocaine|crystal meth|mdma|ecstasy|molly|lsd|psilocybin|magic mushrooms"
    r"|ayahuasca|dmt|pcp|phencyclidine|angel dust|ghb|gbl|mephedrone|nitrous oxide|laughing gas"
    r"|(?:street|illicit|illegal|recreational) \w+)\b"
)


@rule("street_drug", kind="eligibility", reads=("medicines",))
def street_drug(case: Case) -> Verdict:
    """A drug of misuse among what the person takes, whatever the list of conditions says."""
    names = [use.name for use in case.medicines() if _STREET.search(plain(use.name))]
    if not names:
        return CLEAR
    return Fired(
        "Among the medicines: " + ", ".join(names),
        "It may be misuse now, which guidance does not treat with a series of ketamine.",
        "Ask how often and when last; say whether it is a use disorder, or that it is past.",
    )
