"""What stands on the picture of a course: plain data, times aware, scores in points."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Stage:
    """A stretch of the story: Before, Series, Keep well. Without an end it lasts until today."""

    label: str
    start: datetime
    end: datetime | None = None


@dataclass(frozen=True)
class StoryMark:
    """A moment on the story line; a minor one is a thin tick without words."""

    at: datetime
    label: str = ""
    minor: bool = False


@dataclass(frozen=True)
class SessionMark:
    """A numbered session with the dose it gave; a planned one is drawn dashed."""

    number: int
    at: datetime
    dose_mg: float = 0.0
    planned: bool = False
    url: str = ""


@dataclass(frozen=True)
class ScorePoint:
    """A questionnaire's total at the time it was answered."""

    at: datetime
    score: float


@dataclass(frozen=True)
class ScoreLine:
    """A level worth naming: response, remission."""

    score: float
    label: str


@dataclass(frozen=True)
class ForecastPoint:
    """One moment of a forecast: the middle and its 50 % and 90 % ranges."""

    at: datetime
    median: float
    low_50: float
    high_50: float
    low_90: float
    high_90: float


@dataclass(frozen=True)
class Forecast:
    """A forecast to draw beyond today, and another course beside it as a dotted line.

    ``window`` is a span of days that is marked, ``crosses_at`` one moment, with its words.
    """

    points: Sequence[ForecastPoint]
    label: str = ""
    other: Sequence[ScorePoint] = ()
    other_label: str = ""
    window: tuple[datetime, datetime] | None = None
    crosses_at: datetime | None = None
    crosses_label: str = ""


@dataclass(frozen=True)
class CourseStory:
    """Everything on the picture; times aware, in any order."""

    start: datetime
    end: datetime
    today: datetime
    stages: Sequence[Stage] = ()
    marks: Sequence[StoryMark] = ()
    sessions: Sequence[SessionMark] = ()
    scores: Sequence[ScorePoint] = ()
    lines: Sequence[ScoreLine] = field(default_factory=tuple)
    instrument: str = "PHQ-9"
    score_low: float = 0.0
    score_high: float = 27.0
    forecast: Forecast | None = None
    title: str = "Course since referral"
