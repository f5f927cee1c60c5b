"""The trials and the questions as data: one file each, read whole and checked."""

from evenkeel.evidence.library.question import Alone, Indirectness, Question, Statement
from evenkeel.evidence.library.question_reading import questions, read_question
from evenkeel.evidence.library.trial import (
    Arm,
    Contrast,
    Funding,
    RiskOfBias,
    Row,
    Source,
    Trial,
)
from evenkeel.evidence.library.trial_reading import read_trial, trials

__all__ = [
    "Alone",
    "Arm",
    "Contrast",
    "Funding",
    "Indirectness",
    "Question",
    "RiskOfBias",
    "Row",
    "Source",
    "Statement",
    "Trial",
    "questions",
    "read_question",
    "read_trial",
    "trials",
]
