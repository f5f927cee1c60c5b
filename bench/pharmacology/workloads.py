"""W1, W2 and W3: what is computed, for whom and when. Benchmark values, not clinical ones.

Units here: minutes, liters, milligrams, mg/L. Variability is independent and log-normal: person
``i`` has ``value_j * exp(omega_j * z_ij)`` with ``omega_j = sqrt(log(1 + CV_j**2))`` and ``z`` =
``numpy.random.default_rng(20261123).standard_normal((people, parameters))``, so that the typical
value is the median and the first thousand people are the same whatever the number of people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SEED = 20261123
MODEL_FILE = Path(__file__).with_name("w1_model.json")

#: Share of the eliminated ketamine that becomes norketamine, in mg for mg.
FORMED = 0.80 * 223.70 / 237.72
DOSE_MG = 35.0
INFUSION_MIN = 40.0

#: Name -> (typical value, CV). Order is the order of the columns everywhere.
W1_PARAMETERS: dict[str, tuple[float, float]] = {
    "CL": (1.30, 0.25),
    "V1": (19.0, 0.30),
    "Q2": (2.00, 0.25),
    "V2": (38.0, 0.25),
    "Q3": (1.10, 0.25),
    "V3": (150.0, 0.25),
    "CLN": (0.75, 0.25),
    "VN1": (40.0, 0.30),
    "QN": (1.00, 0.25),
    "VN2": (100.0, 0.25),
}
W2_PARAMETERS: dict[str, tuple[float, float]] = {
    **W1_PARAMETERS,
    "KE0": (0.20, 0.30),
    "EC50": (0.15, 0.30),
    "KOUTB": (0.10, 0.30),
    "IA50": (1.0, 0.30),
    "M0": (32.0, 0.20),
}

W1_TIMES_MIN: Array = np.arange(181.0)
W1_OUTPUTS = ("C_ket", "C_nor")

DAY_MIN = 1440.0
W2_DOSES_MIN: Array = DAY_MIN * np.array([0.0, 3, 7, 10, 14, 17, 21, 24])
W2_END_MIN = 56 * DAY_MIN
#: Every 10 min for 4 h after each dose, and every 12 h for 56 days: 305 times.
W2_TIMES_MIN: Array = np.union1d(
    (W2_DOSES_MIN[:, None] + np.arange(0.0, 241.0, 10.0)).ravel(),
    np.arange(0.0, W2_END_MIN + 1, DAY_MIN / 2),
)
W2_OUTPUTS = ("C_ket", "C_nor", "MAP", "mood", "dissociation")
#: Ketamine 3 compartments, norketamine 2 (amounts, mg), then these four.
W2_STATES = ("A1", "A2", "A3", "N1", "N2", "Ce", "MAP", "A", "mood")

MAP_BASE, MAP_EMAX, MAP_EC50 = 90.0, 0.25, 0.1
ACCUMULATION_PER_MIN, NORKETAMINE_SHARE = 0.02, 0.3
ACCUMULATION_LOSS_PER_MIN = np.log(2.0) / (72 * 60)
MOOD_PER_MIN = np.log(2.0) / (36 * 60)
MOOD_EMAX, DISSOCIATION_MAX = 0.9, 45.0


def draw(parameters: dict[str, tuple[float, float]], people: int, seed: int = SEED) -> Array:
    """Draw people: shape (people, parameters), columns in the order of ``parameters``."""
    typical = np.array([value for value, _ in parameters.values()])
    omega = np.array([omega_of(cv) for _, cv in parameters.values()])
    z = np.random.default_rng(seed).standard_normal((people, len(typical)))
    return np.asarray(typical * np.exp(omega * z))


def omega_of(cv: float) -> float:
    """Return the standard deviation of the logarithm that gives the coefficient of variation."""
    return float(np.sqrt(np.log1p(cv**2)))


def w1_people(people: int) -> Array:
    """Draw the people of W1: shape (people, 10)."""
    return draw(W1_PARAMETERS, people)


def w2_people(people: int) -> Array:
    """Draw the people of W2: shape (people, 15); not the same people as those of W1."""
    return draw(W2_PARAMETERS, people)


def generator(parameters: Array) -> Array:
    """Return the rates of the five amounts, ``x' = G x + input``: (N, 10+) -> (N, 5, 5), 1/min.

    Order: ketamine central, second, third; norketamine central, peripheral.
    """
    cl, v1, q2, v2, q3, v3, cln, vn1, qn, vn2 = parameters[:, :10].T
    g = np.zeros((len(parameters), 5, 5))
    g[:, 0, 0] = -(cl + q2 + q3) / v1
    g[:, 1, 0], g[:, 2, 0], g[:, 3, 0] = q2 / v1, q3 / v1, FORMED * cl / v1
    g[:, 0, 1], g[:, 1, 1] = q2 / v2, -q2 / v2
    g[:, 0, 2], g[:, 2, 2] = q3 / v3, -q3 / v3
    g[:, 3, 3], g[:, 4, 3] = -(cln + qn) / vn1, qn / vn1
    g[:, 3, 4], g[:, 4, 4] = qn / vn2, -qn / vn2
    return g


def w2_rates(state: Array, parameters: Array, input_mg_per_min: float) -> Array:
    """Return the derivatives of the nine states of W2: (..., 9) with parameters (..., 15)."""
    cl, v1, q2, v2, q3, v3, cln, vn1, qn, vn2, ke0, _ec50, koutb, ia50, m0 = np.moveaxis(
        parameters, -1, 0
    )
    a1, a2, a3, n1, n2, ce, pressure, a, mood = np.moveaxis(state, -1, 0)
    c, cn = a1 / v1, n1 / vn1
    to_2, to_3, to_n2 = q2 * (c - a2 / v2), q3 * (c - a3 / v3), qn * (cn - n2 / vn2)
    raised = MAP_BASE * (1 + MAP_EMAX * c / (MAP_EC50 + c))
    eased = m0 * (1 - MOOD_EMAX * a / (ia50 + a))
    return np.stack(
        [
            input_mg_per_min - cl * c - to_2 - to_3,
            to_2,
            to_3,
            FORMED * cl * c - cln * cn - to_n2,
            to_n2,
            ke0 * (c - ce),
            koutb * (raised - pressure),
            ACCUMULATION_PER_MIN * (ce + NORKETAMINE_SHARE * cn) - ACCUMULATION_LOSS_PER_MIN * a,
            MOOD_PER_MIN * (eased - mood),
        ],
        axis=-1,
    )


def w2_person_rates(person: Array) -> Callable[[float, Array, float], list[float]]:
    """``w2_rates`` for one person (15,), in plain numbers: what a solver in Python calls fastest.

    The function takes the time (unused), the nine states and the input in mg/min.
    """
    cl, v1, q2, v2, q3, v3, cln, vn1, qn, vn2, ke0, _, koutb, ia50, m0 = person.tolist()
    formed, loss, mood_rate = FORMED * cl, float(ACCUMULATION_LOSS_PER_MIN), float(MOOD_PER_MIN)

    def rates(_time: float, state: Array, given: float) -> list[float]:
        a1, a2, a3, n1, n2, ce, pressure, a, mood = state.tolist()
        c, cn = a1 / v1, n1 / vn1
        to_2, to_3, to_n2 = q2 * (c - a2 / v2), q3 * (c - a3 / v3), qn * (cn - n2 / vn2)
        return [
            given - cl * c - to_2 - to_3,
            to_2,
            to_3,
            formed * c - cln * cn - to_n2,
            to_n2,
            ke0 * (c - ce),
            koutb * (MAP_BASE * (1 + MAP_EMAX * c / (MAP_EC50 + c)) - pressure),
            ACCUMULATION_PER_MIN * (ce + NORKETAMINE_SHARE * cn) - loss * a,
            mood_rate * (m0 * (1 - MOOD_EMAX * a / (ia50 + a)) - mood),
        ]

    return rates


def w2_start(parameters: Array) -> Array:
    """Return the states before the first dose: shape (N, 9)."""
    state = np.zeros((len(parameters), len(W2_STATES)))
    state[:, 6] = MAP_BASE
    state[:, 8] = parameters[:, 14]
    return state


def w2_outputs(state: Array, parameters: Array) -> Array:
    """Turn states (N, T, 9) into the five outputs (N, T, 5)."""
    v1, vn1, ec50 = (parameters[:, None, column] for column in (1, 7, 11))
    ce2 = state[..., 5] ** 2
    return np.stack(
        [
            state[..., 0] / v1,
            state[..., 3] / vn1,
            state[..., 6],
            state[..., 8],
            DISSOCIATION_MAX * ce2 / (ec50**2 + ce2),
        ],
        axis=-1,
    )


def w2_pieces() -> list[tuple[float, float, float]]:
    """Return the stretches of constant input: (from_min, to_min, mg_per_min)."""
    edges = np.union1d(W2_DOSES_MIN, W2_DOSES_MIN + INFUSION_MIN)
    edges = np.append(edges, W2_END_MIN)
    given = [DOSE_MG / INFUSION_MIN if edge in W2_DOSES_MIN else 0.0 for edge in edges[:-1]]
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), given, strict=True))


def relative_error(found: Array, reference: Array) -> float:
    """W1: the largest ``|c / c_ref - 1|`` over all people, outputs and times from 1 min on."""
    return float(np.max(np.abs(found[:, 1:] / reference[:, 1:] - 1)))


def scaled_error(found: Array, reference: Array) -> float:
    """W1 and W2: the largest over outputs of ``max|x - ref| / max|ref|`` over people and times."""
    return float(max(scaled_errors(found, reference)))


def scaled_errors(found: Array, reference: Array) -> Array:
    """Return ``max|x - ref| / max|ref|`` of each output: shape (outputs,)."""
    difference = np.abs(found - reference).max(axis=(0, 1))
    return np.asarray(difference / np.abs(reference).max(axis=(0, 1)))


# --- W3: learning from readings -----------------------------------------------------------------

#: What is read of one person: (output, minute).
W3_READINGS: tuple[tuple[str, float], ...] = (
    ("C_ket", 20.0),
    ("C_ket", 40.0),
    ("C_nor", 40.0),
    ("C_ket", 60.0),
    ("C_nor", 60.0),
    ("C_ket", 120.0),
    ("C_nor", 120.0),
    ("C_nor", 180.0),
)
W3_ERROR = 0.15
W3_EFFECTS = ("CL", "V1", "CLN", "VN1", "Q2")
W3_REFIT_PEOPLE = 1000
W3_PARTICLES = 5000
#: The reading that is new is this one; those before it were learned from while preparing.
W3_NEW_READING = 3
#: From the new reading on, 90 minutes, by the minute.
W3_AHEAD_MIN: Array = 60.0 + np.arange(91.0)
W3_QUANTILES = (0.05, 0.5, 0.95)


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings of some people: ``values`` (N, 8) in mg/L; ``effects`` (N, 5) made them."""

    values: Array
    effects: Array


def w3_readings(people: int = 1, seed: int = SEED) -> Readings:
    """Draw people with five random effects, and read each with 15 % proportional error."""
    from bench.pharmacology.reference import w1_exact

    random = np.random.default_rng(seed)
    z = random.standard_normal((people, len(W3_EFFECTS) + len(W3_READINGS)))
    effects = z[:, : len(W3_EFFECTS)] * w3_omega()
    exact = w1_exact(w3_parameters(effects))
    columns = [W1_OUTPUTS.index(name) for name, _ in W3_READINGS]
    true = exact[:, [int(minute) for _, minute in W3_READINGS], columns]
    return Readings(true * (1 + W3_ERROR * z[:, len(W3_EFFECTS) :]), effects)


def w3_omega() -> Array:
    """Return the standard deviations of the five random effects: shape (5,)."""
    return np.array([omega_of(W1_PARAMETERS[name][1]) for name in W3_EFFECTS])


def w3_parameters(effects: Array) -> Array:
    """Turn random effects (N, 5) into the ten parameters (N, 10); the others stay typical."""
    parameters = np.tile([value for value, _ in W1_PARAMETERS.values()], (len(effects), 1))
    names = list(W1_PARAMETERS)
    for column, name in enumerate(W3_EFFECTS):
        parameters[:, names.index(name)] *= np.exp(effects[:, column])
    return parameters


def w3_objective(effects: Array, predicted: Array, values: Array) -> Array:
    """Twice the negative log posterior, without constants: (N, 5), (N, 8), (N, 8) -> (N,)."""
    sd = W3_ERROR * predicted
    fit = np.sum(2 * np.log(sd) + ((values - predicted) / sd) ** 2, axis=-1)
    return np.asarray(fit + np.sum((effects / w3_omega()) ** 2, axis=-1))
