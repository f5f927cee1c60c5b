"""Reminders and calls as work in the background: round after round, beside the watcher."""

from __future__ import annotations

import logging
import threading
from typing import Final

from django.db import close_old_connections

from evenkeel.clinic.outcome.reminding import remind
from evenkeel.clinic.outcome.signal_calls import call_for_signals
from evenkeel.clinic.people.notices import send_notices
from evenkeel.clinic.record.clock import Clock, system_clock
from evenkeel.clinic.record.models import Heartbeat
from evenkeel.clinic.session.watch import beat

log = logging.getLogger("evenkeel.outcome")
HEARTBEAT: Final = "reminders"
#: Calls for open signals are looked for so often; reminders every sixth time.
EVERY_S: Final = 10.0
_REMIND_EVERY: Final = 6


def run_rounds(stop: threading.Event, clock: Clock | None = None) -> None:
    """Go round until told to stop. An error is logged, and the next round comes all the same."""
    clock = clock or system_clock()
    count = 0
    while not stop.wait(EVERY_S):
        try:
            close_old_connections()
            call_for_signals(clock)
            if count % _REMIND_EVERY == 0 and not _history_is_told():
                done = remind(clock)
                send_notices(clock)
                beat(HEARTBEAT, clock.now(), sent=done.sent, failed=done.failed, held=done.held)
            count += 1
        except Exception:
            log.exception("a round of reminders stumbled")


def _history_is_told() -> bool:
    """Whether a demonstration is still filling in its past: nobody is reminded of that."""
    row = Heartbeat.objects.filter(pk="demo-history").first()
    return row is not None and row.detail.get("done", 0) < row.detail.get("of", 0)
