"""Forecasts of mood, worked out beside the live sessions: ``python -m evenkeel.live.mood_beside``.

They take seconds and no hurry, so they are no part of the process whose forecasts are awaited in
the room. That one only looks, now and then, whether any is due, and then starts this as a child of
the lowest priority, which ends when nothing is left.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from typing import Final

from evenkeel.live.standing_back import StandingBack

log = logging.getLogger("evenkeel.forecast")
#: How often it is asked whether a course has changed, and how soon after a child that failed.
LOOK_EVERY_S: Final = 5.0
#: A clinic that has just opened has other work.
FIRST_AFTER_S: Final = 45.0
AFTER_FAILURE_S: Final = 300.0
_NICE: Final = 15
_MODULE: Final = "evenkeel.live.mood_beside"


class MoodBeside:
    """At most one child at a time."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._next_s = time.monotonic() + FIRST_AFTER_S

    def look(self) -> None:
        """Start a child where something is due; one query every few seconds, else nothing."""
        if self._child is not None:
            status = self._child.poll()
            if status is None:
                return
            self._child = None
            self._next_s = time.monotonic() + (AFTER_FAILURE_S if status else LOOK_EVERY_S)
            return
        if time.monotonic() < self._next_s:
            return
        from evenkeel.clinic.outcome.ahead.work import pending

        self._next_s = time.monotonic() + LOOK_EVERY_S
        if pending(1):
            # our own interpreter and a name that stands above
            self._child = subprocess.Popen([sys.executable, "-m", _MODULE])  # noqa: S603

    def end(self) -> None:
        """End the child, if there is one."""
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            self._child.wait(10)


def main() -> None:
    """Work out everything that is due, then end."""
    back = StandingBack(_NICE)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.config.settings")
    import django

    django.setup()
    from evenkeel.clinic.outcome.ahead.work import catch_up

    done = catch_up(write=back.write)
    back.end()
    log.info("forecasts of mood worked out: %d", done)


if __name__ == "__main__":
    main()
