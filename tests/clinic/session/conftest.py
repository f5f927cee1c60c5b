"""The session most tests are about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from evenkeel.clinic.session import spool
from tests.clinic.session.makers import Stage, open_stage
from tests.clinic.session.outage import SHORT_MS, Outage
from tests.clinic_factory import Clinic
from tests.conftest import START
from tests.kept import kept


@pytest.fixture
def stage(clinic: Clinic) -> Stage:
    """An infusion session, open, with nothing done yet."""
    return kept("stage", clinic.clock, lambda: open_stage(clinic), clinic)


@pytest.fixture
def page_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages see the time of the tests' clock, standing still."""
    monkeypatch.setenv(CLOCK_VARIABLE, ScaledClock(START, 0.0, 0.0).as_text())


@pytest.fixture
def outage(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outage]:
    """An outage to begin and end, with an empty spool."""
    kind = type(settings.INSTANCE)
    monkeypatch.setattr(kind, "spool_path", property(lambda _: tmp_path / "spool"))
    monkeypatch.setattr(spool, "PATIENCE_MS", SHORT_MS)
    found = Outage()
    yield found
    found.close()
