"""What a screen shows of a forecast, as plain JSON. A pure function of what was learned and a time.

Nothing in it is a finding of the protocol: it silences no alarm, and its time to readiness meets no
condition of leaving.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evenkeel.clinic.session.forecast.inputs import Inputs
from evenkeel.clinic.session.forecast.learner import version_of
from evenkeel.clinic.session.forecast.lines import Line, chances
from evenkeel.clinic.session.forecast.options import Option, options_of
from evenkeel.pharmacology import Regimen
from evenkeel.pharmacology.effects import READINESS_NOTE
from evenkeel.pharmacology.forecast import Forecast, Prediction
from evenkeel.pharmacology.quantiles import weighted_quantiles

Array = NDArray[np.float64]
LEVELS: Final = (0.05, 0.25, 0.5, 0.75, 0.95)
#: Bands are drawn so far ahead, in steps of so many minutes; readiness is looked for on to
#: ``READY_WITHIN_MIN`` in longer steps. [assumed]
SHOWN_MIN: Final = 60.0
STEP_MIN: Final = 2.5
READY_WITHIN_MIN: Final = 300.0
READY_STEP_MIN: Final = 10.0
#: How far ahead the chances look.
AHEAD_MIN: Final = 30.0
#: A reading that fits nobody is shown for so long. [assumed]
SURPRISE_SHOWN_MIN: Final = 30.0
_BANDS: Final = ("sbp_reading", "dbp_reading", "hr_reading", "dissociation", "moaas")
_IF: Final = ("sbp", "dissociation")
_NAMES: Final = {
    "sbp": "Systolic",
    "dbp": "Diastolic",
    "hr": "Heart rate",
    "dissociation": "Dissociation",
    "moaas": "Sedation (MOAA/S)",
    "cadss": "CADSS",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """What a payload is made for: when, how often readings are due, and the protocol's lines.

    ``earliest_leave`` is when the protocol's shortest stay ends; ``None`` before the dose.
    """

    now: datetime
    phase: str
    every_min: float
    lines: tuple[Line, ...]
    earliest_leave: datetime | None = None


def as_payload(inputs: Inputs, forecast: Forecast, prior: Forecast, scene: Scene) -> dict[str, Any]:
    """Bands, chances, readiness and what-ifs from ``scene.now`` on."""
    scene = replace(scene, now=_begins(inputs, scene.now))
    from_h = inputs.hours(scene.now)
    times = _times_h(from_h)
    shown = int(np.searchsorted(times, from_h + SHOWN_MIN / 60.0 + 1e-9))
    columns = _due(times, from_h, scene.every_min)
    level = _level_of(forecast)
    options = options_of(inputs, scene)
    regimens = [inputs.regimen(from_h, option.supposed) for option in options]
    names = (*_BANDS, "sbp", level)
    ways = forecast.ways(times, regimens, LEVELS, names, other_names=_IF, shown=shown)
    first = ways[0]
    told = [
        _option(option, found, regimen, scene, columns, inputs)
        for option, found, regimen in zip(options, ways, regimens, strict=True)
    ]
    trust = asdict(inputs.trust)
    return {
        "state": "shown",
        "version": version_of(inputs.model.id),
        "seed": inputs.seed,
        "people": forecast.setting.n,
        "effective": round(forecast.effective),
        "readings": inputs.readings,
        "as_of": _moment(inputs, from_h),
        "trust": {**trust, "reasons": list(trust["reasons"])},
        "from": _moment(inputs, 0.0),
        "minutes": _rounded(times[:shown] * 60.0, 2),
        "levels": list(LEVELS),
        "bands": {
            **{name.removesuffix("_reading"): _table(first.bands[name]) for name in _BANDS},
            "level": _table(first.bands[level]),
        },
        "options": told,
        "lines": [asdict(line) for line in scene.lines],
        "every_min": scene.every_min,
        "surprises": _surprises(inputs, forecast, from_h),
        "learned": _learned(first, prior, inputs, from_h),
        "sessions_before": forecast.setting.learned.sessions if forecast.setting.learned else 0,
        "leave": {
            "earliest": scene.earliest_leave.isoformat() if scene.earliest_leave else None,
            "note": READINESS_NOTE,
        },
    }


def _begins(inputs: Inputs, now: datetime) -> datetime:
    """Where what is ahead begins, and what is supposed happens: now, and never before a reading
    that was learned, whose time is rounded to the second."""
    newest_h = inputs.steps[-1].at_h if inputs.steps else 0.0
    return max(now, inputs.zero + timedelta(seconds=round(newest_h * 3600.0)))


def _times_h(from_h: float) -> Array:
    close = np.arange(0.0, SHOWN_MIN + STEP_MIN / 2, STEP_MIN)
    later = np.arange(SHOWN_MIN + READY_STEP_MIN, READY_WITHIN_MIN + 1.0, READY_STEP_MIN)
    return from_h + np.concatenate([close, later]) / 60.0


def _due(times_h: Array, from_h: float, every_min: float) -> NDArray[np.int64]:
    """The columns at which readings are due within ``AHEAD_MIN``; at its end where none is."""
    step = max(1.0, every_min)
    due = np.arange(step, AHEAD_MIN + 0.1, step)
    wanted = from_h + (due if len(due) else np.array([AHEAD_MIN])) / 60.0
    return np.unique(np.abs(times_h[:, None] - wanted).argmin(axis=0))


def _level_of(forecast: Forecast) -> str:
    outputs = forecast.setting.model.outputs
    return "ketamine_ng_ml" if "ketamine_ng_ml" in outputs else "s_ketamine_ng_ml"


def _option(
    option: Option,
    found: Prediction,
    regimen: Regimen,
    scene: Scene,
    columns: NDArray[np.int64],
    inputs: Inputs,
) -> dict[str, Any]:
    by_line, by_level = chances(found, scene.lines, columns)
    ahead = int(columns[-1]) + 1
    truth, _ = found.vital("sbp", slice(ahead))
    highest = truth.max(axis=1, keepdims=True)
    return {
        "name": option.name,
        "label": option.label,
        "words": option.words,
        "said": option.said,
        "peak_sbp_mmhg": round(float(weighted_quantiles(highest, found.weights, (0.5,))[0, 0])),
        "chance": {name: round(value, 4) for name, value in by_line.items()},
        "any": {level: round(value, 4) for level, value in by_level.items()},
        "ready": _ready(found, regimen, inputs),
        "sbp": _rounded(found.bands["sbp"][2], 1),
        "dissociation": _rounded(found.bands["dissociation"][2], 2),
    }


def _ready(found: Prediction, regimen: Regimen, inputs: Inputs) -> dict[str, Any]:
    """When the signs are likely to be back: never before the last of the drug has been given."""
    ends = found.readiness_h
    if ends is None or not len(regimen):
        return {"low": None, "middle": None, "high": None, "by_end": 0.0}
    held = [max(float(value), regimen.end_h) for value in (ends[0], ends[2], ends[4])]
    said = [None if math.isinf(value) else _moment(inputs, value) for value in held]
    return {
        "low": said[0],
        "middle": said[1],
        "high": said[2],
        "by_end": round(float(found.ready_by_end or 0.0), 3),
    }


def _surprises(inputs: Inputs, forecast: Forecast, from_h: float) -> list[dict[str, Any]]:
    """Readings that hardly anybody explains, newest first; one event is named once."""
    told: dict[str, dict[str, Any]] = {}
    names = list(_NAMES.values())
    for one in reversed(forecast.surprises):
        seen = one.observation
        if from_h - seen.time_h > SURPRISE_SHOWN_MIN / 60.0:
            continue
        known = told.setdefault(
            seen.id, {"event": seen.id, "at": _moment(inputs, seen.time_h), "what": [], "tail": 1.0}
        )
        known["what"].append(f"{_NAMES.get(seen.kind, seen.kind)} {seen.value:g}")
        known["tail"] = min(known["tail"], one.tail)
    for known in told.values():
        known["what"].sort(
            key=lambda words: next(i for i, n in enumerate(names) if words.startswith(n))
        )
    return list(told.values())[:3]


def _learned(
    found: Prediction, prior: Forecast, inputs: Inputs, from_h: float
) -> dict[str, Any] | None:
    """What the readings changed: the 90 % band of the systolic reading half an hour on, and before
    them."""
    if not inputs.steps:
        return None
    at_h = from_h + AHEAD_MIN / 60.0
    column = int(np.abs(found.times_h - at_h).argmin())
    when = [float(found.times_h[column])]
    before = prior.predict(when, inputs.regimen(from_h), (0.05, 0.95), ("sbp_reading",))
    now = found.bands["sbp_reading"]
    return {
        "at": _moment(inputs, float(found.times_h[column])),
        "now": [round(float(now[0, column])), round(float(now[4, column]))],
        "before": [round(float(v)) for v in before.bands["sbp_reading"][:, 0]],
    }


def _moment(inputs: Inputs, at_h: float) -> str:
    return (inputs.zero + timedelta(seconds=round(at_h * 3600.0))).isoformat()


def _table(values: Array) -> list[list[float]]:
    return [_rounded(row, 2) for row in values]


def _rounded(values: Array | Sequence[float], digits: int) -> list[float]:
    return [round(v, digits) for v in np.asarray(values, dtype=np.float64).tolist()]


def as_refusal(code: str, words: str, what_to_do: str = "") -> dict[str, Any]:
    """Why there is no forecast, for a screen."""
    return {"state": "none", "code": code, "words": words, "what_to_do": what_to_do}


def is_shown(payload: Mapping[str, Any]) -> bool:
    """Whether there is anything to draw."""
    return payload.get("state") == "shown"
