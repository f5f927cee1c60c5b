"""Clients that go on until each of their entries is acknowledged, whatever happens meanwhile."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bench.home import cookie_header
from bench.http_wire import Connection
from bench.mllp_wire import MonitorLine

from evenkeel.interop.hl7v2.simulate import MonitorIdentity, VitalSigns, build_oru

_PAUSE_S = 0.03
_PATIENCE_S = 60.0


@dataclass
class Traffic:
    """What several clients sent and what was acknowledged; each client is one thread."""

    stopping: threading.Event = field(default_factory=threading.Event)
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    monitor_sent: dict[str, float] = field(default_factory=dict)
    monitor_acknowledged: dict[str, float] = field(default_factory=dict)
    retries: int = 0
    last_trouble: str = ""
    surprises: list[str] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self, work: Callable[..., None], *args: Any) -> None:
        """Run a client in a thread of its own."""
        thread = threading.Thread(target=self._run, args=(work, *args), daemon=True)
        self.threads.append(thread)
        thread.start()

    def _run(self, work: Callable[..., None], *args: Any) -> None:
        try:
            work(*args)
        except Exception as error:
            self.surprises.append(repr(error))

    def finish(self) -> None:
        """Let every client have its last entry acknowledged, then end."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(_PATIENCE_S)
            if thread.is_alive():
                self.surprises.append("a client never got its answer")

    def nurse(self, port: int, cookie: str, sessions: list[str], seed: int) -> None:
        """Post one event after another, the same id again until it is acknowledged."""
        chance = random.Random(seed)
        line = Connection(port, cookie_header(cookie), timeout_s=10)
        while not self.stopping.is_set():
            session_id = chance.choice(sessions)
            event = some_event(chance)
            self.sent[event["id"]] = {**event, "session": session_id}
            answer = self._until(lambda: _post(line, session_id, event))  # noqa: B023
            if answer is None:
                continue
            self.acknowledged[event["id"]] = answer
        line.close()

    def monitor(self, port: int, bed: str, number: int) -> None:
        """Send one message after another, the same one again until it is acknowledged."""
        line = MonitorLine(port, timeout_s=10)
        identity = MonitorIdentity(eui64=f"00A03700000000{number:02X}", bed=bed)
        count = 0
        while not self.stopping.is_set():
            count += 1
            now = datetime.now(UTC)
            # a temperature no other message of this monitor carries in this second
            temperature_c = 35.0 + (count % 40) / 10
            message = build_oru(
                identity,
                control_id=f"{number}-{count}",
                sent_at=now,
                sweep=VitalSigns(spo2_percent=97, pulse_bpm=70, temperature_c=temperature_c),
            )
            key = f"{bed}|{now:%Y%m%d%H%M%S}.{now.microsecond // 1000:03d}"
            self.monitor_sent[key] = temperature_c
            code = self._until(lambda: _say(line, message))  # noqa: B023
            if code is not None:
                self.monitor_acknowledged[key] = temperature_c
            time.sleep(_PAUSE_S)
        line.close()

    def _until(self, attempt: Callable[[], Any]) -> Any:
        """Try until there is an answer; ``None`` where time runs out, which is a surprise."""
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            try:
                answer = attempt()
                if answer is not None:
                    return answer
            except OSError as error:
                self.last_trouble = repr(error)
            self.retries += 1
            time.sleep(_PAUSE_S)
        self.surprises.append("no answer came in time")
        return None


def some_event(chance: random.Random) -> dict[str, Any]:
    """An observation or a note of now, with an id of its own."""
    kind = chance.choice(["observation", "observation", "note"])
    body: dict[str, Any] = (
        {"text": f"Quiet, {chance.random():.9f}."}
        if kind == "note"
        else {
            "sbp_mmhg": chance.randint(110, 125),
            "dbp_mmhg": chance.randint(65, 80),
            "heart_rate_bpm": chance.randint(60, 75),
            "spo2_percent": chance.randint(96, 99),
        }
    )
    return {
        "id": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "kind": kind,
        "happened_at": datetime.now(UTC).isoformat(),
        "body": body,
    }


def _post(line: Connection, session_id: str, event: dict[str, Any]) -> Any:
    """The stored event, or ``None`` to try again. Anything but success or breakdown is wrong."""
    answer = line.post_json(f"/api/sessions/{session_id}/events", event)
    if answer.status in (200, 201):
        return answer.json()
    if answer.status >= 500:
        return None
    raise AssertionError(f"{answer.status} {answer.body[:300]!r}")


def _say(line: MonitorLine, message: bytes) -> str | None:
    code = line.send(message)
    return code if code in {"AA", "CA"} else None
