"""Nothing acknowledged is lost: the server is killed at random moments while people work."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import time
from datetime import UTC, datetime

import pytest
from bench.home import Server

from tests.crash.traffic import Traffic
from tests.crash.warm import WarmServer
from tests.installations import Installation

KILLS = 300 if os.environ.get("EVENKEEL_SOAK") == "1" else 10
#: Each so many starts the whole of ``evenkeel serve``; the others fork what is imported already.
COLD_EVERY = 6
SEED = 20261123

pytestmark = [pytest.mark.crash, pytest.mark.sqlite]


def kill_one_part(server: Server, chance: random.Random) -> None:
    """SIGKILL to one process below the supervisor, which has to start it again."""
    while not (below := server.tree()[1:]):
        time.sleep(0.01)
    with contextlib.suppress(ProcessLookupError):
        os.kill(chance.choice(below), signal.SIGKILL)


def wait_for_more(traffic: Traffic, more: int, limit_s: float = 30.0) -> None:
    """Until so many further entries, and one of a monitor, were acknowledged."""
    events = len(traffic.acknowledged) + more
    messages = len(traffic.monitor_acknowledged) + 1
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if len(traffic.acknowledged) >= events and len(traffic.monitor_acknowledged) >= messages:
            return
        time.sleep(0.005)
    raise AssertionError(f"nothing more was taken: {traffic.surprises} {traffic.last_trouble}")


def stored_events(installation: Installation) -> list[sqlite3.Row]:
    database = sqlite3.connect(installation.home / "evenkeel.sqlite3")
    database.row_factory = sqlite3.Row
    with contextlib.closing(database):
        assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return database.execute("SELECT * FROM session_sessionevent").fetchall()


def key_of(hexadecimal: str) -> str:
    h = hexadecimal
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def same_moment(stored: str, said: str) -> bool:
    return datetime.fromisoformat(stored).replace(tzinfo=UTC) == datetime.fromisoformat(said)


def assert_people_lost_nothing(traffic: Traffic, rows: list[sqlite3.Row]) -> None:
    by_screen = [row for row in rows if key_of(row["id"]) in traffic.sent]
    stored = {key_of(row["id"]): row for row in by_screen}
    assert len(by_screen) == len(stored), "an event is stored twice"
    assert traffic.acknowledged.keys() <= stored.keys(), "an acknowledged event is lost"
    for key, row in stored.items():
        sent = traffic.sent[key]
        assert (row["kind"], json.loads(row["body"])) == (sent["kind"], sent["body"])
        assert key_of(row["session_id"]) == sent["session"]
        assert same_moment(row["happened_at"], sent["happened_at"])
    for key, answer in traffic.acknowledged.items():
        assert stored[key]["position"] == answer["position"], "the answer named another place"


def assert_monitors_lost_nothing(
    traffic: Traffic, rows: list[sqlite3.Row], beds: dict[str, str]
) -> None:
    found: dict[str, list[float]] = {}
    for row in rows:
        if row["via"] == "monitor":
            # as the monitor said it: of a message that came very late the house corrects the time
            key = f"{beds[key_of(row['session_id'])]}|{row['raw_time'][:18]}"
            found.setdefault(key, []).append(json.loads(row["body"])["temperature_c"])
    assert found.keys() <= traffic.monitor_sent.keys()
    for key, temperature_c in traffic.monitor_acknowledged.items():
        assert found.get(key) == [temperature_c], f"{key}: acknowledged, found {found.get(key)}"


def begin_traffic(installation: Installation, server: Server) -> Traffic:
    traffic, made = Traffic(), installation.made
    for number, cookie in enumerate(made["cookies"]):
        traffic.start(traffic.nurse, server.http_port, cookie, made["sessions"], SEED + number)
    for number, bed in enumerate(made["beds"][:2]):
        traffic.start(traffic.monitor, server.hl7_port, bed, number)
    return traffic


def assert_whole(installation: Installation) -> None:
    found = installation.command("verify")
    assert found.returncode == 0, found.stdout + found.stderr
    assert "The record is whole." in found.stdout


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(
    installation: Installation,
) -> None:
    chance = random.Random(SEED)
    cold = installation.server(workers=1)
    warm = WarmServer(installation.home, installation.environment, cold.http_port, cold.hl7_port)
    traffic = begin_traffic(installation, cold)
    try:
        for number in range(KILLS):
            whole = number % COLD_EVERY == 0
            server = cold if whole else warm
            server.start()
            wait_for_more(traffic, chance.randint(1, 12))
            if whole:
                kill_one_part(cold, chance)
                wait_for_more(traffic, chance.randint(1, 12))
            time.sleep(chance.random() * 0.05)
            server.kill_everything()
        cold.start()
        wait_for_more(traffic, 5)
        traffic.finish()
    finally:
        traffic.stopping.set()
        warm.close()
        cold.stop()
    assert traffic.surprises == [], cold.log()[-6000:]
    assert traffic.retries >= KILLS, "the kills did not hit anybody"
    rows = stored_events(installation)
    beds = dict(zip(installation.made["sessions"], installation.made["beds"], strict=True))
    assert_people_lost_nothing(traffic, rows)
    assert_monitors_lost_nothing(traffic, rows, beds)
    assert len(traffic.acknowledged) >= 3 * KILLS
    assert len(traffic.monitor_acknowledged) >= KILLS
    assert_whole(installation)
