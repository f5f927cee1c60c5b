"""The same check in several processes, each reading the record as it stood at one moment.

Only for a process that does nothing else: it forks.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from evenkeel.clinic.record.chain import head
from evenkeel.clinic.record.check_heads import read_heads
from evenkeel.clinic.record.erased import erasures
from evenkeel.clinic.record.exporting import folders
from evenkeel.clinic.record.queue import WritersQueue
from evenkeel.clinic.record.verify import Progress, Verified, check_piece, pieces, put_together

_FORK: Any = multiprocessing.get_context("fork")


def verify_in(
    processes: int,
    *,
    head_folders: Sequence[Path] | None = None,
    trusted_key: str = "",
    progress: Progress | None = None,
) -> Verified:
    """Check everything in so many processes."""
    # heads first: one that is exported meanwhile covers what this moment does not show
    heads = read_heads(list(folders() if head_folders is None else head_folders))
    connection.close()
    moment, opened = _FORK.SimpleQueue(), _FORK.SimpleQueue()
    with _FORK.Pool(processes, _open, (moment, opened)) as pool:
        with _held_still() as (snapshot, length):
            for _ in range(processes):
                moment.put(snapshot)
            for _ in range(processes):
                opened.get()
        work = pieces(length, heads.sizes, pool.apply(erasures))
        results = []
        for number, result in enumerate(pool.imap(check_piece, work), 1):
            results.append(result)
            if progress:
                progress(number, len(work))
    return put_together(results, heads, trusted_key)


def usual_processes() -> int:
    """As many as this process may use processors, and no more than eight."""
    return max(1, min(8, len(os.sched_getaffinity(0))))


@contextlib.contextmanager
def _held_still() -> Iterator[tuple[str, int]]:
    """While the processes look for the first time nothing is written, or all look at a snapshot."""
    if connection.vendor == "sqlite":
        with WritersQueue(), transaction.atomic():
            yield "", head()[0]
        return
    with connection.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        try:
            yield snapshot, head()[0]
        finally:
            cursor.execute("ROLLBACK")


def _open(moment: Any, opened: Any) -> None:
    """Open this process's own connection at the moment that all share."""
    snapshot = moment.get()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("BEGIN")
        else:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SET TRANSACTION SNAPSHOT %s", [snapshot])
        cursor.execute("SELECT count(*) FROM record_installation")
        cursor.fetchone()
    opened.put(True)
