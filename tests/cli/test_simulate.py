"""``evenkeel simulate``: the library's numbers, whole files, and refusals of one sentence."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from evenkeel.cli import main, pharmacology_people
from evenkeel.cli.pharmacology_people import Progress
from evenkeel.pharmacology import (
    Integral,
    draw_people,
    load_model,
    model_ids,
    parse_regimen,
    simulate,
)

IV = "0.5 mg/kg iv over 40 min"
COMPOSITE, OTTO, PEREZ = "composite_racemic", "otto_2021_fanta_2015", "perez_ruixo_2021"
KETAMINE = "ketamine_ng_ml"

Out = pytest.CaptureFixture[str]


def say(capsys: Out, *words: object) -> str:
    """What a run prints. Fails where it does not succeed."""
    status = main(["simulate", *map(str, words)])
    out, err = capsys.readouterr()
    assert (status, err) == (0, "")
    return out


def refuse(capsys: Out, *words: object) -> str:
    """The one sentence of a refusal."""
    status = main(["simulate", *map(str, words)])
    out, err = capsys.readouterr()
    assert (status, out) == (2, "")
    assert err.startswith("evenkeel simulate: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


def test_the_report_says_what_stands_behind_the_numbers(capsys: Out) -> None:
    said = " ".join(say(capsys, IV).split())
    model = load_model(COMPOSITE)
    for part in (
        f"regimen {IV}",
        "1,000 virtual people, seed 0; weight_kg 70",
        f"model {COMPOSITE}, version {model.version}",
        " ".join(model.citation.split()),
        "derived: the model is put together from others",
        "assumed nobody measured ka_im",
        model.not_for[0],
        "ketamine in ng/mL, blood sampled: venous",
        "median 50% of people 90% of people",
        "ng*h/mL, 0 to 240 min",
        "supervised care",
    ):
        assert part in said


def test_the_numbers_are_those_of_the_library(capsys: Out) -> None:
    people = 700
    said = say(capsys, IV, "--people", people, "--seed", 3, "--weight", 82, "--until", "2h")
    model = load_model(COMPOSITE)
    times = np.arange(0, 121) / 60
    found = simulate(
        model, parse_regimen(IV), draw_people(model, people, 3, weight_kg=82), times,
        integrals=[Integral("area", {KETAMINE: 1.0})],
    )  # fmt: skip
    block = said[said.index("\nketamine in") :].split("\n\n")[0]
    rows = {line[:12].strip(): line[12:].replace(" to ", " ").split() for line in block.split("\n")}
    low, lower, median, upper, high = found.quantiles(KETAMINE)[:, 40]
    assert [float(v) for v in rows["40 min"]] == pytest.approx(
        [median, lower, upper, low, high], rel=6e-3
    )
    area = np.quantile(found["area"][:, -1], 0.5)
    assert float(rows["AUC"][0]) == pytest.approx(area, rel=6e-3)
    assert float(rows["Cmax"][0]) == pytest.approx(median, rel=6e-3)
    assert rows["Tmax"][0] == "40"


def test_the_same_seed_is_the_same_report(capsys: Out) -> None:
    first = say(capsys, "84 mg nasal", "--people", 50, "--seed", 9)
    assert say(capsys, "84 mg nasal", "--people", 50, "--seed", 9) == first
    assert say(capsys, "84 mg nasal", "--people", 50, "--seed", 8) != first


@pytest.mark.parametrize(
    ("words", "model"),
    [
        ((IV,), COMPOSITE),
        (("35 mg im",), COMPOSITE),
        (("100 mg sublingual",), COMPOSITE),
        (("84 mg nasal",), PEREZ),
        ((IV, "--drug", "esketamine"), OTTO),
        (("0.2 mg/kg esketamine iv over 40 min",), OTTO),
        (("28 mg oral", "--drug", "esketamine"), "ashraf_2018"),
        (("50 mg esketamine film",), "simons_2022"),
        ((IV, "--model", "domino_1982"), "domino_1982"),
    ],
)
def test_the_model_follows_drug_and_route(capsys: Out, words: tuple[str, ...], model: str) -> None:
    assert f"\nmodel     {model}, version" in say(capsys, *words, "--people", 5)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "for example: evenkeel simulate"),
        (("banana",), "'banana'"),
        (("-5 mg iv",), "a dose cannot be negative"),
        (("10 mg iv over 40 min; 5 mg iv over 10 min at 20 min",), "two iv infusions overlap"),
        (("10 mg rectal",), "this is no route"),
        (("10 mg racemic nasal x1",), "no bundled model gives racemic ketamine by nasal"),
        ((IV, "--model", "nothing"), "there is no such model"),
        ((IV, "--model", PEREZ, "--drug", "racemic"), "is about s_ketamine"),
        (("35 mg im", "--model", OTTO), "knows no route 'im'"),
        ((IV, "--weight", "nan"), "weight_kg must be a number"),
        ((IV, "--weight", "9000"), "weight_kg is 9000"),
        ((IV, "--output", "effects", "--set", "sbp_usual_mmhg=nan"), "must be finite"),
        ((IV, "--output", "effects", "--set", "sbp_usual_mmhg=900"), "a person has 40 to 300"),
        ((IV, "--weight", "-70"), "weight_kg is -70"),
        ((IV, "--age", "50"), "knows no covariate 'age_years'"),
        ((IV, "--set", "shoe=43"), "knows no covariate 'shoe'"),
        ((IV, "--set", "shoe"), "NAME=VALUE"),
        ((IV, "--set", "cyp2b6_activity=much"), "NAME=VALUE"),
        ((IV, "--taking", "aspirin"), "nothing is known of 'aspirin'"),
        ((IV, "--people", "0"), "between 1 and 1,000,000 people"),
        ((IV, "--people", "1000000000"), "between 1 and 1,000,000 people"),
        ((IV, "--seed", "-1"), "the seed"),
        ((IV, "--until", "4"), "a time needs its unit"),
        ((IV, "--until", "0 h"), "more than nothing"),
        ((IV, "--every", "1 week"), "change --until or --every"),
        ((IV, "--every", "0.001 s"), "change --until or --every"),
        ((IV, "--output", "serum"), "there is no output 'serum'"),
        ((IV, "--plot", "plot.pdf"), ".png or .svg"),
        ((IV, "--csv", "/nowhere/at/all.csv"), "cannot write /nowhere/at/all.csv"),
        ((IV, "--parquet", "/nowhere/at/all.parquet"), "cannot write /nowhere/at/all.parquet"),
        ((IV, "--plot", "/nowhere/at/all.svg"), "cannot write /nowhere/at/all.svg"),
        ((IV, "--csv", "/"), "cannot write /"),
        (("nowhere.json",), "cannot read nowhere.json"),
    ],
    ids=lambda v: " ".join(v)[:60] if isinstance(v, tuple) else "",
)
def test_what_cannot_be_is_refused_in_a_sentence(
    capsys: Out, words: tuple[str, ...], said: str
) -> None:
    assert said in refuse(capsys, *words)


def test_a_regimen_from_a_file(capsys: Out, tmp_path: Path) -> None:
    file = tmp_path / "regimen.json"
    dose = {"amount": 0.5, "unit": "mg/kg", "route": "iv", "over_min": 40}
    document = {"format": "evenkeel-regimen/1", "doses": [dose], "on_days": [0, 3]}
    file.write_text(json.dumps(document))
    assert "read as: 0.5 mg/kg iv over 40 min on days 0,3" in say(capsys, file, "--people", 5)
    document["dosis"] = 1
    file.write_text(json.dumps(document))
    assert f"{file}: the regimen has an unknown key 'dosis'" in refuse(capsys, file)
    for text in ("{", "", "\xff", "[" * 100_000, "9" * 5000):
        file.write_text(text, encoding="latin-1")
        assert str(file) in refuse(capsys, file)
    file.write_text(" " * 1_000_001)
    assert "larger than" in refuse(capsys, file)


def read(path: Path) -> tuple[list[str], np.ndarray]:
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    return header, np.array(rows, dtype=float)


def test_rows_are_those_of_the_library_whatever_the_chunks(
    capsys: Out, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = tmp_path / "whole.csv", tmp_path / "parts.csv"
    words = (IV, "--people", 150, "--seed", 4, "--until", "90 min", "--every", "7 min")
    said = say(capsys, *words, "--csv", whole)
    monkeypatch.setattr(pharmacology_people, "CHUNK", 1)
    monkeypatch.setattr(pharmacology_people, "IN_MEMORY", 0)
    assert say(capsys, *words, "--csv", parts) == said
    header, rows = read(whole)
    assert header == ["person", "time_h", KETAMINE, "norketamine_ng_ml"]
    assert np.array_equal(read(parts)[1], rows)
    model = load_model(COMPOSITE)
    times = np.arange(13) * 7 / 60
    found = simulate(model, parse_regimen(IV), draw_people(model, 150, 4), times)
    assert rows[:, 0].tolist() == np.repeat(np.arange(150), 13).tolist()
    assert rows[:, 1].reshape(150, 13) == pytest.approx(np.tile(times, (150, 1)), rel=1e-8)
    assert rows[:, 2].reshape(150, 13) == pytest.approx(found[KETAMINE], rel=1e-8)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["parts.csv", "whole.csv"]


def test_parquet_holds_the_same_rows_and_their_origin(capsys: Out, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    words = ("84 mg nasal", "--people", 20, "--every", "10 min", "--output", "levels")
    say(capsys, *words, "--csv", tmp_path / "a.csv", "--parquet", tmp_path / "a.parquet")
    table = parquet.read_table(tmp_path / "a.parquet")
    header, rows = read(tmp_path / "a.csv")
    assert table.column_names == header
    columns = np.array([c.to_numpy() for c in table.columns]).T
    assert columns == pytest.approx(rows, rel=1e-8)
    assert table.schema.metadata[b"model"] == PEREZ.encode()
    assert table.schema.metadata[b"regimen"] == b"84 mg nasal"
    assert table.schema.metadata[b"seed"] == b"0"


def test_a_file_is_never_half_written(
    capsys: Out, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("what was there before")
    monkeypatch.setattr(pharmacology_people, "CHUNK", 1)
    real, calls = pharmacology_people.simulate, []

    def runs_out(*args: object, **kwargs: object) -> object:
        calls.append(1)
        if len(calls) > 3:
            raise OSError(28, "No space left on device", str(file))
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(pharmacology_people, "simulate", runs_out)
    said = refuse(capsys, IV, "--people", 200, "--csv", file)
    assert "No space left on device" in said
    assert file.read_text() == "what was there before"
    assert [p.name for p in tmp_path.iterdir()] == ["rows.csv"]


def test_a_place_that_cannot_be_written(capsys: Out, tmp_path: Path) -> None:
    file = tmp_path / "a file"
    file.write_text("not a folder")
    assert "Not a directory" in refuse(capsys, IV, "--csv", file / "rows.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["a file"]


@pytest.mark.parametrize("dark", [(), ("--dark",)])
def test_pictures(capsys: Out, tmp_path: Path, dark: tuple[str, ...]) -> None:
    pytest.importorskip("matplotlib")
    svg = [tmp_path / name for name in ("one.svg", "two.svg")]
    for path in svg:
        say(capsys, IV, "--people", 30, "--plot", path, *dark)
    drawn = svg[0].read_text()
    assert drawn == svg[1].read_text()
    assert ("#9ab3f0" if dark else "#2c52ad") in drawn
    for told in ("0.5 mg/kg iv over 40 min", COMPOSITE, "derived", "seed 0", "ng/mL", "minutes"):
        assert told in drawn
    say(capsys, "84 mg nasal daily for 3 days", "--people", 30, "--plot", tmp_path / "a.png", *dark)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("module", "option", "extra"),
    [
        ("matplotlib", ("--plot", "a.svg"), "evenkeel[plots]"),
        ("pyarrow", ("--parquet", "a.parquet"), "evenkeel[tables]"),
    ],
)
def test_what_is_not_installed_is_named(
    capsys: Out,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    module: str,
    option: tuple[str, str],
    extra: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [m for m in sys.modules if m == module or m.startswith(f"{module}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    assert extra in refuse(capsys, IV, *option)
    assert not list(tmp_path.iterdir())


def test_effects_and_other_drugs(capsys: Out, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    said = say(
        capsys, IV, "--people", 40, "--output", "effects", "--output", "ketamine",
        "--age", 50, "--taking", "ticlopidine", "--csv", file,
    )  # fmt: skip
    header, rows = read(file)
    assert header[2:] == [
        "systolic_mmhg", "diastolic_mmhg", "heart_rate_bpm", "dissociation_0_10",
        "sedation_percent", KETAMINE,
    ]  # fmt: skip
    assert rows.shape == (40 * 241, 8)
    assert np.isfinite(rows).all()
    assert "cyp2b6_activity" in said
    assert "ticlopidine 250 mg twice daily: AUC of oral S-ketamine was measured" in said
    assert "of them assumed" in " ".join(said.split())
    assert said.count("AUC") == 3


def test_models_are_listed(capsys: Out) -> None:
    said = say(capsys, "--list-models")
    assert set(model_ids()) <= set(said.split("\n"))
    assert f"esketamine, iv, nasal, oral: {PEREZ}" in said


def test_who_cannot_be_worked_out_is_counted_and_left_out(capsys: Out, tmp_path: Path) -> None:
    text = json.loads(Path(pharmacology_people.simulate.__code__.co_filename).parent.joinpath(
        "models", f"{OTTO}.json").read_text())  # fmt: skip
    text["id"] = "mine"
    text["flows"][0]["rate"] = f"({text['flows'][0]['rate']}) + 0*log(weight_kg - 60)"
    (tmp_path / "mine.json").write_text(json.dumps(text))
    words = (IV, "--drug", "esketamine", "--model", tmp_path / "mine.json", "--adults")
    said = " ".join(say(capsys, *words, "--people", 200).split())
    assert "could not be worked out and are left out" in said
    assert "nan" not in said
    everybody = (*words[:-1], "--weight", 50)
    assert "no number for any of these people" in refuse(capsys, *everybody)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_on_a_terminal_and_nowhere_else() -> None:
    seconds = iter([0.0, 0.1, 0.9, 1.0])
    terminal, file = Terminal(), io.StringIO()
    bar = Progress(1000, terminal, clock=lambda: next(seconds))
    bar.at(0)
    assert terminal.getvalue() == ""
    bar.at(500)
    assert "50%  500 of 1,000 people" in terminal.getvalue()
    bar.end()
    assert terminal.getvalue().endswith("\r")
    silent = Progress(1000, file)
    silent.at(500)
    silent.end()
    assert file.getvalue() == ""
