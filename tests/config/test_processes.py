"""Each kind of process looks at its own database connection before it uses it."""

from __future__ import annotations

import contextlib
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bench.home import cookie_header, free_port, wait_for_ports
from bench.http_wire import Connection
from bench.mllp_wire import MonitorLine

from evenkeel.config.instance import Instance
from evenkeel.config.supervisor import Ports, clinic_processes
from evenkeel.interop.hl7v2.simulate import MonitorIdentity, VitalSigns, build_oru
from tests.crash.traffic import some_event
from tests.installations import ROOT, Installation

pytestmark = pytest.mark.sqlite
UNSAFE = {"DJANGO_SETTINGS_MODULE": "tests.config.unsafe_settings"}
SAID = "synchronous=0"


@contextlib.contextmanager
def process(
    installation: Installation, name: str, ports: Ports, **environment: str
) -> Iterator[Path]:
    """One process of the clinic by itself; gives the file it writes its log to."""
    instance = Instance(installation.home)
    chosen = next(p for p in clinic_processes(instance, ports, workers=1) if p.name == name)
    log = installation.home / f"{name}.log"
    with log.open("wb") as output:
        running = subprocess.Popen(
            chosen.command,
            env={**installation.environment, **environment},
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield log
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(20)


def rows(installation: Installation, table: str, where: str = "1=1") -> int:
    with contextlib.closing(sqlite3.connect(installation.home / "evenkeel.sqlite3")) as database:
        query = f"SELECT count(*) FROM {table} WHERE {where}"
        return int(database.execute(query).fetchone()[0])


def wait_until(true: object, limit_s: float = 15.0) -> None:
    deadline = time.monotonic() + limit_s
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


@pytest.mark.parametrize("safe", [True, False])
def test_pages(installation: Installation, safe: bool) -> None:
    ports = Ports(free_port(), free_port())
    before = rows(installation, "session_sessionevent")
    with process(installation, "pages", ports, **({} if safe else UNSAFE)) as log:
        wait_for_ports([ports.http])
        line = Connection(ports.http, cookie_header(installation.made["cookies"][0]))
        path = f"/api/sessions/{installation.made['sessions'][0]}/events"
        if not safe:  # the second use of a refused connection is refused as well
            line.post_json(path, some_event(random.Random(2)))
        answer = line.post_json(path, some_event(random.Random(1)))
    assert (answer.status, SAID in log.read_text()) == ((201, False) if safe else (500, True))
    assert rows(installation, "session_sessionevent") - before == int(safe)


@pytest.mark.parametrize("safe", [True, False])
def test_monitors(installation: Installation, safe: bool) -> None:
    ports = Ports(free_port(), free_port())
    with process(installation, "monitors", ports, **({} if safe else UNSAFE)):
        wait_for_ports([ports.hl7])
        said = build_oru(
            MonitorIdentity(bed=installation.made["beds"][0]),
            control_id="1",
            sent_at=datetime.now(UTC),
            sweep=VitalSigns(spo2_percent=97),
        )
        line = MonitorLine(ports.hl7)
        if not safe:
            line.send(said)
        code = line.send(said)
        if safe:
            wait_until(lambda: rows(installation, "record_heartbeat", "name='listener'"))
    assert code == ("AA" if safe else "AE")
    assert rows(installation, "session_sessionevent", "via='monitor'") == int(safe)
    assert rows(installation, "record_heartbeat") == int(safe)


@pytest.mark.parametrize("safe", [True, False])
def test_watcher(installation: Installation, safe: bool) -> None:
    ports = Ports(free_port(), free_port())
    with process(installation, "watcher", ports, **({} if safe else UNSAFE)) as log:
        if safe:
            wait_until(lambda: rows(installation, "record_heartbeat", "name='watcher'"))
        else:
            wait_until(lambda: SAID in log.read_text())
    assert rows(installation, "record_heartbeat") == int(safe)


def test_the_commands(installation: Installation) -> None:
    safe = installation.command("doctor")
    assert safe.returncode == 0, safe.stdout
    for command in ("doctor", "serve"):
        refused = installation.command(command, **UNSAFE)
        assert refused.returncode == 1
        assert SAID in refused.stdout + refused.stderr
        assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("setting", "names"),
    [
        ({}, ["pages", "monitors", "watcher", "forecaster"]),
        ({"forecaster": "off"}, ["pages", "monitors", "watcher"]),
    ],
    ids=["as it comes", "without the forecaster"],
)
def test_which_processes_a_clinic_has(
    tmp_path: Path, setting: dict[str, str], names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EVENKEEL_FORECASTER", raising=False)
    found = clinic_processes(Instance(tmp_path, setting), Ports(8000, 2575))
    assert [process.name for process in found] == names
