"""A PostgreSQL server of the tests' own: made, started on a free port, and thrown away."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _demote(user: str) -> dict[str, object]:
    """PostgreSQL refuses to run as root; run it as the user its package made."""
    if os.getuid() != 0:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


@contextlib.contextmanager
def running_postgres(binaries: Path) -> Iterator[str]:
    """The address of a fresh server with one database; gone when the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="evenkeel-pg-"))
    identity = _demote("postgres")
    if identity:
        shutil.chown(folder, "postgres", "postgres")
    data, port = folder / "data", free_port()
    run = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder, **identity}
    initdb = [str(binaries / "initdb"), "-D", str(data), "-U", "evenkeel", "-A", "trust"]
    subprocess.run([*initdb, "-E", "UTF8", "--locale=C"], **run)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    start = [str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log")]
    subprocess.run([*start, "-o", options, "start"], **run)
    try:
        yield f"postgresql://evenkeel@127.0.0.1:{port}/postgres"
    finally:
        stop = [str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"]
        subprocess.run(stop, **{**run, "check": False})
        shutil.rmtree(folder, ignore_errors=True)
