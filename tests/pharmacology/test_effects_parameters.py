"""The parameter file, the filters and the drawing of people."""

import copy
import json
from importlib import resources
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.pharmacology.effects import (
    RANDOM_EFFECTS,
    SESSION_EFFECTS,
    EffectsError,
    EffectsFileError,
    draw_acute_people,
    filters_for,
    load_acute,
    parse_acute,
    people_from_normals,
    typical_person,
)

ENANTIOMERS = {"s_ketamine_ng_ml", "r_ketamine_ng_ml", "s_norketamine_ng_ml"}


def document() -> dict[str, Any]:
    path = resources.files("evenkeel.pharmacology.effects").joinpath("acute.json")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def test_every_parameter_has_a_source_and_no_address_of_a_bare_machine() -> None:
    for parameter in load_acute().parameters.values():
        assert parameter.source
        assert "://47." not in parameter.source
        if parameter.mark == "measured":
            assert parameter.source.startswith("https://"), parameter.name
            assert parameter.verification == "verified"


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("parameters", "dissociation_hill", "mark"), "guessed", "dissociation_hill"),
        (("parameters", "dissociation_hill", "value"), float("nan"), "dissociation_hill"),
        (("parameters", "dissociation_hill", "value"), 9.0, "outside its own range"),
        (("filters", 0, "half_life_min"), "nothing", "site_dissociation"),
        (("filters", 0, "input", "r_ketamine_ng_ml"), 0.4, "weight of R-ketamine"),
        (("filters", 1, "name"), "site_dissociation", "same name"),
        (("filters", 5, "half_life_min"), "tolerance_half_life_min", "integral"),
        (("format",), "other", "format"),
    ],
)
def test_an_inconsistent_file_is_refused(path: tuple[Any, ...], value: Any, words: str) -> None:
    broken = copy.deepcopy(document())
    place: Any = broken
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(EffectsFileError, match=words):
        parse_acute(broken)


def test_enantiomers_are_used_where_there_are_any_and_halves_of_the_total_else() -> None:
    model = load_acute()
    full = {item.filter.name: item for item in filters_for(model, ENANTIOMERS)}
    assert full["site_pressure"].input == {"s_ketamine_ng_ml": 1.0, "r_ketamine_ng_ml": 0.3}
    assert not any(item.derived for item in full.values())
    only_s = {item.filter.name: item for item in filters_for(model, {"s_ketamine_ng_ml"})}
    assert only_s["site_dissociation"].input == {"s_ketamine_ng_ml": 1.0}
    assert not only_s["site_dissociation"].derived
    assert only_s["site_pressure_norketamine"].input == {}
    total = {item.filter.name: item for item in filters_for(model, {"ketamine_ng_ml"})}
    assert total["site_dissociation"].input == {"ketamine_ng_ml": 0.625}
    assert total["site_dissociation"].derived
    assert "site_cardiac_output" not in total


def test_halves_of_a_total_give_the_same_drive_as_the_enantiomers() -> None:
    for item in load_acute().filters:
        if "ketamine_ng_ml" in item.fallback_input:
            assert item.fallback_input["ketamine_ng_ml"] == pytest.approx(
                0.5 * sum(item.input.values())
            )


def test_venous_models_lag_more_for_dissociation_alone() -> None:
    person = typical_person()
    by_name = {item.name: item for item in person.model.filters}
    site = by_name["site_dissociation"]
    assert person.half_life_min(site, "arterial")[0] == pytest.approx(2.0)
    assert person.half_life_min(site, "venous")[0] == pytest.approx(6.5)
    for name in ("site_pressure", "site_sedation", "site_tolerance"):
        assert person.half_life_min(by_name[name], "venous") == pytest.approx(
            person.half_life_min(by_name[name], "arterial")
        )
    with pytest.raises(EffectsError, match="integral"):
        person.half_life_min(by_name["exposure_nausea"], "venous")


def test_the_same_seed_gives_the_same_people_and_normals_the_same_as_a_draw() -> None:
    one = draw_acute_people(50, np.random.default_rng(3))
    two = draw_acute_people(50, np.random.default_rng(3))
    normals = np.random.default_rng(3).standard_normal((50, len(RANDOM_EFFECTS)))
    three = people_from_normals(normals)
    for name in ("dissociation_c50_ng_ml", "sbp_baseline_mmhg", "nausea_frailty"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
        np.testing.assert_array_equal(getattr(one, name), getattr(three, name))


def test_people_spread_as_the_file_says() -> None:
    people = draw_acute_people(40_000, np.random.default_rng(1))
    assert np.std(np.log(people.sbp_slope_mmhg_per_ng_ml)) == pytest.approx(0.6, rel=0.02)
    assert np.median(people.sbp_slope_mmhg_per_ng_ml) == pytest.approx(0.102, rel=0.02)
    assert np.std(people.sbp_baseline_mmhg) == pytest.approx(np.hypot(12.0, 6.0), rel=0.02)
    wide = draw_acute_people(40_000, np.random.default_rng(1), between_study=True)
    assert np.std(np.log(wide.sbp_slope_mmhg_per_ng_ml)) == pytest.approx(
        np.hypot(0.6, 0.5), rel=0.02
    )


def test_a_usual_pressure_replaces_the_drawn_one_with_the_error_it_was_measured_with() -> None:
    known = {"sbp_usual_mmhg": 150.0, "age_years": 70.0, "weight_kg": 80.0}
    people = draw_acute_people(20_000, np.random.default_rng(2), covariates=known)
    assert np.mean(people.sbp_baseline_mmhg) == pytest.approx(150.0, abs=0.2)
    # The shift of this session, and of the day it was read on twice, with the cuff's 7.2 mmHg.
    spread = np.sqrt(6.0**2 + 6.0**2 + 7.2**2 / 2)
    assert np.std(people.sbp_baseline_mmhg) == pytest.approx(spread, rel=0.03)


def test_no_size_is_applied_that_no_source_gives() -> None:
    model = load_acute()
    for name in ("slope_log_age_decade", "slope_log_hypertension", "slope_log_anxiety"):
        assert model[name] == 0.0
        assert model.parameters[name].mark == "assumed"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_covariate_that_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(EffectsError, match="age_years"):
        draw_acute_people(3, np.random.default_rng(1), covariates={"age_years": bad})
    with pytest.raises(EffectsError, match="at least 1"):
        draw_acute_people(0, np.random.default_rng(1))
    with pytest.raises(EffectsError, match="must be"):
        draw_acute_people(3, np.random.default_rng(1), covariates={"age_years": [1.0, 2.0]})


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30))
def test_taking_people_keeps_every_array_in_step(index: list[int]) -> None:
    people = draw_acute_people(10, np.random.default_rng(4))
    taken = people.take(index)
    assert len(taken) == len(index)
    np.testing.assert_array_equal(taken.sedation_c50_ng_ml, people.sedation_c50_ng_ml[index])
    np.testing.assert_array_equal(taken.hr_baseline_bpm, people.hr_baseline_bpm[index])


def test_another_session_moves_the_baseline_and_nothing_else() -> None:
    rng = np.random.default_rng(6)
    normals = rng.standard_normal((100, len(RANDOM_EFFECTS)))
    today = people_from_normals(normals)
    for name in SESSION_EFFECTS:
        normals[:, RANDOM_EFFECTS.index(name)] = rng.standard_normal(100)
    later = people_from_normals(normals)
    assert np.all(later.sbp_baseline_mmhg != today.sbp_baseline_mmhg)
    np.testing.assert_array_equal(later.sbp_slope_mmhg_per_ng_ml, today.sbp_slope_mmhg_per_ng_ml)
    np.testing.assert_array_equal(later.dissociation_c50_ng_ml, today.dissociation_c50_ng_ml)
