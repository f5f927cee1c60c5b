"""What ``evenkeel doctor`` looks at, and what ``evenkeel serve`` refuses."""

from __future__ import annotations

import importlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from evenkeel.clinic.record.clock import CLOCK_VARIABLE, system_clock
from evenkeel.clinic.record.installation import is_demo
from evenkeel.config.backup_plan import standing
from evenkeel.config.instance import LOOPBACK, Instance
from evenkeel.config.restoring import UNFINISHED


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: ``ok``, ``warn``, or ``refuse`` (the clinic must not open like this)."""

    level: str
    message: str
    what_to_do: str = ""


def run_checks(instance: Instance, *, before_serving: bool = False) -> list[Check]:
    """Every check, in the order a person would want to read them.

    ``before_serving`` leaves out what cannot refuse and takes long to find out.
    """
    found = [
        _files(instance),
        _transport(instance),
        _home(instance),
        _unfinished(instance),
        _clock(),
    ]
    try:
        found += _database()
        found.append(_migrations())
    except OperationalError as error:
        found.append(
            Check(
                "refuse",
                f"The database does not answer: {error}".strip(),
                "Check the setting 'database', or that the folder can be written.",
            )
        )
    except ImproperlyConfigured as error:
        found.append(
            Check(
                "refuse",
                f"The database could lose what was acknowledged: {error}.",
                "Restore the settings of the database as they were shipped.",
            )
        )
    if not before_serving:
        found += [_backups(instance), _pdf(), *_messages(), *_heads(instance)]
    return found


def serves_tls(instance: Instance) -> bool:
    """Whether this installation itself ends TLS, or a trusted proxy before it does."""
    proxy = str(instance.get("tls_proxy", "")).lower() in {"1", "true", "yes"}
    return bool(instance.get("tls_certificate", "")) or proxy


def _messages() -> list[Check]:
    """Whether reminders and calls for safety signals can leave this machine, and in which words."""
    from evenkeel.clinic.outcome.answer_words import AnswerWordsError, word_languages, words_in
    from evenkeel.clinic.outcome.message_text import MessageTextError, languages, message_text
    from evenkeel.clinic.outcome.reminding import schedules
    from evenkeel.clinic.outcome.schedule import ScheduleError
    from evenkeel.clinic.outcome.senders import mail_is_set_up, sms_port

    found = []
    try:
        texted = sms_port() is not None
    except (ImportError, AttributeError, ValueError) as error:
        texted = False
        found.append(Check("warn", f"The setting sms_port leads nowhere: {error}.", _SMS))
    if not settings.PUBLIC_ADDRESS:
        found.append(
            Check(
                "warn", "No reminder can carry a link.", "Set public_address; see docs/running.md."
            )
        )
    if mail_is_set_up() or texted:
        ways = [name for name, on in (("e-mail", mail_is_set_up()), ("text message", texted)) if on]
        found.append(Check("ok", f"Reminders go out by {' and '.join(ways)}."))
    else:
        found.append(
            Check(
                "warn",
                "No reminder goes out, and no call for a safety signal after hours.",
                "Set up e-mail or text messages; see docs/running.md.",
            )
        )
    try:
        schedules()
        for language in languages():
            message_text(language)
        for language in word_languages():
            words_in(language)
    except (ScheduleError, MessageTextError, AnswerWordsError) as error:
        found.append(Check("warn", f"A file of the clinic's cannot be used: {error}", "Mend it."))
    return found


_SMS = "Write module:function, or leave it out."


def _files(instance: Instance) -> Check:
    """Whether what holds keys or patients is for its owner alone."""
    kept = [instance.home / "secret_key", instance.database_path]
    kept += (instance.home / "keys").glob("*.pem")
    if instance.settings.get("database"):  # its address may hold a password
        kept.append(instance.settings_path)
    kept += instance.backups_path.glob("evenkeel-*")
    for path in kept:
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            return Check(
                "refuse", f"Others on this machine can read {path.name}.", f"chmod 600 {path}"
            )
    return Check("ok", "Secret key, settings and data are readable by their owner alone.")


def _heads(instance: Instance) -> list[Check]:
    """Whether the record's heads are signed and leave the database."""
    from evenkeel.clinic.record import audit_key, exporting

    try:
        if not audit_key.installation_id():
            return []
    except DatabaseError:
        return []  # that it does not answer, or is of an earlier version, is told by itself
    found = []
    try:
        audit_key.load_key()
    except audit_key.KeyLost as lost:
        found.append(
            Check(
                "warn",
                f"No head of the record can be signed: {lost}.",
                "Put the key back, or run: evenkeel heads --key-is-lost --reason TEXT",
            )
        )
    stands = exporting.standing(system_clock().now())
    if stands.problem:
        found.append(
            Check("warn", f"No head was exported: {stands.problem}.", "Run: evenkeel verify")
        )
    elif stands.late:
        since = f"since {stands.at:%Y-%m-%d %H:%M} UTC" if stands.at else "yet"
        found.append(
            Check(
                "warn",
                f"No head of the record was exported {since}.",
                "Heads are exported while evenkeel serve runs; now: evenkeel heads --export",
            )
        )
    elif not found:
        found.append(Check("ok", f"The record's newest head covers {stands.size} entries."))
    if not instance.get("heads_copy", "") and not instance.get("heads_mail", ""):
        found.append(
            Check(
                "warn",
                "Heads of the record stay on this machine alone.",
                "Set heads_copy to a folder elsewhere, or heads_mail; see docs/audit.md.",
            )
        )
    return found


def _transport(instance: Instance) -> Check:
    host = str(instance.get("host", "127.0.0.1"))
    if host in LOOPBACK:
        return Check("ok", f"Pages are served on {host} only.")
    certificate = str(instance.get("tls_certificate", ""))
    if certificate and not (
        Path(certificate).exists() and Path(str(instance.get("tls_key", ""))).exists()
    ):
        return Check(
            "refuse",
            "The TLS certificate or its key is not where the settings say.",
            "Correct tls_certificate and tls_key in evenkeel.toml.",
        )
    if not serves_tls(instance):
        return Check(
            "refuse",
            f"Pages would cross the network from {host} without encryption.",
            "Set tls_certificate and tls_key, or tls_proxy where a trusted proxy ends TLS.",
        )
    return Check("ok", f"Pages are served on {host} with TLS.")


def _clock() -> Check:
    if os.environ.get(CLOCK_VARIABLE):
        return Check(
            "refuse",
            f"{CLOCK_VARIABLE} is set: the clinic would run by a demonstration's clock.",
            f"Unset {CLOCK_VARIABLE}.",
        )
    return Check("ok", "The time is this machine's.")


def _home(instance: Instance) -> Check:
    if not os.access(instance.home, os.W_OK):
        return Check(
            "refuse",
            f"{instance.home} cannot be written.",
            "Give this user the folder, or set EVENKEEL_HOME.",
        )
    return Check("ok", f"Data are kept in {instance.home}.")


#: What a PostgreSQL server must answer, and why.
_POSTGRES_SETTINGS = (
    ("fsync", {"on"}, "a power cut could lose what was acknowledged"),
    (
        "synchronous_commit",
        {"on", "remote_write", "remote_apply", "local"},
        "an acknowledged entry might not be on the disk",
    ),
    ("full_page_writes", {"on"}, "a power cut could tear a page"),
)


def _database() -> list[Check]:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return _sqlite(cursor)
        found = []
        for name, safe, why in _POSTGRES_SETTINGS:
            cursor.execute(f"SHOW {name}")
            value = cursor.fetchone()[0]
            found.append(
                Check("ok", f"PostgreSQL {name} is {value}.")
                if value in safe
                else Check(
                    "refuse",
                    f"PostgreSQL {name} is {value}: {why}.",
                    f"Set {name} = on in postgresql.conf and restart the server.",
                )
            )
        return found


def _sqlite(cursor: object) -> list[Check]:
    values = {}
    for pragma in ("journal_mode", "synchronous", "foreign_keys"):
        cursor.execute(f"PRAGMA {pragma}")  # type: ignore[attr-defined]
        values[pragma] = cursor.fetchone()[0]  # type: ignore[attr-defined]
    mode = connection.settings_dict["OPTIONS"].get("transaction_mode")
    wanted = [
        (values["journal_mode"] == "wal", "write-ahead log", "journal_mode=WAL"),
        (values["synchronous"] == 2, "full synchronisation", "synchronous=FULL"),
        (values["foreign_keys"] == 1, "foreign keys", "foreign_keys=ON"),
        (mode == "IMMEDIATE", "immediate transactions", "transaction_mode IMMEDIATE"),
    ]
    return [
        Check("ok", f"SQLite runs with {name}.")
        if good
        else Check("refuse", f"SQLite runs without {name}.", f"Restore {setting} in the settings.")
        for good, name, setting in wanted
    ]


def _migrations() -> Check:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        return Check(
            "refuse",
            f"The database is {len(pending)} steps behind this version.",
            "Run: evenkeel upgrade",
        )
    return Check("ok", "The database matches this version.")


def _backups(instance: Instance) -> Check:
    """Whether a fresh backup is there; how it stands is also on the page of backups."""
    try:
        found = standing(instance, system_clock().now())
    except DatabaseError:
        return Check("warn", "Whether backups are made is not known yet.", "Run: evenkeel upgrade")
    return Check("ok" if found.state == "ok" else "warn", found.words, found.what_to_do)


def _unfinished(instance: Instance) -> Check:
    if (instance.home / UNFINISHED).exists():
        return Check(
            "refuse",
            "A restore was interrupted: what lies here may be of two clinics.",
            "Run it again: evenkeel restore FILE --replace",
        )
    return Check("ok", "No restore was interrupted.")


def _pdf() -> Check:
    try:
        importlib.import_module("weasyprint")
    except (ImportError, OSError):
        return Check(
            "warn",
            "PDF cannot be made here; pages print from the browser instead.",
            "Install the packages libpango-1.0-0, libpangoft2-1.0-0 and libharfbuzz-subset0.",
        )
    return Check("ok", "PDF can be made.")


def refuse_demo() -> list[Check]:
    """A refusal where this database is a demonstration, which it stays for ever."""
    try:
        demo = is_demo()
    except OperationalError:
        return []
    if demo:
        return [
            Check(
                "refuse",
                "This database is a demonstration, for ever.",
                "Set EVENKEEL_HOME to another folder, or run: evenkeel demo",
            )
        ]
    return []
