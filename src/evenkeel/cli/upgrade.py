"""``evenkeel upgrade``: back up, bring the database to this version, and go back if that fails."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from django.db import DatabaseError, connection

from evenkeel import __version__
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.config import backup
from evenkeel.config.founding import INSTALLER, found_if_new, give_days_of_grace
from evenkeel.config.instance import ConfigurationError, Instance, find_instance
from evenkeel.config.lock import InstanceLock
from evenkeel.config.migrating import migrate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--back", action="store_true", help="put the newest backup back instead")
    parser.add_argument("--copy", type=Path, help="with --back: put this backup back")
    parser.add_argument(
        "--lose",
        type=int,
        default=0,
        metavar="N",
        help="with --back: how many entries recorded since the backup you accept to lose",
    )


def run(arguments: argparse.Namespace) -> int:
    """Upgrade, or go back."""
    instance = find_instance()
    with InstanceLock(instance, "upgrade"):
        if arguments.back:
            return _go_back(instance, arguments.copy, arguments.lose)
        return _upgrade(instance)


def _upgrade(instance: Instance) -> int:
    copy = backup.back_up(instance, __version__, datetime.now(UTC))
    if copy:
        print(f"Backed up to {copy}")
    try:
        migrate()
        found_if_new()
        give_days_of_grace()
    except Exception as error:
        connection.close()
        print(f"evenkeel: the upgrade failed: {error}", file=sys.stderr)
        if copy is None:
            return 1
        backup.put_back(instance, copy)
        print("evenkeel: the database is as it was before.", file=sys.stderr)
        return 1
    print(f"The database is at version {__version__}.")
    return 0


def _go_back(instance: Instance, chosen: Path | None, accepted_loss: int) -> int:
    copy = chosen or backup.newest_copy(instance)
    if not copy.exists():
        raise ConfigurationError(f"there is no backup {copy}")
    lost = _recorded_since(backup.chain_length(instance, copy))
    if lost > accepted_loss:
        raise ConfigurationError(
            f"{lost} entries were recorded since {copy.name}; going back would lose them. "
            f"If that is meant, say so: --lose {lost}"
        )
    backup.put_back(instance, copy)
    print(f"The database is that of {copy.name}.")
    return 0


def _recorded_since(position: int) -> int:
    """How many entries the chain has beyond a position, but for those an upgrade itself wrote; 0
    for a database that cannot be read any more."""
    try:
        rows = ChainEntry.objects.filter(position__gt=position).exclude(actor_id=INSTALLER)
        return int(rows.count())
    except DatabaseError:
        return 0
    finally:
        connection.close()
