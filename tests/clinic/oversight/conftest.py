"""The sessions that harm is told of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from tests.clinic.oversight.makers import nasal_done
from tests.clinic.session.conftest import page_clock
from tests.clinic.session.makers import Stage, open_stage
from tests.clinic_factory import Clinic
from tests.kept import kept

__all__ = ["nasal", "page_clock", "pass_time", "stage"]


@pytest.fixture
def stage(clinic: Clinic) -> Stage:
    """An infusion session, open, with nothing done yet."""
    return kept("stage", clinic.clock, lambda: open_stage(clinic), clinic)


@pytest.fixture
def nasal(clinic: Clinic) -> Stage:
    """A session of esketamine nasal spray with its readings; the clock stands two hours later."""
    made = kept("nasal done", clinic.clock, lambda: nasal_done(clinic), clinic)
    clinic.clock.advance(timedelta(hours=2))
    return made


@pytest.fixture
def pass_time(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Hold the clock of the pages at the clinic's, and move both on when called."""

    def move(by: timedelta) -> None:
        at = clinic.clock.advance(by)
        monkeypatch.setenv(CLOCK_VARIABLE, ScaledClock(at, 0.0, 0.0).as_text())

    move(timedelta(0))
    return move
