"""A bedside monitor that says one thing after another over MLLP and waits for each answer."""

from __future__ import annotations

import socket

from evenkeel.interop.hl7v2.framing import END, frame
from evenkeel.interop.hl7v2.simulate import read_answer


class MonitorLine:
    """One kept connection to the monitor port; opened when first used."""

    def __init__(self, port: int, *, timeout_s: float = 30.0) -> None:
        self.port, self.timeout_s = port, timeout_s
        self._socket: socket.socket | None = None

    def send(self, message: bytes) -> str:
        """Send one message and return the code of its answer. Raises ``OSError``."""
        try:
            if self._socket is None:
                self._socket = socket.create_connection(("127.0.0.1", self.port), self.timeout_s)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(frame(message))
            rest = b""
            while not rest.endswith(END + b"\r"):
                data = self._socket.recv(65536)
                if not data:
                    raise ConnectionResetError("the listener closed the connection")
                rest += data
            return read_answer(rest.strip(b"\x0b\x1c\r")).code
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection; the next message opens another."""
        if self._socket is not None:
            self._socket.close()
        self._socket = None
