"""What the machine is, for the head of every table of figures."""

from __future__ import annotations

import os
import platform
import sqlite3
from pathlib import Path

import django
import granian


def machine() -> dict[str, str]:
    """Processor, cores, memory, kernel and versions, as a reader wants to see them."""
    found = {
        "processor": _field("/proc/cpuinfo", "model name") or platform.processor() or "unknown",
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": _memory(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "django": django.get_version(),
        "granian": granian.__version__,
        "load before": f"{os.getloadavg()[0]:.1f}",
    }
    return found


def database_version() -> str:
    """The database that Django is connected to, with its version."""
    from django.db import connection

    if connection.vendor == "sqlite":
        return f"SQLite {sqlite3.sqlite_version}, WAL, synchronous=FULL"
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
        cursor.execute("SHOW synchronous_commit")
        return f"PostgreSQL {version}, synchronous_commit={cursor.fetchone()[0]}"


def _field(path: str, name: str) -> str:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), "")


def _memory() -> str:
    kilobytes = _field("/proc/meminfo", "MemTotal").split()
    return f"{int(kilobytes[0]) / 1024**2:.0f} GiB" if kilobytes else "unknown"
