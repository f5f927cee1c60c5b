"""When backups are made by themselves, how many are kept, and whether the last is fresh enough."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from evenkeel.config.backing_up import Made
from evenkeel.config.instance import ConfigurationError, Instance, find_instance

HEARTBEAT: Final = "backup"
#: How many planned backups are kept where nothing is set. Clinic policy, assumed.
KEPT: Final = 14
#: A backup is stale after one and a half times its interval; without a plan after a week.
_STALE_BY: Final = 1.5
_STALE_WITHOUT_PLAN: Final = timedelta(days=7)
_NAME: Final = re.compile(r"evenkeel-\d{8}T\d{6}Z\.backup(?:\.age)?")


@dataclass(frozen=True, slots=True)
class Plan:
    """What the settings say. ``every`` is ``None`` where no backup is made by itself."""

    every: timedelta | None
    folder: Path
    recipients: tuple[str, ...]
    keep: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How backups stand: ``ok``, ``never``, ``stale`` or ``failed``, in words."""

    state: str
    words: str
    what_to_do: str = ""
    at: datetime | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    plan: str = ""


def plan_of(instance: Instance) -> Plan:
    """The settings on backups. Raises :class:`ConfigurationError` for one that cannot be used."""
    hours = str(instance.get("backup_every_h", "")).strip()
    keep = str(instance.get("backup_keep", KEPT)).strip()
    try:
        every = timedelta(hours=float(hours)) if hours not in ("", "0") else None
        if every is not None and not timedelta(minutes=15) <= every <= timedelta(days=31):
            raise ValueError
    except (ValueError, OverflowError):
        raise ConfigurationError("backup_every_h is a number of hours, 0.25 to 744") from None
    if not keep.isdigit() or not 1 <= int(keep) <= 10_000:
        raise ConfigurationError("backup_keep is a whole number, at least 1")
    folder = Path(str(instance.get("backup_to", "") or instance.backups_path)).expanduser()
    given = str(instance.get("backup_encrypt_to", "")).replace(",", " ").split()
    return Plan(every, folder, tuple(given), int(keep))


def backups_in(folder: Path) -> list[Path]:
    """The backups in a folder, the oldest first."""
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if _NAME.fullmatch(p.name) and p.is_file())


def is_due(plan: Plan, now: datetime) -> bool:
    """Whether the newest backup in the folder is older than the plan wants."""
    if plan.every is None:
        return False
    newest = max((made_at(p) for p in backups_in(plan.folder)), default=None)
    return newest is None or now - newest >= plan.every


def made_at(path: Path) -> datetime:
    """When a backup was made, by its name."""
    return datetime.strptime(path.name.split(".")[0], "evenkeel-%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def prune(folder: Path, keep: int, newest: Path) -> list[Path]:
    """Delete the oldest backups beyond ``keep``, never ``newest``; returns what went."""
    gone = [p for p in backups_in(folder)[:-keep] if p != newest]
    for path in gone:
        path.unlink()
    return gone


def note_backup(made: Made) -> None:
    """Leave a sign of life, and an entry on the chain."""
    from evenkeel.clinic.oversight.actions.note_backup import note_made
    from evenkeel.clinic.record.act import Context, system_actor
    from evenkeel.clinic.record.clock import system_clock
    from evenkeel.clinic.session.watch import beat

    beat(
        HEARTBEAT,
        system_clock().now(),
        state="ok",
        file=made.path.name,
        folder=str(made.path.parent),
        bytes=made.path.stat().st_size,
        position=made.position,
        encrypted=made.sealed,
        sha256=made.sha256,
    )
    note_made(
        Context(system_actor("backup"), via="command"),
        file=made.path.name,
        position=made.position,
        head_hash=str(made.manifest["chain"]["hash"]),
        sha256=made.sha256,
        encrypted=made.sealed,
    )


def note_failure(why: str) -> None:
    """Keep why the last try failed beside the last that did not; never fails itself."""
    from django.db import DatabaseError

    from evenkeel.clinic.record.models import Heartbeat
    from evenkeel.clinic.session.watch import beat

    try:
        row = Heartbeat.objects.filter(pk=HEARTBEAT).first()
        if row is not None:
            beat(HEARTBEAT, row.beat_at, **{**row.detail, "state": "failed", "why": why[:300]})
    except DatabaseError:
        return


def standing_here(now: datetime) -> Standing:
    """How backups stand at the installation of this process."""
    return standing(find_instance(), now)


def standing(instance: Instance, now: datetime) -> Standing:
    """How backups stand at this installation; one query."""
    from evenkeel.clinic.record.models import Heartbeat

    try:
        plan = plan_of(instance)
    except ConfigurationError as error:
        return Standing("failed", f"Backups cannot be made: {error}.", "Mend evenkeel.toml.")
    row = Heartbeat.objects.filter(pk=HEARTBEAT).first()
    said = _words(plan, row, now)
    return replace(said, detail=row.detail if row else {}, plan=_plan_words(plan))


def _plan_words(plan: Plan) -> str:
    if plan.every is None:
        return "No backup is made by itself."
    hours = f"{plan.every.total_seconds() / 3600:g}"
    sealed = f"for {len(plan.recipients)} key(s)" if plan.recipients else "without encryption"
    return f"Every {hours} hours, {sealed}; the newest {plan.keep} are kept."


def _words(plan: Plan, row: Any, now: datetime) -> Standing:
    every = f"every {plan.every.total_seconds() / 3600:g} hours" if plan.every else ""
    if row is None:
        planned = f" One is due: {every}." if plan.every else ""
        return Standing("never", f"No backup was ever made here.{planned}", _HOW)
    last = f"the last backup is of {row.beat_at:%d %b %Y, %H:%M} UTC"
    if row.detail.get("state") == "failed":
        why = row.detail.get("why", "")
        return Standing("failed", f"The last try failed ({why}); {last}.", _HOW, row.beat_at)
    limit = plan.every * _STALE_BY if plan.every else _STALE_WITHOUT_PLAN
    if now - row.beat_at > limit:
        return Standing("stale", f"Backups are stale: {last}.", _HOW, row.beat_at)
    if not row.detail.get("encrypted"):
        words = f"{last[0].upper()}{last[1:]}; it is not encrypted."
        return Standing("ok", words, "Set backup_encrypt_to; see docs/running.md.", row.beat_at)
    return Standing("ok", f"{last[0].upper()}{last[1:]}, encrypted.", "", row.beat_at)


_HOW: Final = "Set backup_every_h and backup_to, or run: evenkeel backup"
