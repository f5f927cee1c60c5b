"""What keeps the demonstration alive: ``python -m evenkeel.demo.driver``.

Simulated monitors send to the clinic's monitor port; a simulated nurse charts and decides, by the
clinic's clock, however fast it runs.
"""

from __future__ import annotations

import logging
import os
import signal
import threading

from evenkeel.config.manage import start_django
from evenkeel.demo.settings import DemoSettings

log = logging.getLogger("evenkeel.demo")
_LOOK_EVERY_S = 1.0


def main() -> None:
    """Drive the live sessions until SIGTERM or SIGINT."""
    settings = DemoSettings.from_environment(os.environ)
    start_django()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    drive(settings, stop)


def drive(settings: DemoSettings, stop: threading.Event) -> None:
    """Drive until ``stop`` is set. An error is logged, and the driving goes on."""
    from django.db import close_old_connections

    from evenkeel.clinic.record.clock import system_clock
    from evenkeel.demo.cast import cast_of
    from evenkeel.demo.monitors import Monitors
    from evenkeel.demo.nurse import Nurse
    from evenkeel.demo.stage import LIVE_CHAIRS, find_house

    clock = system_clock()
    house = find_house(settings.seed, settings.start)
    monitors = Monitors(house.chairs[:LIVE_CHAIRS], settings.hl7_port, clock, settings.speed)
    nurse = Nurse(house, cast_of(settings.people), clock, monitors)
    monitors.start()
    while not stop.is_set():
        try:
            close_old_connections()
            nurse.look()
        except Exception:
            log.exception("the simulated nurse stumbled")
        stop.wait(_LOOK_EVERY_S)
    monitors.stop()


if __name__ == "__main__":
    main()
