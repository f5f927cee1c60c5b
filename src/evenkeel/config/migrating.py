"""Bring the database's tables to this version."""

from __future__ import annotations

import gc


def migrate() -> None:
    """Apply every migration that the database lacks. Django must be started.

    Raises what the database raises.
    """
    from django.core.management import call_command

    # Django draws the models anew after each step; looking for what can be freed among them takes
    # a quarter of the whole time and frees little before the end.
    collecting = gc.isenabled()
    gc.disable()
    try:
        call_command("migrate", interactive=False, verbosity=0)
    finally:
        if collecting:
            gc.enable()
