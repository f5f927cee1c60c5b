"""What will happen next to this person: virtual people, weighted by what was read so far."""

from .carried import PERSISTENCE, Learned
from .fit import Fit, Level, fit_many, fit_person
from .learning import Forecast
from .mood_ahead import MoodAhead, MoodHistory, mood_ahead, mood_version
from .mood_learning import MoodForecast, MoodPrediction, MoodSetting
from .observations import KINDS, Observation
from .particles import Setting
from .prediction import Prediction, Surprise

__all__ = [
    "KINDS",
    "PERSISTENCE",
    "Fit",
    "Forecast",
    "Learned",
    "Level",
    "MoodAhead",
    "MoodForecast",
    "MoodHistory",
    "MoodPrediction",
    "MoodSetting",
    "Observation",
    "Prediction",
    "Setting",
    "Surprise",
    "fit_many",
    "fit_person",
    "mood_ahead",
    "mood_version",
]
