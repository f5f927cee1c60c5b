"""What the weighted people of a forecast say about times to come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..acute import Acute
from ..effects import READINESS_NOTE, time_to_readiness_min
from ..model import Status
from ..plan import check_times
from ..quantiles import weighted_quantiles
from ..regimen import Regimen
from ..simulate import least_trusted
from ..solve import in_threads
from .observations import EFFECT_OF, VITALS, Observation, truth_of

if TYPE_CHECKING:
    from .learning import Forecast

Array = NDArray[np.float64]

#: How far each vital sign is from what a cuff or monitor shows.
_NOISE = {
    "sbp": "sbp_noise_sd_mmhg",
    "dbp": "dbp_noise_sd_mmhg",
    "hr": "hr_noise_sd_bpm",
}
_NOISE_STREAM = 10**9
#: What a screen in the room shows.
SESSION = ("sbp_reading", "dbp_reading", "hr_reading", "dissociation", "moaas")


@dataclass(frozen=True, slots=True)
class Surprise:
    """A reading that hardly any virtual person explains, and how often one so far out was due."""

    observation: Observation
    tail: float

    @property
    def words(self) -> str:
        """For people: what does not fit, and what to do."""
        return (
            f"{self.observation.words} does not fit what this person was expected to show "
            f"(fewer than {max(self.tail, 1e-4):.2%} of virtual people read so). "
            "Check the person, the sensor and the entry before it is believed."
        )


@dataclass(frozen=True, eq=False)
class Prediction:
    """Quantiles (levels, T) by name, and the weighted people behind them.

    ``bands["sbp"]`` is the person's own pressure, ``bands["sbp_reading"]`` what a cuff would show.
    ``readiness_h`` (levels,) are quantiles of the time from which all signs are back, infinite
    beyond the last time, and ``ready_by_end`` the chance that it comes by then; both are None
    unless pressure, dissociation and sedation were all asked for.
    """

    times_h: Array
    levels: tuple[float, ...]
    bands: Mapping[str, Array]
    readiness_h: Array | None
    ready_by_end: float | None
    effective: float
    surprises: tuple[Surprise, ...]
    status: Status
    reasons: tuple[str, ...]
    acute: Acute
    weights: Array

    #: What time to readiness may not be used for.
    readiness_note = READINESS_NOTE

    def vital(self, name: str) -> tuple[Array, float]:
        """A vital sign of each person as it is (N, T), and the SD of one reading of it."""
        return _vital(self.acute, name), float(self.acute.person.model[_NOISE[name]])

    def chance_at_least(self, name: str, line: float) -> Array:
        """(T,) chance that a reading of a vital sign at each time is at or above ``line``."""
        from scipy.special import ndtr

        truth = _vital(self.acute, name)
        sd = self.acute.person.model[_NOISE[name]]
        chance: Array = self.weights @ ndtr((truth - line) / sd)
        return chance

    def chance_any_at_least(self, name: str, line: float, columns: NDArray[np.int64]) -> float:
        """Chance that any reading at these columns is at or above ``line``."""
        from ..effects import probability_any_reading_at_least

        truth = _vital(self.acute, name)[:, columns]
        sd = self.acute.person.model[_NOISE[name]]
        return float(self.weights @ probability_any_reading_at_least(truth, line, sd))


def _vital(acute: Acute, kind: str) -> Array:
    """A vital sign (N, T) as it is."""
    scale, shift = truth_of(acute.person, kind)
    return scale * acute.hemodynamics.sbp_rise_mmhg + shift[:, None]


def predict(
    forecast: Forecast,
    times_h: object,
    regimen: Regimen | None,
    levels: tuple[float, ...],
    names: tuple[str, ...],
) -> Prediction:
    """See ``Forecast.predict``. Raises ``ValueError`` for a name that stands for nothing."""
    times = check_times(times_h)
    bare = {name: name.removesuffix("_reading") for name in names}
    effects = {EFFECT_OF[kind] for kind in bare.values() if kind in EFFECT_OF}
    outputs = {kind for kind in bare.values() if kind not in EFFECT_OF}
    unknown = outputs - set(forecast.setting.model.outputs)
    if unknown:
        raise ValueError(f"there is nothing called {sorted(unknown)} to predict")
    acute = forecast.setting.run(forecast.normals, times, effects, outputs, regimen)
    weights = np.where(acute.result.failed, 0.0, forecast.weights)
    weights = weights / weights.sum()
    noise = forecast.setting.stream(_NOISE_STREAM).standard_normal(len(weights))
    bands: dict[str, Array] = {}
    scores: dict[str, Array] = {}

    def add(name: str, path: Array, scale: float = 1.0, shift: Array | None = None) -> None:
        bands[name] = weighted_quantiles(
            path, weights, levels, scale=scale, shift=shift, alone=True
        )

    def vital_bands() -> None:
        rise = acute.hemodynamics.sbp_rise_mmhg
        for name, kind in bare.items():
            if kind in VITALS:
                scale, shift = truth_of(acute.person, kind)
                if name != kind:
                    # One draw a person, the same at every time: right for each time by itself.
                    shift = shift + acute.person.model[_NOISE[kind]] * noise
                add(name, rise, scale, shift)

    def score_bands(kind: str) -> None:
        shown = acute.dissociation if kind == "dissociation" else acute.sedation
        scores[kind] = shown.score()
        for name in (name for name, own in bare.items() if own == kind):
            add(name, scores[kind])

    tasks: list[Callable[[], None]] = [
        partial(score_bands, kind) for kind in ("dissociation", "moaas") if kind in bare.values()
    ]
    tasks += [vital_bands] if "hemodynamics" in effects else []
    tasks += [
        partial(add, name, acute.result[kind]) for name, kind in bare.items() if kind in outputs
    ]
    in_threads(tasks)
    ready, by_end = None, None
    if {"hemodynamics", "dissociation", "sedation"} <= effects and len(scores) == 2:
        ready, by_end = _readiness(acute, times, scores, weights, levels)
    return Prediction(
        times_h=times,
        levels=levels,
        bands=bands,
        readiness_h=ready,
        ready_by_end=by_end,
        effective=forecast.effective,
        surprises=forecast.surprises,
        status=least_trusted(acute.result.status, "derived") if effects else acute.result.status,
        reasons=acute.result.reasons,
        acute=acute,
        weights=weights,
    )


def _readiness(
    acute: Acute,
    times: Array,
    scores: Mapping[str, Array],
    weights: Array,
    levels: tuple[float, ...],
) -> tuple[Array, float]:
    ready = time_to_readiness_min(
        times * 60.0,
        dissociation=scores["dissociation"],
        moaas=scores["moaas"],
        sbp_rise_mmhg=acute.hemodynamics.sbp_rise_mmhg,
    )
    known = np.isfinite(ready)
    when = np.where(known, ready / 60.0, np.inf)
    quantiles = weighted_quantiles(when[:, None], weights, levels)[:, 0]
    return quantiles, float(weights[known].sum())
