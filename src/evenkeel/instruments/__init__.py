"""Questionnaires as FHIR R4 Questionnaires, and what their answers add up to.

One folder an instrument: `questionnaire.json` (the FHIR resource: wording, options, codes, notice)
and `scoring.json` (bands or tiers, response, remission, safety rules, each with source and mark).
A new instrument is one new folder and no change of code; loading refuses a folder that contradicts
itself, naming the file and the entry.

    >>> phq9 = load("phq9")
    >>> result = score(phq9, {f"phq9-{number}": 1 for number in range(1, 10)})
    >>> result.total, result.band.label, [signal.number for signal in result.safety]
    (9, 'mild', ['9'])

Wording ships only where its license lets it. `available()` lists what can be put to a person;
`shelved()` lists also those of which only structure, codes and scoring ship. For these, and for
translations, `with_wording` puts a clinic's own text into the structure, checked against it.
"""

from evenkeel.instruments.errors import (
    AnswerError,
    InstrumentError,
    InstrumentFileError,
    UnknownInstrumentError,
)
from evenkeel.instruments.fhir import from_fhir_response, to_fhir_response
from evenkeel.instruments.model import (
    Band,
    Basis,
    Change,
    Condition,
    Instrument,
    Item,
    Provisional,
    Remission,
    Response,
    SafetySignal,
    Score,
    SubscaleScore,
    Urgency,
)
from evenkeel.instruments.progress import change, remission, response
from evenkeel.instruments.safety import follow_up_questions, tier_urgency, urgency
from evenkeel.instruments.scoring import band_of, check_answers, check_total, is_asked, score
from evenkeel.instruments.shelf import available, for_a_person, load, read_folder, shelved
from evenkeel.instruments.translations import (
    languages_of,
    load_in,
    own_words,
    translated_languages,
)
from evenkeel.instruments.typed_wording import (
    Typed,
    can_be_typed,
    same_answers,
    typed_document,
)
from evenkeel.instruments.wording import parse, template, with_wording

__all__ = [
    "AnswerError",
    "Band",
    "Basis",
    "Change",
    "Condition",
    "Instrument",
    "InstrumentError",
    "InstrumentFileError",
    "Item",
    "Provisional",
    "Remission",
    "Response",
    "SafetySignal",
    "Score",
    "SubscaleScore",
    "Typed",
    "UnknownInstrumentError",
    "Urgency",
    "available",
    "band_of",
    "can_be_typed",
    "change",
    "check_answers",
    "check_total",
    "follow_up_questions",
    "for_a_person",
    "from_fhir_response",
    "is_asked",
    "languages_of",
    "load",
    "load_in",
    "own_words",
    "parse",
    "read_folder",
    "remission",
    "response",
    "same_answers",
    "score",
    "shelved",
    "template",
    "tier_urgency",
    "to_fhir_response",
    "translated_languages",
    "typed_document",
    "urgency",
    "with_wording",
]
