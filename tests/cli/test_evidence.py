"""``evenkeel evidence pool``: numbers, warnings, pictures, and refusals of one sentence."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evenkeel.cli import main
from evenkeel.cli.evidence_forest import WIDTH, forest
from evenkeel.evidence.pooling import EvidenceError, as_data, cautions, pool, read_text

Out = pytest.CaptureFixture[str]
MEANS = "study,n1,mean1,sd1,n2,mean2,sd2"
COUNTS = "study,events1,n1,events2,n2"
THREE = (
    f"{MEANS}\nFirst,40,18.2,8.1,41,23.5,8.4\nSecond,25,16,7.5,24,21.1,7.9\nThird,60,15,9,58,19,8"
)


def put(folder: Path, text: str) -> Path:
    file = folder / "trials.csv"
    file.write_text(text, encoding="utf-8")
    return file


def codes(text: str, measure: str, method: str = "DL", ci: str = "wald") -> set[tuple[str, str]]:
    studies = read_text(text)
    return {(c.code, c.study) for c in cautions(studies, pool(studies, measure, method, ci))}


def test_json_holds_what_was_promised(tmp_path: Path, capsys: Out) -> None:
    file = put(tmp_path, THREE)
    words = ["--measure", "SMD", "--method", "DL", "--ci", "wald", "--json"]
    assert main(["evidence", "pool", str(file), *words]) == 0
    data = json.loads(capsys.readouterr().out)
    promised = """estimate ci_low ci_high p k n tau2 i2 q prediction_low prediction_high
    variance_formula studies warnings scale"""
    assert set(promised.split()) <= set(data)
    assert (data["k"], data["n"]) == (3, 248)
    assert data["ci_low"] < data["estimate"] < data["ci_high"] < 0
    assert {"effect", "se", "weight"} <= set(data["studies"][0])
    assert sum(s["weight"] for s in data["studies"]) == pytest.approx(100)
    assert "Hedges with the exact correction" in data["variance_formula"]


def test_ratios_are_on_the_natural_scale() -> None:
    studies = read_text(f"{COUNTS}\nA,10,50,20,50\nB,12,60,18,60")
    data = as_data(pool(studies, "RR", "FE"), ())
    assert data["studies"][0]["effect"] == pytest.approx(0.5)
    assert 0 < data["ci_low"] < data["estimate"] < data["ci_high"]
    assert data["prediction_low"] is None


def test_the_forest_plot_fits_and_has_every_part(tmp_path: Path, capsys: Out) -> None:
    assert main(["evidence", "pool", str(put(tmp_path, THREE)), "--measure", "MD"]) == 0
    told = capsys.readouterr().out
    assert all(len(line) <= WIDTH for line in told.splitlines())
    for part in ("First", "Third", "together", "a further study", "weight", "I2", "variance"):
        assert part in told
    studies = read_text(THREE.replace("First", "Prémière étude au très long nom"))
    plain = forest(pool(studies, "MD", "DL"), (), plain=True)
    assert plain.isascii()


def test_pictures(tmp_path: Path, capsys: Out) -> None:
    pytest.importorskip("matplotlib")
    file = put(tmp_path, THREE.replace("First", "A <b> & $x$"))
    for name in ("forest.svg", "forest.png"):
        words = ["--measure", "SMD", "--plot", str(tmp_path / name)]
        assert main(["evidence", "pool", str(file), *words]) == 0
        assert (tmp_path / name).stat().st_size > 1000
    root = ET.parse(tmp_path / "forest.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert root.get("role") == "img"
    assert root.find(f"{space}title").text.startswith("Forest plot: SMD")
    assert "A <b> & $x$" in root.find(f"{space}desc").text
    assert sorted(p.name for p in tmp_path.iterdir()) == ["forest.png", "forest.svg", "trials.csv"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "row 1 is empty"),
        ("study,n1\nA,3", "row 1 lacks"),
        (f"{MEANS},extra\nA,3,1,1,3,1,1,1", "'extra', which is not known"),
        (f"{MEANS}\nA,3,x,1,3,1,1", "row 2, column mean1: 'x' is not a number"),
        (f"{MEANS}\nA,3,1,0,3,1,1", "row 2, column sd1"),
        (f"{MEANS}\nA,3,nan,1,3,1,1", "row 2, column mean1"),
        (f"{MEANS}\nA,3,1,1,3,1", "row 2 has 6 cells"),
        (f"{COUNTS}\nA,1,10,2,10\nB,11,10,2,10", "row 3, column events1: 11 events among 10"),
        (f"{COUNTS}\nA,1.5,10,2,10", "row 2, column events1: 1.5 is not a whole number"),
        (f"{COUNTS}\n,1,10,2,10", "row 2, column study"),
        (f"{COUNTS}\nA,1,10,2,10", "SMD needs the columns mean1"),
        (f"{MEANS}", "no study"),
        (MEANS + "\nA,9,1,1,9,1,1" * 1001, "more than 1000 rows"),
        (MEANS + "\n" + "A" * 1_000_001, "larger than"),
    ],
)
def test_bad_input_is_one_sentence(text: str, said: str, tmp_path: Path, capsys: Out) -> None:
    words = ["--measure", "SMD", "--plot", str(tmp_path / "no.svg")]
    assert main(["evidence", "pool", str(put(tmp_path, text)), *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1
    assert not (tmp_path / "no.svg").exists()


def test_other_refusals(tmp_path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    file = put(tmp_path, THREE)
    assert main(["evidence", "pool", str(tmp_path / "none.csv"), "--measure", "MD"]) == 2
    assert main(["evidence", "pool", str(file), "--measure", "MD", "--plot", "a.gif"]) == 2
    assert main(["evidence", "pool", str(file), "--measure", "MD", "--method", "PETO"]) == 2
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["evidence", "pool", str(file), "--measure", "MD", "--plot", "a.svg"]) == 2
    assert "evenkeel[plots]" in capsys.readouterr().err


def test_standard_errors_entered_as_deviations_are_named() -> None:
    wrong = THREE + "\nFourth,30,16,1.5,30,20,1.6"
    for measure in ("MD", "SMD"):
        assert {s for c, s in codes(wrong, measure) if c == "se_as_sd"} == {"Fourth"}
    assert not any(c == "se_as_sd" for c, _ in codes(THREE, "SMD"))


def test_arms_that_do_not_fit_are_named() -> None:
    text = f"{COUNTS},design,allocation\nA,5,40,5,20,,\nB,5,40,5,20,,2:1\nC,5,20,5,19,crossover,"
    named = {s for c, s in codes(text, "RR") if c == "arm_sizes"}
    assert named == {"A", "C"}


def test_the_other_warnings() -> None:
    mixed = f"{MEANS},score\nA,20,1,2,20,2,2,change\nB,20,1,2,20,2.1,2,endpoint"
    assert {("mixed_scores", ""), ("two_studies", "")} <= codes(mixed, "MD")
    assert ("double_zero", "Z") in codes(f"{COUNTS}\nZ,0,9,0,9\nA,3,20,9,20\nB,4,20,9,20", "OR")
    assert ("duplicate", "B") in codes(f"{COUNTS}\nA,3,20,9,20\nB,3,20,9,20", "OR")
    big = f"{COUNTS}\nBig,100,1000,200,1000\nA,5,20,6,20\nB,6,20,5,20"
    assert ("one_study_carries", "Big") in codes(big, "RR", "FE")
    thin = f"{COUNTS}\nA,10,50,25,50\nB,30,60,32,60\nC,10,80,25,80"
    assert ("crosses_under_other_method", "") in codes(thin, "RR", "FE")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=200))
def test_hostile_text_is_refused_cleanly(text: str) -> None:
    for head in ("", MEANS + "\n", COUNTS + "\n"):
        try:
            studies = read_text(head + text)
        except EvidenceError:
            continue
        assert all(study.name for study in studies)


wild = st.one_of(st.floats(-1e9, 1e9), st.sampled_from([0.0, 1e-9, 1e9, -1e9]))
deviation = st.one_of(st.floats(1e-9, 1e9), st.sampled_from([1e-9, 1e9]))
size = st.one_of(st.integers(2, 200), st.sampled_from([2, 10**9]))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(size, wild, deviation, size, wild, deviation), min_size=1, max_size=5),
    st.sampled_from(["MD", "SMD"]),
    st.sampled_from(["FE", "DL", "PM", "REML"]),
)
def test_any_numbers_give_numbers_or_a_refusal(rows, measure: str, method: str) -> None:
    lines = [",".join([f"S{i}", *map(str, row)]) for i, row in enumerate(rows)]
    studies = read_text("\n".join([MEANS, *lines]))
    try:
        result = pool(studies, measure, method)
        data = as_data(result, cautions(studies, result))
        json.dumps(data, allow_nan=False)
        drawn = forest(result, ())
    except EvidenceError:
        return
    assert data["ci_low"] <= data["estimate"] <= data["ci_high"]
    assert all(study.name in drawn for study in studies)
