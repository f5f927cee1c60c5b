"""A database that can be read and not written: another connection holds the writer's place."""

from __future__ import annotations

import sqlite3
from typing import Any

from django.db import connection

from evenkeel.clinic.record.chain import _POSTGRES_LOCK_KEY

SHORT_MS = 50


class Outage:
    """Begins and ends. Writers of this thread give up soon instead of waiting."""

    def __init__(self) -> None:
        self.sqlite = connection.vendor == "sqlite"
        self.other: Any
        if self.sqlite:
            self.other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
        else:
            import psycopg

            parameters = connection.get_connection_params()
            known = {k: parameters[k] for k in ("dbname", "user", "host", "port")}
            self.other = psycopg.connect(**known, autocommit=True)

    def begin(self) -> None:
        """From now on nothing can be written."""
        if self.sqlite:
            self.other.execute("BEGIN IMMEDIATE")
        else:
            self.other.execute("SELECT pg_advisory_lock(%s)", [_POSTGRES_LOCK_KEY])
        self.hurry()

    def hurry(self) -> None:
        """Have this thread's writers give up after a short time."""
        with connection.cursor() as cursor:
            if self.sqlite:
                cursor.execute(f"PRAGMA busy_timeout={SHORT_MS}")
            else:
                cursor.execute(f"SET lock_timeout='{SHORT_MS}ms'")

    def end(self) -> None:
        """Writing works again."""
        if self.sqlite:
            self.other.execute("ROLLBACK")
        else:
            self.other.execute("SELECT pg_advisory_unlock(%s)", [_POSTGRES_LOCK_KEY])

    def close(self) -> None:
        """Let go of everything."""
        self.other.close()
        connection.close()
