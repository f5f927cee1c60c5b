"""What every test process would otherwise make anew: a migrated database, and compiled kernels."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

#: Where the migrated SQLite database lies that installations of tests begin with.
VARIABLE = "TESTS_DATABASE"
_MIGRATE = """
from evenkeel.config.manage import start_django; start_django()
from evenkeel.config.migrating import migrate
migrate()
"""
_WARM = """
from evenkeel.config.manage import start_django; start_django()
from evenkeel.clinic.course.forecast_warm import get_ready
assert get_ready() == "ready"
"""


def prepare(folder: Path) -> dict[str, str]:
    """Make both at once, in processes of their own; the environment that hands the first on."""
    homes = [folder / "migrated", folder / "warmed"]
    for home in homes:
        home.mkdir(mode=0o700)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code], env={**os.environ, "EVENKEEL_HOME": str(home)}
        )
        for code, home in zip((_MIGRATE, _WARM), homes, strict=True)
    ]
    ended = [process.wait() for process in running]
    if any(ended):
        return {}  # then each makes its own, and says what is wrong
    return {VARIABLE: str(homes[0] / "evenkeel.sqlite3")}


def begin_with(database: Path) -> bool:
    """Put the migrated database at ``database``; whether there was one to put."""
    template = os.environ.get(VARIABLE, "")
    if not template or not Path(template).exists():
        return False
    shutil.copyfile(template, database)
    database.chmod(0o600)
    return True
