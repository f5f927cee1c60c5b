"""A closed session's few figures: what was measured after the first dose, and nothing invented."""

from __future__ import annotations

import pytest

from tests.clinic.session.makers import CALM, Stage

pytestmark = pytest.mark.django_db


def _through(stage: Stage) -> Stage:
    stage.started()
    for minutes, reading in (
        (10, {"sbp_mmhg": 131, "dbp_mmhg": 83, "spo2_percent": 96, "dissociation_0_10": 5}),
        (15, {"sbp_mmhg": 139, "dbp_mmhg": 81, "spo2_percent": 94, "dissociation_0_10": 7}),
        (15, {"sbp_mmhg": 128, "dbp_mmhg": 79, "spo2_percent": 98, "dissociation_0_10": 2}),
    ):
        stage.wait(minutes)
        stage.says("observation", body=reading)
    stage.says("infusion_stop", reason="complete")
    stage.wait(20)
    stage.says("note", body={"text": "A quiet sea", "quoted": True})
    stage.wait(60)
    stage.says("observation", body=CALM)
    stage.says("ready", body={"override_reason": "checked on paper"})
    stage.says("discharged", body={"escort": "A friend", "instructions": "Leaflet 3"})
    return stage


def test_closing_a_session_sums_it_up(stage: Stage) -> None:
    session = _through(stage).row()
    given = session.summary.pop("total_mg")
    assert given == pytest.approx(float(session.dose_sheet["dose_mg"]), rel=0.02)
    assert session.summary == {
        "baseline_sbp": 122,
        "peak_sbp": 139,
        "baseline_dbp": 76,
        "peak_dbp": 83,
        "peak_dissociation": 7,
        "lowest_spo2": 94,
        "ready_after_min": 120,
        "words": "A quiet sea",
    }


def test_a_correction_after_closing_corrects_the_summary(stage: Stage) -> None:
    session = _through(stage).row()
    wrong = session.events.get(kind="observation", body__sbp_mmhg=139)
    stage.says(
        "observation",
        at=wrong.happened_at,
        supersedes=wrong.pk,
        body={**wrong.body, "sbp_mmhg": 133},
    )
    assert stage.row().summary["peak_sbp"] == 133
    assert stage.row().version > session.version


def test_a_session_without_a_dose_has_no_figures(stage: Stage) -> None:
    stage.says("observation", body=CALM)
    stage.says("discharged", body={"escort": "A friend", "instructions": "Leaflet 3"})
    assert stage.row().summary == {}
