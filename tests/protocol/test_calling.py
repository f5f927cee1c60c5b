"""Who is called for an alarm that stands: pure, by the times of the shipped protocols."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evenkeel.protocol.calling import Called, calls, reached, repeat_s, unanswered_s
from evenkeel.protocol.pack import default_protocol, load_protocol, protocol_names

SINCE = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
IV = default_protocol("racemic_iv")
SECOND, EVERYBODY = Called.SECOND, Called.EVERYBODY
#: level, nurse, second -> (step, seconds after). Clinic policy: an emergency 30 s, a hold 90 s.
CALLS = [
    ("emergency", True, True, [(SECOND, 30), (EVERYBODY, 60)]),
    ("hold", True, True, [(SECOND, 90), (EVERYBODY, 180)]),
    ("hold", True, False, [(EVERYBODY, 90)]),
    ("hold", False, True, [(SECOND, 0), (EVERYBODY, 90)]),
    ("emergency", False, False, [(EVERYBODY, 0)]),
    ("review", True, True, []),
    ("inform", False, False, []),
]


@pytest.mark.parametrize(("level", "nurse", "second", "expected"), CALLS)
def test_who_is_called_when(
    level: str, nurse: bool, second: bool, expected: list[tuple[Called, int]]
) -> None:
    due = calls(level, SINCE, has_nurse=nurse, has_second=second, protocol=IV)
    assert [(c.step, (c.due_at - SINCE).total_seconds()) for c in due] == expected
    for step, after in expected:
        at = SINCE + timedelta(seconds=after)
        assert reached(due, at) is step
        assert reached(due, at - timedelta(microseconds=1)) < step


@pytest.mark.parametrize("name", protocol_names())
def test_every_protocol_says_how_often_and_how_long_and_that_it_is_clinic_policy(name: str) -> None:
    protocol = load_protocol(name)
    assert repeat_s("emergency", protocol) <= repeat_s("hold", protocol)
    assert repeat_s("hold", protocol) < unanswered_s("emergency", protocol)
    assert unanswered_s("emergency", protocol) <= unanswered_s("hold", protocol)
    for key in ("hold_repeat_s", "emergency_repeat_s", "hold_unanswered_s"):
        assert protocol.threshold(f"alarm.{key}").source.mark == "clinic policy"


def test_a_level_that_is_silent_has_no_times() -> None:
    with pytest.raises(KeyError):
        repeat_s("review", IV)
