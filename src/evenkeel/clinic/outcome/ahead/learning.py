"""From what is known of a course to what is expected of mood: a pure function.

The same inputs give the same document, in whatever order they became known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from evenkeel.clinic.course.forecast import SEED, given_as
from evenkeel.clinic.course.forecast_terms import NoForecast
from evenkeel.clinic.outcome.ahead.inputs import AheadInputs
from evenkeel.pharmacology import Model, PharmacologyError, Regimen, load_model
from evenkeel.pharmacology.choice import default_model
from evenkeel.pharmacology.forecast import MoodAhead, MoodHistory, mood_ahead
from evenkeel.pharmacology.forecast.observations import Observation
from evenkeel.pharmacology.interactions import interaction_covariates
from evenkeel.pharmacology.mood import PHQ9_NOTE
from evenkeel.pharmacology.regimen import Dose

DAYS_AHEAD: Final = 84
PEOPLE: Final = 1000
_DIGITS: Final = 4
#: Doses further apart than this are of two sessions. [assumed]
_APART: Final = timedelta(hours=12)


@dataclass(frozen=True)
class Learned:
    """``payload`` is what a page shows, ``people`` whom it was learned of; plain JSON both."""

    payload: dict[str, Any]
    people: dict[str, Any]


def learn(inputs: AheadInputs, *, n: int = PEOPLE, seed: int = SEED) -> Learned | NoForecast:
    """Work the weeks ahead out, or say why not. Raises nothing for any input."""
    if inputs.missing is not None:
        return inputs.missing
    try:
        model, history, notes = _history(inputs)
        found = mood_ahead(history, days_ahead=DAYS_AHEAD, n=n, seed=seed)
    except PharmacologyError as error:
        words = str(error)
        return NoForecast("engine", f"{words[:1].upper()}{words[1:]}.".replace("..", ".")[:300])
    if not np.isfinite(found.scales["madrs"].bands).all():
        return NoForecast("engine", "The numbers of this course do not work out.")
    payload = _document(inputs, found, notes) | {"people": n}
    people = {
        "model": model.id,
        "doses": [[dose.at_h, dose.route, dose.amount, dose.over_h] for dose in history.given],
        "baseline_madrs": inputs.baseline_madrs,
        "began_at": inputs.began_at.isoformat(),
        "covariates": dict(history.covariates),
        "blood": _plain(found.blood),
        "mood": _plain(found.mood),
    }
    return Learned(payload, people)


def _history(inputs: AheadInputs) -> tuple[Model, MoodHistory, list[str]]:
    """The course in hours from its first dose."""

    def hours(at: datetime) -> float:
        return round(max(0.0, (at - inputs.began_at).total_seconds() / 3600.0), 6)

    given = given_as(inputs.product)
    assert given is not None  # what has no model is missing
    regimen = Regimen.of(
        Dose(hours(dose.at), dose.route, dose.mg, "mg", dose.over_min / 60.0)
        for dose in inputs.doses
    )
    model = load_model(default_model(given[0], regimen))
    covariates, interactions = interaction_covariates(model, inputs.medicines.described)
    covariates["weight_kg"] = float(inputs.weight_kg or 0.0)
    if "age_years" in model.covariates:
        covariates["age_years"] = float(inputs.age_years)
    history = MoodHistory(
        model=model,
        given=regimen,
        covariates=covariates,
        scores=tuple(
            Observation(hours(score.at), score.instrument, float(score.total), score.id)
            for score in inputs.scores
        ),
        baseline_madrs=inputs.baseline_madrs,
        baseline_phq9=inputs.baseline_phq9,
        next_h=None if inputs.planned_at is None else hours(inputs.planned_at),
    )
    return model, history, [*interactions, *inputs.medicines.left_out, *_notes(inputs)]


def _notes(inputs: AheadInputs) -> list[str]:
    notes = []
    if inputs.assumed:
        numbers = ", ".join(map(str, inputs.assumed))
        notes.append(f"Of session {numbers} only the sum is on record; the plan's minutes stand.")
    if inputs.baseline_madrs is None and inputs.baseline_phq9 is None:
        notes.append("No score from before the first dose is on record: it begins where trials did")
    if any(score.instrument == "phq9" for score in inputs.scores):
        notes.append(PHQ9_NOTE)
    return [note.rstrip(".") + "." for note in notes]


def _sessions(inputs: AheadInputs) -> int:
    """How many sessions the doses are of: by the time between them, for a day of the calendar ends
    in the middle of somebody's afternoon."""
    gaps = zip(inputs.doses, inputs.doses[1:], strict=False)
    return 1 + sum(later.at - dose.at > _APART for dose, later in gaps)


def _document(inputs: AheadInputs, found: MoodAhead, notes: list[str]) -> dict[str, Any]:
    """Everything a page shows, rounded, so that it is the same on every machine."""
    known_at = inputs.began_at + timedelta(hours=found.known_h)
    counts = dict.fromkeys(found.scales, 0)
    for score in inputs.scores:
        counts[score.instrument] += 1
    return {
        "known_at": known_at.isoformat(),
        "planned_at": inputs.planned_at.isoformat() if inputs.planned_at else None,
        "drawn": "madrs" if counts["madrs"] > counts["phq9"] else "phq9",
        "scores": counts,
        "sessions": _sessions(inputs),
        "well": round(found.well, _DIGITS),
        "relapse": _plain(found.relapse),
        "relapse_planned": _plain(found.relapse_planned),
        "scales": {
            name: {
                "bands": _plain(scale.bands),
                "response": _plain(scale.response),
                "remission": _plain(scale.remission),
                "planned": _plain(scale.planned),
            }
            for name, scale in found.scales.items()
        },
        "surprises": [[score_id, round(tail, _DIGITS)] for score_id, tail in found.surprises],
        "effective": round(found.effective),
        "status": "extrapolated" if found.status == "extrapolated" else "derived",
        "reasons": list(found.reasons) if found.status == "extrapolated" else [],
        "notes": notes,
    }


def _plain(values: NDArray[np.float64] | None) -> Any:
    return None if values is None else np.round(values, _DIGITS).tolist()
