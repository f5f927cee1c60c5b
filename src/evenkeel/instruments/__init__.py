"""Questionnaires as FHIR R4 Questionnaires, and what their answers add up to.

One folder an instrument: `questionnaire.json` (the FHIR resource: wording, options, codes, notice)
and `scoring.json` (bands or tiers, response, remission, safety rules, each with source and mark).
A new instrument is one new folder and no change of code; loading refuses a folder that contradicts
itself, naming the file and the entry.

    >>> phq9 = load("phq9")
    >>> result = score(phq9, {f"phq9-{number}": 1 for number in range(1, 10)})
    >>> result.total, result.band.label, [signal.number for signal in result.safety]
    (9, 'mild', ['9'])

Wording ships only where its licence lets it. `available()` lists what can be put to a person;
`shelved()` lists also those of which only structure, codes and scoring ship.
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
    Remission,
    Response,
    SafetySignal,
    Score,
    Urgency,
)
from evenkeel.instruments.progress import change, remission, response
from evenkeel.instruments.safety import follow_up_questions, urgency
from evenkeel.instruments.scoring import band_of, check_answers, is_asked, score
from evenkeel.instruments.shelf import available, load, read_folder, shelved

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
    "Remission",
    "Response",
    "SafetySignal",
    "Score",
    "UnknownInstrumentError",
    "Urgency",
    "available",
    "band_of",
    "change",
    "check_answers",
    "follow_up_questions",
    "from_fhir_response",
    "is_asked",
    "load",
    "read_folder",
    "remission",
    "response",
    "score",
    "shelved",
    "to_fhir_response",
    "urgency",
]
