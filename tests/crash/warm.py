"""The real server and the real listener, started by fork from a process that has imported them.

Importing takes a second each time, and hundreds of restarts take hundreds. A line on standard
input starts both; the answer names their processes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from bench.home import children_of, wait_for_ports


class WarmServer:
    """Pages and monitor port on given ports, quickly killed and quickly there again."""

    def __init__(self, home: Path, environment: dict[str, str], http: int, hl7: int) -> None:
        self.ports = (http, hl7)
        self.log = (home / "warm.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.warm", str(http), str(hl7)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            start_new_session=True,
        )
        self.roots: list[int] = []

    def start(self) -> None:
        """Start both; returns when both ports are open."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("start\n")
        self.process.stdin.flush()
        self.roots = [int(word) for word in self.process.stdout.readline().split()]
        wait_for_ports(self.ports)

    def kill_everything(self) -> None:
        """SIGKILL to both and their workers at once."""
        found: list[int] = []
        while (now := self._tree()) != found:
            found = now
            _signal_all(found, signal.SIGSTOP)
        _signal_all(found, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while any(_lives(pid) for pid in found):
            assert time.monotonic() < deadline, "a killed process is still there"
            time.sleep(0.002)

    def _tree(self) -> list[int]:
        found = list(self.roots)
        for pid in found:
            found += children_of(pid)
        return found

    def close(self) -> None:
        """End everything."""
        _signal_all(self._tree(), signal.SIGKILL)
        self.process.kill()
        self.process.communicate()
        self.log.close()


def _lives(pid: int) -> bool:
    """Whether a thread of the process still runs; what only waits to be reaped does not."""
    threads: list[Path] = []
    # It may be reaped between being looked for and being looked into.
    with contextlib.suppress(OSError):
        threads = list(Path(f"/proc/{pid}/task").glob("*/stat"))
    for thread in threads:
        with contextlib.suppress(OSError):
            if thread.read_text().rpartition(")")[2].split()[0] not in "ZX":
                return True
    return False


def _signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _fork(work: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        work()
    finally:
        os._exit(1)


def main() -> NoReturn:
    """Import everything, then fork at every line."""
    http, hl7 = sys.argv[1:3]
    os.environ["DJANGO_SETTINGS_MODULE"] = "evenkeel.config.settings"
    import granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    import evenkeel.live.asgi
    from evenkeel.interop.hl7v2 import serve, sink

    assert evenkeel.live.asgi.application is not None
    assert sink.RecordSink is not None

    def pages() -> None:
        granian.Granian(
            "evenkeel.live.asgi:application",
            port=int(http),
            interface=Interfaces.ASGI,
            websockets=False,
            log_level=LogLevels.warning,
        ).serve()

    def monitors() -> None:
        sys.argv = ["serve", "--port", hl7]
        serve.main()

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # what was killed leaves nothing behind
    for _ in sys.stdin:
        print(_fork(pages), _fork(monitors), flush=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
