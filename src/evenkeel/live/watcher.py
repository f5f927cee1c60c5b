"""The watcher as a process of its own: ``python -m evenkeel.live.watcher``.

Beside it, in threads that cannot hold it up, go the rounds of reminders and of calls for open
safety signals, and the export of signed heads.
"""

from __future__ import annotations

import os
import signal
import threading

import django


def main() -> None:
    """Watch every live session until SIGTERM or SIGINT."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.config.settings")
    django.setup()
    from evenkeel.clinic.outcome.rounds import run_rounds
    from evenkeel.clinic.oversight.head_rounds import run_head_rounds
    from evenkeel.clinic.session.watch import run_watcher

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=run_rounds, args=(stop,), name="rounds", daemon=True).start()
    threading.Thread(target=run_head_rounds, args=(stop,), name="heads", daemon=True).start()
    run_watcher(stop)


if __name__ == "__main__":
    main()
