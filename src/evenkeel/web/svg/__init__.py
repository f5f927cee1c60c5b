"""Drawings made on the server: pure functions from plain data to SVG markup.

Every drawing carries a title and a description for screen readers, escapes every word it is given,
and is well-formed XML, so it can stand in a page, in a PDF or alone. Colors are given twice: as the
light theme's values in attributes, for paper, and as classes, through which the page's style sheet
puts the theme in their place.
"""

from evenkeel.web.svg.course import course_chart
from evenkeel.web.svg.day import Appointment, Day, day_timeline
from evenkeel.web.svg.forest import Forest, ForestStudy, forest_plot
from evenkeel.web.svg.icons_of_100 import People, icons_of_100
from evenkeel.web.svg.plan_forecast import (
    DoseScale,
    ForecastBand,
    Limit,
    dose_scale,
    forecast_band,
)
from evenkeel.web.svg.scores import NumberedSession, Reference, ScoreChart, score_chart
from evenkeel.web.svg.session import (
    DrugSpan,
    Reading,
    SessionRecord,
    Threshold,
    TimedNote,
    session_timeline,
)
from evenkeel.web.svg.sparkline import PressureReading, PressureSpark, sparkline
from evenkeel.web.svg.story import (
    CourseStory,
    Forecast,
    ForecastPoint,
    ScoreLine,
    ScorePoint,
    SessionMark,
    Stage,
    StoryMark,
)

__all__ = [
    "Appointment",
    "CourseStory",
    "Day",
    "DoseScale",
    "DrugSpan",
    "Forecast",
    "ForecastBand",
    "ForecastPoint",
    "Forest",
    "ForestStudy",
    "Limit",
    "NumberedSession",
    "People",
    "PressureReading",
    "PressureSpark",
    "Reading",
    "Reference",
    "ScoreChart",
    "ScoreLine",
    "ScorePoint",
    "SessionMark",
    "SessionRecord",
    "Stage",
    "StoryMark",
    "Threshold",
    "TimedNote",
    "course_chart",
    "day_timeline",
    "dose_scale",
    "forecast_band",
    "forest_plot",
    "icons_of_100",
    "score_chart",
    "session_timeline",
    "sparkline",
]
