"""Keeps the processes of a clinic running: one that dies is started again, and said so."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from types import FrameType

from evenkeel.config.errands import Errand, look_at_all
from evenkeel.config.instance import Instance
from evenkeel.config.parent import die_with_parent

log = logging.getLogger("evenkeel.supervisor")
_LONGEST_PAUSE_S = 10.0
_GRACE_S = 8.0
_WORKER_GRACE_S = 5
#: Connections a worker holds open. Each open display is one, and so is whoever connects and says
#: nothing; were there few places, one silent caller could take them all. [assumed]
_MOST_CONNECTIONS = 8192


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the clinic listens."""

    http: int
    hl7: int


@dataclass(slots=True)
class Process:
    """One process to keep alive."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    running: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    started_s: float = 0.0
    not_before_s: float = 0.0


def clinic_processes(instance: Instance, ports: Ports, *, workers: int = 2) -> list[Process]:
    """Pages with live streams, the monitor listener, the watcher that raises overdue alarms, and
    the forecaster unless it is switched off."""
    host = str(instance.get("host", "127.0.0.1"))
    pages = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "asgi",
        "--host",
        host,
        "--port",
        str(ports.http),
        "--workers",
        str(workers),
        "--no-ws",
        "--respawn-failed-workers",
        "--workers-kill-timeout",
        str(_WORKER_GRACE_S),
        "--backlog",
        "2048",
        "--backpressure",
        str(_MOST_CONNECTIONS),
        "--log-level",
        "warning",
        "evenkeel.config.pages:application",
    ]
    certificate, key = instance.get("tls_certificate", ""), instance.get("tls_key", "")
    if not certificate:
        # guessing the version waits for the first bytes without a limit; browsers speak no other
        pages[-1:-1] = ["--http", "1"]
    if certificate:
        pages[-1:-1] = ["--ssl-certificate", str(certificate), "--ssl-keyfile", str(key)]
    environment = {"EVENKEEL_HOME": str(instance.home)}
    processes = [
        Process("pages", pages, environment),
        Process(
            "monitors",
            [sys.executable, "-m", "evenkeel.interop.hl7v2.serve", "--port", str(ports.hl7)],
            environment,
        ),
        Process("watcher", [sys.executable, "-m", "evenkeel.live.watcher"], environment),
    ]
    if str(instance.get("forecaster", "on")).lower() != "off":
        forecaster = [sys.executable, "-m", "evenkeel.live.forecaster"]
        processes.append(Process("forecaster", forecaster, environment))
    return processes


class Supervisor:
    """Starts processes, restarts those that die (waiting longer each time), stops them together."""

    def __init__(self, processes: list[Process], errands: list[Errand] | None = None) -> None:
        self.processes = processes
        self.errands = errands or []
        self.stopping = False

    def start(self) -> None:
        """Start every process, each with as many open files as the system lets it have."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        for process in self.processes:
            self._start(process)

    def _start(self, process: Process) -> None:
        process.started_s = time.monotonic()
        process.running = subprocess.Popen(  # noqa: S603 - our own commands, no shell
            process.command,
            env={**os.environ, **process.environment},
            preexec_fn=functools.partial(die_with_parent, os.getpid()),
            start_new_session=True,
        )

    def check(self) -> list[str]:
        """Start again what has died; returns the names of what was found dead."""
        now = time.monotonic()
        died = []
        for process in self.processes:
            if process.running is not None and process.running.poll() is not None:
                died.append(process.name)
                lived_s = now - process.started_s
                process.restarts = 0 if lived_s > 60 else process.restarts + 1
                pause_s = min(0.25 * 2**process.restarts, _LONGEST_PAUSE_S)
                process.not_before_s = now + pause_s
                log.error(
                    "%s ended with status %s after %.0f s; starting it again in %.1f s",
                    process.name,
                    process.running.returncode,
                    lived_s,
                    pause_s,
                )
                process.running = None
            if process.running is None and now >= process.not_before_s:
                self._start(process)
        return died

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; returns 0."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        self.start()
        while not self.stopping:
            self.check()
            look_at_all(self.errands)
            time.sleep(0.2)
        self.stop()
        return 0

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def stop(self) -> None:
        """Ask every process to end, and after a grace time make it."""
        for errand in self.errands:
            errand.stop()
        running = [p.running for p in self.processes if p.running is not None]
        for child in running:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_S
        for child in running:
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
