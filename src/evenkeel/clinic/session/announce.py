"""Tells the live processes of other machines' connections that events were stored.

SQLite needs no word: its ``data_version`` changes. PostgreSQL delivers the notice at commit, and
folds several of one transaction into one.
"""

from __future__ import annotations

from typing import Final

from django.db import connection

CHANNEL: Final = "evenkeel_events"


def announce() -> None:
    """Wake whoever tails the record, once this transaction has committed."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")
