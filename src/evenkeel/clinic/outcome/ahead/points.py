"""The kept forecast of a course as points that a picture draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from evenkeel.clinic.outcome.models import MoodAhead
from evenkeel.web import svg

_DAY: Final = timedelta(days=1)
#: As far ahead as a score's own picture looks.
LOOK_DAYS: Final = 28


def points_of(payload: Mapping[str, Any], scale: str, days: int) -> list[svg.ForecastPoint]:
    """The band of one scale from when the forecast runs, a point a day."""
    known = datetime.fromisoformat(payload["known_at"])
    bands = payload["scales"][scale]["bands"]
    return [
        svg.ForecastPoint(
            known + day * _DAY,
            median=bands[2][day],
            low_50=bands[1][day],
            high_50=bands[3][day],
            low_90=bands[0][day],
            high_90=bands[4][day],
        )
        for day in range(min(days + 1, len(bands[0])))
    ]


def points_ahead(course_id: UUID) -> dict[str, Sequence[svg.ForecastPoint]]:
    """Questionnaire -> the band kept of it; empty where there is no forecast. One query."""
    row = MoodAhead.objects.filter(course_id=course_id, payload__isnull=False).first()
    if row is None or row.payload is None:
        return {}
    return {name: points_of(row.payload, name, LOOK_DAYS) for name in row.payload["scales"]}
