"""A disk that cannot keep what it is given: nothing is acknowledged then, and nothing is lost."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bench.home import cookie_header
from bench.http_wire import Connection
from bench.mllp_wire import MonitorLine

from evenkeel.interop.hl7v2.simulate import MonitorIdentity, VitalSigns, build_oru
from tests import needs
from tests.crash.traffic import some_event
from tests.installations import Installation

pytestmark = [pytest.mark.crash, pytest.mark.sqlite]


@pytest.fixture
def bad_disk(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """The file that makes the disk bad while it exists, and the environment that obeys it."""
    library, flag = tmp_path / "failing_disk.so", tmp_path / "bad"
    source = Path(__file__).with_name("failing_disk.c")
    command = [needs.c_compiler(), "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    return flag, {"LD_PRELOAD": str(library), "EVENKEEL_TEST_BAD_DISK": str(flag)}


def count(installation: Installation, event_id: str) -> int:
    with contextlib.closing(sqlite3.connect(installation.home / "evenkeel.sqlite3")) as database:
        found = database.execute(
            "SELECT count(*) FROM session_sessionevent WHERE id = ?", [event_id.replace("-", "")]
        )
        return int(found.fetchone()[0])


def message(bed: str, number: int) -> bytes:
    return build_oru(
        MonitorIdentity(bed=bed),
        control_id=f"disk-{number}",
        sent_at=datetime.now(UTC),
        sweep=VitalSigns(spo2_percent=97, pulse_bpm=70),
    )


def test_what_the_disk_did_not_take_is_not_acknowledged(
    installation: Installation, bad_disk: tuple[Path, dict[str, str]]
) -> None:
    flag, environment = bad_disk
    made, chance = installation.made, random.Random(7)
    path = f"/api/sessions/{made['sessions'][0]}/events"
    headers = cookie_header(made["cookies"][0])
    before, refused = some_event(chance), [some_event(chance) for _ in range(3)]
    with installation.server(workers=1, environment=environment) as server:
        line, monitor = Connection(server.http_port, headers), MonitorLine(server.hl7_port)
        assert line.post_json(path, before).status == 201
        assert monitor.send(message(made["beds"][0], 1)) == "AA"
        flag.touch()
        for event in refused:
            answer = line.post_json(path, event)
            assert answer.status >= 500, answer.body
            assert b"recorded_at" not in answer.body
        late = message(made["beds"][0], 2)
        assert monitor.send(late) == "AE"
        flag.unlink()
        first = line.post_json(path, refused[0])
        assert first.status in (200, 201), first.body
        assert monitor.send(late) == "AA"
    with installation.server(workers=1) as server:
        line = Connection(server.http_port, headers)
        for event in refused:
            answers = [line.post_json(path, event) for _ in range(2)]
            assert [a.status for a in answers] in ([201, 200], [200, 200])
            assert answers[0].json() == answers[1].json()
        again = line.post_json(path, refused[0]).json()
        assert again["position"] == first.json()["position"]
    assert [count(installation, e["id"]) for e in [before, *refused]] == [1, 1, 1, 1]
    found = installation.command("verify")
    assert found.returncode == 0, found.stdout


def test_a_stop_is_kept_beside_the_record_while_that_cannot_be_written(
    installation: Installation,
) -> None:
    """The database is locked by somebody else for long; a stop is taken all the same."""
    made, chance = installation.made, random.Random(8)
    path = f"/api/sessions/{made['sessions'][0]}/events"
    stop = {**some_event(chance), "kind": "infusion_stop", "body": {"reason": "she asked"}}
    with installation.server(workers=1) as server:
        line = Connection(server.http_port, cookie_header(made["cookies"][0]))
        assert line.post_json(path, some_event(chance)).status == 201
        lock = sqlite3.connect(installation.home / "evenkeel.sqlite3", isolation_level=None)
        with contextlib.closing(lock):
            lock.execute("BEGIN IMMEDIATE")
            answer = line.post_json(path, stop)
            assert (answer.status, answer.json()["status"]) == (202, "journalled")
            lock.execute("ROLLBACK")
        server.kill_everything()
    with installation.server(workers=1) as server:
        line = Connection(server.http_port, cookie_header(made["cookies"][0]))
        answer = line.post_json(path, stop)
        assert answer.status in (200, 201), answer.body
    assert count(installation, stop["id"]) == 1
    assert installation.command("verify").returncode == 0
