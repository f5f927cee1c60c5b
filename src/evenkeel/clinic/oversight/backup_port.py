"""Where this room learns how backups stand: whoever runs the installation says so.

The processes and folders of an installation are no business of the clinic's rooms; the settings
name the function that knows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class BackupStanding(Protocol):
    """How backups stand, in words and figures."""

    state: str
    words: str
    what_to_do: str
    at: datetime | None
    detail: dict[str, Any]
    plan: str


def standing_of_backups(now: datetime) -> BackupStanding:
    """How backups stand at ``now``."""
    found: BackupStanding = import_string(settings.BACKUP_STANDING)(now)
    return found
