"""Many processes and threads write at once: one chain, without gaps, in the order of commits."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests import needs
from tests.installations import ROOT, Installation
from tests.postgres import running_postgres

pytestmark = pytest.mark.crash
PROCESSES, THREADS, ACTS = 4, 4, 28
Look = Callable[[], tuple[int, int]]
#: Signs heads of the record while others write to it.
EXPORT = """
from evenkeel.config.manage import start_django; start_django()
from evenkeel.clinic.record.clock import system_clock
from evenkeel.clinic.record.exporting import Exporter
from evenkeel.config.founding import found_if_new
found_if_new()
exporter = Exporter()
for _ in range(5):
    exporter.export(system_clock())
"""
COUNT = "SELECT count(*), coalesce(max(position), 0) FROM record_chainentry"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Installation, Look]]:
    """An installation on either database, and a look at its chain: (entries, highest position)."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    installation = Installation(home, {})
    with contextlib.ExitStack() as stack:
        if request.param == "postgres":
            binaries = needs.postgres_binaries()
            needs.need(binaries, "a PostgreSQL server")
            assert binaries is not None
            address = stack.enter_context(running_postgres(binaries))
            (home / "evenkeel.toml").write_text(f'database = "{address}"\n')
        made = subprocess.run(
            [sys.executable, "-m", "bench.make", "--people", "1", "--live", "1"],
            env=installation.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        installation.made = json.loads(made.stdout)
        if request.param == "postgres":
            reader = stack.enter_context(psycopg.connect(address, autocommit=True))
            yield installation, lambda: reader.execute(COUNT).fetchone()
        else:
            file = sqlite3.connect(home / "evenkeel.sqlite3", isolation_level=None)
            stack.enter_context(contextlib.closing(file))
            yield installation, lambda: file.execute(COUNT).fetchone()


def test_concurrent_writers_never_fork_the_chain(shared: tuple[Installation, Look]) -> None:
    installation, look = shared
    exporting = [sys.executable, "-c", EXPORT]
    subprocess.run(exporting, env=installation.environment, cwd=ROOT, check=True)
    before = look()[0]
    command = [sys.executable, "-m", "tests.crash.writers", str(THREADS), str(ACTS)]
    command.append(installation.made["site_id"])
    writers = [
        subprocess.Popen(
            command, env=installation.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(PROCESSES)
    ]
    writers.append(
        subprocess.Popen(
            exporting, env=installation.environment, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
    )
    looks = 0
    while any(writer.poll() is None for writer in writers):
        entries, highest = look()
        assert entries == highest, "a later entry was seen before an earlier one"
        looks += 1
    for writer in writers:
        assert writer.wait() == 0, writer.stdout.read() if writer.stdout else ""
        if writer.stdout:
            writer.stdout.close()
    one_each = len([n for n in range(ACTS) if n % 7 not in (3, 5)])
    two_each = len([n for n in range(ACTS) if n % 7 == 3])
    assert look()[0] - before == PROCESSES * THREADS * (one_each + 2 * two_each)
    assert looks > 10
    found = installation.command("verify")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "the newest that fits was exported" in found.stdout, (
        "heads fit that were signed meanwhile"
    )
