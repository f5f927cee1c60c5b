"""The browser tests tell of one clinic day, at whatever hour of whatever day they run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.browser.fill import zone_where_it_is_afternoon
from tests.browser.test_setup import daylight_zone

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
#: Every half hour of a day of winter and of one of summer, and the minute before it.
MOMENTS = [
    MIDNIGHT + timedelta(days=days, minutes=30 * half - early)
    for days in (0, 240)
    for half in range(48)
    for early in (0, 1)
]


@pytest.mark.parametrize("now", MOMENTS, ids=lambda at: f"{at:%m-%d %H:%M}")
def test_it_is_early_afternoon_where_the_clinic_is(now: datetime) -> None:
    assert now.astimezone(ZoneInfo(zone_where_it_is_afternoon(now))).hour == 13


@pytest.mark.parametrize("now", MOMENTS, ids=lambda at: f"{at:%m-%d %H:%M}")
def test_it_is_day_where_the_first_clinic_is_set_up(now: datetime) -> None:
    assert 9 <= now.astimezone(ZoneInfo(daylight_zone(now))).hour <= 15
