"""The same seed and start give the same clinic; another seed gives another."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

START = "2026-11-24T14:00:00+00:00"


def told(folder: Path, seed: str, start: str = START, people: int = 5) -> list[str]:
    program = [sys.executable, "-m", "tests.demo.telling_once"]
    command = [*program, str(folder), seed, start, str(people)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


@pytest.mark.soak
def test_seed_and_start_make_the_clinic(tmp_path: Path) -> None:
    first = told(tmp_path / "one", "a")
    assert len(first) > 500
    assert any("session.administer" in line or "infusion_start" in line for line in first)
    again = told(tmp_path / "two", "a")
    differing = [pair for pair in zip(first, again, strict=True) if pair[0] != pair[1]]
    assert differing == []


@pytest.mark.soak
def test_another_seed_gives_another(tmp_path: Path) -> None:
    assert told(tmp_path / "one", "a") != told(tmp_path / "two", "b")


@pytest.mark.soak
@pytest.mark.parametrize("day", range(23, 30))
def test_everybody_is_told_on_every_day_of_the_week(tmp_path: Path, day: int) -> None:
    start = f"2026-11-{day}T14:00:00+00:00"
    lines = told(tmp_path, "harbor", start, people=47)
    assert sum('"appointment.book"' in line for line in lines) > 300
