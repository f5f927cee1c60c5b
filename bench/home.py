"""A throw-away installation: its folder, its database, its signed-in accounts, its server."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evenkeel.config.instance import HOME_VARIABLE

_START_S = 60.0
_STOP_S = 20.0
_SECOND_FACTOR_SECRET = "JBSWY3DPEHPK3PXP"


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def temporary_home(database: str = "") -> Iterator[Path]:
    """A fresh installation, chosen by the environment of this process; gone when the block ends."""
    home = Path(tempfile.mkdtemp(prefix="evenkeel-bench-"))
    os.environ[HOME_VARIABLE] = str(home)
    if database:
        os.environ["EVENKEEL_DATABASE"] = database
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def make_database() -> None:
    """Start Django on the chosen installation and bring its empty database to this version."""
    from evenkeel.config.manage import start_django

    start_django()
    from evenkeel.config.migrating import migrate

    migrate()


def sign_in(account_id: Any) -> str:
    """A signed-in session of an account, second factor set up; returns its cookie's value."""
    from allauth.mfa.totp.internal.auth import TOTP
    from allauth.mfa.utils import is_mfa_enabled
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from evenkeel.clinic.people.models import Account
    from evenkeel.clinic.record.routes import LAST_ACT

    account = Account.objects.get(pk=account_id)
    if not is_mfa_enabled(account):
        TOTP.activate(account, _SECOND_FACTOR_SECRET)
    store = SessionStore()
    store[SESSION_KEY] = str(account.pk)
    store[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    store[HASH_SESSION_KEY] = account.get_session_auth_hash()
    store[LAST_ACT] = time.time()
    store.create()
    return str(store.session_key)


def cookie_header(session_key: str, csrf: str = "") -> dict[str, str]:
    """The headers of a signed-in browser, ready to post."""
    csrf = csrf or secrets.token_hex(16)
    return {"Cookie": f"evenkeel={session_key}; csrftoken={csrf}", "X-CSRFToken": csrf}


@dataclass
class Server:
    """``evenkeel serve`` as a real process with a process group of its own."""

    home: Path
    http_port: int = field(default_factory=free_port)
    hl7_port: int = field(default_factory=free_port)
    workers: int = 2
    environment: dict[str, str] = field(default_factory=dict)
    #: What the processes inherit; this process's own environment unless given.
    inherited: dict[str, str] | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self, *, wait: bool = True) -> Server:
        """Start it, and wait until both ports answer. Raises ``RuntimeError`` where it ends."""
        words = ["--port", str(self.http_port), "--hl7-port", str(self.hl7_port)]
        words += ["--workers", str(self.workers)]
        inherited = dict(os.environ) if self.inherited is None else self.inherited
        self.process = subprocess.Popen(
            [sys.executable, "-m", "evenkeel.cli", "serve", *words],
            env={**inherited, HOME_VARIABLE: str(self.home), **self.environment},
            stdout=(self.home / "serve.log").open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if wait:
            self.wait_until_open()
        return self

    def wait_until_open(self) -> None:
        """Return when pages and monitor port take connections."""
        wait_for_ports((self.http_port, self.hl7_port), self._assert_running)

    def _assert_running(self) -> None:
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError(f"the server ended:\n{self.log()[-2000:]}")

    def log(self) -> str:
        """What it has said."""
        return (self.home / "serve.log").read_text(errors="replace")

    def tree(self) -> list[int]:
        """The process and everything below it, parents first."""
        if self.process is None:
            return []
        found = [self.process.pid]
        for pid in found:
            found += children_of(pid)
        return found

    def kill_everything(self) -> None:
        """SIGKILL to every process at once: all are stopped first, so that none reacts."""
        found: list[int] = []
        while (now := self.tree()) != found:
            found = now
            for pid in found:
                _signal(pid, signal.SIGSTOP)
        for pid in found:
            _signal(pid, signal.SIGKILL)
        if self.process is not None:
            self.process.wait(_STOP_S)

    def stop(self) -> int:
        """Ask it to end as a service manager would; returns its status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill_everything()
            raise

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()


def wait_for_ports(ports: Iterable[int], still: Callable[[], None] = lambda: None) -> None:
    """Return when all ports of this machine take connections; ``still`` may raise meanwhile."""
    deadline = time.monotonic() + _START_S
    for port in ports:
        while not _answers(port):
            still()
            if time.monotonic() > deadline:
                raise RuntimeError(f"port {port} never opened")
            time.sleep(0.01)


def children_of(pid: int) -> list[int]:
    """The direct children of a process, of all its threads."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(word) for word in task.read_text().split()]
    return found


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
