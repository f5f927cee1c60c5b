"""From a question to an answer in numbers, with all that speaks against trusting it."""

from evenkeel.evidence.answering.absolute import Absolute
from evenkeel.evidence.answering.answer import Answer, answer, answers
from evenkeel.evidence.answering.certainty import Certainty, Domain
from evenkeel.evidence.answering.described import Described
from evenkeel.evidence.answering.report import as_data, forest_data, in_words
from evenkeel.evidence.answering.selection import Excluded
from evenkeel.evidence.answering.study_effect import StudyEffect

__all__ = [
    "Absolute",
    "Answer",
    "Certainty",
    "Described",
    "Domain",
    "Excluded",
    "StudyEffect",
    "answer",
    "answers",
    "as_data",
    "forest_data",
    "in_words",
]
