"""What the machine is, for the head of every table of figures."""

from __future__ import annotations

import contextlib
import os
import platform
import sqlite3
import time
from collections.abc import Callable, Iterable
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


class Share:
    """How much of the machine's processors others took while something ran."""

    def __init__(self, ours: Callable[[], Iterable[int]]) -> None:
        self._ours = ours
        self._cores = len(os.sched_getaffinity(0))
        self._busy_s, self._own_s, self._at_s = _busy_s(), self._own(), time.monotonic()

    def others(self) -> float:
        """Share of all cores, 0 to 1, that was spent by processes that are not ours."""
        busy_s = _busy_s() - self._busy_s
        own_s = self._own() - self._own_s
        whole_s = self._cores * (time.monotonic() - self._at_s)
        return min(1.0, max(0.0, busy_s - own_s) / whole_s) if whole_s else 0.0

    def _own(self) -> float:
        """Processor seconds of this process, its ended children and those that are named."""
        here = os.times()
        own_s = here.user + here.system + here.children_user + here.children_system
        return own_s + worked_s(self._ours())


def worked_s(pids: Iterable[int]) -> float:
    """Processor seconds that these processes have used so far; those that have ended count none."""
    total_s = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total_s += (int(fields[11]) + int(fields[12])) / _TICKS
    return total_s


_TICKS = os.sysconf("SC_CLK_TCK")


def _busy_s() -> float:
    """Processor seconds the whole machine has worked; waiting for disks is not work."""
    first = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _waiting, *rest = (int(word) for word in first)
    return (user + nice + system + sum(rest[:3])) / _TICKS
