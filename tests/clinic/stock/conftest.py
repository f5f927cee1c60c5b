"""What the tests of the ledger stand on."""

from __future__ import annotations

import pytest

from evenkeel.clinic.record.clock import FixedClock
from tests.clinic.stock.makers import Shelves, build_shelves
from tests.clinic_factory import Clinic
from tests.kept import kept


@pytest.fixture
def shelves(clinic: Clinic, clock: FixedClock) -> Shelves:
    """A ledger that has begun with empty shelves."""
    return kept("shelves", clock, lambda: build_shelves(clinic), clinic)
