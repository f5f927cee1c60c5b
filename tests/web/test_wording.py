"""Numbers, units, times and chances in words."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from evenkeel.web import wording

NOW = datetime(2026, 11, 23, 14, 14, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clinic_zone():
    with timezone.override("America/New_York"), translation.override("en"):
        yield


@pytest.mark.parametrize(
    ("value", "unit", "places", "written"),
    [
        (34, "mg", None, "34\u00a0mg"),
        (Decimal("0.50"), "mg/kg", None, "0.50\u00a0mg/kg"),
        (0.68, "mL", None, "0.68\u00a0mL"),
        (51.0, "mL/h", None, "51\u00a0mL/h"),
        (0.1 + 0.2, "mg", None, "0.3\u00a0mg"),
        (0.6849, "mL", 2, "0.68\u00a0mL"),
        (0.6789, "mL", 2, "0.68\u00a0mL"),
        (Decimal("0.675"), "mL", 2, "0.68\u00a0mL"),
        (-0.6789, "mL", 1, "-0.7\u00a0mL"),
        (0.0, "mg", None, "0\u00a0mg"),
        (None, "kg", None, "not known"),
        (7, "", None, "7"),
    ],
)
def test_quantities_keep_their_unit_and_their_places(value, unit, places, written):
    assert wording.quantity_text(value, unit, places) == written


def test_the_decimal_mark_follows_the_locale():
    with translation.override("de"):
        assert wording.quantity_text(Decimal("0.68"), "mL") == "0,68\u00a0mL"


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (0, "0\u00a0%"),
        (0.004, "<\u00a01\u00a0%"),
        (0.0000001, "<\u00a01\u00a0%"),
        (0.11, "11\u00a0%"),
        (0.999, ">\u00a099\u00a0%"),
        (1, "100\u00a0%"),
        (None, "not known"),
    ],
)
def test_a_small_chance_is_never_none(share, written):
    assert wording.chance_text(share) == written


def test_staff_time_is_24_hours_and_patient_time_follows_the_locale():
    assert wording.clock_text(NOW) == "09:14"
    assert wording.clock_text(NOW, seconds=True) == "09:14:05"
    assert wording.patient_clock_text(NOW + timedelta(hours=4)) == "1:14\u00a0pm"
    with translation.override("de"):
        assert wording.patient_clock_text(NOW + timedelta(hours=4)) == "13:14"
    assert wording.clock_text(None) == wording.patient_clock_text(None) == "not known"


def test_days_stand_in_the_clinics_zone():
    late = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    assert wording.day_text(late) == "23\u00a0Nov"
    assert wording.day_text(late, year=True, weekday=True) == "Mon\u00a023\u00a0Nov\u00a02026"
    assert wording.day_text(late.date()) == "24\u00a0Nov"


@pytest.mark.parametrize(
    ("back", "written"),
    [
        (timedelta(milliseconds=400), "now"),
        (timedelta(seconds=35), "35\u00a0s ago"),
        (timedelta(minutes=2, seconds=10), "2\u00a0min ago"),
        (timedelta(minutes=89), "89\u00a0min ago"),
        (timedelta(hours=5), "5\u00a0hours ago"),
        (timedelta(days=3), "3\u00a0days ago"),
        (timedelta(days=426), "14\u00a0months ago"),
        (timedelta(days=800), "2\u00a0years ago"),
        (timedelta(minutes=-3), "in 3\u00a0min"),
    ],
)
def test_how_long_ago(back, written):
    assert wording.ago_text(NOW - back, NOW) == written
