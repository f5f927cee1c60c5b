"""A small HTTP/1.1 client on a kept connection; it must cost little beside the server."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from typing import Any

_END = b"\r\n\r\n"


class Broken(ConnectionError):
    """The connection ended before a whole answer had come."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (names in lower case) and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Connection:
    """One kept connection to a server on this machine; opened when first used."""

    def __init__(self, port: int, headers: dict[str, str], *, timeout_s: float = 30.0) -> None:
        self.port, self.timeout_s = port, timeout_s
        lines = {"Host": f"127.0.0.1:{port}", **headers}
        self._head = "".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode()
        self._socket: socket.socket | None = None
        self._rest = b""

    def get(self, path: str) -> Answer:
        """Ask for a page. Raises ``OSError`` where the connection breaks."""
        return self._ask(b"GET %s HTTP/1.1\r\n%s\r\n" % (path.encode(), self._head))

    def post_json(self, path: str, document: Any) -> Answer:
        """Post a document. Raises ``OSError`` where the connection breaks."""
        body = json.dumps(document).encode()
        head = b"POST %s HTTP/1.1\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        return self._ask(head % (path.encode(), self._head, len(body)) + body)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._rest = None, b""

    def _ask(self, request: bytes) -> Answer:
        try:
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self.port), self.timeout_s)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(request)
            return self._read()
        except OSError:
            self.close()
            raise

    def _read(self) -> Answer:
        while _END not in self._rest:
            self._more()
        head, self._rest = self._rest.split(_END, 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._chunks()
        else:
            body = self._take(int(headers.get("content-length", "0")))
        return Answer(int(first.split(" ", 2)[1]), headers, body)

    def _chunks(self) -> bytes:
        parts = []
        while True:
            while b"\r\n" not in self._rest:
                self._more()
            size, self._rest = self._rest.split(b"\r\n", 1)
            length = int(size.split(b";")[0], 16)
            parts.append(self._take(length + 2)[:-2])
            if length == 0:
                return b"".join(parts)

    def _take(self, length: int) -> bytes:
        while len(self._rest) < length:
            self._more()
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken

    def _more(self) -> None:
        if self._socket is None:
            raise Broken("closed")
        data = self._socket.recv(65536)
        if not data:
            raise Broken("the server closed the connection")
        self._rest += data
