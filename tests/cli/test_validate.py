"""``evenkeel validate`` as it is run: what it prints, keeps and writes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from evenkeel.cli import validate
from evenkeel.pharmacology.validation.rows import bundled, bundled_text

ROOT = Path(__file__).parents[2]


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("EVENKEEL_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-m", "evenkeel.cli", "validate", *arguments],
        env={**kept, **more},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@dataclass
class Whole:
    said: str
    kept: dict[str, Any]
    folder: Path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """One whole run, written and kept."""
    folder = tmp_path_factory.mktemp("documents")
    done = run("--write", str(folder), "--json", str(folder / "all.json"))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return Whole(done.stdout, json.loads((folder / "all.json").read_text()), folder)


def test_the_strata_of_perez_ruixo_agree_within_a_percent(whole: Whole) -> None:
    strata = [t for t in whole.kept["targets"] if re.match(r"H\d\d\.", t["id"])]
    assert len(strata) == 36
    for target in strata:
        if target["id"].endswith(".noresk_auc"):
            assert target["inside"] is False
        else:
            assert abs(target["ratio"] - 1) <= 0.01, target["id"]
    assert "listed   Perez-Ruixo 2021, noresketamine AUC" in whole.said


def test_every_row_was_run_and_stands_in_the_report(whole: Whole) -> None:
    assert [t["id"] for t in whole.kept["targets"]] == [t.id for t in bundled()]
    for target in bundled():
        assert f" {target.id} " in whole.said


def test_it_says_in_words_which_goals_are_missed(whole: Whole) -> None:
    missed = [goal["name"] for goal in whole.kept["goals"] if goal["met"] is False]
    last = whole.said.split("Goals, set beforehand")[1]
    for name in missed:
        assert f"NOT MET  {name}" in last
    if missed:
        assert f"Not met: {'; '.join(missed)}." in last


def test_what_fails_has_a_reason_and_what_does_not_has_none(whole: Whole) -> None:
    from evenkeel.pharmacology.validation.answers import reasons

    failing = {t["id"] for t in whole.kept["targets"] if t["inside"] is False}
    assert failing == set(reasons())


def test_the_committed_document_is_what_the_command_writes(whole: Whole) -> None:
    written = (whole.folder / "validation.md").read_text()
    assert written == (ROOT / "docs" / "validation.md").read_text(), "evenkeel validate --write"
    drawn = {path.name for path in (whole.folder / "validation").glob("*.svg")}
    assert drawn == {path.name for path in (ROOT / "docs" / "validation").glob("*.svg")}
    for name in drawn:
        assert f"](validation/{name})" in written
        assert "<svg" in (whole.folder / "validation" / name).read_text()
    assert str(ROOT) not in written


def test_a_second_run_says_the_same_and_a_group_has_its_own_goals(
    whole: Whole, tmp_path: Path
) -> None:
    again = run("--group", "pk", "--json", str(tmp_path / "again.json"))
    assert again.returncode == 0, again.stderr
    first = [t for t in whole.kept["targets"] if t["kind"] == "pk"]
    assert json.loads((tmp_path / "again.json").read_text())["targets"] == first
    assert "effects (PD)" not in again.stdout
    assert "PK: geometric mean fold error" in again.stdout
    assert "PD:" not in again.stdout


def test_one_row_or_target_alone() -> None:
    done = run("--row", "O1", "--row", "P1.cmax")
    assert done.returncode == 0
    assert " O1.cmax " in done.stdout
    assert " P1.cmax " in done.stdout
    assert " O2.cmax " not in done.stdout
    assert "some of its rows" in done.stdout
    assert "why: " in done.stdout


def test_a_file_of_rows_kept_elsewhere(tmp_path: Path) -> None:
    document = json.loads(bundled_text("pk.json"))
    chosen = [t for t in document["targets"] if t["id"] == "O1.cmax"]
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"format": document["format"], "targets": chosen}))
    done = run("--rows", str(own))
    assert done.returncode == 0, done.stderr
    assert "1 of 1 inside" in done.stdout
    assert "PK: geometric mean fold error at most 1.35" in done.stdout
    broken = {**chosen[0], "id": "O1.other", "band": [1, 2]}
    own.write_text(json.dumps({"format": document["format"], "targets": [*chosen, broken, 5]}))
    mixed = run("--rows", str(own), "--json", str(tmp_path / "mixed.json"))
    assert mixed.returncode == 0, mixed.stderr
    assert "1 of 1 inside" in mixed.stdout
    assert "Refused: 2 of 3" in mixed.stdout
    kept = json.loads((tmp_path / "mixed.json").read_text())
    assert [t["id"] for t in kept["targets"]] == ["O1.cmax"]
    assert [t["why"].split(":")[0] for t in kept["refused"]] == ["band", "must be an object"]
    own.write_text(json.dumps({"format": document["format"], "targets": [broken]}))
    nothing = run("--rows", str(own))
    assert nothing.returncode == 1
    assert "O1.other (target 1)  band: 1 to 2 does not hold" in nothing.stdout
    assert "No number of this run counts toward a goal." in nothing.stdout
    assert "Traceback" not in nothing.stdout + nothing.stderr


def test_collected_rows_are_read_in_words(tmp_path: Path) -> None:
    """The example of the document, a row of effects and one that nobody can read."""
    text = (ROOT / "docs" / "pharmacology.md").read_text()
    example = json.loads(re.search(r"```json\n(\{\"rows\".*?)```", text, re.S)[1])  # type: ignore[index]
    example["rows"] += [{"id": "pd", "values": [{"name": "SBP", "value": 13}]}, None]
    own = tmp_path / "collected.json"
    own.write_text(json.dumps(example))
    done = run("--rows", str(own))
    assert done.returncode == 0, done.stderr
    assert "3 of 3 inside" in done.stdout
    assert "0.5 mg/kg iv over 40 min, composite_racemic (weight_kg 73)" in done.stdout
    assert "Refused: 2 of 5" in done.stdout
    assert "no rule reads 'sbp'" in done.stdout.split("Refused")[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--row", "Q9"], "no row or target 'Q9'"),
        (["--rows", "nothing.json"], "nothing.json: cannot be read"),
        (["--group", "pk", "--write"], "whole run"),
        (["--row", "O1", "--json", "no/such/folder.json"], "cannot be written"),
        (["--write", "no-such-folder"], "no such folder"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: list[str], words: str) -> None:
    done = run(*arguments)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_without_matplotlib_everything_but_writing_works(tmp_path: Path) -> None:
    (tmp_path / "matplotlib.py").write_text("raise ModuleNotFoundError('matplotlib')\n")
    assert run("--row", "O1", PYTHONPATH=str(tmp_path)).returncode == 0
    refused = run("--write", str(tmp_path), PYTHONPATH=str(tmp_path))
    assert refused.returncode == 1
    assert "plots" in refused.stderr


class _Terminal:
    def __init__(self, terminal: bool) -> None:
        self.terminal, self.said = terminal, ""

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> None:
        self.said += text

    def flush(self) -> None:
        pass


@pytest.mark.parametrize("terminal", [True, False])
def test_a_long_run_shows_how_far_it_is_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    stream = _Terminal(terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    bar = validate._Bar()
    bar(1, 4)
    assert stream.said == ""
    bar.began -= 5
    bar(2, 4)
    bar(4, 4)
    assert ("2 of 4 targets" in stream.said) is terminal
    assert stream.said.endswith("\r") is terminal
