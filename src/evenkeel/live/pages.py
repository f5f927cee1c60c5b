"""Runs the pages, a WSGI application, in worker threads behind the ASGI server.

A request body is read whole before a thread is taken, so that a slow sender costs no thread; an
answer of up to a megabyte goes back in one hand-over. (a2wsgi, the usual bridge, hands every body
chunk over by itself and cannot read one from granian, whose ``receive`` is no coroutine.)
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, Any, Final
from urllib.parse import quote

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

#: Above this a body is refused unread; the largest upload a page takes is well below. [assumed]
MAX_BODY_BYTES: Final = 64 * 1024 * 1024
#: A request whose body stops coming for this long is given up. [assumed]
STALLED_S: Final = 30.0
_IN_MEMORY_BYTES: Final = 1024 * 1024


class TooLarge(Exception):
    """The request's body is beyond the limit."""


class Stalled(Exception):
    """The client began a request and went silent."""


class Gone(Exception):
    """The client went away before its request was read."""


@dataclass
class Answer:
    """What the application answered: status, headers, and the part of the body gathered."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


class Pages:
    """An ASGI application that serves ``wsgi`` from ``threads`` worker threads."""

    def __init__(self, wsgi: Wsgi, threads: int) -> None:
        self._wsgi = wsgi
        self._threads = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="pages")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        loop = asyncio.get_running_loop()
        try:
            body = await read_body(scope, receive)
        except Gone:
            return
        except TooLarge:
            await _send_whole(send, Answer(413, [(b"connection", b"close")]))
            return
        except Stalled:
            await _send_whole(send, Answer(408, [(b"connection", b"close")]))
            return
        with body:
            environ = environ_of(scope, body)
            work = self._run, environ, send, loop
            answer = await loop.run_in_executor(self._threads, *work)
        if answer is not None:
            await _send_whole(send, answer)

    def _run(
        self, environ: dict[str, Any], send: Send, loop: asyncio.AbstractEventLoop
    ) -> Answer | None:
        """In a worker thread: the whole answer, or ``None`` where it was sent piece by piece."""
        answer = Answer()
        pieces: list[bytes] = []
        chunks = self._wsgi(environ, _starter(answer, pieces))
        size, streaming = 0, False

        def hand_over(message: dict[str, Any]) -> None:
            asyncio.run_coroutine_threadsafe(_send(send, message), loop).result()

        try:
            for chunk in chunks:
                pieces.append(chunk)
                size += len(chunk)
                if size > _IN_MEMORY_BYTES:
                    if not streaming:
                        hand_over(_start(answer))
                        streaming = True
                    hand_over(_piece(b"".join(pieces), more=True))
                    pieces, size = [], 0
        finally:
            with contextlib.suppress(AttributeError):
                chunks.close()  # type: ignore[attr-defined]
        if streaming:
            hand_over(_piece(b"".join(pieces), more=False))
            return None
        answer.body = b"".join(pieces)
        return answer


def _starter(answer: Answer, pieces: list[bytes]) -> Callable[..., Any]:
    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        answer.status = int(status.split(" ", 1)[0])
        answer.headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]
        return pieces.append

    return start_response


async def _send(send: Send, message: dict[str, Any]) -> None:
    await send(message)


def _start(answer: Answer) -> dict[str, Any]:
    return {
        "type": "http.response.start",
        "status": answer.status,
        "headers": answer.headers,
    }


def _piece(data: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}


async def _send_whole(send: Send, answer: Answer) -> None:
    await send(_start(answer))
    await send(_piece(answer.body, more=False))


async def read_body(scope: Scope, receive: Receive) -> IO[bytes]:
    """The request's body from its beginning; above a megabyte it lies in a file.

    Raises ``TooLarge``, ``Stalled`` or ``Gone``.
    """
    for name, value in scope["headers"]:
        if name.lower() == b"content-length" and value.isdigit() and int(value) > MAX_BODY_BYTES:
            raise TooLarge
    if scope["method"] in {"GET", "HEAD"}:
        return io.BytesIO()
    body: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115
    size = 0
    while True:
        try:
            async with asyncio.timeout(STALLED_S):
                message = await receive()
        except TimeoutError:
            body.close()
            raise Stalled from None
        if message["type"] == "http.disconnect":
            body.close()
            raise Gone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            body.close()
            raise TooLarge
        body.write(chunk)
        if not message.get("more_body", False):
            break
    body.seek(0)
    return body


def environ_of(scope: Scope, body: IO[bytes]) -> dict[str, Any]:
    """The WSGI environment (PEP 3333) of a scope.

    A header with an underscore in its name is dropped: it would read like the one with a hyphen,
    and somebody outside could speak for the proxy. Split cookies are joined as cookies are.
    """
    server = scope.get("server") or ("localhost", 80)
    client = scope.get("client") or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": quote(scope.get("query_string", b""), safe="%&=+/?:;,@!$'()*~-._"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 0),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").upper(), raw_value.decode("latin-1")
        if "_" in name:
            continue
        name = name.replace("-", "_")
        key = name if name in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{name}"
        if key in environ:
            value = environ[key] + ("; " if key == "HTTP_COOKIE" else ",") + value
        environ[key] = value
    if scope["method"] not in {"GET", "HEAD"}:
        length = body.seek(0, io.SEEK_END)
        body.seek(0)
        environ["CONTENT_LENGTH"] = str(length)
        environ.pop("HTTP_TRANSFER_ENCODING", None)
    return environ
