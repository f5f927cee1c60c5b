"""A story told over one file of tests is told in order and by one worker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.run import PARALLEL

STEPS = 12
STORY = f"""
import os, pathlib, pytest

@pytest.mark.parametrize("step", range({STEPS}))
def test_step(step):
    with pathlib.Path(__file__).with_suffix(".told").open("a") as told:
        print(os.environ["PYTEST_XDIST_WORKER"], step, file=told)
"""


def test_a_file_stays_on_one_worker_and_in_its_order(tmp_path: Path) -> None:
    names = ("one", "two", "three")
    for name in names:
        (tmp_path / f"test_{name}.py").write_text(STORY)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            *PARALLEL,
            "-p",
            "no:cacheprovider",
            "-p",
            "no:django",
            ".",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in names:
        told = (tmp_path / f"test_{name}.told").read_text().split()
        assert len(set(told[::2])) == 1, f"the workers of {name}: {told[::2]}"
        assert told[1::2] == [str(step) for step in range(STEPS)]
