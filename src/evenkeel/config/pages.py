"""What a process that serves pages loads: it ends with the one that started it.

The server's master starts its workers by itself. Were master and supervisor killed at once, a
worker left over would hold the port, and go on serving beside the next ones. It is ended without
being asked: a worker that has just been forked does not hear SIGTERM yet, and whatever it has
acknowledged is on the disk.
"""

from __future__ import annotations

import multiprocessing
import signal

from evenkeel.config.parent import die_with_parent

_starter = multiprocessing.parent_process()
die_with_parent(_starter.pid if _starter else None, signal.SIGKILL)

from evenkeel.live.asgi import application  # noqa: E402 - after the above, whatever it takes

__all__ = ["application"]
