"""``python -m tests.mutation_rate SESSION LOWEST``: how many changes of the rules a test noticed.

The tool's own rate counts what was left out as noticed; this one counts only what was tried.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path


def rate(session: Path) -> tuple[int, int]:
    """Return how many changes were noticed, and how many were tried."""
    with closing(sqlite3.connect(session)) as database:
        outcomes = [
            row[0]
            for row in database.execute(
                "SELECT test_outcome FROM work_results WHERE worker_outcome != 'SKIPPED'"
            )
        ]
    return sum(outcome != "SURVIVED" for outcome in outcomes), len(outcomes)


def main() -> int:
    """Print the rate; status 1 where it is below the lowest percentage allowed."""
    noticed, tried = rate(Path(sys.argv[1]))
    lowest = float(sys.argv[2])
    percent = 100 * noticed / tried if tried else 0.0
    print(f"{noticed} of {tried} changes noticed: {percent:.1f} % (at least {lowest:g} % asked)")
    return 0 if percent >= lowest else 1


if __name__ == "__main__":
    raise SystemExit(main())
