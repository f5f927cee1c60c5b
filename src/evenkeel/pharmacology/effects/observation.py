"""How likely one reading is for each virtual person, and whether it surprises all of them.

Every likelihood is that of one reading given the person's own prediction (N,); readings of one
session are independent given the person, whose baseline already holds the session's shift. Each is
mixed with a small floor, an even spread over what can be written down at all, so that an
impossible reading leaves the weights nearly alone; `tail` then says that it was impossible. A
person whose prediction failed (NaN) gets a log likelihood of minus infinity and is not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .bounded import BoundedInteger, normal_cdf
from .dissociation import Dissociation, cadss_scale, score_scale
from .errors import EffectsError
from .parameters import AcuteModel
from .sedation import Sedation

Array = NDArray[np.float64]
Vital = Literal["sbp", "dbp", "hr"]
ResidualKind = Literal["proportional", "log_additive"]
Total = Literal["phq9", "madrs"]

#: What a reading can be at all, for the even floor: low and high in the unit of the reading.
VITAL_RANGES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"sbp": (30.0, 300.0), "dbp": (10.0, 200.0), "hr": (10.0, 300.0)}
)
TOTAL_TOPS: Mapping[str, int] = MappingProxyType({"phq9": 27, "madrs": 60})
#: A reading with a smaller tail probability than this is surprising.
SURPRISING = 0.01
_LOG_RANGE = float(np.log(1e6))


@dataclass(frozen=True)
class Likelihood:
    """`log` (N,) for the weights; `tail`, how often a reading as far out was to be expected.

    `tail` is the two-sided tail probability under the weighted virtual people, without the floor.
    It is worked out when it is asked for.
    """

    log: Array
    _ends: Callable[[], tuple[Array, Array]]
    _weights: Array | None

    @cached_property
    def tail(self) -> float:
        """The probability of a reading at least as far out, on either side."""
        at_most, at_least = self._ends()
        known = np.isfinite(self.log)
        if not known.any():
            return 0.0
        weights = None if self._weights is None else self._weights[known]
        below = float(np.average(at_most[known], weights=weights))
        above = float(np.average(at_least[known], weights=weights))
        return min(1.0, 2.0 * min(below, above))

    @property
    def surprising(self) -> bool:
        """True where hardly any virtual person explains the reading."""
        return self.tail < SURPRISING


def vital_likelihood(
    vital: Vital,
    reading: float,
    truth: Array,
    model: AcuteModel,
    *,
    weights: Array | None = None,
) -> Likelihood:
    """A reading of pressure (mmHg) or heart rate (bpm) given each person's true value (N,)."""
    if vital not in VITAL_RANGES:
        raise EffectsError(f"the vital sign is sbp, dbp or hr, not {vital!r}")
    _finite(vital, reading)
    sd = model[f"{vital}_noise_sd_{'bpm' if vital == 'hr' else 'mmhg'}"]
    z = (reading - truth) / sd
    low, high = VITAL_RANGES[vital]
    return _likelihood(
        _normal_density(z, sd), partial(_normal_ends, z), 1.0 / (high - low), model, weights
    )


def vital_logs(vital: Vital, readings: Array, truth: Array, model: AcuteModel) -> Array:
    """Log likelihoods (N, R) of R readings given each person's true values (N, R), all at once."""
    sd = model[f"{vital}_noise_sd_{'bpm' if vital == 'hr' else 'mmhg'}"]
    low, high = VITAL_RANGES[vital]
    share = model["floor_share"]
    z = (readings - truth) / sd
    density = _normal_density(z, sd)
    density *= 1.0 - share
    density += share / (high - low)
    log = np.log(density, out=density)
    return np.where(np.isfinite(log), log, -np.inf)


def concentration_likelihood(
    reading_ng_ml: float,
    predicted_ng_ml: Array,
    sd: float,
    model: AcuteModel,
    *,
    kind: ResidualKind = "log_additive",
    weights: Array | None = None,
) -> Likelihood:
    """A measured level given each person's predicted level (N,) and the model's residual `sd`.

    `log_additive`: log reading is normal around log prediction. `proportional`: the reading is
    normal around the prediction with SD sd x prediction. Density per unit of log or of ng/mL.
    """
    _finite("concentration", reading_ng_ml)
    if reading_ng_ml <= 0 or sd <= 0:
        raise EffectsError("a measured level and its residual SD must be above zero")
    predicted = np.maximum(predicted_ng_ml, 1e-6)
    if kind == "log_additive":
        z = (np.log(reading_ng_ml) - np.log(predicted)) / sd
        density, floor = _normal_density(z, sd), 1.0 / _LOG_RANGE
    elif kind == "proportional":
        scale = sd * predicted
        z = (reading_ng_ml - predicted) / scale
        density = np.exp(-0.5 * z * z) / (scale * np.sqrt(2.0 * np.pi))
        floor = 1.0 / (_LOG_RANGE * reading_ng_ml)
    else:
        raise EffectsError(f"the residual is log_additive or proportional, not {kind!r}")
    return _likelihood(density, partial(_normal_ends, z), floor, model, weights)


def score_likelihood(
    reading: int, state: Dissociation, *, column: int = 0, weights: Array | None = None
) -> Likelihood:
    """A dissociation score 0 to 10, at one time (`column`) of `state`."""
    latent = state.score_latent()[:, column]
    model = state.person.model
    return _bounded(score_scale(model), reading, latent, model, weights)


def cadss_likelihood(
    reading: int, state: Dissociation, *, column: int = 0, weights: Array | None = None
) -> Likelihood:
    """A CADSS total 0 to 92, at one time (`column`) of `state`."""
    latent = state.cadss_latent()[:, column]
    model = state.person.model
    return _bounded(cadss_scale(model), reading, latent, model, weights)


def moaas_likelihood(
    reading: int, state: Sedation, *, column: int = 0, weights: Array | None = None
) -> Likelihood:
    """A MOAA/S level 0 to 5, at one time (`column`) of `state`."""
    at_time = Sedation(state.odds[:, column : column + 1], state.person)
    at_most = at_time.probability_at_most(reading)[:, 0]
    below = at_time.probability_at_most(reading - 1)[:, 0] if reading > 0 else 0.0 * at_most
    return _likelihood(
        at_most - below, lambda: (at_most, 1.0 - below), 1.0 / 6.0, state.person.model, weights
    )


def total_likelihood(
    kind: Total,
    reading: int,
    mean: Array,
    model: AcuteModel,
    *,
    weights: Array | None = None,
) -> Likelihood:
    """A PHQ-9 or MADRS total given each person's expected total (N,) from the mood model.

    Normal around the mean, cut to whole numbers; the ends of the scale take the tails.
    """
    if kind not in TOTAL_TOPS:
        raise EffectsError(f"the total is phq9 or madrs, not {kind!r}")
    top = TOTAL_TOPS[kind]
    _whole(kind, reading, top)
    sd = model[f"{kind}_noise_sd_points"]
    at_most = normal_cdf((reading + 0.5 - mean) / sd) if reading < top else np.ones_like(mean)
    at_least = normal_cdf((mean - reading + 0.5) / sd) if reading > 0 else np.ones_like(mean)
    probability = np.maximum(at_most + at_least - 1.0, 0.0)
    return _likelihood(probability, lambda: (at_most, at_least), 1.0 / (top + 1), model, weights)


def _bounded(
    scale: BoundedInteger,
    reading: int,
    latent: Array,
    model: AcuteModel,
    weights: Array | None,
) -> Likelihood:
    _whole("score", reading, scale.top)

    def ends() -> tuple[Array, Array]:
        at_least = scale.probability_at_least(latent, reading)
        return 1.0 - scale.probability_at_least(latent, reading + 1), at_least

    return _likelihood(
        scale.probability(latent, reading), ends, 1.0 / (scale.top + 1), model, weights
    )


def _likelihood(
    density: Array,
    ends: Callable[[], tuple[Array, Array]],
    floor_density: float,
    model: AcuteModel,
    weights: Array | None,
) -> Likelihood:
    share = model["floor_share"]
    log = np.log((1.0 - share) * density + share * floor_density)
    return Likelihood(np.where(np.isfinite(log), log, -np.inf), ends, weights)


def _normal_ends(z: Array) -> tuple[Array, Array]:
    return normal_cdf(z), normal_cdf(-z)


def _normal_density(z: Array, sd: float) -> Array:
    return np.asarray(np.exp(-0.5 * z * z) / (sd * np.sqrt(2.0 * np.pi)), dtype=np.float64)


def _finite(name: str, reading: float) -> None:
    if not np.isfinite(reading):
        raise EffectsError(f"the {name} reading must be a finite number, not {reading!r}")


def _whole(name: str, reading: int, top: int) -> None:
    if isinstance(reading, bool) or int(reading) != reading or not 0 <= reading <= top:
        raise EffectsError(f"the {name} must be a whole number 0 to {top}, not {reading!r}")
