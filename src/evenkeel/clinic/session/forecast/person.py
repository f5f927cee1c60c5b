"""What is known of the person when a session opens, kept with the first event of the session.

A forecast is then a function of the session's events alone: what is learned of the person later, on
another page, does not change what was forecast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final

from evenkeel.clinic.course.forecast_terms import About

#: As many medicines as an event has room for; more is no list anybody keeps.
_MOST_MEDICINES: Final = 60
_LONGEST_NAME: Final = 80
_KEPT: Final = (
    "weight_kg",
    "age_years",
    "session_number",
    "medicines",
    "medicines_known",
    "sbp_mmhg",
    "dbp_mmhg",
)


def as_document(about: About) -> dict[str, Any]:
    """What the forecast of a session needs, as plain JSON."""
    found = {name: value for name, value in asdict(about).items() if name in _KEPT}
    names = [name[:_LONGEST_NAME] for name in about.medicines]
    found["medicines"] = names[:_MOST_MEDICINES]
    return found


def from_document(document: Mapping[str, Any]) -> About:
    """The person of a stored document; what it does not say is unknown."""
    known = {f.name for f in fields(About)} & set(_KEPT)
    found = {name: value for name, value in document.items() if name in known}
    found.setdefault("weight_kg", None)
    found.setdefault("age_years", None)
    found["medicines"] = tuple(found.get("medicines") or ())
    return About(**found)
