"""``evenkeel demo`` as a newcomer meets it: a real process, real ports, real pages."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PEOPLE = 12
FIRST_PAGE_S = 30.0  # 10 s on a quiet machine; tests share theirs
HISTORY_S = 240.0


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def evenkeel(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evenkeel.cli", *words],
        env={**_clean(), "EVENKEEL_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _clean() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("EVENKEEL_") and name != "DJANGO_SETTINGS_MODULE"
    }


@dataclass
class Demo:
    """One running demonstration."""

    process: subprocess.Popen[str]
    home: Path
    port: int
    first_page_s: float
    output: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        path = f"file:{self.home / 'evenkeel.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(path, uri=True, timeout=20)) as database:
            return database.execute(statement, values).fetchall()

    def wait_for(self, what: Callable[[], bool], most_s: float) -> None:
        deadline = time.monotonic() + most_s
        while not what():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.2)

    def sign_in(self, email: str, password: str) -> tuple[Any, str]:
        """A browser's way in: returns the opener and the address it lands on."""
        jar = http.cookiejar.CookieJar()
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        form = opener.open(f"{self.address}/accounts/login/", timeout=20).read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        assert token is not None
        said = {"csrfmiddlewaretoken": token[1], "login": email, "password": password}
        data = urllib.parse.urlencode(said).encode()
        landed = opener.open(f"{self.address}/accounts/login/", data, timeout=20)
        return opener, landed.geturl().removeprefix(self.address)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    home, output, port = folder / "home", folder / "output.txt", free_port()
    command = [
        *(sys.executable, "-m", "evenkeel.cli", "demo", "--home", str(home)),
        *("--port", str(port), "--hl7-port", str(free_port())),
        *("--people", str(PEOPLE), "--speed", "20", "--workers", "1"),
    ]
    began_s = time.monotonic()
    with output.open("w") as file:
        process = subprocess.Popen(
            command,
            # the forecasts of a twentyfold clock would take what the others are timed by
            env=_clean() | {"EVENKEEL_FORECASTER": "off"},
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
        )
    running = Demo(process, home, port, 0.0, output)
    try:
        running.wait_for(lambda: _answers(running.address), FIRST_PAGE_S)
        running.first_page_s = time.monotonic() - began_s
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/accounts/login/", timeout=5) as page:
            return bool(page.status == 200)
    except OSError:
        return False


def test_first_page_comes_soon_with_the_live_sessions_behind_it(demo: Demo) -> None:
    assert demo.first_page_s < FIRST_PAGE_S
    states = demo.ask(
        "SELECT p.given_name, s.state FROM session_session s JOIN people_patient p"
        " ON p.id = s.patient_id WHERE p.given_name IN ('Wren', 'Ada', 'Tomas')"
        " AND s.closed_at IS NULL"
    )
    assert {name for name, _ in states} == {"Wren", "Ada", "Tomas"}


@pytest.mark.parametrize(
    ("who", "place"),
    [
        ("director", "/board"),
        ("prescriber", "/board"),
        ("nurse", "/board"),
        ("therapist", "/board"),
        ("pharmacist", "/board"),
        ("desk", "/day/"),
        ("auditor", "/board"),
        ("admin", "/setup/"),
        ("patient", "/own/"),
    ],
)
def test_the_printed_sign_in_of_each_role_works(demo: Demo, who: str, place: str) -> None:
    demo.wait_for(lambda: "password" in demo.output.read_text(), 20)
    printed = demo.output.read_text()
    password = re.search(r"password (\S+),", printed)
    assert password is not None
    assert f"{who}@demo.invalid" in printed
    opener, landed = demo.sign_in(f"{who}@demo.invalid", password[1])
    assert landed == place
    page = opener.open(demo.address + landed, timeout=20).read().decode()
    assert "Demonstration" in page


def test_readings_come_in_by_the_monitor_port(demo: Demo) -> None:
    start = json.loads((demo.home / "demonstration.json").read_text())["start"]
    opened = start.replace("T", " ").partition("+")[0]
    statement = (
        "SELECT COUNT(*) FROM session_sessionevent WHERE via = 'monitor' AND recorded_at > ?"
    )
    demo.wait_for(lambda: demo.ask(statement, opened)[0][0] > 5, 60)
    heard = demo.ask("SELECT identifier, messages FROM session_monitorstatus")
    assert all(name.startswith("00DE") and messages > 0 for name, messages in heard)


def test_history_fills_in_behind_with_progress(demo: Demo) -> None:
    def is_told() -> bool:
        rows = demo.ask("SELECT detail FROM record_heartbeat WHERE name = 'demo-history'")
        return bool(rows) and json.loads(rows[0][0])["done"] == PEOPLE - 4

    demo.wait_for(is_told, HISTORY_S)
    stages = dict(demo.ask("SELECT state, COUNT(*) FROM course_course GROUP BY state"))
    assert {"referred", "screening", "induction", "maintenance", "closed"} <= stages.keys()
    assert demo.ask("SELECT COUNT(*) FROM outcome_safetysignal WHERE closed_at IS NULL") == [(1,)]
    asked = dict(demo.ask("SELECT item, COUNT(*) FROM outcome_watchentry GROUP BY item"))
    assert {"urinary", "craving", "use_outside", "cognition"} <= asked.keys()
    assert demo.ask("SELECT demo FROM record_installation") == [(1,)]


def test_a_second_demonstration_does_not_take_the_folder(demo: Demo) -> None:
    refused = evenkeel(
        demo.home,
        *("demo", "--home", str(demo.home)),
        *("--port", str(free_port()), "--hl7-port", str(free_port())),
    )
    assert refused.returncode == 1
    assert "in use" in refused.stderr
    assert demo.process.poll() is None


def test_it_ends_whole_and_no_clinic_is_served_from_it(demo: Demo) -> None:
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(30) == 0
    assert not _answers(demo.address)
    checked = evenkeel(demo.home, "verify")
    assert checked.returncode == 0, checked.stdout
    assert "The record is whole." in checked.stdout
    refused = evenkeel(demo.home, "serve", "--port", str(free_port()))
    assert refused.returncode == 1
    assert "demonstration, for ever" in refused.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--people", "3"), "at least 4 people"),
        (("--speed", "0"), "speed"),
        (("--start", "soon"), "not a time"),
        (("--port", "70000"), "--port"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    ports = ("--port", str(free_port()), "--hl7-port", str(free_port()))
    refused = evenkeel(tmp_path, "demo", "--home", str(tmp_path / "new"), *ports, *words)
    assert refused.returncode == 1
    assert said in refused.stderr


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    ports = ("--port", str(free_port()), "--hl7-port", str(free_port()))
    refused = evenkeel(tmp_path, "demo", "--home", str(tmp_path), *ports)
    assert refused.returncode == 1
    assert "left alone" in refused.stderr
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
