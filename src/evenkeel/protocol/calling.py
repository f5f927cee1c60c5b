"""Who is called when an alarm stands unanswered, and how often it sounds. Pure.

The named nurse hears a hold or an emergency at once. After the level's time without an answer the
second person is called, after as long again everybody at the site. Nobody states these times:
each is clinic policy in the pack.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from .pack import Protocol

#: The levels that sound; a review or an inform is shown only.
SOUNDING: Final = ("hold", "emergency")


class Called(IntEnum):
    """How far an unanswered alarm has gone."""

    NURSE = 0
    SECOND = 1
    EVERYBODY = 2


@dataclass(frozen=True, slots=True)
class Call:
    """One call that is due: who from now on, and since when it was due."""

    step: Called
    due_at: datetime


def repeat_s(level: str, protocol: Protocol) -> float:
    """Seconds between two soundings of an open alarm; raises ``KeyError`` for a silent level."""
    return protocol.number(f"alarm.{_loud(level)}_repeat_s")


def unanswered_s(level: str, protocol: Protocol) -> float:
    """Seconds an alarm may stand before the next is called; ``KeyError`` for a silent level."""
    return protocol.number(f"alarm.{_loud(level)}_unanswered_s")


def calls(
    level: str, since: datetime, *, has_nurse: bool, has_second: bool, protocol: Protocol
) -> tuple[Call, ...]:
    """Every call of an alarm that stands open since ``since``, in order; none for a silent level.

    Who is not there is not waited for: without a nurse the second person is called at once,
    without a second person everybody at the site in that person's place.
    """
    if level not in SOUNDING:
        return ()
    wait = timedelta(seconds=unanswered_s(level, protocol))
    at = since
    found = []
    if has_nurse:
        at += wait
    if has_second:
        found.append(Call(Called.SECOND, at))
        at += wait
    return (*found, Call(Called.EVERYBODY, at))


def reached(due: tuple[Call, ...], now: datetime) -> Called:
    """How far the calls have gone at ``now``."""
    return max((call.step for call in due if call.due_at <= now), default=Called.NURSE)


def _loud(level: str) -> str:
    if level not in SOUNDING:
        raise KeyError(level)
    return level


__all__ = ["SOUNDING", "Call", "Called", "calls", "reached", "repeat_s", "unanswered_s"]
