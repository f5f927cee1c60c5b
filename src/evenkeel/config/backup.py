"""Copies of the database, made while it may be in use, and put back."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from evenkeel.config.instance import ConfigurationError, Instance

_REPLACED = "replaced"


def back_up(instance: Instance, version: str, at: datetime) -> Path | None:
    """Copy the database to the backups folder and return the copy; ``None`` if there is none yet.

    SQLite is copied by its own online backup and checked; PostgreSQL by ``pg_dump``. Raises
    :class:`ConfigurationError` where no sound copy could be made.
    """
    instance.backups_path.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"evenkeel-{at:%Y%m%dT%H%M%SZ}-before-{version}"
    address = str(instance.get("database", ""))
    if address:
        return dump_postgres(address, instance.backups_path / f"{name}.dump")
    if not instance.database_path.exists():
        return None
    return copy_sqlite(instance.database_path, instance.backups_path / f"{name}.sqlite3")


def copy_sqlite(database: Path, copy: Path) -> Path:
    """Copy a SQLite database that may be in use, as it stands at one moment, and check the copy.

    Raises :class:`ConfigurationError` where the database is damaged.
    """
    partial = copy.with_suffix(".partial")
    try:
        with (
            contextlib.closing(sqlite3.connect(database)) as source,
            contextlib.closing(sqlite3.connect(partial)) as target,
        ):
            source.backup(target)
            sound = target.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        sound = str(error)
    if sound != "ok":
        partial.unlink(missing_ok=True)
        what = " ".join(sound.split())[:200]
        raise ConfigurationError(f"the database is damaged ({what}); nothing was changed")
    settle(partial)
    partial.rename(copy)
    settle(copy.parent)
    return copy


def put_back(instance: Instance, copy: Path) -> None:
    """Replace the database by ``copy``, in one step.

    What it replaces is kept beside it, until the next time: as ``*.replaced``, on PostgreSQL in
    the schema ``replaced``. Raises :class:`ConfigurationError` where ``copy`` is none.
    """
    address = str(instance.get("database", ""))
    if address:
        _restore_postgres(address, copy)
        return
    path = instance.database_path
    fresh = path.with_suffix(".restoring")
    shutil.copyfile(copy, fresh)
    settle(fresh)
    for ending in ("-wal", "-shm"):
        leftover = Path(f"{path}{ending}")
        if leftover.exists():
            leftover.rename(Path(f"{path}.replaced{ending}"))
    if path.exists():
        path.rename(Path(f"{path}.replaced"))
    fresh.rename(path)
    settle(path.parent)


def newest_copy(instance: Instance) -> Path:
    """The newest backup. Raises :class:`ConfigurationError` where there is none."""
    ending = "dump" if instance.get("database", "") else "sqlite3"
    copies = sorted(instance.backups_path.glob(f"evenkeel-*.{ending}"))
    if not copies:
        raise ConfigurationError(f"there is no backup in {instance.backups_path}")
    return copies[-1]


def chain_length(instance: Instance, copy: Path) -> int:
    """How many entries the chain of a copy has. Raises :class:`ConfigurationError` for no copy."""
    if instance.get("database", ""):
        return _chain_length_in_dump(copy)
    try:
        with contextlib.closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as database:
            if database.execute("PRAGMA quick_check").fetchone()[0] != "ok":
                raise ConfigurationError(f"{copy} is damaged")
            return _longest(database)
    except sqlite3.DatabaseError as error:
        raise ConfigurationError(f"{copy} is no backup: {error}") from None


def _longest(database: sqlite3.Connection) -> int:
    try:
        found = database.execute("SELECT MAX(position) FROM record_chainentry").fetchone()[0]
    except sqlite3.OperationalError:
        return 0  # from before there was a chain
    return int(found or 0)


def _chain_length_in_dump(copy: Path) -> int:
    """The highest position in the dumped table: the first column of its rows."""
    options = ["--data-only", "--schema=public", "--table=record_chainentry", "--file=-"]
    script = _run([_program("pg_restore"), *options, str(copy)], f"{copy} is no backup")
    longest, inside = 0, False
    for line in script.splitlines():
        if line.startswith("COPY "):
            inside = True
        elif line == "\\.":
            inside = False
        elif inside:
            longest = max(longest, int(line.split("\t", 1)[0]))
    return longest


def settle(path: Path) -> None:
    """Wait until a file, or a folder's list of files, is on the disk."""
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


def _run(command: list[str], failed: str, *, address: str = "", given: str | None = None) -> str:
    """What a program says. Raises :class:`ConfigurationError`, beginning with ``failed``.

    ``address`` is handed over as its last word, but for the password: everybody on the machine can
    read the words of a command.
    """
    parts, environment = urlsplit(address), dict(os.environ)
    if parts.password is not None:
        environment["PGPASSWORD"] = unquote(parts.password)
        place = parts.netloc.replace(f":{parts.password}@", "@", 1)
        address = urlunsplit(parts._replace(netloc=place))
    done = subprocess.run(  # noqa: S603 - our own words, no shell
        [*command, address] if address else command,
        input=given,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ConfigurationError(f"{failed}: {done.stderr.strip()[:300]}")
    return done.stdout


def dump_postgres(address: str, copy: Path, snapshot: str = "") -> Path:
    """Dump a PostgreSQL database, as ``snapshot`` of another connection sees it where one is given.

    Raises :class:`ConfigurationError` where ``pg_dump`` is missing or fails.
    """
    partial = copy.with_suffix(".partial")
    options = ["--format=custom", f"--exclude-schema={_REPLACED}", f"--file={partial}"]
    options += [f"--snapshot={snapshot}"] if snapshot else []
    _run([_program("pg_dump"), *options], "the backup failed", address=address)
    settle(partial)
    partial.rename(copy)
    settle(copy.parent)
    return copy


def _restore_postgres(address: str, copy: Path) -> None:
    """One transaction: what was there is renamed away, so that nothing of it is left between."""
    options = ["--no-owner", "--no-privileges", "--file=-"]
    script = _run([_program("pg_restore"), *options, str(copy)], f"{copy} is no backup")
    aside = (
        f"DROP SCHEMA IF EXISTS {_REPLACED} CASCADE;\n"
        f"ALTER SCHEMA public RENAME TO {_REPLACED};\nCREATE SCHEMA public;\n"
    )
    psql = [_program("psql"), "--no-psqlrc", "--quiet", "--single-transaction"]
    psql += ["--set=ON_ERROR_STOP=1"]
    _run(psql, "going back failed", address=address, given=aside + script)


def take_back_postgres(address: str) -> None:
    """Undo a restore that turned out not to be sound: what it replaced is there again."""
    back = f"DROP SCHEMA public CASCADE;\nALTER SCHEMA {_REPLACED} RENAME TO public;\n"
    psql = [_program("psql"), "--no-psqlrc", "--quiet", "--single-transaction"]
    _run([*psql, "--set=ON_ERROR_STOP=1"], "going back failed", address=address, given=back)
