"""Mood over weeks: the drug's effect in two competing forms, expectation kept apart, relapse.

Nothing here loads SciPy on import.
"""

from .course import (
    Course,
    MoodPeople,
    course,
    default_form,
    draw_mood_people,
    mood_people_from_normals,
    typical_mood_people,
)
from .expectation import SETTINGS, Setting, expectation, occasions_h, setting
from .form import Form, drive_inputs
from .next_session import NextSession, next_session
from .observation import madrs_log_likelihood, phq9_log_likelihood
from .outcome import (
    PHQ9_NOTE,
    ArmOutcome,
    expected_outcome,
    phq9_from_madrs,
    remitted,
    remitted_phq9,
    responded,
)
from .parameters import MoodError, MoodParameters, load_mood, parse_mood
from .relapse import RelapseCourse, hazard_per_h, relapse
from .states import States
from .two_exponential import TwoExponential

__all__ = [
    "PHQ9_NOTE",
    "SETTINGS",
    "ArmOutcome",
    "Course",
    "Form",
    "MoodError",
    "MoodParameters",
    "MoodPeople",
    "NextSession",
    "RelapseCourse",
    "Setting",
    "States",
    "TwoExponential",
    "course",
    "default_form",
    "draw_mood_people",
    "drive_inputs",
    "expectation",
    "expected_outcome",
    "hazard_per_h",
    "load_mood",
    "madrs_log_likelihood",
    "mood_people_from_normals",
    "next_session",
    "occasions_h",
    "parse_mood",
    "phq9_from_madrs",
    "phq9_log_likelihood",
    "relapse",
    "remitted",
    "remitted_phq9",
    "responded",
    "setting",
    "typical_mood_people",
]
