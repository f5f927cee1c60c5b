"""``evenkeel screen`` as a real process: what it prints, and what it refuses in one sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.protocol.cases import good_case, with_condition

ROOT = Path(__file__).parents[2]


def run(*words: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "evenkeel.cli", "screen", *words],
        input=data,
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )


def printed(answer: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    assert (answer.returncode, answer.stderr) == (0, b"")
    found = json.loads(answer.stdout)
    assert isinstance(found, dict)
    return found


def test_a_case_is_judged_from_a_file_and_from_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(good_case()))
    fine = printed(run(str(file)))
    assert fine["disposition"] == "eligible"
    assert fine["protocol"] == {"name": "us-esketamine-nasal", "version": "1.0.0"}
    bad = {**good_case("racemic_iv", "UK"), **with_condition("brain aneurysm")}
    found = printed(run("-", data=json.dumps(bad).encode()))
    assert found["disposition"] == "contraindicated"
    first = found["findings"][0]
    assert first["id"] == "aneurysmal_vascular_disease"
    keys = {"id", "kind", "effect", "statement", "explanation", "facts", "resolve", "source"}
    assert keys <= set(first)
    assert first["source"]["mark"] == "clinic policy"
    assert {"title", "url"} <= set(first["source"])


def test_a_protocol_of_the_clinics_own_is_used(tmp_path: Path) -> None:
    own = {
        "format": "evenkeel-protocol/1",
        "extends": "us-racemic-iv",
        "name": "sample-clinic-iv",
        "title": "Sample clinic, ketamine IV",
        "version": "3.2",
        "thresholds": {
            "bp_gate.sbp_mmhg": {
                "value": 125,
                "unit": "mmHg",
                "mark": "clinic policy",
                "source": "clinic",
            }
        },
    }
    protocol, case = tmp_path / "own.json", tmp_path / "case.json"
    protocol.write_text(json.dumps(own))
    case.write_text(json.dumps(good_case("racemic_iv", "Canada")))
    found = printed(run(str(case), "--protocol", str(protocol)))
    assert found["disposition"] == "defer"
    assert found["protocol"] == {"name": "sample-clinic-iv", "version": "3.2"}
    assert "protocol.jurisdiction" in {item["id"] for item in found["findings"]}
    refused = run(str(case))
    assert refused.returncode == 2
    assert b"--protocol" in refused.stderr
    assert b"EU, UK, US" in refused.stderr


def test_the_example_of_the_documents_asks_for_a_cardiologist() -> None:
    found = printed(run(str(ROOT / "docs" / "cases" / "screening.json")))
    assert found["disposition"] == "needs_specialist_review"
    effects = {item["id"]: item["effect"] for item in found["findings"]}
    assert effects["cardiovascular_history"] == "needs_specialist_review"
    assert effects["benzodiazepine"] == effects["hypertension"] == "inform"
    assert "blood_pressure_gate" not in effects


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"not json", "is not JSON"),
        (b'{"format": "evenkeel-facts/1", "age_years": NaN}', "NaN"),
        (b'{"sex": "male", "sex": "female"}', "sex: stands twice"),
        (b"[" * 3_000, "levels deep"),
        (b'"' + b"a" * 2_100_000 + b'"', "2,000,000 bytes"),
        (b"[]", "document: must be an object"),
        (json.dumps({**good_case(), "shoe_size": 44}).encode(), "shoe_size: is not a key"),
    ],
    ids=["text", "nan", "twice", "deep", "huge", "list", "unknown-key"],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(data: bytes, says: str) -> None:
    answer = run("-", data=data)
    assert (answer.returncode, answer.stdout) == (2, b"")
    said = answer.stderr.decode()
    assert said.startswith("evenkeel screen: ")
    assert says in said
    assert said.count("\n") == 1
