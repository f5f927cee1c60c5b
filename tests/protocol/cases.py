"""Cases the protocol tests start from: people obviously made up, with nothing wrong."""

from __future__ import annotations

from typing import Any


def good_case(product: str = "esketamine_nasal", jurisdiction: str = "US") -> dict[str, Any]:
    """Return a complete case in which nothing stands against treatment."""
    return {
        "format": "evenkeel-facts/1",
        "jurisdiction": jurisdiction,
        "product": product,
        "session_number": 1,
        "age_years": 36,
        "sex": "female",
        "pregnancy": "negative",
        "breastfeeding": False,
        "diagnoses": ["major_depression"],
        "failed_adequate_trials": 3,
        "conditions": [{"code": "asthma", "status": "history", "days_ago": 900}],
        "conditions_reviewed": True,
        "allergies": ["latex"],
        "allergies_reviewed": True,
        "medicines": [{"name": "fluoxetine"}],
        "medicines_reviewed": True,
        "blood_pressure": [{"sbp_mmhg": 127, "dbp_mmhg": 81, "minutes_ago": 5}],
        "heart_rate_bpm": 70,
        "spo2_percent": 98,
        "scores": {"phq9": 16, "madrs": None},
        "cssrs": {"q1": True, "q2": False, "q3": False, "q4": False, "q5": False, "q6": False},
        "hcg_test": "negative",
        "ecg": "normal",
        "liver_tests": "normal",
        "renal_tests": "normal",
        "child_pugh": None,
        "capacity": True,
        "consent_signed": True,
        "escort_arranged": True,
        "rems_enrolled": True,
    }


def without(case: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Return a copy of ``case`` that lacks ``keys``."""
    return {key: value for key, value in case.items() if key not in keys}


def with_condition(code: str, **more: object) -> dict[str, Any]:
    """Return the change that adds one condition to a case."""
    return {"conditions": [{"code": code, **more}]}


def with_medicine(name: str, **more: object) -> dict[str, Any]:
    """Return the change that makes one medicine the whole list."""
    return {"medicines": [{"name": name, **more}]}


def ready_to_leave(product: str = "esketamine_nasal", jurisdiction: str = "US") -> dict[str, Any]:
    """Return a discharge document in which everything is met."""
    return {
        "format": "evenkeel-discharge/1",
        "jurisdiction": jurisdiction,
        "product": product,
        "minutes_since_start": 140,
        "minutes_since_drug_end": 130,
        "baseline": {"sbp_mmhg": 123, "dbp_mmhg": 77, "heart_rate_bpm": 66, "spo2_percent": 98},
        "blood_pressure": [{"sbp_mmhg": 126, "dbp_mmhg": 79, "minutes_ago": 3}],
        "heart_rate_bpm": 72,
        "spo2_percent": 98,
        "respiratory_rate_per_min": 14,
        "moaas": 5,
        "aldrete": 10,
        "dissociation_resolved": True,
        "oriented": True,
        "gait": "independent",
        "symptoms": [],
        "cssrs_intent": False,
        "held_at_min": None,
        "escort_present": True,
        "instructions_given": True,
        "plans_to_drive": False,
    }
