"""Where a stop goes when the record cannot be written: a journal that is filed once, later.

One line of JSON an event, appended under a lock and brought to the disk before the answer. The
folder is ``settings.INSTANCE.spool_path``. Whoever journals was admitted and permitted already;
the line keeps who it was and the roles held then.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, connection

from evenkeel.clinic.record.act import Actor, Context
from evenkeel.clinic.record.clock import Clock, FixedClock
from evenkeel.clinic.record.errors import DomainError, Forbidden, NotFound
from evenkeel.clinic.record.permissions import Role
from evenkeel.clinic.record.queue import longest_wait_s
from evenkeel.clinic.session.actions.record_event import read_draft, record
from evenkeel.clinic.session.escalating import DueCall, write_call
from evenkeel.clinic.session.models import Session, SessionEvent
from evenkeel.clinic.session.raising import raise_alarm

log = logging.getLogger("evenkeel.session")
#: Kinds of event that are taken whatever the state of the database.
ALWAYS: Final = frozenset({"pause", "infusion_stop"})
#: How long a stop waits for a busy database before it is journalled instead. Clinic policy.
PATIENCE_MS: Final = 2000
_JOURNAL: Final = "journal.jsonl"
_FILING: Final = "filing.jsonl"
_REFUSED: Final = "refused.jsonl"


def folder() -> Path:
    """The spool's folder, made on first use for its owner alone."""
    path = Path(settings.INSTANCE.spool_path)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


@contextlib.contextmanager
def patience(kind: Any) -> Iterator[None]:
    """Within this, a stop waits only a short time for the database; other kinds as ever."""
    if kind not in ALWAYS:
        yield
        return
    turn = longest_wait_s.set(PATIENCE_MS / 1000)
    wait_ms = int(connection.settings_dict.get("OPTIONS", {}).get("timeout", 5) * 1000)
    short, usual = (
        (f"PRAGMA busy_timeout={PATIENCE_MS}", f"PRAGMA busy_timeout={wait_ms}")
        if connection.vendor == "sqlite"
        else (f"SET lock_timeout='{PATIENCE_MS}ms'", "SET lock_timeout=DEFAULT")
    )
    _say(short)
    try:
        yield
    finally:
        longest_wait_s.reset(turn)
        _say(usual)


def _say(command: str) -> None:
    with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute(command)


def journal(
    ctx: Context,
    *,
    session_id: Any,
    event_id: Any,
    kind: str,
    happened_at: datetime,
    body: dict[str, Any],
    supersedes: Any = None,
) -> None:
    """Keep a stop or pause until it can be filed; it is on the disk when this returns.

    Raises ``Invalid``, ``NotFound`` or ``Forbidden`` as ``record`` would, ``OSError`` where even
    the spool cannot be written.
    """
    draft = read_draft(
        session_id=session_id,
        event_id=event_id,
        kind=kind,
        happened_at=happened_at,
        body=body,
        supersedes=supersedes,
    )
    _admit(ctx, draft.session_id)
    _append(
        {
            "what": "event",
            "session": str(draft.session_id),
            "id": str(draft.id),
            "kind": draft.kind.name,
            "happened_at": draft.happened_at.isoformat(),
            "body": draft.body,
            "supersedes": str(draft.supersedes) if draft.supersedes else None,
            "journalled_at": ctx.clock.now().isoformat(),
            "actor": {
                "id": ctx.actor.id,
                "name": ctx.actor.name,
                "grants": [
                    [str(site) if site else None, role.value] for site, role in ctx.actor.grants
                ],
            },
        }
    )
    log.error("the record could not be written: a %s was journalled", draft.kind.name)


def _admit(ctx: Context, session_id: uuid.UUID) -> None:
    site_id = None
    with contextlib.suppress(DatabaseError):
        site_id = Session.objects.filter(pk=session_id).values_list("site_id", flat=True).first()
        if site_id is None or not ctx.actor.works_at(site_id):
            raise NotFound("There is nothing here with that address.")
    if not ctx.actor.may("session.stop", site_id):
        raise Forbidden("Your role does not allow this.")


def journal_alarm(
    session_id: uuid.UUID,
    event_id: uuid.UUID,
    happened_at: datetime,
    body: dict[str, Any],
    what: str = "alarm",
) -> None:
    """Keep an alarm ("alarm") or a call for an unanswered one ("call") of the watcher's until it
    can be filed; a second time changes nothing."""
    path = folder() / _JOURNAL
    if path.exists() and str(event_id) in path.read_text("utf-8"):
        return
    _append(
        {
            "what": what,
            "session": str(session_id),
            "id": str(event_id),
            "happened_at": happened_at.isoformat(),
            "body": body,
        }
    )


@contextlib.contextmanager
def _locked() -> Iterator[Path]:
    place = folder()
    with (place / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield place


def _append(line: dict[str, Any]) -> None:
    text = json.dumps(line, separators=(",", ":"), ensure_ascii=True) + "\n"
    with _locked() as place:
        path = place / _JOURNAL
        fresh = not path.exists()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, text.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        if fresh:
            _sync_folder(place)


def _sync_folder(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def waiting() -> int:
    """How many journalled events wait to be filed."""
    place = Path(settings.INSTANCE.spool_path)
    count = 0
    for name in (_FILING, _JOURNAL):
        with contextlib.suppress(FileNotFoundError):
            count += (place / name).read_bytes().count(b"\n")
    return count


def replay_spool(clock: Clock) -> int:
    """File what was journalled, each event exactly once; returns how many were filed.

    Safe to call at any time and from several processes. A line is only dropped once it is in the
    record; what the record refuses is set aside in ``refused.jsonl`` for a person to read. Stops
    early where the record still cannot be written.
    """
    if not waiting():
        return 0
    filed = 0
    with _locked() as place:
        filing = place / _FILING
        if not filing.exists() and (place / _JOURNAL).exists():
            os.replace(place / _JOURNAL, filing)
            _sync_folder(place)
        lines = filing.read_bytes().splitlines(keepends=True) if filing.exists() else []
        for line in lines:
            if not line.endswith(b"\n"):
                break  # cut off by a crash before it was acknowledged
            try:
                _file(json.loads(line), clock)
                filed += 1
            except DatabaseError:
                return filed
            except (DomainError, ValueError, KeyError) as error:
                _set_aside(place, line, error)
        filing.unlink(missing_ok=True)
        _sync_folder(place)
    return filed


def _set_aside(place: Path, line: bytes, error: Exception) -> None:
    log.error("a journalled event could not be filed: %s", type(error).__name__)
    with (place / _REFUSED).open("ab") as refused:
        os.fchmod(refused.fileno(), 0o600)
        refused.write(line)
        refused.flush()
        os.fsync(refused.fileno())


def _file(line: dict[str, Any], clock: Clock) -> None:
    at = datetime.fromisoformat(line["happened_at"])
    if line["what"] in {"alarm", "call"}:
        if SessionEvent.objects.filter(pk=line["id"]).exists():
            return
        session = Session.objects.get(pk=line["session"])
        system = Context(Actor("system:watcher", "watcher", frozenset()), clock)
        if line["what"] == "call":
            call = DueCall(session, uuid.UUID(line["id"]), at, line["body"])
            write_call(system, call)
            return
        raise_alarm(
            system,
            session=session,
            event_id=uuid.UUID(line["id"]),
            happened_at=at,
            body=line["body"],
        )
        return
    who = line["actor"]
    grants = frozenset(
        (uuid.UUID(site) if site else None, Role(role)) for site, role in who["grants"]
    )
    # never before the moment it was journalled, or the event would lie in the future
    now = max(clock.now(), datetime.fromisoformat(line["journalled_at"]))
    record(
        Context(Actor(who["id"], who["name"], grants), FixedClock(now), via="spool"),
        session_id=line["session"],
        event_id=line["id"],
        kind=line["kind"],
        happened_at=at,
        body=line["body"],
        supersedes=line["supersedes"],
    )


__all__ = ["ALWAYS", "journal", "journal_alarm", "patience", "replay_spool", "waiting"]
