"""What was predicted for a reading before it was taken, and how far off it was.

A ``Score`` is plain data: it can be kept in a row (``as_dict``) and made again (``from_dict``), and
what is kept of one session can be counted beside that of others by ``tally``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..acute import Acute
from ..effects import SURPRISING, Dissociation, Sedation, cadss_scale, score_scale
from ..effects.bounded import BoundedInteger
from ..forecast import Forecast, Observation
from ..forecast.learning import shown_by
from ..forecast.observations import VITALS, ReadingError, check, truth_of
from .predictive import LEVELS, Ladder, NormalMixture, Predictive

Array = NDArray[np.float64]

#: The unit of each kind of reading that can be scored.
UNITS = {
    "sbp": "mmHg",
    "dbp": "mmHg",
    "hr": "/min",
    "dissociation": "of 10",
    "cadss": "points",
    "moaas": "levels",
}


@dataclass(frozen=True, slots=True)
class Score:
    """One reading beside what was predicted for it by the forecast as it stood just before.

    ``quantiles`` (5, in the order of ``LEVELS``) are of what would be read, noise included.
    ``inside_50`` and ``inside_90`` tell whether the reading lay in the bands as drawn, ends
    counted. ``share_50`` and ``share_90`` are for counting: the same as 0 or 1 on a continuous
    scale, on a ladder the share of the step that belongs to the band, so that a perfect forecast
    covers 50 and 90 % on average and not more (the nonrandomized transform of Czado, Gneiting and
    Held 2009, doi:10.1111/j.1541-0420.2009.01191.x). ``pit`` is P(below) + P(equal) / 2.
    ``crps`` is in the unit of the reading (``UNITS``), ``crps_prior`` that of the prior which
    learned nothing.
    ``tail`` is how often a reading as far out was due, on either side; ``surprising`` that this is
    rare. ``readings_so_far`` counts all readings of this session before, ``same_so_far`` those of
    this kind, ``sessions_so_far`` the earlier sessions whose learning was carried in.
    ``session_id`` tells sessions apart where scores of several are counted together.
    """

    kind: str
    time_h: float
    value: float
    session_number: int
    readings_so_far: int
    same_so_far: int
    sessions_so_far: int
    quantiles: tuple[float, ...]
    inside_50: bool
    inside_90: bool
    share_50: float
    share_90: float
    pit: float
    crps: float
    crps_prior: float
    tail: float
    surprising: bool
    reading_id: str = ""
    session_id: str = ""

    @property
    def minute(self) -> float:
        """Minutes from the start of the regimen's clock."""
        return self.time_h * 60.0

    @property
    def width_50(self) -> float:
        """Width of the 50 % band, in the unit of the reading."""
        return self.quantiles[3] - self.quantiles[1]

    @property
    def width_90(self) -> float:
        """Width of the 90 % band, in the unit of the reading."""
        return self.quantiles[4] - self.quantiles[0]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON or a row of a table."""
        return {**asdict(self), "quantiles": list(self.quantiles)}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Score:
        """The score again. Raises ``ReadingError`` for what ``as_dict`` did not give."""
        names = {field.name for field in fields(cls)}
        try:
            values = {name: kept[name] for name in names}
            values["quantiles"] = tuple(float(q) for q in kept["quantiles"])
        except (KeyError, TypeError, ValueError) as error:
            raise ReadingError(f"this is no kept score: {error}") from None
        if values["kind"] not in UNITS or len(values["quantiles"]) != len(LEVELS):
            raise ReadingError(f"this is no kept score: a reading of {values['kind']!r}")
        return cls(**values)


def score(
    forecast: Forecast, reading: Observation, prior: Forecast, *, session_id: str = ""
) -> Score:
    """What ``forecast`` had predicted for one reading; see ``score_moment``."""
    return score_moment(forecast, (reading,), prior, session_id=session_id)[0]


def score_moment(
    forecast: Forecast, readings: Sequence[Observation], prior: Forecast, *, session_id: str = ""
) -> tuple[Score, ...]:
    """What ``forecast`` had predicted for readings of one moment, none of them taken in yet.

    Readings that the forecast holds from that moment on are left out of it first
    (``Forecast.before``, dear only then), so the answer is the same whether it is asked before or
    after they were taken in. ``prior`` is what it is compared with, as a rule
    ``Forecast.prior`` of the same setting with nothing carried in; its readings, if it has any,
    count as they stand, and it is asked under the forecast's own regimen. Nothing is changed.

    Raises ``ReadingError`` for what is no reading, readings of different moments, a level in blood
    (those are not scored), or where nobody's numbers work out.
    """
    check(readings, forecast.setting.model, forecast.setting.effects)
    if not readings or len({one.time_h for one in readings}) != 1:
        raise ReadingError("readings are scored one moment at a time")
    unknown = {one.kind for one in readings} - set(UNITS)
    if unknown:
        raise ReadingError(f"readings of {min(unknown)!r} are not scored; of {', '.join(UNITS)}")
    stood = forecast.before(readings[0].time_h)
    own = predictives(stood, readings)
    regimen = stood.setting.regimen
    other = predictives(prior, readings, regimen=regimen)
    learned = stood.setting.learned
    sessions = 0 if learned is None else learned.sessions
    return tuple(
        _scored(one, own[one.kind], other[one.kind], stood, sessions, session_id)
        for one in readings
    )


def predictives(
    forecast: Forecast, readings: Iterable[Observation], regimen: Any = None
) -> dict[str, Predictive]:
    """Kind -> what a reading of it would show at the moment of these readings."""
    readings = tuple(readings)
    acute = forecast.setting.run(
        forecast.normals, np.array([readings[0].time_h]), *shown_by(readings), regimen=regimen
    )
    weights = np.where(acute.result.failed, 0.0, forecast.weights)
    total = weights.sum()
    if not total > 0.0:
        raise ReadingError("the numbers of nobody work out, so nothing was predicted")
    weights = weights / total
    return {kind: _predictive(kind, acute, weights) for kind in {one.kind for one in readings}}


def _predictive(kind: str, acute: Acute, weights: Array) -> Predictive:
    held = weights > 0.0
    weights = weights[held]
    person = acute.person
    if kind in VITALS:
        scale, shift = truth_of(person, kind)
        means = scale * acute.hemodynamics.sbp_rise_mmhg[:, 0] + shift
        sd = person.model[f"{kind}_noise_sd_{'bpm' if kind == 'hr' else 'mmhg'}"]
        return NormalMixture(means[held], weights, sd)
    if kind == "moaas":
        state = Sedation(acute.sedation.odds[held], person)
        return Ladder(weights @ state.probabilities()[:, 0, :])
    shown: Dissociation = acute.dissociation
    scale_of = score_scale if kind == "dissociation" else cadss_scale
    latent = shown.score_latent() if kind == "dissociation" else shown.cadss_latent()
    return Ladder(_steps(scale_of(person.model), latent[held, 0], weights))


def _steps(scale: BoundedInteger, latent: Array, weights: Array) -> Array:
    """(top + 1,) chance of each step under weighted people with these latent means (N,)."""
    at_least = [
        float(weights @ scale.probability_at_least(latent, k)) for k in range(scale.top + 2)
    ]
    found: Array = np.maximum(-np.diff(at_least), 0.0)
    return found


def _scored(
    one: Observation,
    own: Predictive,
    other: Predictive,
    stood: Forecast,
    sessions: int,
    session_id: str,
) -> Score:
    quantiles = own.quantiles(LEVELS)
    below, at_most = own.below(one.value), own.at_most(one.value)
    tail = min(1.0, 2.0 * min(at_most, 1.0 - below))
    return Score(
        kind=one.kind,
        time_h=one.time_h,
        value=one.value,
        session_number=stood.setting.session_number,
        readings_so_far=len(stood.observations),
        same_so_far=sum(1 for o in stood.observations if o.kind == one.kind),
        sessions_so_far=sessions,
        quantiles=quantiles,
        inside_50=quantiles[1] <= one.value <= quantiles[3],
        inside_90=quantiles[0] <= one.value <= quantiles[4],
        share_50=_share(below, at_most, 0.25, 0.75),
        share_90=_share(below, at_most, 0.05, 0.95),
        pit=0.5 * (below + at_most),
        crps=own.crps(one.value),
        crps_prior=other.crps(one.value),
        tail=tail,
        surprising=tail < SURPRISING,
        reading_id=one.id,
        session_id=session_id,
    )


def _share(below: float, at_most: float, low: float, high: float) -> float:
    """The share of a step from ``below`` to ``at_most`` that lies between two levels."""
    if math.isclose(below, at_most, abs_tol=1e-15):
        return float(low <= at_most <= high)
    return max(0.0, min(at_most, high) - max(below, low)) / (at_most - below)
