"""The session most tests are about."""

from __future__ import annotations

import pytest

from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from tests.clinic.session.makers import Stage, open_stage
from tests.clinic_factory import Clinic
from tests.conftest import START


@pytest.fixture
def stage(clinic: Clinic) -> Stage:
    """An infusion session, open, with nothing done yet."""
    return open_stage(clinic)


@pytest.fixture
def page_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages see the time of the tests' clock, standing still."""
    monkeypatch.setenv(CLOCK_VARIABLE, ScaledClock(START, 0.0, 0.0).as_text())
