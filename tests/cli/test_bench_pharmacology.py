"""``evenkeel bench pharmacology`` runs through and its errors hold. Nothing here is timed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.installations import ROOT, Installation


@pytest.mark.soak
def test_a_small_run_measures_the_engine_and_its_errors(tmp_path: Path) -> None:
    report = tmp_path / "figures.json"
    done = subprocess.run(
        [sys.executable, "-m", "evenkeel.cli", "bench", "pharmacology", "--small",
         "--rounds", "3", "--json", report],
        env=Installation(tmp_path / "unused", {}).environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "processor" in done.stdout
    rows = json.loads(report.read_text())["rows"]
    ours = {row["workload"]: row for row in rows if row["name"] == "evenkeel"}
    assert set(ours) == {"W1 200", "W2 100", "W3 update", "W3 fit", "W3 20"}
    assert ours["W1 200"]["errors"]["scaled"] <= 1e-9
    assert ours["W2 100"]["errors"]["scaled"] <= 2e-5
    for fit in ("W3 fit", "W3 20"):
        assert ours[fit]["errors"]["objective above"] <= 1e-4
    assert all(row["per_s"] > 0 and row["rounds"] >= 3 for row in ours.values())
    assert any(row["name"].startswith("limit") for row in rows)
    assert any(row["name"].startswith("NumPy closed form") for row in rows)
