"""Both forms of the drug effect: shape, time constants, and truth against an ODE solver."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from evenkeel.pharmacology import (
    Dose,
    Regimen,
    bolus,
    draw_people,
    infusion,
    load_model,
    reference_kernel,
    sharpness,
    simulate,
    typical_people,
)
from evenkeel.pharmacology.mood import (
    MoodError,
    States,
    TwoExponential,
    drive_inputs,
)
from evenkeel.pharmacology.reference_kernel import dense
from evenkeel.pharmacology.system import build

from .truth import Truth, scaled, stage_slopes

FORMS = [States, TwoExponential]
MODEL = "composite_racemic"
ONCE = Regimen.of(infusion(0.5, "mg/kg", over_min=40))


def effect(form, regimen, times_h, therapy=0.0, model_id=MODEL, kernel="auto"):
    model = load_model(model_id)
    found = simulate(
        model, regimen, typical_people(model, weight_kg=75.0), times_h,
        stages=form.stages(model.outputs, therapy), wanted=form.wanted, kernel=kernel,
    )  # fmt: skip
    return form.improvement(found.values, therapy)[0]


@pytest.mark.parametrize("form", FORMS)
def test_no_dose_has_no_effect(form):
    times_h = [0.0, 2.0, 24.0, 168.0]
    assert (effect(form(), Regimen.of(), times_h) == 0.0).all()
    assert (effect(form(), Regimen.of(bolus(0.0, "mg/kg")), times_h) == 0.0).all()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("time_h", [2.0, 24.0, 168.0])
def test_more_drug_has_more_effect_below_the_bell(form, time_h):
    doses = [0.05, 0.1, 0.2, 0.5, 1.0]
    found = [
        effect(form(), Regimen.of(infusion(dose, "mg/kg", over_min=40)), [time_h])[0]
        for dose in doses
    ]
    assert (np.diff(found) > 0).all()


@pytest.mark.parametrize("form", FORMS)
def test_the_drive_falls_again_at_very_high_levels(form):
    stages = form().stages(("s_ketamine_ng_ml",))
    levels = np.array([20.0, 60.0, 150.0, 5_000.0, 50_000.0])
    occupancy = levels * stages[0].inputs["s_ketamine_ng_ml"]
    theta = reference_kernel.curve(stages[0], occupancy[:, None], slice(None))
    drive = reference_kernel.curve(stages[1], theta, slice(None))[:, 0]
    assert (np.diff(drive[:3]) > 0).all()
    assert (np.diff(drive[2:]) < 0).all()


@pytest.mark.parametrize("form", FORMS)
def test_a_series_accumulates_and_fades(form):
    series = ONCE.repeated([0.0, 48.0, 96.0, 168.0, 216.0, 264.0])
    after_each = effect(form(), series, [24.0, 72.0, 120.0, 192.0, 240.0, 288.0])
    assert after_each[-1] > 1.3 * after_each[0]
    later = effect(form(), series, np.arange(288.0, 2400.0, 48.0))
    assert (np.diff(later) < 0).all()
    assert later[-1] < 0.05 * after_each[-1]


def test_weekly_sessions_settle():
    weekly = ONCE.repeated(168.0 * np.arange(20))
    found = effect(States(), weekly, 24.0 + 168.0 * np.arange(20))
    assert found[1] > found[0]
    assert abs(found[-1] - found[-2]) < 0.01


@pytest.mark.parametrize("form", FORMS)
def test_both_time_constants_come_back(form):
    """The slow one from the tail of A; the fast one from what is left over earlier."""
    used = form()
    late = effect(used, ONCE, [1500.0, 2000.0])
    slow_h = -500.0 / np.log(late[1] / late[0])
    assert slow_h == pytest.approx(used.values["slow_time_constant_h"], rel=1e-3)
    early_h = np.array([48.0, 72.0])
    tail = late[0] * np.exp((1500.0 - early_h) / used.values["slow_time_constant_h"])
    left = effect(used, ONCE, early_h) - tail
    fast_h = -24.0 / np.log(left[1] / left[0])
    assert fast_h == pytest.approx(used.values["fast_time_constant_h"], rel=0.02)


@pytest.mark.parametrize("form", FORMS)
def test_therapy_slows_the_loss_and_changes_little_at_first(form):
    without, along = (effect(form(), ONCE, [4.0, 24.0, 336.0], t) for t in (0.0, 1.0))
    assert along[0] == pytest.approx(without[0], rel=0.01)
    assert along[2] > 1.2 * without[2]


def test_the_plain_kernel_is_linear_in_sessions():
    twice = effect(TwoExponential(), ONCE.repeated([0.0, 240.0]), [480.0])
    apart = effect(TwoExponential(), ONCE, [240.0, 480.0]).sum()
    assert twice[0] == pytest.approx(apart, rel=1e-3)


def test_occupancy_is_that_of_the_published_constants():
    """0.44 at 100 ng/mL S-ketamine; 0.32 and 0.48 at 100 and 200 ng/mL of the racemate."""
    for name, level, theta in (
        ("s_ketamine_ng_ml", 100.0, 0.44),
        ("ketamine_ng_ml", 100.0, 0.32),
        ("ketamine_ng_ml", 200.0, 0.48),
    ):
        x = level * drive_inputs([name])[0][name]
        assert x / (1 + x) == pytest.approx(theta, abs=0.005)


def test_total_ketamine_is_halved_and_said_to_be_derived():
    weights, derived = drive_inputs(["ketamine_ng_ml", "norketamine_ng_ml"])
    own, not_derived = drive_inputs(load_model(MODEL).outputs)
    assert derived
    assert not not_derived
    assert "ketamine_ng_ml" not in own
    mean = (own["s_ketamine_ng_ml"] + own["r_ketamine_ng_ml"]) / 2
    assert weights["ketamine_ng_ml"] == pytest.approx(mean)
    with pytest.raises(MoodError):
        drive_inputs(["s_norketamine_ng_ml"])


def reference(form, regimen, times_h):
    """A by SciPy at a tight tolerance, from jump to jump."""
    model = load_model(MODEL)
    people = typical_people(model, weight_kg=75.0)
    system, inputs = build(model, regimen, people)
    a, rows = dense(system, slice(0, 1))
    weights, _ = drive_inputs(model.outputs)
    row = sum(rows[0, system.outputs.index(name)] * w for name, w in weights.items())
    n, v = len(system.states), form.values

    def slope(_, y):
        x = max(row @ y[:n], 0.0)
        theta = x / (1 + x)
        power, fall = v["drive_power"], v["drive_fall_power"]
        drive = theta**power / (v["drive_half"] ** power + theta**power)
        drive /= 1 + (theta / v["drive_fall"]) ** fall
        one, fast, slow = y[n:]
        if form.name == "states":
            more = [
                v["bdnf_rate_per_h"] * (drive - one),
                v["fast_gain_per_h"] * one * (1 - fast) - fast / v["fast_time_constant_h"],
                v["slow_gain_per_h"] * one * (1 - slow) - slow / v["slow_time_constant_h"],
            ]
        else:
            more = [
                (drive - one) / v["onset_time_constant_h"],
                (one - fast) / v["fast_time_constant_h"],
                (one - slow) / v["slow_time_constant_h"],
            ]
        return np.concatenate([a[0] @ y[:n], more])

    y, now, found = np.zeros(n + 3), 0.0, []
    stops = sorted({*inputs.time_h.tolist(), *times_h.tolist()})
    for stop in stops:
        if stop > now:
            y = solve_ivp(slope, (now, stop), y, method="LSODA", rtol=1e-10, atol=1e-12).y[:, -1]
            now = stop
        for j in np.flatnonzero(inputs.time_h == stop):
            y[inputs.state[j]] += inputs.amount[j] * inputs.factors[inputs.factor[j], 0]
        if stop in times_h:
            found.append(y[n:])
    states = np.array(found).T[:, None, :]
    return form.improvement(dict(zip(form.wanted, states, strict=True)))[0]


SITTINGS = st.lists(
    st.tuples(
        st.floats(20.0, 200.0),
        st.floats(0.1, 1.5),
        st.sampled_from(["bolus", "infusion", "oral", "muscle"]),
    ),
    min_size=1,
    max_size=4,
)


def course_of(sittings):
    at_h, doses = 0.0, []
    for gap_h, dose, kind in sittings:
        if kind == "infusion":
            doses.append(infusion(dose, "mg/kg", over_min=40.0, at_h=at_h))
        else:
            route = {"bolus": "iv", "oral": "oral", "muscle": "im"}[kind]
            doses.append(bolus(dose, "mg/kg", at_h=at_h, route=route))
        at_h += gap_h
    return Regimen.of(doses), at_h


@pytest.mark.parametrize("form", FORMS)
@given(sittings=SITTINGS)
@settings(max_examples=6, deadline=None)
def test_truth_on_random_regimens(form, sittings):
    regimen, end_h = course_of(sittings)
    times_h = np.unique(np.concatenate([[1.0, 3.0, 24.0], np.linspace(5.0, end_h + 300.0, 12)]))
    found = effect(form(), regimen, times_h)
    tight = reference(form(), regimen, times_h)
    assert np.abs(found - tight).max() <= 2e-5 * np.abs(tight).max()


@pytest.mark.parametrize("form", FORMS)
def test_error_falls_at_order_four_or_more(form, monkeypatch):
    regimen = ONCE.repeated([0.0, 72.0])
    times_h = np.array([1.0, 4.0, 24.0, 71.0, 74.0, 100.0, 200.0])

    def found(panels):
        monkeypatch.setattr(sharpness, "PANELS", panels)
        monkeypatch.setattr(sharpness, "PANELS_SHARP", panels)
        return effect(form(), regimen, times_h, kernel="numpy")

    finest = found(16)
    errors = [np.abs(found(panels) - finest).max() for panels in (1, 2, 4)]
    assert errors[0] / errors[1] > 16
    assert errors[1] / errors[2] > 16


SLOW = {"norketamine_clearance_factor": 0.1}
SLOWER = {"hepatic_clint_factor": 0.05}


@pytest.mark.parametrize("kernel", ["compiled", "numpy"])
@pytest.mark.parametrize(
    ("model_id", "dose", "over_h", "route", "covariates"),
    [
        ("otto_2021_fanta_2015", 2.0, 3.0, "iv", SLOW),
        ("composite_racemic", 1.0, 0.0, "sc", SLOW | SLOWER),
        ("ashraf_2018", 1.0, 2 / 3, "iv", SLOWER),
        ("simons_2022", 5.0, 3.0, "iv", SLOWER),
        ("perez_ruixo_2021", 1.0, 0.0, "nasal", SLOWER),
    ],
)
def test_the_states_are_true_for_who_clears_slowly(
    model_id, dose, over_h, route, covariates, kernel
):
    """Their level stays up into panels over which the fast state forgets many times over."""
    model, form = load_model(model_id), States()
    people = draw_people(model, 2, 3, **covariates)
    regimen = Regimen.of(Dose(0.0, route, dose, "mg/kg", over_h)).repeated([0.0, 72.0])
    times_h = np.linspace(0.0, 240.0, 41)
    stages = form.stages(model.outputs)
    found = simulate(
        model, regimen, people, times_h, stages=stages, wanted=form.wanted, kernel=kernel
    )
    for person in range(2):
        truth = Truth(model, people, person)
        slopes = stage_slopes(truth, list(stages), {})
        expected = truth.integrated(regimen, times_h, slopes, len(form.wanted))
        for k, name in enumerate(form.wanted):
            assert scaled(found[name][person], expected[:, len(model.compartments) + k]) <= 2e-5
