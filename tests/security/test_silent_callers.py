"""Somebody without a sign-in who connects and says little: the clinic goes on."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from typing import Any

import pytest
from bench.home import cookie_header
from bench.http_wire import Connection

from evenkeel.live import pages
from tests.installations import Installation

#: More than the places there were when one caller could take them all.
SILENT = 1300
HALF = b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n"


@pytest.mark.crash
@pytest.mark.sqlite
@pytest.mark.parametrize("said", [b"", HALF], ids=["nothing", "half a request"])
def test_many_silent_connections_take_nobodys_place(
    installation: Installation, said: bytes
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, min(hard, SILENT + 500)) if hard != resource.RLIM_INFINITY else SILENT + 500
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    with installation.server() as server, contextlib.ExitStack() as held:
        for _ in range(SILENT):
            line = held.enter_context(socket.create_connection(("127.0.0.1", server.http_port)))
            line.sendall(said)
        nurse = Connection(server.http_port, cookie_header(installation.made["cookies"][0]))
        for where in ("/board", "/people/", f"/sessions/{installation.made['sessions'][0]}"):
            assert nurse.get(where).status == 200
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_body_that_stops_coming_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "STALLED_S", 0.01)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError("never reached")

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    def never(environ: Any, start: Any) -> Any:
        raise AssertionError("no page may see half a request")

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}
    asyncio.run(pages.Pages(never, 1)(scope, receive, send))
    assert sent[0]["status"] == 408
