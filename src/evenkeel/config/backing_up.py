"""A backup of a clinic that runs: one moment of its database, and what stands beside it."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from evenkeel import __version__
from evenkeel.config import backup
from evenkeel.config.backup_file import FORMAT, Lock, part, sha256_of, write_backup
from evenkeel.config.instance import ConfigurationError, Instance

#: Folders of the home that are part of the clinic, beside the database. The spool comes first: what
#: is filed from it meanwhile is then in both, and is filed once all the same.
FOLDERS: Final = ("spool", "schedules", "messages", "words", "heads")
#: Files that open doors: in a backup only when asked for, and only in a sealed one.
KEY_FILES: Final = ("secret_key",)
KEY_FOLDER: Final = "keys"
_PASSWORD: Final = re.compile(r"(://[^:/@\s]+:)[^@\s]*@")


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made, and what it holds."""

    path: Path
    manifest: dict[str, Any]
    sha256: str
    sealed: bool

    @property
    def position(self) -> int:
        """How many entries of the chain are in it."""
        return int(self.manifest["chain"]["position"])


Question = Callable[[str], list[tuple[Any, ...]]]


def make_backup(
    instance: Instance,
    folder: Path,
    at: datetime,
    lock: Lock,
    *,
    with_keys: bool = False,
    say: Callable[[str], None] = lambda words: None,
) -> Made:
    """Back a running clinic up into ``folder`` and return the new file; nobody is held up by it.

    Raises :class:`ConfigurationError` where no sound backup could be made; none is left then.
    """
    if with_keys and not lock:
        raise ConfigurationError("keys go only into an encrypted backup: say for whom")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        place = tempfile.TemporaryDirectory(prefix=".backing-up-", dir=folder)
    except OSError as error:
        raise ConfigurationError(f"no backup can be written to {folder}: {error}") from None
    with place as working:
        here = Path(working)
        files = _beside(instance, here, with_keys=with_keys)
        say("Copying the database")
        with _moment(instance, here) as (name, ask):
            manifest = _manifest(instance, ask, at)
        files[name] = here / name
        manifest["database_part"] = name
        say(f"Writing {manifest['chain']['position']} entries")
        manifest["parts"] = [part(path, known) for known, path in sorted(files.items())]
        ending = "backup.age" if lock else "backup"
        to = folder / f"evenkeel-{at:%Y%m%dT%H%M%SZ}.{ending}"
        if to.exists():
            raise ConfigurationError(f"{to} is there already")
        write_backup(to, manifest, files, lock)
    backup.settle(folder)
    return Made(to, manifest, sha256_of(to), bool(lock))


def _beside(instance: Instance, here: Path, *, with_keys: bool) -> dict[str, Path]:
    """Copies of what belongs to the clinic beside its database, by their names in the backup."""
    home = instance.home
    names = [(f"{folder}/{p.name}", p) for folder in FOLDERS for p in _plain(home / folder)]
    if with_keys:
        keys = [home / name for name in KEY_FILES]
        keys += _plain(home / KEY_FOLDER)
        names += [(f"keys/{p.name}", p) for p in keys if p.is_file()]
    found = {}
    for name, path in names:
        with contextlib.suppress(FileNotFoundError):  # filed from the spool meanwhile
            content = path.read_bytes()
            copy = here / name
            copy.parent.mkdir(exist_ok=True)
            copy.write_bytes(content)
            found[name] = copy
    if instance.settings_path.exists():
        (here / "settings").mkdir()
        copy = here / "settings" / "evenkeel.toml"
        copy.write_text(_PASSWORD.sub(r"\1...@", instance.settings_path.read_text()))
        found["settings/evenkeel.toml"] = copy
    return found


def _plain(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    files = (p for p in folder.iterdir() if p.is_file() and not p.is_symlink())
    return sorted(p for p in files if not p.name.startswith(".") and p.suffix != ".partial")


@contextlib.contextmanager
def _moment(instance: Instance, here: Path) -> Iterator[tuple[str, Question]]:
    """The database copied as it is at one moment, and a way to ask what it held then."""
    address = str(instance.get("database", ""))
    if address:
        with _postgres_moment(address, here) as ask:
            yield "database.dump", ask
        return
    if not instance.database_path.exists():
        raise ConfigurationError(f"there is no clinic in {instance.home} yet")
    copy = backup.copy_sqlite(instance.database_path, here / "database.sqlite3")
    with contextlib.closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as database:
        yield copy.name, lambda question: database.execute(question).fetchall()


@contextlib.contextmanager
def _postgres_moment(address: str, here: Path) -> Iterator[Question]:
    import psycopg

    try:
        with psycopg.connect(address) as held:
            held.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            held.read_only = True
            row = held.execute("SELECT pg_export_snapshot()").fetchone()
            assert row is not None
            backup.dump_postgres(address, here / "database.dump", snapshot=str(row[0]))
            yield lambda question: held.execute(question).fetchall()  # type: ignore[arg-type]
    except psycopg.Error as error:
        raise ConfigurationError(f"the database does not answer: {error}".strip()) from None


_SQLITE_TABLES: Final = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
)
_POSTGRES_TABLES: Final = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


def contents(ask: Question, *, postgres: bool) -> dict[str, Any]:
    """What a database holds: rows by table, end of the chain, migrations, whose clinic it is."""
    tables = sorted(str(name) for (name,) in ask(_POSTGRES_TABLES if postgres else _SQLITE_TABLES))
    rows = {name: int(ask(f'SELECT count(*) FROM "{name}"')[0][0]) for name in tables}  # noqa: S608
    if "record_chainentry" not in rows or "django_migrations" not in rows:
        raise ConfigurationError("this database holds no clinic")
    end = ask("SELECT position, hash FROM record_chainentry ORDER BY position DESC LIMIT 1")
    steps: dict[str, list[str]] = {}
    for app, name in ask("SELECT app, name FROM django_migrations ORDER BY app, name"):
        steps.setdefault(str(app), []).append(str(name))
    house = ask("SELECT organisation, demo, created_at FROM record_installation")
    return {
        "rows": rows,
        "chain": {
            "position": int(end[0][0]) if end else 0,
            "hash": str(end[0][1]) if end else "0" * 64,
        },
        "migrations": steps,
        "organisation": str(house[0][0]) if house else "",
        "demonstration": bool(house[0][1]) if house else False,
    }


def _manifest(instance: Instance, ask: Question, at: datetime) -> dict[str, Any]:
    postgres = bool(instance.get("database", ""))
    return {
        "format": FORMAT,
        "made_at": at.isoformat(timespec="seconds"),
        "version": __version__,
        "database": "postgresql" if postgres else "sqlite",
        **contents(ask, postgres=postgres),
    }
