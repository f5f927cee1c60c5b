"""A clinic out of its backup: first proved beside the living one, then put in its place, whole."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from evenkeel.config import backup
from evenkeel.config.backing_up import FOLDERS, KEY_FILES, Question, contents
from evenkeel.config.backup_file import Key, take_out
from evenkeel.config.instance import HOME_VARIABLE, ConfigurationError, Instance
from evenkeel.config.lock import InstanceLock

Say = Callable[[str], None]
#: Lies in a home while a restore puts things in their places; left there, it was interrupted.
UNFINISHED: Final = "restore-unfinished"
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Restored:
    """What a backup held, and where what it replaced lies now."""

    manifest: dict[str, Any]
    upgraded: bool
    replaced: Path | None


def known_steps() -> dict[str, set[str]]:
    """The migrations that this program knows, by app. Django must be started."""
    from django.db.migrations.loader import MigrationLoader

    found: dict[str, set[str]] = {}
    for app, name in MigrationLoader(None).disk_migrations:
        found.setdefault(app, set()).add(name)
    return found


def refuse_newer(manifest: dict[str, Any]) -> None:
    """Raise :class:`ConfigurationError` for a backup that a newer version made."""
    known = known_steps()
    unknown = [
        f"{app} {name}"
        for app, names in manifest["migrations"].items()
        for name in names
        if name not in known.get(app, set())
    ]
    if unknown:
        raise ConfigurationError(
            f"the backup was made by version {manifest['version']}, which knows steps that this "
            f"one does not ({', '.join(unknown[:3])}); install that version first"
        )


def is_older(manifest: dict[str, Any]) -> bool:
    """Whether this program has steps that the backup's database has not taken yet."""
    return any(
        names - set(manifest["migrations"].get(app, ())) for app, names in known_steps().items()
    )


@contextlib.contextmanager
def staged(
    file: Path, key: Key, beside: Path, accept: Callable[[dict[str, Any]], None]
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A backup taken out into a folder of its own, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=".restoring-", dir=beside) as name:
        here = Path(name)
        manifest = take_out(file, key, here, accept)
        yield here, manifest


def compare(ask: Question, manifest: dict[str, Any], *, postgres: bool) -> None:
    """Hold a database against the manifest: end of the chain, rows of every table.

    Raises :class:`ConfigurationError` that says what differs.
    """
    found = contents(ask, postgres=postgres)
    differs = []
    if found["chain"] != manifest["chain"]:
        differs.append(
            f"its chain ends at entry {found['chain']['position']}, not "
            f"{manifest['chain']['position']}, or with another hash"
        )
    tables = sorted({*found["rows"], *manifest["rows"]})
    for table in tables:
        has, said = found["rows"].get(table), manifest["rows"].get(table)
        if has != said:
            differs.append(f"{table} has {has} rows, not {said}")
    if differs:
        more = f" and {len(differs) - _SHOWN} more" if len(differs) > _SHOWN else ""
        raise ConfigurationError(
            f"the backup is not what its manifest says: {'; '.join(differs[:_SHOWN])}{more}"
        )


def prove_sqlite(here: Path, manifest: dict[str, Any], say: Say) -> bool:
    """Prove a taken-out SQLite clinic where it lies, upgrading it if an older version made it.

    Returns whether it was upgraded. Raises :class:`ConfigurationError` where it is not whole.
    """
    database = here / "evenkeel.sqlite3"
    (here / manifest["database_part"]).rename(database)
    try:
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
            sound = str(opened.execute("PRAGMA integrity_check").fetchone()[0])
            if sound != "ok":
                raise ConfigurationError(f"the database in the backup is damaged: {sound[:200]}")
            compare(lambda question: opened.execute(question).fetchall(), manifest, postgres=False)
    except sqlite3.DatabaseError as error:
        raise ConfigurationError(f"the database in the backup is damaged: {error}") from None
    older = is_older(manifest)
    if older:
        say(f"Bringing it from version {manifest['version']} to this one")
        _command(here, "upgrade")
    say("Checking every entry and every row")
    _command(here, "verify")
    with contextlib.closing(sqlite3.connect(database)) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return older


def _command(home: Path, *words: str) -> None:
    """Run a command of this program on another home. Raises :class:`ConfigurationError`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("EVENKEEL_")}
    done = subprocess.run(  # noqa: S603 - our own words, no shell
        [sys.executable, "-m", "evenkeel.cli", *words],
        env={**kept, HOME_VARIABLE: str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        why = next((line for line in said if "BROKEN" in line or line.startswith("evenkeel")), "")
        raise ConfigurationError(
            f"the restored clinic does not pass 'evenkeel {words[0]}': "
            f"{' '.join((why or ' '.join(said[-3:])).split())[:300]}"
        )


def living(instance: Instance) -> bool:
    """Whether a clinic lives at this installation already."""
    if not instance.get("database", ""):
        return instance.database_path.exists() and _holds_a_clinic(instance.database_path)
    import psycopg

    try:
        with psycopg.connect(str(instance.get("database"))) as opened:
            row = opened.execute("SELECT to_regclass('public.record_chainentry')").fetchone()
    except psycopg.Error as error:
        raise ConfigurationError(f"the database does not answer: {error}".strip()) from None
    return row is not None and row[0] is not None


def _holds_a_clinic(database: Path) -> bool:
    """Whether this file may hold a clinic: a damaged one counts, an empty one does not."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
            row = opened.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError:
        return True
    return bool(row[0])


def restore(
    instance: Instance, file: Path, key: Key, *, replace: bool, with_keys: bool, say: Say
) -> Restored:
    """Put the clinic in ``file`` in the place of ``instance``, once it is proved to be whole.

    Until then nothing of the installation is touched; afterwards what stood there lies in
    ``replaced-...`` beside it. Raises :class:`ConfigurationError` where a clinic lives there and
    ``replace`` does not say that it may go, where the other kind of database is set, or where the
    backup is not whole.
    """
    postgres = bool(instance.get("database", ""))

    def accept(manifest: dict[str, Any]) -> None:
        _refuse_other_database(manifest, postgres=postgres)
        refuse_newer(manifest)

    instance.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with InstanceLock(instance, "restore"):
        alive = living(instance)
        if alive and not replace:
            raise ConfigurationError(
                f"a clinic lives in {instance.home} already; to put the backup in its place say "
                "--replace (what is there now is kept beside it)"
            )
        say("Taking the backup apart")
        with staged(file, key, instance.home, accept) as (here, manifest):
            if postgres:
                upgraded = _restore_postgres(instance, here, manifest, say)
                replaced = _move_in(instance, here, with_keys=with_keys)
            else:
                upgraded = prove_sqlite(here, manifest, say)
                replaced = _move_in(instance, here, with_keys=with_keys)
    return Restored(manifest, upgraded, replaced)


def _refuse_other_database(manifest: dict[str, Any], *, postgres: bool) -> None:
    here = "postgresql" if postgres else "sqlite"
    if manifest["database"] == here:
        return
    if manifest["database"] == "postgresql":
        raise ConfigurationError(
            "the backup is of a PostgreSQL clinic; make an empty database and set it first: "
            'database = "postgresql://..." in evenkeel.toml'
        )
    raise ConfigurationError(
        "the backup is of a SQLite clinic; restore it where the setting 'database' is not set"
    )


def _move_in(instance: Instance, here: Path, *, with_keys: bool) -> Path | None:
    """Put everything that was proved into the home; the database comes last.

    What stood there is moved into a folder of its own first, but for settings and keys, which are
    this machine's; the backup's are laid beside them.
    """
    home = instance.home
    aside = home / f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    moved = False
    (home / UNFINISHED).write_text("evenkeel restore was putting things in their places\n")
    for name in FOLDERS:
        if (home / name).exists() and ((here / name).exists() or instance.database_path.exists()):
            aside.mkdir(mode=0o700, exist_ok=True)
            (home / name).rename(aside / name)
            moved = True
        if (here / name).exists():
            (here / name).rename(home / name)
    settings = here / "settings" / "evenkeel.toml"
    if settings.exists():
        name = "evenkeel.toml.from-backup" if instance.settings_path.exists() else "evenkeel.toml"
        if re.search(r"^\s*database\s*=", settings.read_text(), re.M):
            name = "evenkeel.toml.from-backup"  # its password is not in it
        settings.rename(home / name)
    if with_keys:
        _move_keys(here / "keys", home)
    database = here / "evenkeel.sqlite3"
    if database.exists():
        if instance.database_path.exists():
            aside.mkdir(mode=0o700, exist_ok=True)
            moved = True
        backup.put_back(instance, database)
        for old in home.glob("evenkeel.sqlite3.replaced*"):
            old.rename(aside / old.name.replace(".replaced", ""))
    backup.settle(home)
    (home / UNFINISHED).unlink()
    return aside if moved else None


def _move_keys(folder: Path, home: Path) -> None:
    if not folder.is_dir():
        raise ConfigurationError("this backup holds no keys")
    for path in sorted(folder.iterdir()):
        if path.name in KEY_FILES:
            shutil.copyfile(path, home / path.name)
            (home / path.name).chmod(0o600)
        else:
            (home / "keys").mkdir(mode=0o700, exist_ok=True)
            shutil.copyfile(path, home / "keys" / path.name)
            (home / "keys" / path.name).chmod(0o600)


def _restore_postgres(instance: Instance, here: Path, manifest: dict[str, Any], say: Say) -> bool:
    """Restore the dump in one transaction, prove it, and go back where it is not whole."""
    from django.db import connection

    from evenkeel.clinic.record.verify import verify
    from evenkeel.config.migrating import migrate

    def ask(question: str) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(question)
            return list(cursor.fetchall())

    address = str(instance.get("database"))
    connection.close()
    backup.put_back(instance, here / manifest["database_part"])
    try:
        compare(ask, manifest, postgres=True)
        older = is_older(manifest)
        if older:
            say(f"Bringing it from version {manifest['version']} to this one")
            migrate()
        say("Checking every entry and every row")
        found = verify()
        if not found.whole:
            raise ConfigurationError(f"the restored record is not whole: {found.breaks[0].what}")
    except Exception:
        connection.close()
        backup.take_back_postgres(address)
        raise
    return older
