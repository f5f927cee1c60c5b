"""Copies of the database, made while it may be in use, and put back."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from datetime import datetime
from pathlib import Path

from evenkeel.config.instance import ConfigurationError, Instance


def back_up(instance: Instance, version: str, at: datetime) -> Path | None:
    """Copy the database to the backups folder and return the copy; ``None`` if there is none yet.

    SQLite is copied by its own online backup and checked; PostgreSQL by ``pg_dump``. Raises
    :class:`ConfigurationError` where no sound copy could be made.
    """
    instance.backups_path.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"evenkeel-{at:%Y%m%dT%H%M%SZ}-before-{version}"
    address = str(instance.get("database", ""))
    if address:
        return _dump_postgres(address, instance.backups_path / f"{name}.dump")
    if not instance.database_path.exists():
        return None
    copy = instance.backups_path / f"{name}.sqlite3"
    partial = copy.with_suffix(".partial")
    with (
        contextlib.closing(sqlite3.connect(instance.database_path)) as source,
        contextlib.closing(sqlite3.connect(partial)) as target,
    ):
        source.backup(target)
        sound = target.execute("PRAGMA integrity_check").fetchone()[0]
    if sound != "ok":
        raise ConfigurationError(f"the database is damaged ({sound}); nothing was changed")
    _settle(partial)
    partial.rename(copy)
    _settle(copy.parent)
    return copy


def put_back(instance: Instance, copy: Path) -> None:
    """Replace the database by ``copy``; what it replaces is kept beside it as ``*.replaced``."""
    address = str(instance.get("database", ""))
    if address:
        _restore_postgres(address, copy)
        return
    path = instance.database_path
    fresh = path.with_suffix(".restoring")
    shutil.copyfile(copy, fresh)
    _settle(fresh)
    for ending in ("-wal", "-shm"):
        leftover = Path(f"{path}{ending}")
        if leftover.exists():
            leftover.rename(Path(f"{path}.replaced{ending}"))
    if path.exists():
        path.rename(Path(f"{path}.replaced"))
    fresh.rename(path)
    _settle(path.parent)


def newest_copy(instance: Instance) -> Path:
    """The newest backup. Raises :class:`ConfigurationError` where there is none."""
    ending = "dump" if instance.get("database", "") else "sqlite3"
    copies = sorted(instance.backups_path.glob(f"evenkeel-*.{ending}"))
    if not copies:
        raise ConfigurationError(f"there is no backup in {instance.backups_path}")
    return copies[-1]


def chain_length(copy: Path) -> int:
    """How many entries the chain of a SQLite copy has."""
    with contextlib.closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as database:
        try:
            found = database.execute("SELECT MAX(position) FROM record_chainentry").fetchone()[0]
        except sqlite3.OperationalError:
            return 0
    return int(found or 0)


def _settle(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise ConfigurationError(f"{name} is not installed here, so no backup can be made")
    return found


def _dump_postgres(address: str, copy: Path) -> Path:
    partial = copy.with_suffix(".partial")
    command = [_program("pg_dump"), "--format=custom", f"--file={partial}", address]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise ConfigurationError(f"the backup failed: {done.stderr.strip()[:300]}")
    _settle(partial)
    partial.rename(copy)
    return copy


def _restore_postgres(address: str, copy: Path) -> None:
    command = [
        _program("pg_restore"),
        "--clean",
        "--if-exists",
        "--single-transaction",
        "--no-owner",
        f"--dbname={address}",
        str(copy),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise ConfigurationError(f"going back failed: {done.stderr.strip()[:300]}")
