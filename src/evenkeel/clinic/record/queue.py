"""A fair queue in front of SQLite's one writer.

SQLite itself makes a waiting writer poll with growing pauses, so under load some wait hundreds of
milliseconds while the lock lies free. A kernel file lock wakes the next writer at once, works
across processes and threads, and is dropped when its holder dies. PostgreSQL needs none.
"""

from __future__ import annotations

import fcntl
import os
import threading

from django.db import connection

_own = threading.local()


class WritersQueue:
    """Held from before a transaction begins until after it has ended."""

    def __init__(self) -> None:
        self.handle: int | None = None

    def __enter__(self) -> WritersQueue:
        # Inside a transaction SQLite's lock is held already; to wait here could wait for oneself.
        if connection.vendor == "sqlite" and not connection.in_atomic_block:
            self.handle = _handle(str(connection.settings_dict["NAME"]))
            fcntl.flock(self.handle, fcntl.LOCK_EX)
        return self

    def __exit__(self, *exc: object) -> None:
        if self.handle is not None:
            fcntl.flock(self.handle, fcntl.LOCK_UN)
            self.handle = None


def _handle(database: str) -> int:
    """This thread's own open file: one lock held by two threads would be no lock."""
    held: tuple[str, int, int] | None = getattr(_own, "held", None)
    if held is not None and held[:2] == (database, os.getpid()):
        return held[2]
    if held is not None:
        os.close(held[2])
    handle = os.open(f"{database}-writers", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    _own.held = (database, os.getpid(), handle)
    return handle
