"""Timelines the watching tests start from: calm sessions of people obviously made up."""

from __future__ import annotations

from typing import Any

BEFORE = {
    "at_min": -5,
    "kind": "observation",
    "sbp_mmhg": 121,
    "dbp_mmhg": 73,
    "heart_rate_bpm": 64,
    "spo2_percent": 98,
    "respiratory_rate_per_min": 14,
    "moaas": 5,
}
#: Ordinary courses: rises of +16/+11 at 40 min (Yale 2024, 2,342 infusions), strong dissociation.
_COURSE = {
    10: {"sbp_mmhg": 130, "dbp_mmhg": 79, "heart_rate_bpm": 72, "dissociation_0_10": 5},
    20: {
        "sbp_mmhg": 134,
        "dbp_mmhg": 82,
        "heart_rate_bpm": 78,
        "dissociation_0_10": 9,
        "cadss": 60,
        "symptoms": ["dizziness", "nausea", "dissociation"],
    },
    30: {"sbp_mmhg": 136, "dbp_mmhg": 83, "heart_rate_bpm": 80, "moaas": 4, "spo2_percent": 96},
    40: {
        "sbp_mmhg": 137,
        "dbp_mmhg": 84,
        "heart_rate_bpm": 82,
        "symptoms": ["headache", "anxiety"],
    },
}
_AFTER = {"sbp_mmhg": 126, "dbp_mmhg": 77, "heart_rate_bpm": 70, "spo2_percent": 98, "moaas": 5}

PLANS: dict[str, dict[str, Any]] = {
    "esketamine_nasal": {"dose_mg": 56},
    "esketamine_iv": {"dose_mg": 17.5, "dose_mg_per_kg": 0.25, "duration_min": 40},
    "racemic_iv": {"dose_mg": 35, "dose_mg_per_kg": 0.5, "duration_min": 40},
    "racemic_im": {"dose_mg": 35, "dose_mg_per_kg": 0.5},
    "racemic_sc": {"dose_mg": 35, "dose_mg_per_kg": 0.5},
    "racemic_oral": {"dose_mg": 140, "dose_mg_per_kg": 2.0},
    "racemic_sublingual": {"dose_mg": 150},
}
GIVEN: dict[str, list[dict[str, Any]]] = {
    "esketamine_nasal": [
        {"at_min": 0, "kind": "device", "number": 1},
        {"at_min": 5, "kind": "device", "number": 2},
    ],
    "esketamine_iv": [
        {"at_min": 0, "kind": "infusion_start", "rate_mg_per_h": 26.25},
        {"at_min": 40, "kind": "infusion_stop"},
    ],
    "racemic_iv": [
        {"at_min": -2, "kind": "dose_entered", "dose_mg": 35},
        {"at_min": 0, "kind": "infusion_start", "rate_mg_per_h": 52.5},
        {"at_min": 40, "kind": "infusion_stop"},
    ],
    "racemic_im": [{"at_min": 0, "kind": "injection", "dose_mg": 35}],
    "racemic_sc": [{"at_min": 0, "kind": "injection"}],
    "racemic_oral": [{"at_min": 0, "kind": "oral_dose", "dose_mg": 140}],
    "racemic_sublingual": [{"at_min": 0, "kind": "oral_dose", "dose_mg": 150}],
}


def observed(at_min: float, **values: Any) -> dict[str, Any]:
    """Return one observation."""
    return {"at_min": at_min, "kind": "observation", **values}


def calm(product: str = "racemic_iv", jurisdiction: str = "US") -> dict[str, Any]:
    """Return a whole calm session: rises as the literature has them, and a good end."""
    return {
        "format": "evenkeel-timeline/1",
        "jurisdiction": jurisdiction,
        "product": product,
        "planned": dict(PLANS[product]),
        "conditions": ["asthma"],
        "medicines": ["fluoxetine"],
        "events": [
            dict(BEFORE),
            *GIVEN[product],
            *(observed(minute, **values) for minute, values in _COURSE.items()),
            *(observed(minute, **_AFTER) for minute in (55, 70, 85, 100, 115)),
        ],
        "until_min": 120,
    }


def session(
    *events: dict[str, Any], product: str = "racemic_iv", until_min: float = 0, **more: Any
) -> dict[str, Any]:
    """Return a session with a good reading before it, the drug begun, and ``events``.

    ``until_min`` 0 leaves missed vital signs out, so that a test sees its own alarms alone.
    """
    case = calm(product)
    begun = [one for one in GIVEN[product] if one["kind"] != "infusion_stop"]
    case["events"] = [dict(BEFORE), *begun, *events]
    return {**case, "medicines": [], "conditions": [], "until_min": until_min, **more}
