"""Runs every test: the suite on SQLite, beside it the storage part again on PostgreSQL.

python -m tests.run [--soak] [--coverage] [pytest arguments]

Which lines ran is asked for by ``--coverage`` only: watching them takes three quarters more time.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from tests.needs import REQUIRE_ALL, postgres_binaries
from tests.postgres import running_postgres
from tests.template import prepare

#: The part of the tests that stores: it runs on both databases.
STORAGE = [
    "tests/clinic/record",
    "tests/clinic/session",
    "tests/clinic/stock/test_drawing.py",
    "tests/clinic/stock/test_history.py",
]
#: Stored by the same acts; the soak runs these there too.
STORAGE_OF_THE_SOAK = [
    "tests/clinic/people",
    "tests/clinic/course",
    "tests/clinic/outcome",
    "tests/clinic/oversight",
    "tests/clinic/groups",
]
#: Pages are the same on both, and store by actions that are tested there; the soak has them too.
PAGES_LEFT_OUT = ["--ignore-glob=*pages.py", "--ignore-glob=*_page.py"]
WORKERS = os.environ.get("EVENKEEL_TEST_WORKERS", "3")
#: A file of tests stays on one worker and in its order, for some tell a story step by step. Groups
#: by mark (``loadgroup``) would do the same, but pytest-xdist 3.8 hands the group on in a private
#: attribute that pytest 9.2 no longer has, and then groups nothing without a word.
# In the order of the folders the long browser stories come first; nobody waits for one at the end.
PARALLEL = ["-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder"]
#: On PostgreSQL, while the others run: much of their time is spent waiting, for browsers and disks.
ALONE = ["-n", "1"]
NO_CACHE = "no:cacheprovider"


Pytest = subprocess.Popen[str]


def _start(arguments: list[str], environment: dict[str, str], output: int | IO[str]) -> Pytest:
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments],
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **environment},
    )


def _pytest(arguments: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Run pytest, showing its output as it comes; returns its status and that output."""
    process = _start(arguments, environment, subprocess.PIPE)
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        sys.stdout.write(line)
        sys.stdout.flush()
        lines.append(line)
    return process.wait(), "".join(lines)


@contextmanager
def _on_postgres(folder: Path, arguments: list[str]) -> Iterator[Callable[[], int] | None]:
    """The storage tests on a server of their own, under way beside what the block does.

    Gives what waits for them, shows what they printed and returns their status; ``None`` where
    there is no PostgreSQL.
    """
    binaries = postgres_binaries()
    if binaries is None:
        yield None
        return
    with (
        running_postgres(binaries) as address,
        (folder / "postgres").open("w+") as output,
    ):
        process = _start(arguments, {"EVENKEEL_DATABASE": address}, output)

        def end() -> int:
            print("\nThe storage tests once more, on PostgreSQL:", flush=True)
            status = process.wait()
            output.seek(0)
            sys.stdout.write(output.read())
            return status

        try:
            yield end
        finally:
            process.terminate()
            process.wait()


def main(arguments: list[str]) -> int:
    """Run both parts; status 0 only if all passed, and, where required, nothing was skipped."""
    soak = "--soak" in arguments
    chosen = [a for a in arguments if a not in ("--soak", "--coverage")]
    watched = "--coverage" in arguments
    coverage = ["--cov=evenkeel", "--cov-report=term:skip-covered"] if watched else []
    skipped: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory(prefix="evenkeel-tests-") as name, ExitStack() as beside:
        folder = Path(name)
        end: Callable[[], int] | None = None
        if not chosen or soak:
            unseen = STORAGE_OF_THE_SOAK if soak else PAGES_LEFT_OUT
            stored = ["-m", "not browser and not sqlite", *unseen, *STORAGE]
            end = beside.enter_context(_on_postgres(folder, [*ALONE, "-p", NO_CACHE, *stored]))
            if end is None:
                skipped.append(("1", "the storage tests on PostgreSQL need a PostgreSQL server"))
        ready = prepare(folder)
        parallel = [*PARALLEL, "-p", NO_CACHE, "--durations=15"]
        status, output = _pytest([*parallel, *coverage, *(chosen or ["tests"])], ready)
        status = (end() if end else 0) or status
    skipped += re.findall(r"^SKIPPED \[(\d+)\] .*?: (.*)$", output, re.M)
    total = sum(int(count) for count, _ in skipped)
    print(f"\nSkipped for want of something on this machine: {total}")
    for count, reason in skipped:
        print(f"  {count} x {reason}")
    return status or int(bool(total) and REQUIRE_ALL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
