"""How well the live forecast did at a site: its stored scores, counted and judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from evenkeel.clinic.record.chain import canonical, digest
from evenkeel.clinic.session.forecast.learner import METHOD
from evenkeel.clinic.session.models import ForecastScore
from evenkeel.pharmacology.calibration import STANDARD, Score, Verdict, verdicts

#: The newest so many scores are counted: some years of a busy clinic, and little enough to wait
#: for. [assumed]
MOST: Final = 30_000
ENDPOINTS: Final = {
    "sbp": "Systolic pressure",
    "dbp": "Diastolic pressure",
    "hr": "Heart rate",
    "dissociation": "Dissociation",
    "cadss": "CADSS",
    "moaas": "Sedation (MOAA/S)",
}


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was counted: scores, the verdict of each endpoint, and its SHA-256."""

    scores: tuple[Score, ...]
    verdicts: dict[str, Verdict]
    hash: str

    @property
    def sessions(self) -> int:
        """How many sessions were scored."""
        return len({score.session_id for score in self.scores})

    @property
    def enough(self) -> bool:
        """Whether a word can be said of some endpoint: before, nobody can have seen how it does."""
        counted = [one.tally for one in self.verdicts.values() if one.tally is not None]
        return any(
            found.sessions >= STANDARD.least_sessions and found.readings >= STANDARD.least_readings
            for found in counted
        )

    def document(self) -> dict[str, Any]:
        """What was seen, as plain JSON, to be kept with a decision."""
        return {
            "readings": len(self.scores),
            "sessions": self.sessions,
            "verdicts": {kind: found.as_dict() for kind, found in self.verdicts.items()},
        }


def calibration_of(site_id: UUID, product: str) -> Calibration:
    """How the forecast of a product did at a site, as far as it was made by the present method."""
    rows = ForecastScore.objects.filter(
        site_id=site_id, product=product, version__contains=f"/{METHOD}-"
    )
    newest = rows.order_by("-pk").values_list("score", flat=True)[:MOST]
    scores = tuple(Score.from_dict(row) for row in newest)
    found = verdicts(scores)
    said = {kind: one.as_dict() for kind, one in found.items()}
    return Calibration(scores, found, digest(canonical([len(scores), _rounded(said)])))


def scored_products(site_id: UUID) -> list[str]:
    """The products of which something was scored at a site."""
    rows = ForecastScore.objects.filter(site_id=site_id).order_by("product")
    return list(rows.values_list("product", flat=True).distinct())


def doubts(found: Calibration) -> list[str]:
    """A sentence for each endpoint whose bands did not hold here."""
    return [
        f"{ENDPOINTS[kind]}: not reliable here, {one.reason}."
        for kind, one in found.verdicts.items()
        if one.word == "unreliable"
    ]


def _rounded(value: Any) -> Any:
    """The same to eight places, as a canonical text of floats must not hang on the last bit."""
    if isinstance(value, float):
        return f"{value:.8g}"
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return value
