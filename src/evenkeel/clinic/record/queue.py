"""A fair queue in front of SQLite's one writer.

SQLite itself makes a waiting writer poll with growing pauses, so under load some wait hundreds of
milliseconds while the lock lies free. A kernel file lock wakes the next writer at once, works
across processes and threads, and is dropped when its holder dies. PostgreSQL needs none.
"""

from __future__ import annotations

import fcntl
import os
import threading
from contextvars import ContextVar

from django.db import OperationalError, connection

_own = threading.local()
#: How long to stand in the queue before giving up with ``OperationalError``; ``None``: for ever.
#: For acts that have somewhere else to go, such as a stop that can be journalled.
longest_wait_s: ContextVar[float | None] = ContextVar("evenkeel_longest_wait_s", default=None)


class WritersQueue:
    """Held from before a transaction begins until after it has ended."""

    def __init__(self) -> None:
        self.handle: int | None = None

    def __enter__(self) -> WritersQueue:
        # Inside a transaction SQLite's lock is held already; to wait here could wait for oneself.
        if connection.vendor == "sqlite" and not connection.in_atomic_block:
            handle = _handle(str(connection.settings_dict["NAME"]))
            wait_s = longest_wait_s.get()
            if wait_s is None:
                fcntl.flock(handle, fcntl.LOCK_EX)
            else:
                _Place(handle).take(wait_s)
            self.handle = handle
        return self

    def __exit__(self, *exc: object) -> None:
        if self.handle is not None:
            fcntl.flock(self.handle, fcntl.LOCK_UN)
            self.handle = None


class _Place:
    """A place in the queue that can be given up. The kernel knows no time limit for a file lock,
    so a thread stands there; where it is called too late, it lets the lock go again."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.guard = threading.Lock()
        self.called = threading.Event()
        self.given_up = False

    def take(self, wait_s: float) -> None:
        """Wait for the lock. Raises ``OperationalError`` after ``wait_s``."""
        threading.Thread(target=self._stand, name="writers-queue", daemon=True).start()
        self.called.wait(wait_s)
        with self.guard:
            if self.called.is_set():
                return
            self.given_up = True
        _own.held = None  # the open file is the waiting thread's from now on
        raise OperationalError("the queue of writers did not move")

    def _stand(self) -> None:
        fcntl.flock(self.handle, fcntl.LOCK_EX)
        with self.guard:
            if self.given_up:
                os.close(self.handle)
            else:
                self.called.set()


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
