"""No process may use a database connection that could lose what it acknowledges."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

UNSAFE = """
from evenkeel.config.instance import sqlite_settings
import evenkeel.config.instance as instance
safe = sqlite_settings
def unsafe(path):
    settings = safe(path)
    options = settings["OPTIONS"]
    options["init_command"] = options["init_command"].replace({old!r}, {new!r})
    options["transaction_mode"] = {mode!r}
    return settings
instance.sqlite_settings = unsafe
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "evenkeel.config.settings"
import django
django.setup()
from django.db import connection
connection.cursor().execute("SELECT 1")
print("connected")
"""


@pytest.mark.django_db
@pytest.mark.sqlite
def test_this_very_process_is_durable() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone()[0] == "wal"
        cursor.execute("PRAGMA synchronous")
        assert cursor.fetchone()[0] == 2


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("old", "new", "mode", "said"),
    [
        ("", "", "IMMEDIATE", None),
        ("synchronous=FULL", "synchronous=NORMAL", "IMMEDIATE", "synchronous=1"),
        ("synchronous=FULL", "synchronous=OFF", "IMMEDIATE", "synchronous=0"),
        ("journal_mode=WAL", "journal_mode=DELETE", "IMMEDIATE", "journal_mode=delete"),
        ("", "", "DEFERRED", "IMMEDIATE"),
    ],
    ids=["as shipped", "normal", "off", "no log", "deferred"],
)
def test_an_unsafe_connection_is_refused(
    tmp_path: Path, old: str, new: str, mode: str, said: str | None
) -> None:
    code = UNSAFE.format(old=old or "@", new=new or "@", mode=mode)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"EVENKEEL_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    if said is None:
        assert done.stdout.strip() == "connected", done.stderr
    else:
        assert done.returncode != 0
        assert "ImproperlyConfigured" in done.stderr
        assert said in done.stderr
