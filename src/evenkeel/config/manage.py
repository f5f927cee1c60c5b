"""Starting Django for a command."""

from __future__ import annotations

import os

import django


def start_django() -> None:
    """Load settings and apps once; safe to call again."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "evenkeel.config.settings")
    django.setup()
