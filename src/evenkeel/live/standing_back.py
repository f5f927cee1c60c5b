"""Lets a process stand back for others, but for the moments in which it writes.

Whoever waits for the processor with a lock in hand holds up everybody who wants the lock, however
important they are: with a low priority that is a tenth of a second and more, for each writing. So
what takes long is done by the thread that stands back, and what writes by one that does not.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class StandingBack:
    """From its making on the calling thread, and those it starts, are nicer by ``nicer``."""

    def __init__(self, nicer: int) -> None:
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        # Linux gives each thread a priority of its own, that of who started it: so it starts first
        self._writer.submit(int).result()
        with contextlib.suppress(AttributeError, OSError):
            os.nice(nicer)

    def write(self, do: Callable[[], T]) -> T:
        """What ``do`` returns or raises, run where nothing stands back; connections that were lost
        are opened again."""
        return self._writer.submit(_connected, do).result()

    def end(self) -> None:
        """Close the writer and its connection."""
        self._writer.submit(_close).result()
        self._writer.shutdown()


def _connected(do: Callable[[], T]) -> T:
    from django.db import close_old_connections

    close_old_connections()
    return do()


def _close() -> None:
    from django.db import connection

    connection.close()
