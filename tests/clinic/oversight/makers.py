"""Incidents, complaints and monitoring forms, brought to where a test begins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from evenkeel.clinic.oversight.actions.record_incident import record_incident
from evenkeel.clinic.oversight.models import Incident
from tests.clinic.session.makers import CALM, Stage, open_stage
from tests.clinic_factory import Clinic


def told(clinic: Clinic, **changes: Any) -> dict[str, Any]:
    """A mild adverse event as somebody tells it, with changes."""
    return {
        "kind": "adverse_event",
        "title": "Nausea after the second device",
        "narrative": "Felt sick from minute 20 to 45, vomited once, settled by itself.",
        "happened_at": clinic.clock.now(),
        "is_serious": "no",
        "severity": "mild",
        "outcome": "resolved",
        **changes,
    }


def serious(clinic: Clinic, **changes: Any) -> dict[str, Any]:
    """A serious adverse event: taken to hospital."""
    return told(
        clinic,
        **{
            "title": "Pressure crisis, taken to hospital",
            "is_serious": "yes",
            "seriousness": ["hospitalization"],
            "severity": "severe",
            "outcome": "recovering",
            "causality": "probable",
            **changes,
        },
    )


def recorded(
    clinic: Clinic, source: str, source_id: Any, said: dict[str, Any], role: str = "session_nurse"
) -> Incident:
    """One incident on record."""
    return record_incident(clinic.as_(role), source=source, source_id=source_id, said=said)


def nasal_done(clinic: Clinic) -> Stage:
    """A session of esketamine nasal spray, given, watched and left: 56 mg in two devices."""
    stage = open_stage(clinic, "esketamine_nasal")
    began = clinic.clock.now()
    stage.prepared()
    stage.says("device", number=1, dose_mg=28, lot="LOT-7")
    clinic.clock.advance(timedelta(minutes=5))
    stage.says("device", number=2, dose_mg=28, lot="LOT-7")
    readings = (
        (20, {"sbp_mmhg": 142, "dbp_mmhg": 88, "moaas": 4, "dissociation_0_10": 5}),
        (41, {"sbp_mmhg": 146, "dbp_mmhg": 90, "moaas": 5, "dissociation_0_10": 3}),
        (118, {"sbp_mmhg": 126, "dbp_mmhg": 78, "moaas": 5, "dissociation_0_10": 0}),
    )
    for minute, more in readings:
        clinic.clock.advance(began + timedelta(minutes=minute) - clinic.clock.now())
        stage.says("observation", body={**CALM, "respiratory_rate_per_min": 14, **more})
    clinic.clock.advance(began - clinic.clock.now())
    stage.row()
    return stage
