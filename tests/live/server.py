"""A real granian on a free port, over the database of the running test."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.middleware.csrf import _get_new_csrf_string
from django.test import Client

from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from tests.clinic_factory import sign_in
from tests.conftest import START


@dataclass
class Answer:
    """One HTTP answer, read whole."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """Somebody signed in, with a connection of their own."""

    def __init__(self, port: int, account: Account | None) -> None:
        self.port = port
        self.token = _get_new_csrf_string()
        cookies = [f"csrftoken={self.token}"]
        if account is not None:
            client = sign_in(Client(), account)
            cookies.append(f"evenkeel={client.cookies['evenkeel'].value}")
        self.headers = {"Cookie": "; ".join(cookies), "X-CSRFToken": self.token}
        self.wire = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        sent = None if body is None else json.dumps(body).encode()
        more = {"Content-Type": "application/json"} if sent is not None else {}
        self.wire.request(method, path, sent, {**self.headers, **more, **headers})
        answer = self.wire.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())

    def stream(self, path: str, **headers: str) -> Stream:
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        wire.request("GET", path, headers={**self.headers, **headers})
        return Stream(wire, wire.getresponse())


@dataclass
class Message:
    """One server-sent event."""

    event: str
    data: Any
    id: str | None


class Stream:
    """An open stream, read message by message."""

    def __init__(self, wire: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> None:
        self.wire, self.answer = wire, answer
        self.status = answer.status
        self.headers = {k.lower(): v for k, v in answer.getheaders()}

    def next(self, *wanted: str) -> Message | None:
        """The next message (of one of these kinds), or ``None`` where the stream has ended."""
        found: dict[str, str] = {}
        while True:
            line = self.answer.readline()
            if not line:
                return None
            text = line.decode().rstrip("\n")
            if text:
                name, _, value = text.partition(": ")
                found[name] = value
                continue
            message = Message(found["event"], json.loads(found["data"]), found.get("id"))
            found = {}
            if not wanted or message.event in wanted:
                return message

    def close(self) -> None:
        self.wire.close()


@dataclass
class Server:
    """A running server."""

    port: int
    process: subprocess.Popen[bytes]

    def browser(self, account: Account | None) -> Browser:
        return Browser(self.port, account)

    def stop(self) -> float:
        """Ask it to end; returns how many seconds that took."""
        began = time.monotonic()
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        return time.monotonic() - began


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(*, workers: int = 1, **environment: str) -> Iterator[Server]:
    """A server over this test's database; its clock stands still at the tests' start."""
    port = free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1",
        "--port", str(port), "--workers", str(workers), "--no-ws", "--log-level", "warning",
        "evenkeel.live.asgi:application",
    ]  # fmt: skip
    process = subprocess.Popen(
        command,
        start_new_session=True,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.live.served_settings",
            "EVENKEEL_HOME": str(settings.INSTANCE.home),
            "EVENKEEL_SERVED_DATABASE": str(connection.settings_dict["NAME"]),
            CLOCK_VARIABLE: ScaledClock(START, 0.0, 0.0).as_text(),
            **environment,
        },
    )
    server = Server(port, process)
    try:
        _until_open(server)
        yield server
    finally:
        server.stop()


def _until_open(server: Server) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            raise RuntimeError(f"the server ended with {server.process.returncode}")
        try:
            wire = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
            wire.request("GET", "/live/board")
            wire.getresponse().read()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server did not open")
