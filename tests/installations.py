"""Installations of their own for tests that run the product as real processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bench.home import Server

from tests.template import begin_with

ROOT = Path(__file__).parents[1]


@dataclass
class Installation:
    """A home with a filled clinic in it, and who is signed in."""

    home: Path
    made: dict[str, Any]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that is to work on it: nothing of the tests' own."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("EVENKEEL_", "DJANGO_"))}
        return {
            **kept,
            "EVENKEEL_HOME": str(self.home),
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        }

    def server(self, *, environment: dict[str, str] | None = None, **options: Any) -> Server:
        """A server on it, not started; without the forecaster, which these tests do not need."""
        more = {"EVENKEEL_FORECASTER": "off", **(environment or {})}
        return Server(self.home, inherited=self.environment, environment=more, **options)

    def command(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run an ``evenkeel`` command on it."""
        return subprocess.run(
            [sys.executable, "-m", "evenkeel.cli", *words],
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A filled clinic, made once and then only copied."""
    home = tmp_path_factory.mktemp("made")
    home.chmod(0o700)
    installation = Installation(home, {})
    begin_with(home / "evenkeel.sqlite3")
    done = subprocess.run(
        [sys.executable, "-m", "bench.make", "--people", "6", "--live", "4", "--sign-ins", "4"],
        env=installation.environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    installation.made = json.loads(done.stdout)
    return installation


@pytest.fixture
def installation(made_once: Installation, tmp_path: Path) -> Iterator[Installation]:
    """A copy of the filled clinic."""
    home = tmp_path / "home"
    shutil.copytree(made_once.home, home)
    home.chmod(0o700)
    yield Installation(home, made_once.made)
    shutil.rmtree(home, ignore_errors=True)
