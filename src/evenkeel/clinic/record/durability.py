"""Refuses a database connection that could lose what it acknowledges."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

_FULL = 2


def assert_durable(connection: Any, **_: Any) -> None:
    """Receiver of ``connection_created``: every process, every connection, before its first use.

    SQLite must run with a write-ahead log, full synchronization and immediate transactions;
    PostgreSQL with ``fsync`` and ``synchronous_commit``. Raises ``ImproperlyConfigured``.
    """
    try:
        if connection.vendor == "sqlite":
            _assert_sqlite(connection)
        elif connection.vendor == "postgresql":
            _assert_postgres(connection)
    except ImproperlyConfigured:
        connection.close()  # left open, it would be used without a question the next time
        raise


def _assert_sqlite(connection: Any) -> None:
    if connection.is_in_memory_db():
        raise ImproperlyConfigured("a database in memory keeps nothing")
    raw = connection.connection
    mode = raw.execute("PRAGMA journal_mode").fetchone()[0]
    synchronous = raw.execute("PRAGMA synchronous").fetchone()[0]
    if mode != "wal" or synchronous < _FULL:
        raise ImproperlyConfigured(
            f"SQLite runs with journal_mode={mode}, synchronous={synchronous}; "
            "evenkeel needs WAL and FULL"
        )
    if connection.transaction_mode != "IMMEDIATE":
        raise ImproperlyConfigured("SQLite transactions must begin IMMEDIATE")


def _assert_postgres(connection: Any) -> None:
    with connection.connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')")
        fsync, commit = cursor.fetchone()
    if fsync != "on" or commit == "off":
        raise ImproperlyConfigured(
            f"PostgreSQL runs with fsync={fsync}, synchronous_commit={commit}"
        )
