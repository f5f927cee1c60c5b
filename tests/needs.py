"""What a test needs beyond Python. Missing means skipped with its reason, or failed in CI."""

from __future__ import annotations

import glob
import os
import shutil
from pathlib import Path

import pytest

REQUIRE_ALL = os.environ.get("EVENKEEL_REQUIRE_ALL") == "1"


def need(found: object, what: str) -> None:
    """Go on where ``found`` is true; else skip, or fail where everything is required."""
    if found:
        return
    if REQUIRE_ALL:
        pytest.fail(f"needed here: {what}")
    pytest.skip(f"needs {what}")


def chromium() -> str:
    """The path of Debian's Chromium."""
    path = shutil.which("chromium")
    need(path, "Chromium (Debian package chromium)")
    return str(path)


def postgres_binaries() -> Path | None:
    """The folder of PostgreSQL's server programs, newest first, or ``None``."""
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)
    on_path = shutil.which("postgres")
    if on_path and (Path(on_path).resolve().parent / "initdb").exists():
        folders.append(str(Path(on_path).resolve().parent))
    return Path(folders[0]) if folders else None


def c_compiler() -> str:
    """The path of a C compiler."""
    path = shutil.which("cc")
    need(path, "a C compiler (Debian package gcc)")
    return str(path)
