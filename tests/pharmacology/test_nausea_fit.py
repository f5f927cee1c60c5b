"""Dizziness and nausea over a course: what is stored is what the published shares say."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from evenkeel.pharmacology.effects import nausea_fit as nf
from evenkeel.pharmacology.effects import site_exposure
from evenkeel.pharmacology.validation.crowd import crowds_of

DOSE = {"route": "nasal", "dose": 28, "unit": "mg", "over_min": 0, "at_min": 0, "every_min": 5}


def test_what_is_stored_is_what_the_fit_finds_rounded() -> None:
    best, kept = asdict(nf.fit()), asdict(nf.stored())
    for name, value in best.items():
        assert kept[name] == pytest.approx(value, rel=0.03), name


def test_the_share_is_that_of_drawn_people() -> None:
    reporting = nf.stored()
    arm = next(a for a in nf.published()["arms"] if a["from"] == "extension")
    frailty = np.exp(reporting.frailty_log_sd * np.random.default_rng(5).standard_normal(400_000))
    exposure = np.repeat(nf.published()["exposure_ng_h_ml"], 200_000)
    a_session = reporting.dizziness_hazard * exposure + 2.0 * reporting.dizziness_background
    ever = 0.0
    for part in arm["parts"]:
        hazard = frailty * a_session * (part["first"] + reporting.later * part["later"])
        ever += part["share"] * float(-np.expm1(-hazard).mean())
    assert nf.share(reporting, "dizziness", arm) == pytest.approx(ever, abs=0.003)


def test_a_trial_is_counted_once_for_each_event_and_shares_are_people() -> None:
    for arm in nf.published()["arms"]:
        assert arm["from"] in nf.published()["citations"]
        assert sum(part["share"] for part in arm["parts"]) == pytest.approx(1.0)
        assert all(0 <= arm[event] <= arm["n"] for event in nf.EVENTS)


@pytest.mark.parametrize(("devices", "place"), [(2, 0), (3, 1)])
def test_the_exposure_is_that_of_virtual_people(devices: int, place: int) -> None:
    how = {"regimen": [{**DOSE, "count": devices}], "people": {"n": 400, "seed": 1}}
    (crowd,) = crowds_of("perez_ruixo_2021", {**how, "covariates": {}})
    levels = crowd.levels([120.0])
    found = site_exposure(levels["exposure_nausea"], levels["site_sedation"], crowd.person())
    assert found.mean() == pytest.approx(nf.published()["exposure_ng_h_ml"][place], rel=0.05)
