"""The opening scene in the tests' own database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from evenkeel.clinic.record.act import together
from evenkeel.clinic.record.clock import FixedClock
from evenkeel.demo.cast import cast_of
from evenkeel.demo.opening import build_scene
from evenkeel.demo.stage import House, build_house
from tests.kept import kept

OPENING = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


@pytest.fixture
def house(db: None) -> House:
    """Four people: before a dose, infusing, watching, expected."""

    def build() -> House:
        with together():
            made = build_house("tests", OPENING, "UTC")
            build_scene(made, cast_of(4))
        return made

    return kept("house", FixedClock(OPENING), build)
