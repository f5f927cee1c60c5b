"""The published rows the mood models are fitted to, and what the models say to each of them.

Rows stand in ``calibration.json``. Control arms inform expectation; differences from placebo and
open-label totals inform the drug's effect; rows that are held back are predicted and never fitted
to. One typical person is simulated for each regimen; many sets of parameters go side by side, as if
they were people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..model_file import load_model
from ..people import typical_people
from ..regimen import Regimen, devices, infusion
from ..simulate import simulate
from .expectation import care, goes_into_a_vein, occasions_h, renewal, setting_of
from .form import Form, column
from .outcome import ArmOutcome, expected_outcome
from .parameters import MoodError

Array = NDArray[np.float64]
Part = Literal["expectation", "drug", "held_back"]

FILE = Path(__file__).parent / "calibration.json"
POINTS = ("change", "difference")
LOGITS = (
    *("response", "remission"),
    *("log_odds_ratio_response", "log_odds_ratio_remission"),
)
KINDS = (*POINTS, *LOGITS, "change_between", "log_ratio_of_effects")
#: A shift of the mean by one SD of the changes (10 points) moves the logit of a share by 1.7.
POINTS_PER_LOGIT = 10.0 / 1.7


@dataclass(frozen=True, slots=True)
class Row:
    """One published number. ``value`` and ``se`` are on the scale of ``kind``: points, logit, log.

    Shares are kept as shares in the file and turned to logits here.
    """

    id: str
    study: str
    kind: str
    regimens: tuple[str, ...]
    at_h: tuple[float, ...]
    value: float
    se: float
    setting: str
    baseline_madrs: float
    drug_arm: bool
    part: Part
    scored: bool
    trials: int

    def trial_sd(self, between_trials_points: float) -> float:
        """The SD between trials on the scale of this row."""
        if self.kind in POINTS:
            return between_trials_points / float(np.sqrt(self.trials))
        if self.kind in LOGITS:
            return between_trials_points / POINTS_PER_LOGIT / float(np.sqrt(self.trials))
        return 0.0


@dataclass(frozen=True, eq=False)
class Rows:
    """All rows, the regimens they name, and when control arms had their occasions."""

    rows: tuple[Row, ...]
    relapse_rows: tuple[Mapping[str, Any], ...]
    regimens: Mapping[str, tuple[str, Regimen]]
    mixtures: Mapping[str, tuple[str, ...]]
    occasions_h: Mapping[str, tuple[float, ...]]

    @property
    def studies(self) -> tuple[str, ...]:
        """Studies with a scored row, in the order of the file."""
        return tuple(dict.fromkeys(r.study for r in self.rows if r.scored and r.drug_arm))

    def of(self, *parts: Part, without: str | None = None) -> tuple[Row, ...]:
        """The rows of these parts, without those of one study."""
        return tuple(r for r in self.rows if r.part in parts and r.study != without)


@cache
def load_rows() -> Rows:
    """The bundled rows. Raises ``MoodError`` where the file contradicts itself."""
    document = json.loads(FILE.read_text(encoding="utf-8"))
    regimens: dict[str, tuple[str, Regimen]] = {}
    mixtures: dict[str, tuple[str, ...]] = {}
    for name, parts in document["regimens"].items():
        if isinstance(parts[0], str):
            mixtures[name] = tuple(parts)
            continue
        regimens[name] = (parts[0]["model"], Regimen.of(*(_doses(part) for part in parts)))
        mixtures[name] = (name,)
    return Rows(
        rows=tuple(_row(entry, mixtures) for entry in document["rows"]),
        relapse_rows=tuple(document["relapse_rows"]),
        regimens=regimens,
        mixtures=mixtures,
        occasions_h={k: tuple(map(float, v)) for k, v in document["occasions_h"].items()},
    )


def _doses(part: Mapping[str, Any]) -> Regimen:
    if "devices" in part:
        once = Regimen.of(devices(int(part["devices"])))
    else:
        once = Regimen.of(
            infusion(d["amount"], d["unit"], over_min=d["over_min"], route=d["route"])
            for d in part["doses"]
        )
    return once.repeated(map(float, part["at_h"]))


def _row(entry: Mapping[str, Any], mixtures: Mapping[str, object]) -> Row:
    kind, value = entry["kind"], float(entry["value"])
    if kind not in KINDS or not entry["se"] > 0:
        raise MoodError(f"{entry['id']}: not a kind of row, or its SE is not above 0")
    if kind in ("response", "remission"):
        value = float(np.log(value / (1.0 - value)))
    named = entry["regimen"]
    regimens = () if named is None else (named,) if isinstance(named, str) else tuple(named)
    if not set(regimens) <= set(mixtures):
        raise MoodError(f"{entry['id']} names a regimen that is not in the file")
    at_h = entry["at_h"]
    return Row(
        id=entry["id"],
        study=entry["study"],
        kind=kind,
        regimens=regimens,
        at_h=tuple(map(float, at_h if isinstance(at_h, list) else [at_h])),
        value=value,
        se=float(entry["se"]),
        setting=entry["setting"],
        baseline_madrs=float(entry["baseline_madrs"]),
        drug_arm=entry["arm"] == "drug",
        part=entry["part"],
        scored=bool(entry["scored"]),
        trials=int(entry["trials"]),
    )


def effects(
    form: Form, rows: Sequence[Row], known: Rows, lanes: int
) -> dict[tuple[str, float], Array]:
    """A (lanes,) in MADRS points for each regimen and time that ``rows`` need."""
    asked: dict[str, set[float]] = {}
    for row in rows:
        for named in row.regimens:
            for name in known.mixtures[named]:
                asked.setdefault(name, set()).update(row.at_h)
    found: dict[tuple[str, float], Array] = {}
    for name, wanted_h in asked.items():
        model_id, regimen = known.regimens[name]
        model = load_model(model_id)
        people = typical_people(model, weight_kg=np.full(lanes, 75.0))
        times = np.array(sorted(wanted_h))
        result = simulate(
            model, regimen, people, times, stages=form.stages(model.outputs), wanted=form.wanted
        )
        effect = form.improvement(result.values)
        found |= {(name, time): effect[:, i] for i, time in enumerate(times.tolist())}
    return found


def predict(
    form: Form, expectation: Mapping[str, float], rows: Sequence[Row], known: Rows, lanes: int
) -> Array:
    """(lanes, rows) what the models say to each row, on its own scale."""
    by_regimen = effects(form, rows, known, lanes)
    return np.array(
        [_predicted(form, expectation, row, known, by_regimen, lanes) for row in rows]
    ).T


def _predicted(
    form: Form,
    expectation: Mapping[str, float],
    row: Row,
    known: Rows,
    by_regimen: Mapping[tuple[str, float], Array],
    lanes: int,
) -> Array:
    times = np.array(row.at_h)

    def effect(named: str) -> Array:
        parts = known.mixtures[named]
        each = [[by_regimen[part, t] for t in row.at_h] for part in parts]
        return np.asarray(np.mean(each, axis=0)).T

    if row.kind == "log_ratio_of_effects":
        first, second = (effect(named) for named in row.regimens)
        found: Array = np.log(first / second).mean(axis=1)
        return found
    occasions = _occasions(row, known)
    vein = any(
        goes_into_a_vein(known.regimens[n][1]) for r in row.regimens for n in known.mixtures[r]
    )
    place = setting_of(row.setting, expectation, form.values, into_a_vein=vein)
    shape = renewal(times, occasions, place.decay_time_constant_h, place.onset_time_constant_h)
    beside = care(times, occasions, place)
    without = np.broadcast_to(column(place.control_points) * shape + beside, (lanes, len(times)))
    control = expected_outcome(without, times, row.baseline_madrs)
    if not row.drug_arm:
        return _read(row.kind, control, control)
    with_drug = column(place.drug_points) * shape + beside + effect(row.regimens[0])
    return _read(row.kind, expected_outcome(with_drug, times, row.baseline_madrs), control)


def _read(kind: str, drug: ArmOutcome, control: ArmOutcome) -> Array:
    """(lanes,) the number a row reports of arms that are (lanes, times)."""
    if kind == "change":
        found = drug.mean_fall_points.mean(axis=-1)
    elif kind == "difference":
        found = (drug.mean_fall_points - control.mean_fall_points).mean(axis=-1)
    elif kind == "change_between":
        found = drug.mean_fall_points[..., 0] - drug.mean_fall_points[..., -1]
    else:
        name = "remission_share" if kind.endswith("remission") else "response_share"
        found = _logit(getattr(drug, name)).mean(axis=-1)
        if kind.startswith("log_odds_ratio"):
            found = found - _logit(getattr(control, name)).mean(axis=-1)
    return np.asarray(found)


def _logit(share: Array) -> Array:
    found: Array = np.log(share) - np.log1p(-share)
    return found


def _occasions(row: Row, known: Rows) -> tuple[float, ...]:
    if not row.regimens:
        return known.occasions_h[row.study]
    return occasions_h(known.regimens[known.mixtures[row.regimens[0]][0]][1])
