"""Dizziness and nausea over a course: what is stored is what the published shares say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evenkeel.pharmacology.effects import nausea_fit as nf
from evenkeel.pharmacology.effects import site_exposure
from evenkeel.pharmacology.validation.crowd import crowds_of

DOSE = {"route": "nasal", "dose": 28, "unit": "mg", "over_min": 0, "at_min": 0, "every_min": 5}


def test_what_is_stored_cannot_be_bettered_by_a_step_to_any_side() -> None:
    """The fit itself takes too long here; a rounded smallest misfit has no better neighbor."""
    kept = nf.stored()
    least = nf.misfit(kept)
    for name in ("frailty_log_sd", "course", *(f"{e}_hazard" for e in nf.EVENTS)):
        for factor in (0.9, 1.1):
            moved = replace(kept, **{name: getattr(kept, name) * factor})
            assert nf.misfit(moved) > least - 0.02, (name, factor)


def test_a_power_of_the_session_fits_better_than_a_step() -> None:
    step = nf.Reporting(0.000596, 0.00173, 0.000187, 0.00185, 2.92, 0.101, 0.487, 0.181)
    assert nf.misfit(nf.stored()) < nf.misfit(step, "step") - 2.0


def test_the_share_is_that_of_drawn_people() -> None:
    reporting = nf.stored()
    arm = next(a for a in nf.published()["arms"] if a["from"] == "extension")
    frailty = np.exp(reporting.frailty_log_sd * np.random.default_rng(5).standard_normal(400_000))
    by_mg = nf.published()["exposure_ng_h_ml"]
    exposure = np.repeat([by_mg["56"], by_mg["84"]], 200_000)
    a_session = reporting.dizziness_hazard * exposure + 2.0 * reporting.dizziness_background
    ever = 0.0
    for part in arm["parts"]:
        first, last = part["sessions"]
        worth = sum(k**-reporting.course for k in range(first, last + 1))
        ever += part["share"] * float(-np.expm1(-frailty * a_session * worth).mean())
    assert nf.share(reporting, "dizziness", arm) == pytest.approx(ever, abs=0.003)


def test_every_arm_is_cited_and_its_parts_are_all_of_it() -> None:
    for arm in nf.published()["arms"]:
        assert arm["from"] in nf.published()["citations"]
        assert sum(part["share"] for part in arm["parts"]) == pytest.approx(1.0)
        assert all(0 <= arm[event] <= arm["n"] for event in nf.EVENTS)


@pytest.mark.parametrize("devices", [1, 2, 3])
def test_the_exposure_is_that_of_virtual_people(devices: int) -> None:
    how = {"regimen": [{**DOSE, "count": devices}], "people": {"n": 400, "seed": 1}}
    (crowd,) = crowds_of("perez_ruixo_2021", {**how, "covariates": {}})
    levels = crowd.levels([120.0])
    found = site_exposure(levels["exposure_nausea"], levels["site_sedation"], crowd.person())
    assert found.mean() == pytest.approx(
        nf.published()["exposure_ng_h_ml"][str(28 * devices)], rel=0.05
    )
