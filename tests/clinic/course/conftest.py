"""The person most tests of a course are about."""

from __future__ import annotations

import pytest

from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from tests.clinic.course.makers import Case, make_case
from tests.clinic_factory import Clinic
from tests.conftest import START
from tests.kept import kept


@pytest.fixture
def case(clinic: Clinic) -> Case:
    """Ada Sample, of whom everything a screening asks is known and in order."""
    return kept("case", clinic.clock, lambda: make_case(clinic), clinic)


@pytest.fixture
def page_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages see the time of the tests' clock, standing still."""
    monkeypatch.setenv(CLOCK_VARIABLE, ScaledClock(START, 0.0, 0.0).as_text())
