"""Invented people and their sessions, from ``truth.json``: what the bundled replay lives through.

The truth differs from the forecasting model in both halves: another model of the blood level, and
effects off the center of what the forecast expects. The forecast is told what a clinic would know.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..acute import Acute, simulate_acute
from ..effects import (
    RANDOM_EFFECTS,
    AcuteModel,
    AcutePerson,
    load_acute,
    people_from_normals,
    score_scale,
)
from ..forecast import Observation
from ..model_file import load_model
from ..people import known_people
from ..regimen import Regimen
from ..regimen_words import parse_regimen
from .predictive import Ladder, NormalMixture, Predictive
from .sessions import RecordedSession, document

Array = NDArray[np.float64]
FORMAT = "evenkeel-replay-truth/1"
_UNITS = {"sbp": "sbp_mmhg", "dbp": "dbp_mmhg", "hr": "hr_bpm"}


@dataclass(frozen=True)
class Case:
    """One group of invented sessions that the forecast should fail, and for which endpoints."""

    id: str
    title: str
    unreliable: tuple[str, ...]
    sessions: tuple[RecordedSession, ...]


@cache
def truth() -> dict[str, Any]:
    """The file, fixed before its first run."""
    path = resources.files(__package__).joinpath("truth.json")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert found["format"] == FORMAT
    return found


def bundled_sessions() -> tuple[RecordedSession, ...]:
    """The sessions of the bundled replay, the same every time."""
    about = truth()["people"]
    return _group(0, "r", about["count"], about["sessions_each"], {})


def bundled_truth() -> dict[tuple[str, str, float], Predictive]:
    """What was truly to be read in the bundled replay: (session, kind, time in h) -> its chances.

    Of who knows the invented person and the day, not which error the cuff made before. No forecast
    can be better on the average, so it says how much there is to gain.
    """
    about = truth()["people"]
    found: dict[tuple[str, str, float], Predictive] = {}
    _group(0, "r", about["count"], about["sessions_each"], {}, found)
    return found


def fingerprint() -> str:
    """SHA-256 of the bundled sessions and of those that the forecast should fail."""
    groups = [bundled_sessions(), *(case.sessions for case in bundled_cases())]
    written = json.dumps([document(one) for one in groups], sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()


def bundled_cases() -> tuple[Case, ...]:
    """The groups that the forecast should fail."""
    return tuple(
        Case(
            case["id"],
            case["title"],
            tuple(case["expected"]["unreliable"]),
            _group(place, f"c{place}-", case["people"], case["sessions_each"], case["change"]),
        )
        for place, case in enumerate(truth()["cases"], start=1)
    )


def _group(
    place: int,
    prefix: str,
    people: int,
    sessions: int,
    change: Mapping[str, Any],
    truths: dict[tuple[str, str, float], Predictive] | None = None,
) -> tuple[RecordedSession, ...]:
    found: list[RecordedSession] = []
    for i in range(people):
        stream = np.random.Generator(
            np.random.PCG64(np.random.SeedSequence([truth()["seed"], place, i]))
        )
        person = _person(stream, change)
        name = f"{prefix}{i + 1:02d}"
        for number in range(1, sessions + 1):
            session, due = _session(name, number, person, stream, change)
            found.append(session)
            if truths is not None:
                truths |= {(session.id, *which): chances for which, chances in due.items()}
    return tuple(found)


@dataclass(frozen=True)
class _Person:
    """One invented person: what is true of them, and what the clinic knows."""

    blood: Mapping[str, float]
    normals: Array
    usual: Mapping[str, float]
    slope_factor: float
    known: Mapping[str, float]


def _person(stream: np.random.Generator, change: Mapping[str, Any]) -> _Person:
    about = truth()["people"]
    weight, age = about["weight_kg"], about["age_years"]
    weight_kg = weight["median"] * np.exp(weight["log_sd"] * stream.standard_normal())
    age_years = age["mean"] + age["sd"] * stream.standard_normal()
    hypertensive = bool(stream.random() < about["hypertensive_share"])
    usual = {
        sign: about["usual"][key]["hypertensive" if hypertensive else "mean"]
        + about["usual"][key]["sd"] * stream.standard_normal()
        for sign, key in _UNITS.items()
    }
    blood = _blood(change)
    model = load_model(blood["model"])
    parameters = {
        name: model.parameters[name].value * float(np.exp(sd * stream.standard_normal()))
        for name, sd in blood["log_sd"].items()
    }
    count = about["usual_known_from"]["readings"]
    told = {
        sign: usual[sign]
        + _session_sd(sign) * stream.standard_normal()
        + truth()["cuff"]["sd"][sign] / np.sqrt(count) * stream.standard_normal()
        for sign in ("sbp", "dbp")
    }
    known = {
        "weight_kg": float(np.clip(weight_kg, weight["low"], weight["high"])),
        "age_years": float(np.clip(age_years, age["low"], age["high"])),
        "hypertension": float(hypertensive),
        "sbp_usual_mmhg": float(told["sbp"]),
        "dbp_usual_mmhg": float(told["dbp"]),
    }
    factor = about["hypertensive_slope_factor"] if hypertensive else 1.0
    return _Person(
        blood=parameters,
        normals=stream.standard_normal(len(RANDOM_EFFECTS)),
        usual={sign: float(value) for sign, value in usual.items()},
        slope_factor=factor,
        known={name: round(value, 1) for name, value in known.items()},
    )


def _blood(change: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = change if change.get("kind") == "blood" else truth()["blood"]
    return found


def _session_sd(sign: str) -> float:
    return float(truth()["effects"]["session_sd"][_UNITS[sign]])


def _session(
    name: str,
    number: int,
    person: _Person,
    stream: np.random.Generator,
    change: Mapping[str, Any],
) -> tuple[RecordedSession, dict[tuple[str, float], Predictive]]:
    """A session, and by kind and time what was truly to be read."""
    given = _given(stream)
    dose = change["factor"] if change.get("kind") == "dose" else 1.0
    minutes, kinds = _times(stream)
    every = np.array(sorted({t for times in minutes.values() for t in times}))
    acute = _true(person, given[-1][1].scaled(dose), every / 60.0, number, stream, change)
    readings: list[Observation] = []
    due: dict[tuple[str, float], Predictive] = {}
    cuff = minutes["cuff"]
    errors = _errors(np.array(cuff), stream)
    for sign, values in _vitals(acute, every, cuff, change).items():
        for at, value, error in zip(cuff, values, errors[sign], strict=True):
            readings.append(Observation(at / 60.0, sign, float(round(value + error))))
            sd = truth()["cuff"]["sd"][sign]
            due[sign, at / 60.0] = NormalMixture(np.array([value]), np.array([1.0]), sd)
    for kind in kinds:
        chances = _chances(kind, acute, np.searchsorted(every, minutes[kind]))
        readings += _scores(kind, acute, every, minutes[kind], stream)
        due |= {
            (kind, at / 60.0): Ladder(one) for at, one in zip(minutes[kind], chances, strict=True)
        }
    session = RecordedSession(
        person=name,
        number=number,
        given=given,
        readings=tuple(sorted(readings)),
        covariates=person.known,
        drug=truth()["forecast"]["drug"],
        model=truth()["forecast"]["model"],
    )
    return session, due


def _given(stream: np.random.Generator) -> tuple[tuple[float, Regimen], ...]:
    """The regimen as it was known from each moment on."""
    planned = parse_regimen(truth()["forecast"]["regimen"])
    drawn = stream.random()
    for change in truth()["changes"]:
        drawn -= change["share"]
        if drawn < 0.0:
            at_h = change["at_min"] / 60.0
            if change["what"] == "halved":
                return (0.0, planned), (at_h, planned.slowed(at_h, 0.5))
            if change["what"] == "paused":
                return (0.0, planned), (at_h, planned.paused(at_h, change["for_min"] / 60.0))
            return (0.0, planned), (at_h, planned.stopped(at_h))
    return ((0.0, planned),)


def _times(stream: np.random.Generator) -> tuple[dict[str, list[float]], tuple[str, ...]]:
    """Minutes of each kind of reading: about when they are due, never before 0."""
    about = truth()["readings"]
    due = {key.removesuffix("_min"): about[key] for key in about if key != "jitter_min"}
    late = {
        minute: about["jitter_min"] * (2.0 * stream.random() - 1.0)
        for minute in sorted({m for times in due.values() for m in times})
    }
    minutes = {
        key: [max(0.0, round(m + late[m], 1)) if m else 0.0 for m in times]
        for key, times in due.items()
    }
    return minutes, ("dissociation", "moaas")


def true_effects() -> AcuteModel:
    """The acute effects of the invented: the forecasting model's, but for what the file says."""
    model, about = load_acute(), truth()["effects"]
    parameters = dict(model.parameters)
    for name, factor in about["factors"].items():
        parameters[name] = replace(parameters[name], value=parameters[name].value * factor)
    for name, value in about["values"].items():
        parameters[name] = replace(parameters[name], value=value)
    for name, sd in about["spreads"].items():
        spread = parameters[name].between_people
        assert spread is not None
        parameters[name] = replace(parameters[name], between_people=replace(spread, sd=sd))
    return replace(model, parameters=parameters)


def _true(
    person: _Person,
    regimen: Regimen,
    times_h: Array,
    number: int,
    stream: np.random.Generator,
    change: Mapping[str, Any],
) -> Acute:
    """What truly happens in one session."""
    usual = {f"{s}_usual_{u.removeprefix(s + '_')}": person.usual[s] for s, u in _UNITS.items()}
    drawn = person.normals.copy()
    for place, name in enumerate(RANDOM_EFFECTS):
        # Usual values and the shift of a day are this file's own, not the forecasting model's.
        if "_baseline_" in name or "_session_sd_" in name:
            drawn[place] = 0.0
    own = people_from_normals(drawn[None, :], covariates=usual, model=true_effects())
    own = _on_the_day(own, person, stream)
    model = load_model(_blood(change)["model"])
    blood = {name: np.array([value]) for name, value in person.blood.items()}
    people = known_people(model, blood, weight_kg=person.known["weight_kg"])
    return simulate_acute(
        model,
        regimen,
        people,
        own,
        times_h,
        session_number=number,
        effects=("dissociation", "hemodynamics", "sedation"),
        outputs=(),
    )


def _on_the_day(own: AcutePerson, person: _Person, stream: np.random.Generator) -> AcutePerson:
    spread = truth()["effects"]["occasion_log_sd"]
    moved = {
        name: getattr(own, name) * np.exp(sd * stream.standard_normal())
        for name, sd in spread.items()
    }
    moved["sbp_slope_mmhg_per_ng_ml"] = moved["sbp_slope_mmhg_per_ng_ml"] * person.slope_factor
    for sign, unit in _UNITS.items():
        name = f"{sign}_baseline_{unit.removeprefix(sign + '_')}"
        moved[name] = getattr(own, name) + _session_sd(sign) * stream.standard_normal()
    return replace(own, **moved)


def _vitals(
    acute: Acute,
    every: Array,
    cuff: list[float],
    change: Mapping[str, Any],
) -> dict[str, Array]:
    """What is under the cuff, and what the case does to it."""
    at = np.searchsorted(every, cuff)
    shown = acute.hemodynamics
    found = {
        "sbp": shown.sbp_mmhg[0, at],
        "dbp": shown.dbp_mmhg[0, at],
        "hr": shown.hr_bpm[0, at],
    }
    minutes = np.array(cuff)
    if change.get("kind") == "rescue":
        since = np.maximum(minutes - change["at_min"], 0.0)
        share = 1.0 - np.exp2(-since / change["half_life_min"])
        found = {sign: v + share * change[_UNITS[sign]] for sign, v in found.items()}
    elif change.get("kind") == "cuff":
        later = minutes >= change["at_min"]
        found = {sign: np.where(later, change[_UNITS[sign]], v) for sign, v in found.items()}
    return found


def _errors(minutes: Array, stream: np.random.Generator) -> dict[str, Array]:
    """Errors of the cuff whose correlation falls with the gap between readings."""
    about = truth()["cuff"]
    gaps = np.abs(minutes[:, None] - minutes[None, :])
    alike = np.exp(-gaps / about["autocorrelation_min"]) + 1e-9 * np.eye(len(gaps))
    root = np.linalg.cholesky(alike)
    drawn = root @ stream.standard_normal((len(minutes), 3))
    both = about["sbp_with_dbp"]
    dbp = both * drawn[:, 0] + np.sqrt(1.0 - both**2) * drawn[:, 1]
    sd = about["sd"]
    return {"sbp": sd["sbp"] * drawn[:, 0], "dbp": sd["dbp"] * dbp, "hr": sd["hr"] * drawn[:, 2]}


def _chances(kind: str, acute: Acute, at: NDArray[np.intp]) -> Array:
    """(T, top + 1) the chance of each step at these columns."""
    if kind == "moaas":
        found: Array = acute.sedation.probabilities()[0, at]
        return found
    scale, latent = score_scale(acute.person.model), acute.dissociation.score_latent()[0, at]
    steps = [scale.probability_at_least(latent, k) for k in range(scale.top + 2)]
    return np.maximum(-np.diff(np.array(steps), axis=0), 0.0).T


def _scores(
    kind: str, acute: Acute, every: Array, minutes: list[float], stream: np.random.Generator
) -> list[Observation]:
    at = np.searchsorted(every, minutes)
    if kind == "dissociation":
        latent = acute.dissociation.score_latent()[0, at]
        drawn = score_scale(acute.person.model).sample(latent, stream)
    else:
        reached = np.cumsum(acute.sedation.probabilities()[0, at], axis=-1)
        drawn = (reached < stream.random((len(at), 1))).sum(axis=-1)
    return [
        Observation(t / 60.0, kind, float(min(v, 10 if kind == "dissociation" else 5)))
        for t, v in zip(minutes, drawn, strict=True)
    ]
