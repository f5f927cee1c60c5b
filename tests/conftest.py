"""A small synthetic clinic that most tests stand on."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings

from evenkeel.clinic.record import installation
from evenkeel.clinic.record.clock import FixedClock
from tests.clinic_factory import Clinic, build_clinic
from tests.kept import kept
from tests.template import begin_with

# The same examples on every machine, so that a change fails only for what it changed; the soak
# looks for new ones. No deadline: a busy machine is no finding.
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True)
hypothesis.settings.register_profile("soak", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("soak" if os.environ.get("EVENKEEL_SOAK") else "steady")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long proofs to ``make soak``."""
    if os.environ.get("EVENKEEL_SOAK"):
        return
    long = [item for item in items if item.get_closest_marker("soak")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings: None) -> bool:
    """Begin with the migrated database, where there is one and it is SQLite's turn."""
    own = settings.DATABASES["default"]
    return own["ENGINE"].endswith("sqlite3") and begin_with(Path(str(own["TEST"]["NAME"])))


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
    return kept("clinic", clock, lambda: build_clinic(clock))
