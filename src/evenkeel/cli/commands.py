"""The table of commands. A command's module is imported only when the table is walked."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType


def _lazy(module: str) -> Callable[[], ModuleType]:
    return lambda: importlib.import_module(f"evenkeel.cli.{module}")


#: (name, what it does in one line, loader). Each module has ``add_arguments`` and ``run``.
ALL: tuple[tuple[str, str, Callable[[], ModuleType]], ...] = (
    ("serve", "Run the clinic: pages, live streams, monitor listener, watcher", _lazy("serve")),
    (
        "first-administrator",
        "Make the one-time link for the first real administrator",
        _lazy("first_administrator"),
    ),
    ("doctor", "Check this installation and say what is unsafe", _lazy("doctor")),
    ("upgrade", "Back up, migrate, and go back if that fails", _lazy("upgrade")),
    ("verify", "Check that the record is whole", _lazy("verify")),
)
