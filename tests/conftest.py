"""A small synthetic clinic that most tests stand on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from evenkeel.clinic.record import installation
from evenkeel.clinic.record.clock import FixedClock
from tests.clinic_factory import Clinic, build_clinic

START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _forget_installation() -> None:
    installation.forget()


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at 14:00 UTC on 23 November 2026 until advanced."""
    return FixedClock(START)


@pytest.fixture
def clinic(db: None, clock: FixedClock) -> Clinic:
    """One organisation, two sites, one account a role (see ``clinic.as_("prescriber")``)."""
    return build_clinic(clock)
