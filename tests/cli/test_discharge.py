"""``evenkeel discharge`` as a process of its own: answers, and refusals of one sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from evenkeel.cli import main

ROOT = Path(__file__).parents[2]
CASE = ROOT / "docs" / "cases" / "leaving.json"
Out = pytest.CaptureFixture[str]


def run(*words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "evenkeel.cli", "discharge", *words],
        input=stdin,
        capture_output=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "src"), "HOME": os.devnull},
    )


def test_the_shipped_case_goes_home_and_a_changed_one_does_not() -> None:
    done = run(str(CASE))
    assert (done.returncode, done.stderr) == (0, b"")
    printed = json.loads(done.stdout)
    assert printed["disposition"] == "discharge"
    assert (printed["missing"], printed["findings"]) == ([], [])
    assert printed["protocol"]["name"] == "us-esketamine-nasal"

    case = json.loads(CASE.read_text()) | {"gait": None, "spo2_percent": 89}
    done = run("-", stdin=json.dumps(case).encode())
    printed = json.loads(done.stdout)
    assert printed["disposition"] == "escalate"
    assert printed["missing"] == ["Walking has not been looked at (gait)."]
    by_id = {finding["id"]: finding for finding in printed["findings"]}
    assert (by_id["oxygen"]["state"], by_id["oxygen"]["effect"]) == ("unmet", "escalate")
    assert by_id["oxygen"]["source"]["mark"] == "sourced"


def test_hostile_input_is_refused_by_the_process_in_one_sentence() -> None:
    done = run("-", stdin=b"[" * 400_000)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.count(b"\n") == 1
    assert b"levels deep" in done.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("[]", "document: must be an object"),
        ('{"format": "evenkeel-facts/1"}', "format: must be 'evenkeel-discharge/1'"),
        ('{"format": "evenkeel-discharge/1"}', "product: is missing"),
        ('{"format": "evenkeel-discharge/1", "gate": "unsteady"}', "gate: is not a key"),
        ('{"format": "evenkeel-discharge/1", "moaas": NaN}', "NaN"),
        ('{"format": "evenkeel-discharge/1", "moaas": 5, "moaas": 4}', "moaas: stands twice"),
        ('{"format": "evenkeel-discharge/1", "moaas": "5"}', "moaas: must be a number"),
        (
            '{"format": "evenkeel-discharge/1", "product": "racemic_iv", "jurisdiction": "XX"}',
            "no protocol for racemic_iv",
        ),
    ],
)
def test_what_cannot_be_read_is_named(text: str, says: str, tmp_path: Path, capsys: Out) -> None:
    file = tmp_path / "case.json"
    file.write_text(text)
    assert main(["discharge", str(file)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert err.count("\n") == 1


def test_a_protocol_of_the_clinics_own_decides(tmp_path: Path, capsys: Out) -> None:
    own = tmp_path / "clinic.json"
    own.write_text(
        json.dumps(
            {
                "format": "evenkeel-protocol/1",
                "name": "harbor",
                "title": "Harbor Clinic",
                "version": "1",
                "extends": "us-esketamine-nasal",
                "thresholds": {
                    "discharge.aldrete": {
                        "value": 9,
                        "unit": "of 10",
                        "mark": "clinic policy",
                        "source": "clinic",
                    }
                },
            }
        )
    )
    case = tmp_path / "case.json"
    case.write_text(json.dumps(json.loads(CASE.read_text()) | {"aldrete": 8}))
    assert main(["discharge", str(case)]) == 0
    assert json.loads(capsys.readouterr().out)["disposition"] == "discharge"
    assert main(["discharge", str(case), "--protocol", str(own)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [finding["id"] for finding in printed["findings"]] == ["aldrete"]
    assert printed["protocol"]["name"] == "harbor"
    assert main(["discharge", str(case), "--protocol", str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err
