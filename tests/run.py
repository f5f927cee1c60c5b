"""Runs every test: the suite on SQLite, the storage part again on PostgreSQL.

python -m tests.run [--soak] [--coverage] [pytest arguments]

Which lines ran is asked for by ``--coverage`` only: watching them takes three quarters more time.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.needs import REQUIRE_ALL, postgres_binaries
from tests.postgres import running_postgres
from tests.template import prepare

#: The part of the tests that stores: it runs on both databases.
STORAGE = [
    "tests/clinic/record",
    "tests/clinic/people",
    "tests/clinic/session",
    "tests/clinic/stock/test_drawing.py",
    "tests/clinic/stock/test_history.py",
]
#: Stored by the same acts; the soak runs these there too.
STORAGE_OF_THE_SOAK = ["tests/clinic/course", "tests/clinic/outcome", "tests/clinic/oversight"]
#: Pages are the same on both, and store by actions that are tested there; the soak has them too.
PAGES_LEFT_OUT = ["--ignore-glob=*pages.py", "--ignore-glob=*_page.py"]
WORKERS = os.environ.get("EVENKEEL_TEST_WORKERS", "3")
#: A file of tests stays on one worker and in its order, for some tell a story step by step. Groups
#: by mark (``loadgroup``) would do the same, but pytest-xdist 3.8 hands the group on in a private
#: attribute that pytest 9.2 no longer has, and then groups nothing without a word.
# In the order of the folders the long browser stories come first; nobody waits for one at the end.
PARALLEL = ["-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder"]


def _pytest(arguments: list[str], environment: dict[str, str] | None = None) -> tuple[int, str]:
    """Run pytest, showing its output as it comes; returns its status and that output."""
    command = [sys.executable, "-m", "pytest", *arguments]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        lines.append(line)
    return process.wait(), "".join(lines)


def main(arguments: list[str]) -> int:
    """Run both parts; status 0 only if all passed, and, where required, nothing was skipped."""
    soak = "--soak" in arguments
    chosen = [a for a in arguments if a not in ("--soak", "--coverage")]
    parallel = [*PARALLEL, "-p", "no:cacheprovider"]
    watched = "--coverage" in arguments
    coverage = ["--cov=evenkeel", "--cov-report=term:skip-covered"] if watched else []
    slowest = ["--durations=15"]
    with tempfile.TemporaryDirectory(prefix="evenkeel-tests-") as folder:
        ready = prepare(Path(folder))
        status, output = _pytest([*parallel, *slowest, *coverage, *(chosen or ["tests"])], ready)
    skipped = re.findall(r"^SKIPPED \[(\d+)\] .*?: (.*)$", output, re.M)
    if not chosen or soak:
        binaries = postgres_binaries()
        if binaries is None:
            skipped.append(("1", "the storage tests on PostgreSQL need a PostgreSQL server"))
        else:
            print("\nThe storage tests once more, on PostgreSQL:")
            unseen = STORAGE_OF_THE_SOAK if soak else PAGES_LEFT_OUT
            with running_postgres(binaries) as address:
                again, _ = _pytest(
                    [*parallel, "-m", "not browser and not sqlite", *unseen, *STORAGE],
                    {"EVENKEEL_DATABASE": address},
                )
            status = status or again
    total = sum(int(count) for count, _ in skipped)
    print(f"\nSkipped for want of something on this machine: {total}")
    for count, reason in skipped:
        print(f"  {count} x {reason}")
    return status or int(bool(total) and REQUIRE_ALL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
