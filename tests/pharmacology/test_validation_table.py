"""The tables of observations: fixed before the first run, and a broken one refused by name."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evenkeel.pharmacology.validation.checking import RowsError
from evenkeel.pharmacology.validation.recipe_form import inner
from evenkeel.pharmacology.validation.rows import (
    BUNDLED,
    bundled,
    bundled_text,
    fingerprint,
    load_rows,
    read_rows,
)

#: Numbers, bands, roles and recipes as they were encoded before any was run.
ENCODED = {
    "pk.json": "23b71900a9cdd8d7de7a16ea41e8815af9e9915ede1cd075061d8f508e5cf57b",
    "pd.json": "0c1be3f8850f37517cb6c9b56bb7bdc2b67fc8cd648bc816615d59d88a4cf705",
}
PK = {
    "id": "Z1.cmax",
    "row": "Z1",
    "citation": "A trial",
    "url": "https://example.org/",
    "population": "adults",
    "endpoint": "highest ketamine",
    "observed": 185,
    "unit": "ng/mL",
    "band": [129.5, 240.5],
    "band_from": "within 30%",
    "role": "validation",
    "quantitative": True,
    "verification": "verified",
    "model": "composite_racemic",
    "how": {
        "regimen": [
            {
                "kind": "infusion",
                "route": "iv",
                "dose": 0.5,
                "unit": "mg/kg",
                "over_min": 40,
                "at_min": 0,
            }
        ],
        "covariates": {},
        "statistic": "max",
        "output": "ketamine_ng_ml",
        "window_min": [0, 1440],
    },
    "note": "",
}
PD = {
    **PK,
    "endpoint": "systolic pressure",
    "how": {
        "regimen": [
            {"route": "iv", "dose": 0.5, "unit": "mg/kg", "over_min": 40, "at_min": 0},
        ],
        "people": {"n": 10, "seed": 1},
        "covariates": {},
        "statistic": "mean_at",
        "effect": "sbp_rise_mmhg",
        "at_min": 30,
    },
}


def table(*targets: dict[str, Any], form: str = "evenkeel-validation/1") -> str:
    return json.dumps({"format": form, "targets": list(targets)})


def without(*path: Any) -> Callable[[dict[str, Any]], None]:
    def change(target: dict[str, Any]) -> None:
        for key in path[:-1]:
            target = target[key]
        del target[path[-1]]

    return change


def put(value: object, *path: Any) -> Callable[[dict[str, Any]], None]:
    def change(target: dict[str, Any]) -> None:
        for key in path[:-1]:
            target = target[key]
        target[path[-1]] = value

    return change


BROKEN_PK = [
    (without("observed"), "observed", "missing"),
    (without("note"), "note", "missing"),
    (without("how"), "how", "missing"),
    (put("", "citation"), "citation", "text"),
    (put("Y1.cmax", "id"), "id", "must begin"),
    (put("the library", "url"), "url", "address"),
    (put("judge", "role"), "role", "'judge'"),
    (put("yes", "quantitative"), "quantitative", "true or false"),
    (put(-3, "observed"), "observed", "above zero"),
    (put(float("nan"), "observed"), "observed", "finite"),
    (put("185", "observed"), "observed", "number"),
    (put(True, "observed"), "observed", "number"),
    (put(None, "band"), "band", "needs one"),
    (put([200, 240], "band"), "band", "does not hold"),
    (put([129.5], "band"), "band", "two numbers"),
    (put("nobody_2020", "model"), "model", "nobody_2020"),
    (put(None, "model"), "model", "needs a model"),
    (put(None, "how"), "how", "needs a recipe"),
    (put([], "how"), "how", "object"),
    (put("maybe", "expected"), "expected", "pass or fail"),
    (put("mode", "how", "statistic"), "how.statistic", "'mode'"),
    (without("how", "window_min"), "how.window_min", "missing"),
    (put([60, 60], "how", "window_min"), "how.window_min", "[from, to]"),
    (put("blood", "how", "output"), "how.output", "'blood'"),
    (put(1, "how", "covariates", "iq"), "how.covariates.iq", "covariate"),
    (put("a", "how", "covariates", "weight_kg"), "how.covariates.weight_kg", "number"),
    (put("love", "how", "interaction"), "how.interaction", "love"),
    (put(5, "how", "at_min"), "how.at_min", "not a key"),
    (put("x", "how", "unit_factor"), "how.unit_factor", "number"),
    (put({"output": "blood"}, "how", "divided_by"), "how.output", "'blood'"),
    (put({"statistic": "at"}, "how", "divided_by"), "how.divided_by", "whole"),
    (put({"n": 5}, "how", "people"), "how.people", "summary"),
    (put("nasal", "how", "regimen", 0, "route"), "how.regimen", "'nasal'"),
    (put(-1, "how", "regimen", 0, "dose"), "how.regimen", "at least 0"),
    (put("g", "how", "regimen", 0, "unit"), "how.regimen", "'g'"),
    (put("pill", "how", "regimen", 0, "kind"), "how.regimen", "'pill'"),
    (without("how", "regimen", 0, "over_min"), "how.regimen", "over_min"),
]
BROKEN_PD = [
    (without("how", "people"), "how.people", "object"),
    (without("how", "regimen"), "how.regimen", "missing"),
    (without("how", "effect"), "how.effect", "missing"),
    (put(["soon"], "how", "at_min"), "how.at_min", "number"),
    (put("auc", "how", "statistic"), "how.statistic", "'auc'"),
    (put([{"share": 2, "regimen": []}], "how", "arms"), "how.arms", "add up to 2"),
    (put("mg", "how", "regimen", 0, "unit"), None, ""),
    (
        put({"share": 2, "at_h": 24, "covariates": {}}, "how", "responders"),
        "how.responders.share",
        "at most 1",
    ),
    (put({"share": 0.5}, "how", "responders"), "how.responders.at_h", "number"),
    (put(7, "how", "at_night"), "how.at_night", "not a key"),
    (put("held_level", "how", "regimen", 0, "route"), "how.regimen", "unit"),
]


#: The same with what was corrected since; a correction is one on purpose, with its reason.
CORRECTED = {
    "pk.json": "21f56722e398aedcb48549dc343fef633d34bfce4247ef71cfd50371e623e1c1",
    "pd.json": "38868c48a6ccbec1afe60db7d7e1eba98d781abdcfe68ee1fa2d8c1f6cdaffcb",
}


@pytest.mark.parametrize("name", BUNDLED)
def test_what_was_encoded_before_the_first_run_still_stands(name: str) -> None:
    assert fingerprint(bundled_text(name), first=True) == ENCODED[name]
    assert fingerprint(bundled_text(name)) == CORRECTED[name]


def test_a_correction_changes_the_recipe_alone_and_keeps_the_first() -> None:
    changed = {t["id"] for n in BUNDLED for t in json.loads(bundled_text(n))["targets"]
               if "corrected" in t}  # fmt: skip
    assert changed == {target.id for target in bundled() if target.corrected is not None}
    given = {"what": "at once", "why": "so it says", "source": "https://example.org/"}
    for wrong, key in (
        ({**given, "first": PK["how"]}, "corrected.first"),
        ({**given, "first": None}, "corrected.first"),
        ({**given, "why": "", "first": {**PK["how"], "window_min": [0, 60]}}, "corrected.why"),
        ({**given, "source": "a book", "first": PK["how"]}, "corrected.source"),
        ("at once", "corrected"),
    ):
        with pytest.raises(RowsError) as error:
            read_rows(table({**PK, "corrected": wrong}), "own.json")
        assert error.value.key == key
    first = {**PK["how"], "window_min": [0, 60]}
    held = read_rows(table({**PK, "corrected": {**given, "first": first}}), "own.json")[0]
    assert held.corrected is not None
    assert held.corrected.first == first
    assert fingerprint(table({**PK, "corrected": {**given, "first": first}}), first=True) == (
        fingerprint(table({**PK, "how": first}))
    )


def test_a_number_a_band_a_role_or_a_recipe_changes_the_fingerprint_and_a_note_does_not() -> None:
    first = fingerprint(table(PK))
    for change in (put(186, "observed"), put([1, 999], "band"), put("calibration", "role")):
        changed = copy.deepcopy(PK)
        change(changed)
        assert fingerprint(table(changed)) != first
    assert fingerprint(table({**PK, "note": "a slip mended"})) == first


def test_all_bundled_rows_are_read() -> None:
    targets = bundled()
    texts = [json.loads(bundled_text(name))["targets"] for name in BUNDLED]
    assert len(targets) == sum(map(len, texts))
    assert all(target.group for target in targets)


@pytest.mark.parametrize(("change", "key", "words"), BROKEN_PK)
def test_a_broken_concentration_row_is_refused_by_name(
    change: Callable[[dict[str, Any]], None], key: str, words: str
) -> None:
    read_rows(table(PK), "own.json")
    broken = copy.deepcopy(PK)
    change(broken)
    with pytest.raises(RowsError) as error:
        read_rows(table(broken), "own.json")
    assert error.value.key == key
    assert words in str(error.value)
    assert str(error.value).startswith(f"own.json: {broken['id']}: {key}")


@pytest.mark.parametrize(("change", "key", "words"), BROKEN_PD)
def test_a_broken_effect_row_is_refused_by_name(
    change: Callable[[dict[str, Any]], None], key: str | None, words: str
) -> None:
    form = "evenkeel-validation-rows/1"
    broken = copy.deepcopy(PD)
    change(broken)
    if key is None:
        assert read_rows(table(broken, form=form), "own.json")
        return
    with pytest.raises(RowsError) as error:
        read_rows(table(broken, form=form), "own.json")
    assert error.value.key == key
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "format"),
        ('{"format": "mine"}', "format"),
        ('{"format": "evenkeel-validation/1"}', "at least one target"),
        ('{"format": "evenkeel-validation/1", "targets": [7]}', "target 1"),
        (table(PK, PK), "twice"),
    ],
)
def test_a_file_that_is_no_table_is_refused(text: str, words: str) -> None:
    with pytest.raises(RowsError, match=words):
        read_rows(text, "own.json")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RowsError, match=r"none\.json: cannot be read"):
        load_rows(tmp_path / "none.json")


def test_an_inner_recipe_takes_what_it_does_not_say_from_the_outer() -> None:
    outer = {"statistic": "auc", "output": "a", "unit_factor": 60, "divided_by": {"output": "b"}}
    assert inner(outer) == {"statistic": "auc", "output": "b"}
    assert inner({"statistic": "auc"}) is None


ODD_VALUES: list[Any] = [None, -1, "x", "", [], {}, True, [[]], [None], {"a": 1}, 1e308, 10**400]


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    return [*([at] if at else []), *(p for k, v in inside for p in _places(v, (*at, k)))]


@pytest.mark.parametrize("name", BUNDLED)
def test_any_change_of_a_row_is_answered_or_refused_alone(name: str, tmp_path: Path) -> None:
    """Every value of a row replaced by every odd one, beside a row that is well."""
    document = json.loads(bundled_text(name))
    whole = next(t for t in document["targets"] if t["band"] and t["how"])
    changed = [whole]
    for at in _places(whole):
        for odd in ODD_VALUES:
            other = copy.deepcopy(whole)
            inner_most = other
            for key in at[:-1]:
                inner_most = inner_most[key]
            inner_most[at[-1]] = odd
            own_id = {} if at[0] == "id" else {"id": f"{whole['row']}.{len(changed)}"}
            changed.append({**other, **own_id})
    own = tmp_path / "own.json"
    own.write_text(json.dumps({"format": document["format"], "targets": changed}))
    targets = load_rows(own)
    assert len(targets) == len(changed)
    assert not targets[0].refused
    refused = [t for t in targets if t.refused]
    assert len(refused) > len(changed) / 2
    assert all(t.how is None and t.band is None for t in refused)
    with pytest.raises(RowsError):
        read_rows(own.read_text(), "own.json")
