"""People are reproducible, one who fails is a value, and bad files and formulas are refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evenkeel.pharmacology import (
    ExpressionError,
    ModelError,
    PeopleError,
    Regimen,
    RegimenError,
    TimesError,
    bolus,
    compare,
    draw_people,
    infusion,
    load_model,
    model_ids,
    read_model,
    simulate,
    typical_people,
)
from evenkeel.pharmacology.expressions import FUNCTIONS, LONGEST, parse
from evenkeel.pharmacology.model_file import FOLDER

from .truth import Truth, document, made, scaled

MADE = made()
PARENT = "s_ketamine_ng_ml"
REGIMEN = Regimen.of(infusion(0.5, "mg/kg", over_min=40), bolus(10, route="oral", at_h=1))
TIMES = np.arange(0, 6, 0.1)


# --- people --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", model_ids())
def test_a_person_is_the_same_in_any_company(name: str) -> None:
    model = load_model(name)
    many, few = draw_people(model, 9000, 5), draw_people(model, 40, 5)
    for effect, values in few.effects.items():
        assert (many.effects[effect][:40] == values).all()
    regimen = Regimen.of(bolus(20, route=sorted(model.routes)[0]))
    among = simulate(model, regimen, many, TIMES)
    alone = simulate(model, regimen, many.part(slice(17, 18)), TIMES)
    again = simulate(model, regimen, many, TIMES)
    for output in model.outputs:
        assert (among[output] == again[output]).all()
        assert scaled(among[output][17], alone[output][0]) < 1e-12
    if few.effects:
        other = draw_people(model, 40, 6).effects
        assert any((other[effect] != values).any() for effect, values in few.effects.items())


def test_two_regimens_meet_the_same_people() -> None:
    people = draw_people(MADE, 70, 1)
    whole, half = compare(MADE, REGIMEN, REGIMEN.scaled(0.5), people, TIMES)
    assert scaled(half[PARENT], whole[PARENT] / 2) < 1e-14
    assert (whole.people.effects["V"] == half.people.effects["V"]).all()


FAILING = {
    "a logarithm of less than nothing": "log(weight_kg - 60)",
    "a root of less than nothing": "(weight_kg - 60)**0.5",
    "a division by nothing": "1/(weight_kg - 50)",
    "a negative rate": "weight_kg - 60",
    "too large a number": "exp(1000*(55 - weight_kg))",
    "a rate beyond all rates": "exp(10*(55 - weight_kg)) + 1",
}


@pytest.mark.parametrize("kernel", ["compiled", "numpy"])
@pytest.mark.parametrize("rate", FAILING.values(), ids=FAILING)
def test_who_fails_is_a_value_and_touches_nobody(rate: str, kernel: Any) -> None:
    model = made(flows__0={"from": "gut", "to": "central", "rate": rate})
    people = draw_people(model, 130, 2, weight_kg=np.linspace(65, 90, 130))
    weights = np.array(people.covariates["weight_kg"])
    weights[70] = 50.0
    effects = people.effects
    with_one = replace(draw_people(model, 130, 2, weight_kg=weights), effects=effects)
    well = simulate(model, REGIMEN, people, TIMES, kernel=kernel)
    found = simulate(model, REGIMEN, with_one, TIMES, kernel=kernel)
    assert found.failed.tolist() == [i == 70 for i in range(130)]
    others = np.arange(130) != 70
    for output in model.outputs:
        assert np.isnan(found[output][70]).all()
        assert scaled(found[output][others], well[output][others]) < 1e-13
    alone = simulate(model, REGIMEN, with_one.part(slice(70, 71)), TIMES, kernel=kernel)
    assert alone.failed.all()
    assert np.isfinite(found.quantiles(PARENT)).all()


def test_who_fails_changes_no_bit_of_the_others() -> None:
    model = made(flows__3__rate="Q/V2 + 0*log(weight_kg - 60)")
    weights = np.linspace(65, 90, 130)
    people = draw_people(model, 130, 2, weight_kg=weights)
    one_more = np.insert(weights, 70, 50.0)
    effects = {name: np.insert(values, 70, 0.0) for name, values in people.effects.items()}
    with_one = replace(draw_people(model, 131, 2, weight_kg=one_more), effects=effects)
    well = simulate(model, REGIMEN, people.part(slice(64, 128)), TIMES)
    found = simulate(model, REGIMEN, with_one.part(slice(64, 128)), TIMES)
    assert found.failed.tolist() == [i == 6 for i in range(64)]
    assert (found[PARENT][:6] == well[PARENT][:6]).all()
    assert (found[PARENT][7:] == well[PARENT][6:63]).all()


@pytest.mark.parametrize(
    ("covariates", "said"),
    [
        ({"weight_kg": np.nan}, "weight_kg must be a number"),
        ({"weight_kg": np.inf}, "weight_kg must be a number"),
        ({"weight_kg": 9000}, "weight_kg is 9000; the model takes 20 to 300"),
        ({"weight_kg": -70}, "weight_kg is -70"),
        ({"weight_kg": np.ones(3)}, "3 values for 10 people"),
        ({"shoe_size": 43}, "knows no covariate 'shoe_size'; it knows: weight_kg"),
    ],
)
def test_impossible_people_are_refused(covariates: dict[str, Any], said: str) -> None:
    with pytest.raises(PeopleError, match=said):
        draw_people(MADE, 10, 0, **covariates)
    if np.size(next(iter(covariates.values()))) == 1:
        with pytest.raises(PeopleError, match=said):
            typical_people(MADE, **covariates)


def test_impossible_times_and_doses_are_refused() -> None:
    people = typical_people(MADE)
    for times in ([], [-1.0], [np.nan], [2.0, 1.0], "soon", [1e9], [[1.0]]):
        with pytest.raises(TimesError):
            simulate(MADE, REGIMEN, people, times)
    with pytest.raises(RegimenError, match="knows no route 'im'; it knows: iv, sc, oral, nasal"):
        simulate(MADE, Regimen.of(bolus(5, route="im")), people, TIMES)
    with pytest.raises(RegimenError, match="given at once"):
        simulate(MADE, Regimen.of(infusion(5, over_min=5, route="oral")), people, TIMES)
    for refused in (
        lambda: Regimen.of(bolus(-5)),
        lambda: Regimen.of(bolus(float("nan"))),
        lambda: Regimen.of(bolus(5, at_h=-1)),
        lambda: Regimen.of(infusion(5, over_min=30), infusion(5, over_min=5, at_h=0.4)),
        lambda: infusion(5, over_min=0),
        lambda: Regimen.of(bolus(5, "ml")),  # type: ignore[arg-type]
    ):
        with pytest.raises(RegimenError):
            refused()


def test_a_result_says_how_far_the_model_was_made_for_it() -> None:
    people = typical_people(MADE)
    iv, oral = Regimen.of(bolus(5)), Regimen.of(bolus(5, route="oral"))
    assert simulate(MADE, iv, people, [1]).status == "validated"
    assert simulate(MADE, iv, people, [1]).reasons == ()
    assert simulate(MADE, oral, people, [1]).status == "extrapolated"
    assert simulate(MADE, oral, people, [1]).reasons == ("oral: guessed",)
    assert simulate(MADE, Regimen.of(bolus(5, route="sc")), people, [1]).status == "derived"
    heavy = typical_people(MADE, weight_kg=np.array([70.0, 150.0]))
    found = simulate(MADE, iv, heavy, [1])
    assert found.status == "extrapolated"
    assert found.reasons == ("weight_kg outside the 40 to 120 studied in 50%",)


@pytest.mark.parametrize(
    ("model_id", "dose", "told"),
    [
        ("otto_2021_fanta_2015", bolus(10), True),
        ("otto_2021_fanta_2015", infusion(10, over_min=9), True),
        ("otto_2021_fanta_2015", infusion(10, over_min=10), False),
        ("composite_racemic", bolus(20), True),
        ("composite_racemic", infusion(20, over_min=40), False),
        ("composite_racemic", bolus(20, route="im"), False),
        ("perez_ruixo_2021", bolus(20, route="iv"), True),
        ("simons_2022", bolus(20, route="iv"), False),
    ],
)
def test_a_model_without_an_early_phase_says_so_of_a_fast_injection(
    model_id: str, dose: Any, told: bool
) -> None:
    model = load_model(model_id)
    found = simulate(model, Regimen.of(dose), typical_people(model), [1])
    assert any("given within less than 10 minutes" in r for r in found.reasons) is told
    if told:
        assert found.status == "extrapolated"


def test_a_duration_may_not_differ_between_people() -> None:
    """The steps are the same for everybody; a file that would need others is refused."""
    for over in ("D*ka", "D*weight_kg/70"):
        with pytest.raises(ModelError, match="this duration varies between people"):
            made(routes__oral__inputs__0__over=over)


# --- files ---------------------------------------------------------------------------------------

TWICE = '"V": {"value": 1, "unit": "L", "mark": "assumed", "source": "x", "verification": "x"},'
BROKEN: list[tuple[str, Any, str, str]] = [
    ("format", "other/1", '"format"', "it must be one of"),
    ("id", "another", '"id"', "not the file's name"),
    ("title", "", '"title"', "must be text"),
    ("version", 0, '"version"', "outside 1"),
    ("version", "1", '"version"', "must be a number"),
    ("citation", {}, '"citation"', "lacks 'text'"),
    ("citation__year", 1982, '"year"', "not a key that belongs here"),
    ("population__weight", [40, 90], '"weight"', "not a key that belongs here"),
    ("outputs__ketamine_ng_ml__term", {}, '"term"', "not a key that belongs here"),
    ("residual__s_ketamine_ng_ml__sd_log", 1, '"sd_log"', "not a key that belongs here"),
    ("population", [], '"population"', "must be an object"),
    ("sampling", "tears", '"sampling"', "it must be one of"),
    ("drug", "aspirin", '"drug"', "it must be one of"),
    ("not_for", "people", '"not_for"', "list of texts"),
    ("time_unit", "days", '"time_unit"', "it must be one of"),
    ("extra", 1, '"extra"', "not a key that belongs here"),
    ("covariates__weight_kg__default", 9000, '"default": 9000', "outside 20.0 to 300.0"),
    ("covariates__weight_kg__high", 10, '"default": 70', "outside 20.0 to 10.0"),
    ("parameters__V__value", "60", '"value": "60"', "must be a number"),
    ("parameters__V__value", float("nan"), '"value": NaN', "outside"),
    ("parameters__V__value", 10**400, '"value": 1000', "outside"),
    ("parameters__ka__value", 0, "{", "no log scale is possible"),
    ("parameters__V__mark", "sure", '"mark": "sure"', "it must be one of"),
    ("parameters__V__verification", "sure", '"verification": "sure"', "must be one of"),
    ("parameters__exp", {}, '"exp": {}', "lacks 'value'"),
    ("variability__0__omega2", [[0.1]], '"omega2"', "2 rows and columns"),
    ("variability__0__omega2", [[0.1, 0.2], [0.2, 0.1]], '"omega2"', "no covariance matrix"),
    ("variability__0__omega2", [[0.1, 0.2], [0.1, 0.1]], '"omega2"', "no covariance matrix"),
    ("variability__0__parameters", ["V", "W"], '"W"', "no parameter"),
    ("variability__0__parameters", [["V"], "CL"], "[", "no parameter"),
    ("variability__2__parameters", ["D2"], '"D2"', "no parameter"),
    ("parameters__F__value", 1.5, "{", "no logit scale"),
    ("variability__1__parameters", ["V", "CLm"], '"V"', "varies in two places"),
    ("individual__Vi", "V*weight", '"Vi"', "names 'weight', defined nowhere"),
    ("individual__Vi", "V*weight_kg/0", '"Vi"', "for the typical person"),
    ("individual__Vi", "open('x')", '"Vi"', "may hold only"),
    ("individual__V", "V", '"V": "V"', "defined twice"),
    ("individual__exp", "V", '"exp": "V"', "cannot be a name"),
    ("individual__first", "first_device", '"first"', "defined nowhere"),
    ("compartments", ["gut", "gut"], '"compartments"', "different names"),
    ("compartments", [["gut"]], '"compartments"', "different names"),
    ("flows__0__to", "nowhere", '"to": "nowhere"', "no compartment"),
    ("flows__0__to", "gut", "{", "must lead elsewhere"),
    ("flows__0__rate", "-ka", '"rate": "-ka"', "for the typical person"),
    ("flows__0__rate", None, '"rate": null', "must be text or a number"),
    ("flows__0__rate", True, '"rate": true', "must be text or a number"),
    ("flows__0__amount", 5, '"amount"', "not a key that belongs here"),
    ("flows__0", 5, "5", "must be an object"),
    ("population__weight_kg", [90, 40], "40", "outside 90"),
    ("population__weight_kg", [90], '"weight_kg": [', "the lowest and the highest"),
    ("routes__iv__inputs", [], '"iv": {', "nothing of a dose given iv arrives"),
    ("routes__iv__status", "sure", '"status": "sure"', "it must be one of"),
    ("routes__iv__inputs__0__to", "x", '"to": "x"', "no compartment"),
    ("routes__iv__inputs__0__fraction", "-1", '"fraction": "-1"', "for the typical person"),
    ("routes__oral__inputs__0__over", "0", '"over": "0"', "for the typical person"),
    ("outputs__x", {"terms": {}}, '"x": {', "is none of"),
    ("outputs__ketamine_ng_ml__terms", {"x": "1"}, '"x": "1"', "no compartment"),
    ("outputs__ketamine_ng_ml__terms", {"gut": "0"}, '"gut": "0"', "for the typical person"),
    ("residual__ketamine_ng_ml", {}, '"ketamine_ng_ml": {}', "lacks 'kind'"),
    ("residual__s_ketamine_ng_ml__sd", -1, '"sd": -1', "outside 0"),
    ("residual__x", {}, '"x": {}', "no output"),
    ("not_drawn", 5, '"not_drawn"', "must be a list"),
]


@pytest.mark.parametrize(("path", "value", "line", "said"), BROKEN, ids=lambda v: str(v)[:50])
def test_a_broken_file_is_refused_by_its_line(path: str, value: Any, line: str, said: str) -> None:
    text = json.dumps(document(**{path: value}), indent=1)
    with pytest.raises(ModelError) as error:
        read_model(text, "made.json")
    assert said in error.value.message
    assert line in text.splitlines()[error.value.line - 1], error.value


def test_a_key_that_stands_twice_is_refused_by_its_line() -> None:
    """Of two values JSON would silently take the last."""
    plain = json.dumps(document(), indent=1)
    for before, name in (('"Vm": {', "V"), ('"routes": {', "title"), ('"value": 60,', "value")):
        twice = {"V": TWICE, "title": '"title": "other",', "value": '"value": 6,'}[name]
        text = plain.replace(before, f"{twice}\n{before}", 1)
        with pytest.raises(ModelError, match=f"'{name}' stands twice") as error:
            read_model(text, "made.json")
        lines = text.splitlines()[error.value.line - 2 : error.value.line]
        assert any(f'"{name}":' in line for line in lines)
    # The same name in two objects is no contradiction, nor is a colon in a text.
    read_model(plain.replace("none", "a: b, a: b"), "made.json")
    misspelled = plain.replace('"residual"', '"residuals"')
    with pytest.raises(ModelError, match="'residuals' is not a key") as error:
        read_model(misspelled, "made.json")
    assert '"residuals"' in misspelled.splitlines()[error.value.line - 1]


def test_what_is_no_model_file_at_all_is_refused() -> None:
    for text in ("", "[]", "5", "{", '{"a": 1', "[" * 100_000, '{"format": ' + "9" * 5000 + "}"):
        with pytest.raises(ModelError, match=r"made\.json, line"):
            read_model(text, "made.json")
    for name in ("nothing", "../models/made", "nothing.json", "", ".json"):
        with pytest.raises(ModelError):
            load_model(name)


def test_the_test_model_is_a_model() -> None:
    assert made().id == "made"
    assert made().random_effects == ("V", "CL", "ka", "CLm", "F")


def paths(found: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        list(found.items()) if isinstance(found, dict) else
        list(enumerate(found)) if isinstance(found, list) else []
    )  # fmt: skip
    return [here] * bool(here) + [p for key, v in inner for p in paths(v, (*here, key))]


WEIRD = {
    "nothing": None, "truth": True, "zero": 0, "minus one": -1, "infinity": 1e999,
    "a huge number": 10**400, "no text": "", "a text": "x", "a division by zero": "1/0",
    "a list": [], "an object": {}, "lists": [[]], "a list of nothing": [None],
    "another object": {"x": 1}, "a list of text": ["x"],
}  # fmt: skip


@pytest.mark.parametrize("value", [*WEIRD.values(), "gone"], ids=[*WEIRD, "gone"])
def test_any_change_of_a_file_is_a_model_or_refused(value: Any) -> None:
    for path in paths(document()):
        changed = document()
        inner: Any = changed
        for step in path[:-1]:
            inner = inner[step]
        if value == "gone":
            del inner[path[-1]]
        else:
            inner[path[-1]] = value
        try:
            model = read_model(json.dumps(changed), "made.json")
        except ModelError:
            continue
        people = draw_people(model, 3, 1)
        for route in model.routes:
            regimen = Regimen.of(bolus(5, route=route))
            found = simulate(model, regimen, people, [1.0], kernel="numpy")
            assert not found.failed.all(), path


# --- formulas ------------------------------------------------------------------------------------

# fmt: off
PIECES = st.sampled_from([
    *FUNCTIONS, "a", "b", "1", "2.5", "1e300", "+", "-", "*", "/", "**", "(", ")", ",", " ", ".",
    "[", "]", "lambda", ":", "__class__", "'", "=", "==", "if", "else", "import", "\n", "@",
])
NO_ARITHMETIC = [
    "__import__('os')", "a.b", "a[0]", "a if b else 1", "a < b", "lambda: 1", "'x'", "True", "1j",
    "a // b", "a % b", "a & b", "not a", "~a", "print(a)", "exp(a, b)", "max(a)", "exp(*a)", "",
    "a; b", "a = b", "(a := 1)", "a, b", "{a}", "f'{a}'", "None", "...",
]
# fmt: on


@given(st.text(max_size=60) | st.lists(PIECES, max_size=25).map("".join))
@example("a" * (LONGEST + 1))
@example("-" * 300 + "a")
@example("(" * 200 + "a" + ")" * 200)
@example("9" * 399)
@example("2**2**2**2**2**2")
@example("(-8)**0.5")
@example("a.real")
@example("exp(x=1)")
@example("[a for a in b]")
@example("\0")
@settings(max_examples=400)
def test_text_is_arithmetic_or_refused(text: str) -> None:
    try:
        formula = parse(text)
    except ExpressionError:
        return
    values = {name: np.array([0.5, -2.0, 0.0]) for name in formula.names}
    try:
        with np.errstate(all="ignore"):
            found = formula(values)
    except ExpressionError:
        return
    assert np.asarray(found).dtype == np.float64


@pytest.mark.parametrize("text", NO_ARITHMETIC)
def test_whatever_is_not_arithmetic_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


def test_formulas_give_python_s_numbers() -> None:
    values = {"a": 3.0, "b": 0.25}
    for text in ("a + b*2 - -a/4**b", "exp(-a)*log(b + 1)", "min(a, b)/max(a, b)", "2**-a**2"):
        expected = eval(text, {}, {**values, "exp": np.exp, "log": np.log, "min": min, "max": max})
        assert parse(text)(values) == pytest.approx(expected, rel=1e-15)


# --- importing -----------------------------------------------------------------------------------


def test_importing_is_quick_and_loads_nothing_heavy() -> None:
    code = (
        "import time, sys; began = time.perf_counter(); import evenkeel.pharmacology as p; "
        "took = time.perf_counter() - began; "
        "p.load_model(p.model_ids()[0]); p.parse_regimen('1 mg iv'); "
        "heavy = {'scipy', 'numba', 'matplotlib', 'pyarrow', 'jax', 'django'} & set(sys.modules); "
        "print(sorted(heavy), took)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy, _, took = done.stdout.rpartition(" ")
    assert heavy == "[]"
    assert float(took) < 1.5


def test_what_the_document_shows_works() -> None:
    text = (Path(__file__).parents[2] / "docs" / "pharmacology.md").read_text()
    [python] = re.findall(r"```python\n(.*?)```", text, re.S)
    done = subprocess.run([sys.executable, "-c", python], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("derived")
    [file] = re.findall(r"```json\n({\n  \"format\": \"evenkeel-model.*?)```", text, re.S)
    assert read_model(file, "example.json").random_effects == ("CL",)


def test_a_bundled_file_is_named_after_its_model() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(model_ids())
    assert all(Truth(load_model(m), typical_people(load_model(m)), 0).a.any() for m in model_ids())
