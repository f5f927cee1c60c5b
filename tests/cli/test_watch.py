"""``evenkeel watch`` as a real process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.protocol.sessions import calm

REPOSITORY = Path(__file__).resolve().parents[2]


def watch(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evenkeel.cli", "watch", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
    )


def test_the_example_of_the_documents_sounds_where_it_must() -> None:
    done = watch(str(REPOSITORY / "docs/cases/watch-example.json"))
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    loud = {(a["at_min"], a["id"], a["level"]) for a in found["alarms"] if a["level"] != "inform"}
    assert {
        (20, "pressure.hold", "hold"),
        (24, "pressure.hold", "hold"),
        (26, "pressure.emergency", "emergency"),
        (26, "symptom.chest_pain", "emergency"),
    } <= loud
    assert [(one["at_min"], one["id"]) for one in found["blocked"]] == [(25, "dose.held")]
    assert [(one["at_min"], one["level"]) for one in found["overdue"]] == [
        (44, "review"),
        (54, "hold"),
    ]


def test_a_calm_session_from_standard_input_with_a_protocol_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "own.json"
    stricter = {
        "alarm.sbp_hold_mmhg": {
            "value": 141,
            "unit": "mmHg",
            "mark": "clinic policy",
            "source": "clinic",
        }
    }
    protocol: dict[str, Any] = {
        "format": "evenkeel-protocol/1",
        "name": "own",
        "title": "Own",
        "extends": "us-racemic-iv",
        "thresholds": stricter,
    }
    own.write_text(json.dumps(protocol))
    case = calm()
    case["events"][5]["sbp_mmhg"] = 142
    done = watch("-", "--protocol", str(own), stdin=json.dumps(case))
    found = json.loads(done.stdout)
    assert found["protocol"]["name"] == "own"
    assert [a["id"] for a in found["alarms"] if a["level"] == "hold"] == ["pressure.hold"]
    wrong = watch("-", "--protocol", str(own), stdin=json.dumps(calm("racemic_im")))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "product" in wrong.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[]", "must be an object"),
        (json.dumps({**calm(), "colour": 1}), "colour: is not a key"),
        (json.dumps(calm()).replace("121", "NaN"), "NaN"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(text: str, says: str) -> None:
    done = watch("-", stdin=text)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
