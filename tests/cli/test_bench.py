"""``evenkeel bench web`` runs through and counts what it says it stored. Nothing here is timed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from bench.generators import quantile, summary
from bench.home import cookie_header
from bench.http_wire import Connection
from bench.web import Miscount, Row, _expect, line_of

from tests import needs
from tests.installations import ROOT, Installation
from tests.postgres import running_postgres

TINY = ["--seconds", "0.3", "--people", "22", "--live", "2", "--past", "1", "--streams", "2"]
ROWS = [
    "forecast after an entry",
    "session events stored",
    "event on the other screens",
    "course page, sessions: 1",
    "chair board, live sessions: 2",
    "patient list, 20 of 22",
    "monitor messages filed",
    "one port against plain WSGI, patient list",
    "one port against plain WSGI, course page",
    "audit chain afterwards",
]


def bench(tmp_path: Path, *more: str) -> tuple[str, list[dict[str, object]]]:
    report = tmp_path / "figures.json"
    environment = Installation(tmp_path / "unused", {}).environment
    done = subprocess.run(
        [sys.executable, "-m", "evenkeel.cli", "bench", "web", *TINY, "--json", report, *more],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads(report.read_text())["rows"]


def assert_complete(said: str, rows: list[dict[str, object]]) -> None:
    assert [row["name"] for row in rows] == ROWS
    for name in ROWS:
        assert name in said
    assert "processor" in said
    assert "not in this run" in said
    for row in rows[:7]:
        raw = row["raw"]
        assert isinstance(raw, dict)
        assert raw.get("all", raw["done"]) > 0, row["name"]


@pytest.mark.soak
def test_it_runs_on_sqlite(tmp_path: Path) -> None:
    said, rows = bench(tmp_path, "--workers", "1")
    assert_complete(said, rows)
    assert "SQLite" in said
    assert not (tmp_path / "unused").exists(), "it must not touch the installation of its caller"


@pytest.mark.soak
@pytest.mark.postgres
def test_it_runs_on_postgresql(tmp_path: Path) -> None:
    binaries = needs.postgres_binaries()
    needs.need(binaries, "a PostgreSQL server")
    assert binaries is not None
    with running_postgres(binaries) as address:
        said, rows = bench(tmp_path, "--workers", "1", "--postgres", address)
        assert_complete(said, rows)
        assert "PostgreSQL" in said


@pytest.mark.parametrize(
    ("added", "expected", "fits"),
    [
        ({"events": 3, "entries": 3}, {"events": 3, "entries": 3}, True),
        ({"events": 3, "entries": 9}, {"events": 3, "entries": 3}, True),
        ({"events": 2, "entries": 3}, {"events": 3, "entries": 3}, False),
        ({"events": 4, "entries": 4}, {"events": 3, "entries": 3}, False),
        ({"events": 3, "entries": 2}, {"events": 3, "entries": 3}, False),
    ],
)
def test_a_run_whose_rows_are_not_those_acknowledged_counts_for_nothing(
    added: dict[str, int], expected: dict[str, int], fits: bool
) -> None:
    before = {"events": 10, "entries": 20}
    after = {name: before[name] + more for name, more in added.items()}
    if fits:
        _expect(after, before, **expected)
        return
    with pytest.raises(Miscount, match="acknowledged"):
        _expect(after, before, **expected)


def test_figures_of_known_times() -> None:
    times = [float(n) for n in range(1, 101)]
    found = summary(100, 4.0, times)
    assert (found["per_s"], found["median_ms"], found["max_ms"]) == (25.0, 50.5, 100.0)
    assert quantile(times, 0.95) == 96.0
    assert "NOT MET" in line_of(Row("a page", "90 ms", "< 60 ms", False))


def test_the_generator_needs_a_sign_in(installation: Installation) -> None:
    with installation.server(workers=1) as server:
        path = f"/api/sessions/{installation.made['sessions'][0]}/events"
        stranger = Connection(server.http_port, cookie_header("nobody"))
        assert stranger.post_json(path, {}).status == 401
        desk = cookie_header(installation.made["staff_cookies"]["front_desk"])
        assert Connection(server.http_port, desk).post_json(path, {}).status == 403
