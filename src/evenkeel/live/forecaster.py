"""The forecaster as a process of its own: ``python -m evenkeel.live.forecaster``.

Nothing waits for it: where it is behind, slow or dead, sessions go on and their screens say so.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final

import django

from evenkeel.live.mood_beside import MoodBeside
from evenkeel.live.standing_back import StandingBack

log = logging.getLogger("evenkeel.forecast")
HEARTBEAT: Final = "forecaster"
#: How often it looks for something new while sessions are live, and while none is.
POLL_S: Final = 0.005
IDLE_POLL_S: Final = 0.25
#: How much it stands back for pages, monitors and the watch.
NICER: Final = 3
BEAT_EVERY_S: Final = 2.0
#: Sessions that began or ended, decisions, and whether the next half hour has moved on: so often.
LOOK_EVERY_S: Final = 1.0
#: A session that is not done by then is given up, so that it cannot hold up the others. [assumed]
LONGEST_S: Final = 20.0


def main() -> None:
    """Forecast every live session until SIGTERM or SIGINT."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.config.settings")
    django.setup()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    beside = MoodBeside()
    try:
        run_forecaster(stop, beside.look)
    finally:
        beside.end()


def run_forecaster(stop: threading.Event, aside: Callable[[], None] = lambda: None) -> None:
    """Warm the kernels, then follow the record. An error is logged and the following goes on.

    ``aside`` is called whenever nothing is new; it must be quick.
    """
    import time

    from django.db import close_old_connections, connection

    from evenkeel.clinic.record.clock import system_clock
    from evenkeel.clinic.session.forecast.work import Forecaster
    from evenkeel.clinic.session.watch import beat
    from evenkeel.live.changes import Changes

    back = StandingBack(NICER)  # where the machine is short, what is entered is stored first
    clock = system_clock()
    beat(HEARTBEAT, clock.now(), state="warming")
    _warm()
    next_beat_s = 0.0

    def alive() -> None:
        nonlocal next_beat_s
        if time.monotonic() >= next_beat_s:
            beat(HEARTBEAT, clock.now(), state="ready")
            next_beat_s = time.monotonic() + BEAT_EVERY_S

    forecaster = Forecaster(lambda: _at_most(LONGEST_S), alive, back.write)
    changes = Changes(stop)
    changes.begin()
    next_turn_s = 0.0
    while not stop.is_set():
        busy = False
        try:
            if changes.seen():
                forecaster.hurry(clock.now())
            alive()
            if time.monotonic() >= next_turn_s:
                forecaster.turn(clock.now())
                next_turn_s = time.monotonic() + LOOK_EVERY_S
            else:
                busy = forecaster.score_one(clock.now()) or forecaster.catch_up(clock.now())
                aside()
        except Exception:
            busy = False
            log.exception("the forecaster stumbled")
            close_old_connections()
            connection.close()
            changes.forget()
            stop.wait(1.0)
        if not busy:
            changes.wait(POLL_S if forecaster.kept else IDLE_POLL_S)
    back.end()


def _warm() -> None:
    """Compile or load every kernel before anything is promised."""
    from evenkeel.clinic.course.forecast_warm import get_ready

    get_ready()


@contextlib.contextmanager
def _at_most(limit_s: float) -> Iterator[None]:
    """Raises ``TimeoutError`` in the middle of what takes longer; only in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def out_of_time(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not done within {limit_s:g} s")

    before = signal.signal(signal.SIGALRM, out_of_time)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


if __name__ == "__main__":
    main()
