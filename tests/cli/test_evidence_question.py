"""``evenkeel evidence QUESTION``, ``list``, and the further looks of ``pool``."""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from evenkeel.cli import main
from evenkeel.evidence.library import questions
from evenkeel.evidence.pooling import pool
from tests.evidence.published import BCG, LATITUDE

Out = pytest.CaptureFixture[str]
WHERE = ["far" if latitude > 33 else "near" for latitude in LATITUDE]


@pytest.fixture
def bcg(tmp_path: Path) -> str:
    rows = [
        f"{s.name},{s.events1},{s.n1},{s.events2},{s.n2},{latitude:g},{where}"
        for s, latitude, where in zip(BCG, LATITUDE, WHERE, strict=True)
    ]
    file = tmp_path / "bcg.csv"
    file.write_text("\n".join(["study,events1,n1,events2,n2,Latitude,where", *rows]))
    return str(file)


def data_of(capsys: Out, *words: str) -> dict:
    assert main(["evidence", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_question_is_listed(capsys: Out) -> None:
    assert main(["evidence", "list"]) == 0
    printed = capsys.readouterr().out
    for question in questions().values():
        assert f"  {question.id} " in printed
        assert question.title in printed


def test_an_answer_in_words(capsys: Out) -> None:
    assert main(["evidence", "response-28d-esketamine"]) == 0
    printed = capsys.readouterr().out
    assert "Of 100 people, about 50" in printed
    assert "Certainty: low." in printed
    assert "112/209 v. 42/108" in printed
    for head in ("Could people tell?", "Trials that found no clear difference", "Left out"):
        assert head in printed
    assert max(map(len, printed.splitlines())) <= 110


def test_an_answer_as_data(capsys: Out) -> None:
    found = data_of(capsys, "harm-dissociation")
    assert found["pooled"]["measure"] == "RR"
    assert found["k"] == len(found["studies"]) == 5
    assert found["per_100"]["without"] == pytest.approx(100 * 32 / 544)
    assert {"code", "reason", "rows", "another_question"} <= set(found["excluded"][0])
    promised = """question title state in_words pooled studies excluded described per_100 certainty
    turns_without masking found_nothing cannot_say statements published"""
    assert set(promised.split()) <= set(found)


def test_where_nothing_is_known(capsys: Out, tmp_path: Path) -> None:
    found = data_of(capsys, "bladder")
    assert (found["state"], found["pooled"], found["per_100"]) == ("none", None, None)
    plot = tmp_path / "no.svg"
    assert main(["evidence", "bladder", "--plot", str(plot)]) == 2
    assert "nothing to draw" in capsys.readouterr().err
    assert not plot.exists()


def test_what_is_no_question_of_trials_carries_source_date_and_mark(capsys: Out) -> None:
    assert main(["evidence", "legal-status"]) == 0
    printed = capsys.readouterr().out
    assert "Schedule III" in printed
    assert "21 CFR" in printed
    assert "23 November 2026" in printed
    assert "recalled, not read; unverified" in printed
    assert "Certainty" not in printed


def test_only_verified_leaves_recalled_rows_out(capsys: Out) -> None:
    assert data_of(capsys, "symptoms-24h-placebo")["k"] == 8
    found = data_of(capsys, "symptoms-24h-placebo", "--only-verified")
    assert found["k"] == 6
    assert {out["code"] for out in found["excluded"]} >= {"unverified"}


def test_a_picture_that_speaks(capsys: Out, tmp_path: Path) -> None:
    plot = tmp_path / "forest.svg"
    assert main(["evidence", "harm-nausea", "--plot", str(plot)]) == 0
    root = ET.parse(plot).getroot()
    assert root.get("role") == "img"
    assert "Chen 2023: 3.12 (1.92 to 5.08)" in ET.tostring(root, encoding="unicode")


def test_a_question_nobody_asked(capsys: Out) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["evidence", "nonsense"])
    assert caught.value.code == 2
    assert "harm-nausea" in capsys.readouterr().err


def test_subgroups_and_a_moderator(capsys: Out, bcg: str) -> None:
    words = ["pool", bcg, "--measure", "RR", "--subgroup", "where", "--moderator", "latitude"]
    found = data_of(capsys, *words)
    # The coefficients that metafor's documentation prints for these trials.
    slope = found["moderator"]
    assert (slope["intercept"], slope["slope"]) == pytest.approx((0.2515, -0.0291), abs=6e-5)
    assert slope["tau2"] == pytest.approx(0.0764, abs=6e-5)
    assert slope["explained"] == pytest.approx(75.62, abs=0.02)
    far, near = found["subgroups"]["groups"]
    chosen = [s for s, where in zip(BCG, WHERE, strict=True) if where == "far"]
    apart = pool(chosen, "RR", "REML")
    assert far["group"] == "far"
    assert far["k"] == len(chosen)
    assert far["estimate"] == pytest.approx(apart.natural(apart.estimate))
    assert far["estimate"] < near["estimate"]
    assert found["subgroups"]["p"] < 0.05


def test_small_trials_each_left_out_and_priors(capsys: Out, bcg: str) -> None:
    looks = ["--egger", "--leave-one-out", "--bayes", "--moderator", "Latitude"]
    found = data_of(capsys, "pool", bcg, "--measure", "RR", *looks)
    assert len(found["leave_one_out"]) == 13
    first = found["leave_one_out"][0]
    # As metafor's documentation of leave1out prints it: -0.7071 (-1.0794 to -0.3348).
    logs = [math.log(first[key]) for key in ("estimate", "ci_low", "ci_high")]
    assert logs == pytest.approx((-0.7071, -1.0794, -0.3348), abs=6e-5)
    assert first["without"] == "Aronson 1948"
    assert found["egger"]["warnings"] == []
    assert 0 < found["egger"]["p"] < 1
    bayes = found["bayes"]
    assert bayes["low"] < bayes["estimate"] < bayes["high"] < 1
    assert bayes["estimate"] == pytest.approx(found["estimate"], abs=0.03)
    assert "half-normal" in bayes["priors"]


def test_the_looks_in_words(capsys: Out, bcg: str) -> None:
    looks = ["--egger", "--leave-one-out", "--bayes", "--subgroup", "where"]
    looks += ["--moderator", "latitude"]
    assert main(["evidence", "pool", bcg, "--measure", "RR", *looks]) == 0
    printed = capsys.readouterr().out
    for words in ("by where: Q between", "by latitude: slope -0.0291", "Egger: intercept"):
        assert words in printed
    assert "without each trial in turn:" in printed
    assert "Bayes: " in printed


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--subgroup", "drug"], "'drug'"),
        (["--moderator", "where"], "is not a number"),
        (["--method", "PETO", "--measure", "OR", "--subgroup", "where"], "not PETO"),
        (["--measure", "RD", "--bayes", "--subgroup", "where"], "suit RR, OR and SMD"),
    ],
)
def test_a_look_that_cannot_be(capsys: Out, bcg: str, words: list[str], told: str) -> None:
    measure = [] if "--measure" in words else ["--measure", "RR"]
    assert main(["evidence", "pool", bcg, *measure, *words]) == 2
    assert told in capsys.readouterr().err
