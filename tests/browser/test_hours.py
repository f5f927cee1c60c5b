"""The browser tests tell of one clinic day, at whatever hour of whatever day they run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

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


def test_it_is_early_afternoon_where_the_clinic_is() -> None:
    for now in MOMENTS:
        assert now.astimezone(ZoneInfo(zone_where_it_is_afternoon(now))).hour == 13, now


def test_it_is_day_where_the_first_clinic_is_set_up() -> None:
    for now in MOMENTS:
        assert 9 <= now.astimezone(ZoneInfo(daylight_zone(now))).hour <= 15, now
