"""How virtual people differ in the acute effects: one frozen set of (N,) arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import EffectsError
from .parameters import AcuteModel, Filter, Sampling, load_acute

Array = NDArray[np.float64]

#: The independent standard normals of a person, in the order of the columns of `normals`.
RANDOM_EFFECTS = (
    "dissociation_half_life_min",
    "dissociation_c50_ng_ml",
    "cadss_intercept",
    "score_intercept",
    "pressure_half_life_min",
    "sbp_slope_mmhg_per_ng_ml",
    "cardiac_output_percent_per_ng_ml",
    "sbp_baseline_mmhg",
    "dbp_baseline_mmhg",
    "hr_baseline_bpm",
    "sbp_session_sd_mmhg",
    "dbp_session_sd_mmhg",
    "hr_session_sd_bpm",
    "sedation_half_life_min",
    "sedation_c50_below5_ng_ml",
    "nausea_hazard_per_ng_h_ml",
    "dizziness_hazard_per_ng_h_ml",
    "slope_between_study_log_sd",
)
#: Those that belong to one session: draw them anew for another session of the same person.
SESSION_EFFECTS = ("sbp_session_sd_mmhg", "dbp_session_sd_mmhg", "hr_session_sd_bpm")
#: What may be known of a person: (N,) or scalar. A usual pressure takes the place of the center of
#: the drawn baseline; it was measured, so what is drawn around it is the error of that.
COVARIATES = (
    "age_years",
    "hypertension",
    "anxiety",
    "sbp_usual_mmhg",
    "dbp_usual_mmhg",
    "hr_usual_bpm",
)


#: What no living person is outside of; a slip of the unit or the key is caught here.
_POSSIBLE = {
    "age_years": (0.0, 120.0),
    "hypertension": (0.0, 1.0),
    "sbp_usual_mmhg": (40.0, 300.0),
    "dbp_usual_mmhg": (20.0, 200.0),
    "hr_usual_bpm": (20.0, 250.0),
}
#: The usual pressure is taken as the mean of so many readings of one other day. [assumed: two or
#: more is what guidelines ask for]
READINGS_OF_USUAL = 2


@dataclass(frozen=True)
class AcutePerson:
    """The acute-effect parameters of N people, each an (N,) array; units in the names.

    Baselines are those of this session: the usual value and the session's shift together, so
    that readings of one session are independent given the person.
    """

    dissociation_half_life_min: Array
    dissociation_c50_ng_ml: Array
    cadss_intercept: Array
    score_intercept: Array
    pressure_half_life_min: Array
    sbp_slope_mmhg_per_ng_ml: Array
    cardiac_output_percent_per_ng_ml: Array
    sbp_baseline_mmhg: Array
    dbp_baseline_mmhg: Array
    hr_baseline_bpm: Array
    sedation_half_life_min: Array
    sedation_c50_ng_ml: Array
    nausea_frailty: Array
    dizziness_frailty: Array
    model: AcuteModel

    def __len__(self) -> int:
        return len(self.sbp_baseline_mmhg)

    def half_life_min(self, item: Filter, sampling: Sampling) -> Array:
        """Half-life (N,) in minutes of a first-order filter, by where the model samples blood.

        Raises EffectsError for an integral, which has none, or an unknown sampling site.
        """
        if item.half_life_name is None:
            raise EffectsError(f"{item.name} is an integral and has no half-life")
        if sampling not in ("arterial", "venous"):
            raise EffectsError(f"sampling is arterial or venous, not {sampling!r}")
        own = getattr(self, item.half_life_name, None)
        half_life = np.full(len(self), self.model[item.half_life_name]) if own is None else own
        if sampling == "venous" and item.venous_extra_name is not None:
            half_life = half_life + self.model[item.venous_extra_name]
        return np.asarray(half_life, dtype=np.float64)

    def take(self, index: ArrayLike) -> AcutePerson:
        """The people at `index` (integers or a mask), in that order, repeats allowed."""
        chosen = np.asarray(index)
        arrays = {
            field.name: getattr(self, field.name)[chosen]
            for field in fields(self)
            if field.name != "model"
        }
        return AcutePerson(**arrays, model=self.model)


def draw_acute_people(
    n: int,
    rng: np.random.Generator,
    *,
    covariates: Mapping[str, ArrayLike] | None = None,
    between_study: bool = False,
    model: AcuteModel | None = None,
) -> AcutePerson:
    """N virtual people; the same generator state gives the same people.

    `between_study` adds the spread between clinics to the pressure slope, drawn for each person:
    right for a person of a clinic not yet known, wrong for a trial at one place. Covariates that
    these effects do not know (weight, say) are passed over.
    Raises EffectsError for n < 1 or an unusable covariate.
    """
    if n < 1:
        raise EffectsError(f"the number of people must be at least 1, not {n}")
    normals = rng.standard_normal((n, len(RANDOM_EFFECTS)))
    return people_from_normals(
        normals, covariates=covariates, between_study=between_study, model=model
    )


def typical_person(
    *, covariates: Mapping[str, ArrayLike] | None = None, model: AcuteModel | None = None
) -> AcutePerson:
    """One person at the typical value of everything (N = 1)."""
    return people_from_normals(
        np.zeros((1, len(RANDOM_EFFECTS))), covariates=covariates, model=model
    )


def people_from_normals(
    normals: Array,
    *,
    covariates: Mapping[str, ArrayLike] | None = None,
    between_study: bool = False,
    model: AcuteModel | None = None,
) -> AcutePerson:
    """People from standard normals (N, len(RANDOM_EFFECTS)): a prior in which moves are simple.

    Raises EffectsError for another shape or an unusable covariate.
    """
    model = model or load_acute()
    if normals.ndim != 2 or normals.shape[1] != len(RANDOM_EFFECTS):
        raise EffectsError(f"normals must be (N, {len(RANDOM_EFFECTS)}), not {normals.shape}")
    n = len(normals)
    known = _covariates(covariates or {}, n)
    z = dict(zip(RANDOM_EFFECTS, normals.T, strict=True))
    slope = _spread(model, z, "sbp_slope_mmhg_per_ng_ml") * np.exp(_covariate_log(model, known))
    if between_study:
        slope *= np.exp(model["slope_between_study_log_sd"] * z["slope_between_study_log_sd"])
    sbp, dbp, hr = _baselines(model, z, known)
    return AcutePerson(
        dissociation_half_life_min=_spread(model, z, "dissociation_half_life_min"),
        dissociation_c50_ng_ml=_spread(model, z, "dissociation_c50_ng_ml"),
        cadss_intercept=_spread(model, z, "cadss_intercept"),
        score_intercept=_spread(model, z, "score_intercept"),
        pressure_half_life_min=_spread(model, z, "pressure_half_life_min"),
        sbp_slope_mmhg_per_ng_ml=slope,
        cardiac_output_percent_per_ng_ml=_spread(model, z, "cardiac_output_percent_per_ng_ml"),
        sbp_baseline_mmhg=sbp,
        dbp_baseline_mmhg=dbp,
        hr_baseline_bpm=hr,
        sedation_half_life_min=_spread(model, z, "sedation_half_life_min"),
        sedation_c50_ng_ml=_spread(model, z, "sedation_c50_below5_ng_ml"),
        nausea_frailty=_frailty(model, z, "nausea_hazard_per_ng_h_ml"),
        dizziness_frailty=_frailty(model, z, "dizziness_hazard_per_ng_h_ml"),
        model=model,
    )


def _spread(model: AcuteModel, z: Mapping[str, Array], name: str) -> Array:
    parameter = model.parameters[name]
    sd = model.spread_sd(name)
    if parameter.between_people is not None and parameter.between_people.scale == "additive":
        return parameter.value + sd * z[name]
    return np.asarray(parameter.value * np.exp(sd * z[name]), dtype=np.float64)


def _frailty(model: AcuteModel, z: Mapping[str, Array], name: str) -> Array:
    return np.asarray(np.exp(model.spread_sd(name) * z[name]), dtype=np.float64)


def _covariate_log(model: AcuteModel, known: Mapping[str, Array]) -> Array | float:
    """Log of the factor on the pressure slope; sizes no source gives are 0 in the file."""
    total: Array | float = 0.0
    if "age_years" in known:
        total = total + model["slope_log_age_decade"] * (known["age_years"] - 45.0) / 10.0
    for name in ("hypertension", "anxiety"):
        if name in known:
            total = total + model[f"slope_log_{name}"] * known[name]
    return total


def _baselines(
    model: AcuteModel, z: Mapping[str, Array], known: Mapping[str, Array]
) -> tuple[Array, Array, Array]:
    rho = model["baseline_correlation"]
    rest = float(np.sqrt(1.0 - rho * rho))
    usual: dict[str, Array] = {}
    shift: dict[str, Array] = {}
    for key in ("baseline_mmhg", "session_sd_mmhg"):
        z_sbp, z_dbp = z[f"sbp_{key}"], rho * z[f"sbp_{key}"] + rest * z[f"dbp_{key}"]
        (usual if key == "baseline_mmhg" else shift).update(sbp=z_sbp, dbp=z_dbp)
    usual["hr"], shift["hr"] = z["hr_baseline_bpm"], z["hr_session_sd_bpm"]
    found = []
    for sign, unit in (("sbp", "mmhg"), ("dbp", "mmhg"), ("hr", "bpm")):
        name = f"{sign}_baseline_{unit}"
        given = known.get(f"{sign}_usual_{unit}")
        if given is None:
            own = model[name] + model.spread_sd(name) * usual[sign]
        else:
            own = given + usual_error_sd(model, sign, unit) * usual[sign]
        found.append(own + model[f"{sign}_session_sd_{unit}"] * shift[sign])
    return found[0], found[1], found[2]


def usual_error_sd(model: AcuteModel, sign: str, unit: str) -> float:
    """SD of a usual value as told around the true one: that day's shift, and the cuff's error."""
    day, noise = model[f"{sign}_session_sd_{unit}"], model[f"{sign}_noise_sd_{unit}"]
    return float(np.sqrt(day**2 + noise**2 / READINGS_OF_USUAL))


def _covariates(covariates: Mapping[str, ArrayLike], n: int) -> dict[str, Array]:
    known = {}
    for name, value in covariates.items():
        if name not in COVARIATES:
            continue
        try:
            array = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            raise EffectsError(f"{name} must be a number for everybody") from None
        if array.ndim > 1 or (array.ndim == 1 and len(array) != n):
            raise EffectsError(f"{name} must be one number or {n} of them, not {array.shape}")
        if not np.all(np.isfinite(array)):
            raise EffectsError(f"{name} must be finite")
        low, high = _POSSIBLE.get(name, (-np.inf, np.inf))
        if np.any(array < low) or np.any(array > high):
            odd = array.min() if np.any(array < low) else array.max()
            raise EffectsError(f"{name} is {odd:g}; a person has {low:g} to {high:g}")
        known[name] = np.broadcast_to(array, (n,))
    return known
