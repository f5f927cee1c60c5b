"""What the weighted people of a forecast say about times to come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from ..sharing import in_threads
from ..simulate import least_trusted
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
    Bands may be of the first times only, where the rest is looked at for readiness alone.
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

    def vital(
        self, name: str, columns: slice | NDArray[np.int64] = slice(None)
    ) -> tuple[Array, float]:
        """A vital sign of each person as it is (N, T), and the SD of one reading of it.

        Of some ``columns`` only, if they are given.
        """
        return _vital(self.acute, name, columns), float(self.acute.person.model[_NOISE[name]])

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

        truth = _vital(self.acute, name, columns)
        sd = self.acute.person.model[_NOISE[name]]
        return float(self.weights @ probability_any_reading_at_least(truth, line, sd))


def _vital(acute: Acute, kind: str, columns: slice | NDArray[np.int64] = slice(None)) -> Array:
    """A vital sign (N, T) as it is, at some columns."""
    scale, shift = truth_of(acute.person, kind)
    return scale * acute.hemodynamics.sbp_rise_mmhg[:, columns] + shift[:, None]


def predict(
    forecast: Forecast,
    times_h: object,
    regimen: Regimen | None,
    levels: tuple[float, ...],
    names: tuple[str, ...],
) -> Prediction:
    """See ``Forecast.predict``. Raises ``ValueError`` for a name that stands for nothing."""
    times = check_times(times_h)
    effects, outputs = _shown_by(forecast, names)
    acute = forecast.setting.run(forecast.normals, times, effects, outputs, regimen)
    told = _Telling(forecast, acute, levels, names, len(times))
    in_threads(told.tasks())
    return told.prediction()


def predict_ways(
    forecast: Forecast,
    times_h: object,
    regimens: Sequence[Regimen],
    levels: tuple[float, ...],
    names: tuple[str, ...],
    other_names: tuple[str, ...],
    shown: int,
) -> list[Prediction]:
    """See ``Forecast.ways``. Raises as ``predict`` and ``simulate_ways``."""
    times = check_times(times_h)
    effects, outputs = _shown_by(forecast, (*names, *other_names))
    effects |= {"hemodynamics", "dissociation", "sedation"}
    found = forecast.setting.run_ways(forecast.normals, times, regimens, effects, outputs)
    told = [
        _Telling(forecast, acute, levels, other_names if place else names, shown)
        for place, acute in enumerate(found)
    ]
    in_threads([task for one in told for task in one.tasks()])
    return [one.prediction() for one in told]


def _shown_by(forecast: Forecast, names: Sequence[str]) -> tuple[set[str], set[str]]:
    """The effects and the outputs of the model that bands of these names are made of."""
    kinds = {name.removesuffix("_reading") for name in names}
    outputs = {kind for kind in kinds if kind not in EFFECT_OF}
    unknown = outputs - set(forecast.setting.model.outputs)
    if unknown:
        raise ValueError(f"there is nothing called {sorted(unknown)} to predict")
    return {EFFECT_OF[kind] for kind in kinds if kind in EFFECT_OF}, outputs


class _Telling:
    """Bands of one run, ``shown`` first times of it, and when the signs are back."""

    def __init__(
        self,
        forecast: Forecast,
        acute: Acute,
        levels: tuple[float, ...],
        names: tuple[str, ...],
        shown: int,
    ) -> None:
        self.forecast, self.acute, self.levels, self.shown = forecast, acute, levels, shown
        self.bare = {name: name.removesuffix("_reading") for name in names}
        weights = np.where(acute.result.failed, 0.0, forecast.weights)
        self.weights = weights / weights.sum()
        self.bands: dict[str, Array] = {}
        self.scores: dict[str, Array] = {}

    def tasks(self) -> list[Callable[[], None]]:
        """What can be done side by side."""
        effects = self.acute.effects
        found: list[Callable[[], None]] = []
        if "dissociation" in effects:
            found.append(partial(self._score_bands, "dissociation"))
        if "sedation" in effects:
            found.append(partial(self._score_bands, "moaas"))
        if "hemodynamics" in effects:
            found.append(self._vital_bands)
        values = self.acute.result.values
        found += [
            partial(self._add, name, values[kind])
            for name, kind in self.bare.items()
            if kind not in EFFECT_OF
        ]
        return found

    def _add(self, name: str, path: Array, scale: float = 1.0, shift: Array | None = None) -> None:
        self.bands[name] = weighted_quantiles(
            path,
            self.weights,
            self.levels,
            scale=scale,
            shift=shift,
            alone=True,
            columns=self.shown,
        )

    def _vital_bands(self) -> None:
        rise, person = self.acute.hemodynamics.sbp_rise_mmhg, self.acute.person
        noise: Array | None = None
        for name, kind in self.bare.items():
            if kind not in VITALS:
                continue
            scale, shift = truth_of(person, kind)
            if name != kind:
                if noise is None:
                    stream = self.forecast.setting.stream(_NOISE_STREAM)
                    noise = stream.standard_normal(len(self.weights))
                # One draw a person, the same at every time: right for each time by itself.
                shift = shift + person.model[_NOISE[kind]] * noise
            self._add(name, rise, scale, shift)

    def _score_bands(self, kind: str) -> None:
        shown = self.acute.dissociation if kind == "dissociation" else self.acute.sedation
        self.scores[kind] = shown.score()
        for name, own in self.bare.items():
            if own == kind:
                self._add(name, self.scores[kind])

    def prediction(self) -> Prediction:
        """All of it, once the tasks are done."""
        acute, result = self.acute, self.acute.result
        ready, by_end = None, None
        if {"hemodynamics", "dissociation", "sedation"} <= set(acute.effects):
            times = result.times_h
            ready, by_end = _readiness(acute, times, self.scores, self.weights, self.levels)
        return Prediction(
            times_h=result.times_h,
            levels=self.levels,
            bands=self.bands,
            readiness_h=ready,
            ready_by_end=by_end,
            effective=self.forecast.effective,
            surprises=self.forecast.surprises,
            status=least_trusted(result.status, "derived") if acute.effects else result.status,
            reasons=result.reasons,
            acute=acute,
            weights=self.weights,
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
