"""Acute effects of ketamine and esketamine on people: pure functions of effect-site arrays.

The engine solves the linear filters that `filters_for` lists and hands their outputs, (N, T) in
ng/mL, to the functions here. All parameters, sources and marks stand in `acute.json`.
"""

from .bounded import BoundedInteger, bounded_integer
from .dissociation import (
    CADSS_TOP,
    SCORE_TOP,
    Dissociation,
    cadss_scale,
    dissociation,
    score_scale,
    session_factor,
)
from .errors import EffectsError, EffectsFileError
from .held import site_of_held_levels
from .hemodynamics import Hemodynamics, cardiac_output_percent, hemodynamics
from .nausea import (
    cumulative_hazard,
    nausea_session_factor,
    probability_of_event,
    site_exposure,
)
from .observation import (
    SURPRISING,
    Likelihood,
    cadss_likelihood,
    concentration_likelihood,
    moaas_likelihood,
    score_likelihood,
    total_likelihood,
    vital_likelihood,
    vital_logs,
)
from .occupancy import (
    OCCUPANCY_NOTE,
    occupancy_drive,
    occupancy_index,
    occupancy_range,
    occupancy_weights,
)
from .parameters import (
    AcuteModel,
    Filter,
    Parameter,
    SolvableFilter,
    Spread,
    filters_for,
    load_acute,
    parse_acute,
)
from .people import (
    COVARIATES,
    RANDOM_EFFECTS,
    SESSION_EFFECTS,
    AcutePerson,
    draw_acute_people,
    people_from_normals,
    typical_person,
)
from .readiness import READINESS_NOTE, time_back_min, time_of_peak_min, time_to_readiness_min
from .readings import (
    SeverePressure,
    expected_maximum,
    probability_any_reading_at_least,
    probability_any_rise_at_least,
    sample_readings,
    severe_pressure,
)
from .sedation import Sedation, sedation, sedation_thresholds
from .warm import warm_effects

__all__ = [
    "CADSS_TOP",
    "COVARIATES",
    "OCCUPANCY_NOTE",
    "RANDOM_EFFECTS",
    "READINESS_NOTE",
    "SCORE_TOP",
    "SESSION_EFFECTS",
    "SURPRISING",
    "AcuteModel",
    "AcutePerson",
    "BoundedInteger",
    "Dissociation",
    "EffectsError",
    "EffectsFileError",
    "Filter",
    "Hemodynamics",
    "Likelihood",
    "Parameter",
    "Sedation",
    "SeverePressure",
    "SolvableFilter",
    "Spread",
    "bounded_integer",
    "cadss_likelihood",
    "cadss_scale",
    "cardiac_output_percent",
    "concentration_likelihood",
    "cumulative_hazard",
    "dissociation",
    "draw_acute_people",
    "expected_maximum",
    "filters_for",
    "hemodynamics",
    "load_acute",
    "moaas_likelihood",
    "nausea_session_factor",
    "occupancy_drive",
    "occupancy_index",
    "occupancy_range",
    "occupancy_weights",
    "parse_acute",
    "people_from_normals",
    "probability_any_reading_at_least",
    "probability_any_rise_at_least",
    "probability_of_event",
    "sample_readings",
    "score_likelihood",
    "score_scale",
    "sedation",
    "sedation_thresholds",
    "session_factor",
    "severe_pressure",
    "site_exposure",
    "site_of_held_levels",
    "time_back_min",
    "time_of_peak_min",
    "time_to_readiness_min",
    "total_likelihood",
    "typical_person",
    "vital_likelihood",
    "vital_logs",
    "warm_effects",
]
