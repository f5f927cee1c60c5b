"""Starting Django for a command."""

from __future__ import annotations

import os

import django


def start_django() -> None:
    """Load settings and apps once; safe to call again.

    Whatever this process and those it starts create is for their owner alone: the database, its
    log, its copies.
    """
    os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.config.settings")
    django.setup()
