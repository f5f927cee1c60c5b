"""True change of blood pressure, heart rate and cardiac output from the effect site.

Slope from esketamine's mean of maxima over placebo (Doherty 2020); S-norketamine opposes
(Kamp 2021); the rise levels off above about 1 uM. What a cuff shows is in `readings`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .chunks import row_slices
from .people import AcutePerson

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Hemodynamics:
    """True systolic rise (N, T) in mmHg over the session's baseline, and what follows from it."""

    sbp_rise_mmhg: Array
    person: AcutePerson

    @property
    def sbp_mmhg(self) -> Array:
        """True systolic pressure (N, T)."""
        return self.sbp_rise_mmhg + self.person.sbp_baseline_mmhg[:, None]

    @property
    def dbp_rise_mmhg(self) -> Array:
        """True diastolic rise (N, T)."""
        return self.sbp_rise_mmhg * self.person.model["dbp_ratio"]

    @property
    def dbp_mmhg(self) -> Array:
        """True diastolic pressure (N, T)."""
        rise = self.dbp_rise_mmhg
        rise += self.person.dbp_baseline_mmhg[:, None]
        return rise

    @property
    def hr_rise_bpm(self) -> Array:
        """True rise of heart rate (N, T); weakly known."""
        return self.sbp_rise_mmhg * self.person.model["hr_ratio_bpm_per_mmhg"]

    @property
    def hr_bpm(self) -> Array:
        """True heart rate (N, T)."""
        rise = self.hr_rise_bpm
        rise += self.person.hr_baseline_bpm[:, None]
        return rise


def hemodynamics(
    site: Array, person: AcutePerson, *, norketamine_site: Array | None = None
) -> Hemodynamics:
    """Pressure and heart rate of N people at T times.

    `site` (N, T) is the filter `site_pressure` in ng/mL, `norketamine_site` (N, T) the filter
    `site_pressure_norketamine`; without it there is no damping.
    """
    model = person.model
    found = np.empty(site.shape)
    for rows in row_slices(*site.shape):
        rise = np.maximum(site[rows], 0.0, out=found[rows])
        bend = rise * (1.0 / model["pressure_saturation_ng_ml"])
        bend *= bend
        bend += 1.0
        np.sqrt(bend, out=bend)
        if norketamine_site is not None:
            bend *= _damping(norketamine_site[rows], model["norketamine_damping_ng_ml"])
        rise *= person.sbp_slope_mmhg_per_ng_ml[rows, None]
        rise /= bend
    return Hemodynamics(found, person)


def cardiac_output_percent(
    site: Array, person: AcutePerson, *, norketamine_site: Array | None = None
) -> Array:
    """Rise of cardiac output in percent (N, T) from the filter `site_cardiac_output` (S only).

    Linear to the highest level studied (Sigtermans 2009) and held above it; damped as pressure.
    """
    model = person.model
    rise = np.clip(site, 0.0, model["cardiac_output_top_ng_ml"])
    rise *= person.cardiac_output_percent_per_ng_ml[:, None]
    if norketamine_site is not None:
        rise /= _damping(norketamine_site, model["norketamine_damping_ng_ml"])
    return rise


def _damping(norketamine_site: Array, half_ng_ml: float) -> Array:
    damping = np.maximum(norketamine_site, 0.0)
    damping *= 1.0 / half_ng_ml
    damping += 1.0
    return damping
