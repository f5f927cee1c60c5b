"""The watcher as a process of its own: ``python -m evenkeel.live.watcher``."""

from __future__ import annotations

import os
import signal
import threading

import django


def main() -> None:
    """Watch every live session until SIGTERM or SIGINT."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.config.settings")
    django.setup()
    from evenkeel.clinic.session.watch import run_watcher

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run_watcher(stop)


if __name__ == "__main__":
    main()
