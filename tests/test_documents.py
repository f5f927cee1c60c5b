"""What the documents say can be done, is done here; what they point to, is there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evenkeel.cli.commands import ALL
from tests.template import begin_with

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
#: Commands that the listed test runs for real; the rest are run by the test below.
RUN_ELSEWHERE = {
    "make demo": "tests/demo",
    "make test": "tests/run.py",
    "make coverage": "tests/run.py",
    "make lint": "tests/run.py",
    "evenkeel demo": "tests/demo",
    "evenkeel serve": "tests/config",
    "evenkeel bench web": "tests/cli",
    "evenkeel simulate 84 mg nasal --csv": "tests/cli/test_simulate.py",
    "evenkeel validate": "tests/cli/test_validate.py",
    "evenkeel calibrate": "tests/cli/test_calibrate.py",
    "evenkeel screen": "tests/cli/test_screen.py",
    "evenkeel evidence pool": "tests/cli/test_evidence.py",
    "evenkeel evidence": "tests/cli/test_evidence_question.py",
    "evenkeel discharge": "tests/cli/test_discharge.py",
    "evenkeel watch": "tests/cli/test_watch.py",
    "evenkeel bench pharmacology": "tests/cli",
    "evenkeel bench audit": "tests/cli/test_bench_audit.py",
    "make bench": "tests/cli",
    "evenkeel inspect": "tests/clinic/oversight/test_bundle.py",
    "make mutate": "tests/protocol/mutation.toml",
    "make soak": "tests/crash",
    "make screenshots": "tests/browser/screenshots.py",
    "make lock": "tests/lock.sh",
}


def _commands() -> list[tuple[str, str]]:
    found = []
    for document in DOCUMENTS:
        for block in re.findall(r"```sh\n(.*?)```", document.read_text(), re.S):
            for line in block.splitlines():
                command = line.split("#")[0].strip()
                if command:
                    found.append((document.name, command))
    return found


def test_the_documents_hold_commands() -> None:
    assert {c for _, c in _commands()} >= {"make demo", "make test", "evenkeel serve"}


def evenkeel(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the installation in this folder, with nothing else set."""
    environment = {"EVENKEEL_HOME": str(home), "PATH": "/usr/bin:/bin", "HOME": str(home)}
    run = [sys.executable, "-m", "evenkeel.cli", *words]
    return subprocess.run(run, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose database was made, to be copied."""
    home = tmp_path_factory.mktemp("upgraded")
    home.chmod(0o700)
    begin_with(home / "evenkeel.sqlite3")
    made = evenkeel(home, "upgrade")
    assert made.returncode == 0, made.stderr
    return home


@pytest.mark.parametrize(("document", "command"), _commands(), ids=lambda v: str(v))
def test_every_command_in_a_document_works(
    document: str, command: str, upgraded: Path, tmp_path: Path
) -> None:
    words = shlex.split(command)
    plain = " ".join(w for w in words if "=" not in w)
    proof = next((p for c, p in RUN_ELSEWHERE.items() if plain.startswith(c)), None)
    if words[0] == "make":
        dry = subprocess.run(
            ["make", "--dry-run", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert dry.returncode == 0, dry.stderr
    if proof is not None:
        assert (ROOT / proof).exists()
        return
    assert words[0] == "evenkeel", f"{document}: nothing runs {command!r}"
    if words[1] != "upgrade":
        shutil.copytree(upgraded, tmp_path, dirs_exist_ok=True)
    done = evenkeel(tmp_path, *words[1:])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    text = document.read_text()
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (document.parent / target).exists(), f"{document.name} points to {target}"
    for path in re.findall(r"`((?:src|tests|docs|bench)/[A-Za-z0-9_./-]+)`", text):
        assert (ROOT / path).exists(), f"{document.name} names {path}"


def test_every_command_is_in_a_document() -> None:
    text = "".join(d.read_text() for d in DOCUMENTS)
    missing = [c.name for c in ALL if f"evenkeel {c.name}" not in text]
    assert not missing
