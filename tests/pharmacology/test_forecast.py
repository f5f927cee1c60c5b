"""Learning from readings: right where the answer is known, the same however it was reached."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize

from evenkeel.pharmacology import (
    Dose,
    Model,
    PharmacologyError,
    Regimen,
    draw_people,
    infusion,
    load_model,
)
from evenkeel.pharmacology.forecast import (
    Forecast,
    Level,
    Observation,
    Setting,
    fit_many,
    fit_person,
)
from evenkeel.pharmacology.forecast.observations import EFFECT_OF, likelihood, log_likelihoods
from evenkeel.pharmacology.quantiles import _plain, weighted_quantiles
from evenkeel.pharmacology.ways import simulate_ways

LEVEL = "s_ketamine_ng_ml"
HALF_AN_HOUR = Regimen.of(infusion(20, over_min=30))
SESSION = Regimen.of(infusion(0.5, "mg/kg", over_min=40))
PERSON = {"weight_kg": 74.0, "age_years": 41.0, "sbp_usual_mmhg": 124.0}


def level_by_hand(cl: np.ndarray, v: np.ndarray, t: float) -> np.ndarray:
    """ng/mL of one compartment, 20 mg over half an hour."""
    k, rate = cl / v, 20 / 0.5
    given = min(t, 0.5)
    return 1000 * rate / cl * (1 - np.exp(-k * given)) * np.exp(-k * (t - given))


def session(n: int = 2000, seed: int = 5) -> Forecast:
    setting = Setting(load_model("composite_racemic"), SESSION, PERSON, n=n, seed=seed)
    return Forecast.prior(setting)


READINGS = (
    Observation(0.0, "sbp", 126),
    Observation(5 / 60, "sbp", 131),
    Observation(10 / 60, "dissociation", 3),
    Observation(10 / 60, "sbp", 144),
    Observation(10 / 60, "hr", 81),
    Observation(20 / 60, "moaas", 5),
    Observation(25 / 60, "dbp", 92),
    Observation(30 / 60, "sbp", 151),
)


@pytest.mark.parametrize(("seed", "effects"), [(1, True), (2, False)])
def test_the_posterior_is_that_of_numerical_integration(
    one: Model, seed: int, effects: bool
) -> None:
    readings = {0.4: 150.0, 1.0: 95.0, 2.0: 47.0}
    forecast = Forecast.prior(Setting(one, HALF_AN_HOUR, n=20_000, seed=seed, effects=effects))
    for time_h, value in readings.items():
        forecast = forecast.update(Observation(time_h, LEVEL, value))
    a, b = np.meshgrid(np.linspace(-1.5, 1.5, 401), np.linspace(-1.2, 1.2, 401))
    log = -(a**2) / (2 * 0.09) - b**2 / (2 * 0.04)
    for time_h, value in readings.items():
        predicted = level_by_hand(60 * np.exp(a), 120 * np.exp(b), time_h)
        log = log - (np.log(value / predicted)) ** 2 / (2 * 0.2**2)
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    exact = np.array([(weight * a).sum(), (weight * b).sum()])
    spread = np.sqrt([(weight * (a - exact[0]) ** 2).sum(), (weight * (b - exact[1]) ** 2).sum()])
    etas = forecast.normals[:, :2] * [0.3, 0.2]
    mean = forecast.weights @ etas
    sd = np.sqrt(forecast.weights @ (etas - mean) ** 2)
    assert np.abs(mean - exact).max() < 0.05 * spread.min()
    assert sd == pytest.approx(spread, rel=0.06)


def test_a_late_reading_gives_the_answer_of_having_had_it_in_time() -> None:
    prior = session(n=500)
    straight = prior.update(*READINGS)
    one_by_one = prior
    for reading in READINGS:
        one_by_one = one_by_one.update(reading)
    backwards = prior
    for reading in reversed(READINGS):
        backwards = backwards.update(reading)
    corrected = prior.update(*READINGS, Observation(15 / 60, "sbp", 210)).without(
        Observation(15 / 60, "sbp", 210)
    )
    for other in (one_by_one, backwards, corrected, straight.update(READINGS[0])):
        assert np.array_equal(straight.normals, other.normals)
        assert np.array_equal(straight.log_weights, other.log_weights)
        assert straight.observations == other.observations


def test_readings_of_one_moment_count_the_same_in_any_order() -> None:
    prior = session(n=300)
    three = [r for r in READINGS if r.time_h == 10 / 60]
    found = [prior.update(*order).normals for order in itertools.permutations(three)]
    for order in itertools.permutations(three):
        step = prior
        for reading in order:
            step = step.update(reading)
        found.append(step.normals)
    assert all(np.array_equal(found[0], other) for other in found[1:])


@pytest.mark.parametrize(
    ("reading", "odd"),
    [
        (Observation(0.5, "sbp", 1180), True),
        (Observation(0.5, "sbp", 60), True),
        (Observation(0.5, "sbp", 150), False),
        (Observation(0.5, "moaas", 0), True),
        (Observation(0.5, "moaas", 4), False),
        (Observation(0.5, "dissociation", 6), False),
        (Observation(0.5, "ketamine_ng_ml", 9000), True),
        (Observation(0.5, "ketamine_ng_ml", 130), False),
    ],
    ids=lambda v: v.words if isinstance(v, Observation) else str(v),
)
def test_a_reading_that_nobody_explains_is_called_out(reading: Observation, odd: bool) -> None:
    forecast = session().update(*READINGS[:6], reading)
    assert [s.observation for s in forecast.surprises] == ([reading] if odd else [])
    assert all("before it is believed" in s.words for s in forecast.surprises)


def test_an_impossible_reading_moves_nothing() -> None:
    before = session().update(*READINGS[:5])
    after = before.update(Observation(0.5, "sbp", 1180))
    times = np.array([0.6, 0.8])
    one, other = before.predict(times).bands, after.predict(times).bands
    assert other["sbp_reading"] == pytest.approx(one["sbp_reading"], abs=0.5)


def test_readings_worked_out_together_are_as_likely_as_one_by_one() -> None:
    found = session(n=300).update(*READINGS, Observation(0.5, "sbp", 1180))
    times = sorted({one.time_h for one in found.observations})
    effects = {EFFECT_OF[one.kind] for one in found.observations}
    acute = found.setting.run(found.normals, np.array(times), effects)
    one_by_one = sum(
        likelihood(one, acute, times.index(one.time_h), None).log for one in found.observations
    )
    together = log_likelihoods(found.observations, acute, times)
    assert together == pytest.approx(one_by_one, rel=1e-12)
    assert found.log_likelihood == pytest.approx(one_by_one, rel=1e-9)


def test_the_people_do_not_collapse_into_few() -> None:
    rng = np.random.default_rng(8)
    readings = [
        Observation(minute / 60, "sbp", 125 + 22 * np.sin(minute / 30) + rng.normal(0, 5))
        for minute in range(0, 90, 3)
    ]
    found = session(n=1000).update(*readings)
    assert found.effective > 300
    assert len(np.unique(found.normals[:, 0])) > 600


def test_bands_narrow_with_readings_and_hold_what_comes() -> None:
    """Readings of virtual people of the same model: 90 % of the later ones lie in 90 % bands."""
    truth = Setting(load_model("composite_racemic"), SESSION, {"weight_kg": 74.0}, n=120, seed=77)
    minutes = np.array([0, 10, 20, 30, 45, 60, 80])
    acute = truth.run(truth.prior(), minutes / 60, ["hemodynamics"])
    rng = np.random.default_rng(3)
    noise = acute.person.model["sbp_noise_sd_mmhg"]
    shown = acute.hemodynamics.sbp_mmhg + noise * rng.standard_normal((120, 7))
    prior = Forecast.prior(
        Setting(load_model("composite_racemic"), SESSION, {"weight_kg": 74.0}, n=600, seed=1)
    )
    before = prior.predict(minutes[4:] / 60, names=["sbp_reading"]).bands["sbp_reading"]
    inside, narrower = [], []
    for one in range(60):
        readings = [
            Observation(m / 60, "sbp", v) for m, v in zip(minutes[:4], shown[one, :4], strict=True)
        ]
        after = prior.update(*readings).predict(minutes[4:] / 60, names=["sbp_reading"])
        low, high = after.bands["sbp_reading"][0], after.bands["sbp_reading"][-1]
        inside += ((shown[one, 4:] >= low) & (shown[one, 4:] <= high)).tolist()
        narrower.append(float(np.mean((high - low) / (before[-1] - before[0]))))
    # 180 readings, dependent within a person: three standard errors of about 60 of them.
    assert 0.9 - 0.12 < np.mean(inside) <= 1.0
    assert np.mean(narrower) < 0.8


def test_what_if_slower_is_the_same_people_under_another_regimen() -> None:
    forecast = session().update(*READINGS)
    times = np.arange(30, 91, 5) / 60
    as_planned = forecast.predict(times)
    stopped = forecast.predict(times, SESSION.stopped(0.5))
    slowed = forecast.predict(times, SESSION.slowed(0.5, 0.5))
    for later in range(2, len(times)):
        medians = [p.bands["sbp_reading"][2, later] for p in (stopped, slowed, as_planned)]
        assert medians == sorted(medians)
    assert stopped.ready_by_end >= slowed.ready_by_end >= as_planned.ready_by_end
    assert "never satisfies a discharge condition" in as_planned.readiness_note


_BEGUN = Regimen.of(infusion(30, over_min=40, at_h=0.2))
_NOTHING: tuple[Dose, ...] = ()
_FIRST_DEVICE = Dose(0.1, "nasal", 28.0)
WAYS = [
    pytest.param(
        "composite_racemic",
        0.5,
        [_BEGUN, _BEGUN.slowed(0.5, 0.5), _BEGUN.stopped(0.5)],
        id="a pump goes on, slower, not at all",
    ),
    pytest.param(
        "composite_racemic",
        0.3,
        [Regimen(_NOTHING), Regimen.of(infusion(30, over_min=40, at_h=0.3))],
        id="nothing was given yet",
    ),
    pytest.param(
        "perez_ruixo_2021",
        0.15,
        [
            Regimen.of(_FIRST_DEVICE),
            Regimen.of(_FIRST_DEVICE, Dose(0.2, "nasal", 28.0), Dose(0.3, "nasal", 28.0)),
        ],
        id="one device, or two more",
    ),
]


@pytest.mark.parametrize(("model", "from_h", "regimens"), WAYS)
def test_ways_on_worked_out_together_are_those_worked_out_alone(
    model: str, from_h: float, regimens: list[Regimen]
) -> None:
    setting = Setting(load_model(model), regimens[0], PERSON, n=600, seed=3)
    forecast = Forecast.prior(setting)
    times = from_h + np.array([*np.arange(0, 62.5, 2.5), *np.arange(70, 301, 10)]) / 60
    names = ("sbp_reading", "sbp", "dissociation", "moaas", LEVEL)
    together = forecast.ways(times, regimens, names=names, other_names=("sbp", LEVEL), shown=25)
    assert len(together) == len(regimens)
    for place, (found, regimen) in enumerate(zip(together, regimens, strict=True)):
        alone = forecast.predict(times, regimen, names=names)
        assert set(found.bands) == set(names if not place else ("sbp", LEVEL))
        for name, band in found.bands.items():
            np.testing.assert_allclose(band, alone.bands[name][:, :25], rtol=1e-9, atol=1e-9)
        assert found.ready_by_end == pytest.approx(alone.ready_by_end)
        assert found.readiness_h == pytest.approx(alone.readiness_h)
        truth, sd = found.vital("hr", np.array([0, 48]))
        whole, same = alone.vital("hr")
        np.testing.assert_allclose(truth, whole[:, [0, 48]], rtol=1e-9)
        assert sd == same


@pytest.mark.parametrize(("model", "from_h", "regimens"), WAYS)
def test_the_plain_way_of_ways_agrees_with_the_compiled(
    model: str, from_h: float, regimens: list[Regimen]
) -> None:
    one = load_model(model)
    people, times = draw_people(one, 70, 2, weight_kg=70.0), from_h + np.arange(0, 8) / 4
    compiled = simulate_ways(one, regimens, people, times)
    plain = simulate_ways(one, regimens, people, times, kernel="numpy")
    for a, b in zip(compiled, plain, strict=True):
        for name, values in a.values.items():
            np.testing.assert_allclose(values, b[name], rtol=1e-9, atol=1e-9)


def test_ways_on_have_one_past() -> None:
    forecast = session(n=50)
    with pytest.raises(PharmacologyError, match="differ in what was given before"):
        forecast.ways([0.5, 0.6], [SESSION, SESSION.stopped(0.2)], shown=2)


def test_the_chance_of_a_line_is_the_share_of_people_beyond_it() -> None:
    forecast = session().update(*READINGS[:4])
    found = forecast.predict(np.array([0.5, 0.6]))
    truth = found.acute.hemodynamics.sbp_mmhg
    noise = found.acute.person.model["sbp_noise_sd_mmhg"]
    rng = np.random.default_rng(0)
    drawn = truth[:, :1] + noise * rng.standard_normal((len(truth), 400))
    share = float(found.weights @ (drawn >= 150).mean(axis=1))
    assert found.chance_at_least("sbp", 150)[0] == pytest.approx(share, abs=0.01)
    both = found.chance_any_at_least("sbp", 150, np.array([0, 1]))
    assert both >= found.chance_at_least("sbp", 150).max() - 1e-12


@pytest.mark.parametrize(
    "reading",
    [
        Observation(0.1, "mood", 3),
        Observation(-0.1, "sbp", 120),
        Observation(0.1, "sbp", float("nan")),
        Observation(0.1, "moaas", 6),
        Observation(0.1, "dissociation", 2.5),
        Observation(0.1, "cadss", 93),
        Observation(0.1, "ketamine_ng_ml", 0),
    ],
    ids=str,
)
def test_what_is_no_reading_is_refused(reading: Observation) -> None:
    with pytest.raises(PharmacologyError):
        session(n=100).update(reading)


def test_quantiles_are_those_of_the_weighted_distribution() -> None:
    rng = np.random.default_rng(4)
    values = rng.gamma(2.0, 30.0, (4001, 11))
    values[:, 3] = 7.0
    values[:200, 4] = np.inf
    weights = rng.random(4001)
    weights[::7] = 0.0
    weights /= weights.sum()
    levels = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
    found = weighted_quantiles(values, weights, levels)
    assert np.array_equal(found, _plain(values, weights, np.array(levels)))
    equal = weighted_quantiles(values, np.full(4001, 1 / 4001), levels[1:-1])
    by_numpy = np.quantile(values, levels[1:-1], axis=0, method="inverted_cdf")
    assert np.array_equal(equal, by_numpy)


def test_the_fitted_person_is_the_minimum_of_the_objective(one: Model) -> None:
    levels = {0.25: 80.0, 0.5: 140.0, 1.0: 110.0, 2.0: 60.0}
    found = fit_person(one, HALF_AN_HOUR, [Level(t, LEVEL, v) for t, v in levels.items()], sd=0.15)

    def objective(z: np.ndarray) -> float:
        total = float(z @ z)
        for time_h, value in levels.items():
            p = level_by_hand(60 * np.exp(0.3 * z[0]), 120 * np.exp(0.2 * z[1]), time_h)
            total += ((value - p) / (0.15 * p)) ** 2 + 2 * np.log(0.15 * p)
        return total

    best = minimize(objective, np.zeros(2), method="BFGS", options={"gtol": 1e-9})
    assert found.converged.all()
    assert found.normals[0] == pytest.approx(best.x, abs=3e-4)
    assert found.objective[0] == pytest.approx(best.fun, abs=1e-6)
    assert found.effects[0] == pytest.approx(best.x * [0.3, 0.2], abs=1e-4)


def test_many_people_are_fitted_as_each_alone(one: Model) -> None:
    rng = np.random.default_rng(6)
    times = np.array([0.25, 0.5, 1.0, 3.0])
    cl, v = 60 * np.exp(0.3 * rng.standard_normal(40)), 120 * np.exp(0.2 * rng.standard_normal(40))
    exact = np.stack([level_by_hand(cl, v, t) for t in times], axis=1)
    values = exact * np.exp(0.15 * rng.standard_normal(exact.shape))
    values[3, 2] = np.nan
    together = fit_many(one, HALF_AN_HOUR, times, [LEVEL] * 4, values)
    assert together.converged.all()
    for person in (0, 3, 17):
        levels = [
            Level(t, LEVEL, value)
            for t, value in zip(times, values[person], strict=True)
            if np.isfinite(value)
        ]
        alone = fit_person(one, HALF_AN_HOUR, levels)
        assert together.normals[person] == pytest.approx(alone.normals[0], abs=3e-4)
