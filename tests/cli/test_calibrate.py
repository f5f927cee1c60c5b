"""``evenkeel calibrate`` as it is run: what it prints, keeps and refuses; and the page it made."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from evenkeel.cli import calibrate
from evenkeel.config.instance import ConfigurationError
from evenkeel.pharmacology.calibration.invented import bundled_sessions, fingerprint
from evenkeel.pharmacology.calibration.sessions import document

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("EVENKEEL_", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-m", "evenkeel.cli", "calibrate", *arguments],
        env=kept,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two invented people, two sessions each, as a file."""
    chosen = [s for s in bundled_sessions() if s.person in ("r01", "r02") and s.number < 3]
    path = tmp_path_factory.mktemp("sessions") / "few.json"
    path.write_text(json.dumps(document(chosen)))
    return path


@pytest.fixture(scope="module")
def told(few: Path) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    kept = few.with_name("numbers.json")
    done = run(str(few), "--people", "150", "--json", str(kept))
    assert done.returncode == 0, done.stderr
    return done, json.loads(kept.read_text())


def test_a_file_is_replayed_and_everything_is_told(told: Any) -> None:
    done, kept = told
    assert done.stderr == ""
    assert "180 readings of 4 sessions of 2 people; 150 virtual people, seed 0" in done.stdout
    for title in ("After three readings", "All readings", "By readings", "By minute", "By session"):
        assert title in done.stdout
    assert "systolic pressure   not yet known: 32 readings of 4 sessions; a word needs 40 of 8" in (
        done.stdout
    )
    assert "should fail" not in done.stdout
    assert kept["format"] == "evenkeel-calibration/1"
    assert kept["by"]["session"]["sbp"]["2"]["readings"] == 22
    assert kept["after_three"]["sbp"]["readings"] == 32
    assert kept["verdicts"]["sbp"]["word"] == "not yet known"
    assert kept["should_fail"] == []


def test_what_is_printed_is_what_is_kept(told: Any) -> None:
    done, kept = told
    first = done.stdout.split("After three readings of the kind\n")[1].splitlines()[1]
    own = kept["after_three"]["sbp"]
    band = own["coverage_90"]
    cells = re.split(r"  +", first.strip())
    assert cells[:4] == [
        "systolic pressure",
        str(own["readings"]),
        f"{own['coverage_50']['value']:.0%}",
        f"{band['value']:.0%} ({band['low']:.0%}-{band['high']:.0%})",
    ]
    assert cells[4:7] == [
        f"{own['crps']:.2f}", f"{own['crps_prior']:.2f}", f"{own['skill'][0]:.0%}"
    ]  # fmt: skip


def test_alone_carries_nothing_and_the_same_words_give_the_same_numbers(
    few: Path, told: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(few), "--people", "150"]
    parser = argparse.ArgumentParser()
    calibrate.add_arguments(parser)
    assert calibrate.run(parser.parse_args(words)) == 0
    assert capsys.readouterr().out == told[0].stdout
    assert calibrate.run(parser.parse_args([*words, "--alone"])) == 0
    alone = capsys.readouterr().out
    assert "learning not carried on" in alone
    assert alone.splitlines()[5:] != told[0].stdout.splitlines()[5:]


def test_the_example_is_a_file_that_can_be_replayed(tmp_path: Path) -> None:
    from evenkeel.pharmacology.calibration import load_sessions

    path = tmp_path / "sessions.json"
    done = run("--example", str(path))
    assert done.stdout == "Written: 160 invented sessions to sessions.json.\n"
    found = load_sessions(path)
    assert [one.readings for one in found] == [one.readings for one in bundled_sessions()]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing.json"], "nothing.json cannot be read"),
        (["--people", "3"], "--people is 10 to 100000"),
        (["some.json", "--write"], "--write is for the bundled replay"),
        (["--write", "nowhere"], "no such folder"),
        (["--example", "nowhere/some.json"], "some.json cannot be written"),
        (["--clinic", "--people", "200"], "--people and --seed are not of it"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(words: list[str], said: str) -> None:
    parser = argparse.ArgumentParser()
    calibrate.add_arguments(parser)
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        calibrate.run(parser.parse_args(words))


def test_a_bad_file_ends_with_its_session_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{"format": "evenkeel-sessions/1", "sessions": [{"person": "a"}]}')
    done = run(str(path))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "session 1 of the file: a session has either 'given' or 'regimen'" in done.stderr


def test_long_runs_show_how_far_they_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(calibrate, "_LONG_S", -1.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    bar = calibrate._Bar(4)
    bar(1, 3)
    bar.before = 3
    bar(1, 1)
    shown = capsys.readouterr().err
    assert "1 of 4 sessions, about" in shown
    assert shown.endswith("\r")
    assert re.search(r"\[#{30}\] 4 of 4", shown)


def test_the_page_says_what_stands_in_the_numbers_it_was_made_from() -> None:
    """The committed page and pictures: made by --write from the sessions there are now."""
    page = (ROOT / "docs" / "calibration.md").read_text()
    assert fingerprint() in page
    for picture in re.findall(r"\]\((calibration/[a-z0-9-]+\.svg)\)", page):
        assert (ROOT / "docs" / picture).read_text().startswith("<?xml")
    assert "**unreliable**" in page
    assert "went unnoticed" in page
