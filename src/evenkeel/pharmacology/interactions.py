"""What other drugs do to the blood level: covariates of the models, with where each came from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .errors import PharmacologyError
from .model import Model

FORMAT = "evenkeel-interactions/1"
_FILE = Path(__file__).parent / "interactions.json"
#: Where two drugs act on one enzyme their activities multiply, but to no more than this.
HIGHEST = 5.0


class InteractionError(PharmacologyError):
    """A drug that the file does not know, or a file that contradicts itself."""

    code = "interaction"


@dataclass(frozen=True, slots=True)
class Activity:
    """How active something is with the drug on board: 1 normal, 0 none, above 1 induced."""

    covariate: str
    value: float
    mark: str
    source: str
    verification: str
    plausible: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Interaction:
    """One drug: its mechanism, its activities, and the exposure ratios that were observed."""

    id: str
    title: str
    mechanism: str
    activities: tuple[Activity, ...]
    observed: tuple[Mapping[str, Any], ...]
    note: str


@cache
def interactions() -> Mapping[str, Interaction]:
    """All drugs of the bundled file by id. Raises ``InteractionError`` where it is broken."""
    return read_interactions(json.loads(_FILE.read_text(encoding="utf-8")))


def read_interactions(document: Any) -> Mapping[str, Interaction]:
    """The drugs of a parsed document. Raises ``InteractionError`` naming the drug."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InteractionError(f"the format must be {FORMAT}")
    found: dict[str, Interaction] = {}
    for entry in document["drugs"]:
        name = str(entry.get("id"))
        if name in found:
            raise InteractionError(f"{name} stands there twice")
        activities = tuple(
            _activity(name, covariate, stated) for covariate, stated in entry["covariates"].items()
        )
        found[name] = Interaction(
            name,
            str(entry["title"]),
            str(entry["mechanism"]),
            activities,
            tuple(entry["observed"]),
            str(entry.get("note", "")),
        )
    return found


def _activity(drug: str, covariate: str, stated: Mapping[str, Any]) -> Activity:
    value = stated.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise InteractionError(f"{drug}: {covariate} must be a number from 0 on, not {value!r}")
    if stated.get("mark") not in ("measured", "derived", "assumed") or not stated.get("source"):
        raise InteractionError(f"{drug}: {covariate} needs a mark and a source")
    plausible = stated.get("plausible")
    if plausible is not None and not plausible[0] <= value <= plausible[1]:
        raise InteractionError(f"{drug}: {covariate} is outside its own plausible range")
    return Activity(
        covariate,
        float(value),
        str(stated["mark"]),
        str(stated["source"]),
        str(stated.get("verification", "")),
        None if plausible is None else (float(plausible[0]), float(plausible[1])),
    )


def interaction_covariates(
    model: Model, drugs: Iterable[str]
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Covariates of a model with these drugs on board, and what a reader must know.

    The notes name every drug that changes nothing in this model, every assumed activity, and the
    measured exposure ratios, which stand beside what the model makes of the mechanism. Raises
    ``InteractionError`` for a drug nobody described.
    """
    covariates: dict[str, float] = {}
    notes: list[str] = []
    for name in dict.fromkeys(drugs):
        drug = interactions().get(name)
        if drug is None:
            known = ", ".join(interactions())
            raise InteractionError(f"nothing is known of {name!r}; there are: {known}")
        acting = [a for a in drug.activities if a.covariate in model.covariates]
        for activity in acting:
            highest = model.covariates[activity.covariate].high
            value = activity.value
            if activity.covariate in covariates:
                value *= covariates[activity.covariate]
                highest = min(highest, HIGHEST)
            covariates[activity.covariate] = min(highest, value)
            if activity.mark == "assumed":
                notes.append(f"{drug.title}: {activity.covariate} {activity.value:g} is assumed")
        if not acting:
            notes.append(f"{drug.title} changes nothing in {model.id}. {drug.note}".strip())
        for seen in drug.observed:
            notes.append(f"{drug.title}: {seen['what']} was measured at {seen['ratio']:g} times")
    return covariates, tuple(notes)
