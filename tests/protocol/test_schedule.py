"""When vital signs are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evenkeel.protocol import default_protocol, next_due, overdue

START = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
IV, NASAL = default_protocol("racemic_iv"), default_protocol("esketamine_nasal")


def minute(value: float | None) -> datetime | None:
    return None if value is None else START + timedelta(minutes=value)


@pytest.mark.parametrize(
    ("product", "last", "ended", "due"),
    [
        ("racemic_iv", None, None, 10),
        ("racemic_iv", -5, None, 10),
        ("racemic_iv", 12, None, 22),
        ("racemic_iv", 40, 40, 55),
        ("racemic_iv", 55, 40, 70),
        ("esketamine_nasal", 0, None, 40),
        # The label's reading at about 40 minutes is never skipped over.
        ("esketamine_nasal", 25, 5, 40),
        ("esketamine_nasal", 38, 5, 78),
    ],
)
def test_next_due(product: str, last: float | None, ended: float | None, due: float) -> None:
    protocol = default_protocol(product)
    assert next_due(minute(last), START, minute(ended), protocol) == minute(due)


def test_a_sessions_own_interval_is_kept() -> None:
    assert next_due(minute(10), START, None, IV, every_min=5) == minute(15)


@pytest.mark.parametrize(
    ("now", "level"), [(15, None), (15.1, "review"), (20, "review"), (20.1, "hold")]
)
def test_overdue_after_the_grace_and_louder_after_an_interval(
    now: float, level: str | None
) -> None:
    alarm = overdue(minute(-5), START, None, START + timedelta(minutes=now), IV)
    assert (alarm.level if alarm else None) == level


def test_nothing_is_overdue_before_the_start() -> None:
    assert overdue(None, None, None, START, NASAL) is None
