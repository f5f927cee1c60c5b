"""Wakes whoever follows the record when something was committed by another connection.

SQLite is asked for its ``data_version`` (a number that changes with every commit of another
connection); PostgreSQL wakes by NOTIFY at commit.
"""

from __future__ import annotations

import threading
from typing import Final

from django.db import connection

from evenkeel.clinic.session.announce import CHANNEL

#: PostgreSQL is looked at this often even where no notice came.
_LONGEST_WAIT_S: Final = 1.0


class Changes:
    """What this thread's connection has seen of other connections' commits."""

    def __init__(self, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._version: int | None = None

    def begin(self) -> None:
        """Start to listen; from now on every commit is noticed."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
        self.seen()

    def forget(self) -> None:
        """The connection was lost: the next look finds a change."""
        self._version = None

    def wait(self, poll_s: float, *, listen: bool = True) -> None:
        """Wait for ``poll_s``, or on PostgreSQL (where ``listen``) for a notice."""
        if connection.vendor == "postgresql" and listen:
            connection.ensure_connection()
            raw = connection.connection
            for _ in raw.notifies(timeout=_LONGEST_WAIT_S, stop_after=1):
                break
            return
        self._stopping.wait(poll_s)

    def seen(self) -> bool:
        """Whether anything may have been committed since this was asked last."""
        if connection.vendor != "sqlite":
            return True
        with connection.cursor() as cursor:
            version = cursor.execute("PRAGMA data_version").fetchone()[0]
        before, self._version = self._version, version
        return bool(version != before)
