"""What one session of a plan is expected to do to this person: from plain values to bands.

A pure function of what is ordered, what is known of the person, and a seed. The same virtual people
stand behind every dose, so that two plans differ by the plans alone. It says what is expected; it
proposes nothing.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from evenkeel.clinic.course.forecast_medicines import Interacting, interacting
from evenkeel.clinic.course.forecast_terms import (
    LEVELS,
    About,
    Array,
    Band,
    Chance,
    NoForecast,
    Ordered,
    PlanForecast,
    Readiness,
    Status,
    Trust,
)
from evenkeel.pharmacology import (
    Model,
    PharmacologyError,
    Regimen,
    bolus,
    devices,
    draw_people,
    infusion,
    load_model,
)
from evenkeel.pharmacology.acute import Acute, simulate_acute
from evenkeel.pharmacology.choice import Drug, default_model
from evenkeel.pharmacology.effects import (
    RANDOM_EFFECTS,
    READINESS_NOTE,
    AcutePerson,
    hemodynamics,
    people_from_normals,
    severe_pressure,
    time_of_peak_min,
    time_to_readiness_min,
)
from evenkeel.pharmacology.interactions import interaction_covariates
from evenkeel.pharmacology.regimen import NASAL_DEVICE_MG
from evenkeel.pharmacology.simulate import trust

PEOPLE: Final = 400
SEED: Final = 20
_EFFECTS_MODEL: Final = "Acute effects of ketamine and esketamine, put together here"
#: Product -> what the pharmacology room calls the drug and the route.
_GIVEN_AS: Final[dict[str, tuple[Drug, str]]] = {
    "esketamine_nasal": ("s_ketamine", "nasal"),
    "esketamine_iv": ("s_ketamine", "iv"),
    "racemic_iv": ("racemic", "iv"),
    "racemic_im": ("racemic", "im"),
    "racemic_sc": ("racemic", "sc"),
    "racemic_oral": ("racemic", "oral"),
    "racemic_sublingual": ("racemic", "sublingual"),
}
_ADULT_YEARS: Final = 18
#: A session is followed so long after the last of the drug; slower routes longer. [assumed]
_AFTER_MIN: Final = {"iv": 110, "nasal": 140, "im": 150, "sc": 150}
_AFTER_SLOW_MIN: Final = 240
#: Readiness is looked for so long after what is shown. [assumed]
_READY_WITHIN_MIN: Final = 240.0
_LONGEST_INFUSION_MIN: Final = 480.0
_SHORTEST_SOUND_INFUSION_MIN: Final = 10.0
#: How often a cuff is taken to read for the two chances. [assumed]
READ_EVERY_MIN: Final = 10
READ_UNTIL_MIN: Final = 120
#: Places at which the error of one cuff reading stands in for all of it, of unit variance.
_ERRORS: Final = np.array([-1.6, -1.0, -0.6, -0.28, 0.0, 0.28, 0.6, 1.0, 1.6])
_TITLES: Final = {
    "concentration": ("Blood level", "ng/mL"),
    "pressure": ("Systolic pressure", "mmHg by cuff"),
    "dissociation": ("Dissociation", "0 to 10"),
    "sedation": ("Sedation", "MOAA/S, 5 is alert"),
}


class Refusal(Exception):
    """Why there is no forecast; never leaves the forecasting modules."""

    def __init__(self, reason: NoForecast) -> None:
        super().__init__(reason.words)
        self.reason = reason


def forecast_plan(
    ordered: Ordered, about: About, *, people: int = PEOPLE, seed: int = SEED
) -> PlanForecast | NoForecast:
    """The bands of one session, or the reason why there are none. Raises nothing for any input."""
    try:
        drug, route = _answerable(ordered, about)
        regimen = _regimen(ordered, route)
        model = load_model(default_model(drug, regimen))
        return _worked_out(model, regimen, route, ordered, about, people, seed)
    except Refusal as refusal:
        return refusal.reason
    except PharmacologyError as error:
        words = str(error)
        return NoForecast("engine", f"{words[:1].upper()}{words[1:]}.".replace("..", "."))


def given_as(product: str) -> tuple[Drug, str] | None:
    """What the pharmacology room calls a product's drug and route; ``None`` where it has none."""
    return _GIVEN_AS.get(product)


def prepared(ordered: Ordered, about: About) -> tuple[Model, Regimen, dict[str, float], Trust]:
    """Model, regimen of one session, covariates and trust in them, for what goes on from there.

    Raises ``Refusal`` and ``PharmacologyError``.
    """
    drug, route = _answerable(ordered, about)
    regimen = _regimen(ordered, route)
    model = load_model(default_model(drug, regimen))
    covariates, _ = _covariates(model, about, interacting(about.medicines))
    found, reasons = trust(model, regimen, draw_people(model, 1, **covariates))
    return model, regimen, covariates, _trust(model, found, reasons, ordered, about)


def _answerable(ordered: Ordered, about: About) -> tuple[Drug, str]:
    if ordered.product not in _GIVEN_AS:
        raise Refusal(NoForecast("no_model", "No model covers this product and route."))
    if about.weight_kg is None:
        raise Refusal(
            NoForecast(
                "no_weight",
                "Without a measured weight nothing can be forecast.",
                "Record a weight.",
            )
        )
    if about.age_years is None or about.age_years < _ADULT_YEARS:
        raise Refusal(NoForecast("not_adult", "The models were made for adults only."))
    if ordered.problem:
        raise Refusal(NoForecast("no_dose", ordered.problem))
    if ordered.refused:
        raise Refusal(
            NoForecast(
                "refused", f"{ordered.refused} What cannot be signed is not forecast.".strip()
            )
        )
    if ordered.dose_mg is None or not ordered.dose_mg > 0:
        raise Refusal(NoForecast("no_dose", "Enter the dose to see what is expected of it."))
    return _GIVEN_AS[ordered.product]


def _regimen(ordered: Ordered, route: str) -> Regimen:
    dose_mg = float(ordered.dose_mg or 0.0)
    if route == "nasal":
        count = dose_mg / NASAL_DEVICE_MG
        if count != int(count):
            raise Refusal(NoForecast("no_dose", "A nasal dose is a whole number of devices."))
        return Regimen.of(devices(int(count)))
    if route != "iv":
        return Regimen.of(bolus(dose_mg, route=route))
    if ordered.duration_min is None:
        raise Refusal(NoForecast("no_duration", "Enter the minutes to see what is expected."))
    if not 0 < ordered.duration_min <= _LONGEST_INFUSION_MIN:
        raise Refusal(
            NoForecast("no_duration", "One session is forecast for infusions of up to 8 hours.")
        )
    return Regimen.of(infusion(dose_mg, over_min=ordered.duration_min))


def _worked_out(
    model: Model,
    regimen: Regimen,
    route: str,
    ordered: Ordered,
    about: About,
    people: int,
    seed: int,
) -> PlanForecast:
    times_min, shown = _times_min(regimen, route)
    taking = interacting(about.medicines)
    covariates, interaction_notes = _covariates(model, about, taking)
    normals = np.random.default_rng([seed, 1]).standard_normal((people, len(RANDOM_EFFECTS)))
    person = _person(normals, about)
    level = _level_of(model)
    acute = simulate_acute(
        model,
        regimen,
        draw_people(model, people, seed, **covariates),
        person,
        times_min / 60.0,
        session_number=about.session_number,
        effects=("hemodynamics", "dissociation", "sedation"),
        outputs=(level,),
    )
    sound = ~acute.result.failed
    if not sound.all():
        raise Refusal(NoForecast("engine", "The numbers of this plan do not work out."))
    level_trust = _trust(model, acute.result.status, acute.result.reasons, ordered, about)
    dissociation, moaas = acute.dissociation.score(), acute.sedation.score()
    values = {
        "concentration": _quantiles(acute.result[level][:, :shown]),
        "pressure": _as_read(acute, shown),
        "dissociation": _quantiles(dissociation[:, :shown]),
        "sedation": _quantiles(moaas[:, :shown]),
    }
    bands = tuple(
        Band(name, *_TITLES[name], values[name], over)  # type: ignore[arg-type]
        for name, over in _effects_trust(level_trust, acute, about).items()
    )
    severe, rise = _chances(acute, normals, about, times_min)
    ready = time_to_readiness_min(
        times_min,
        dissociation=dissociation,
        moaas=moaas,
        sbp_rise_mmhg=acute.hemodynamics.sbp_rise_mmhg,
    )
    # whoever is never above a line is not called ready before the drug has come and peaked
    ready = np.fmax(ready, time_of_peak_min(times_min, acute.result[level])) + 0.0 * ready
    return PlanForecast(
        times_min=times_min[:shown],
        bands=bands,
        severe=severe,
        rise=rise,
        readiness=_readiness(ready, float(times_min[-1])),
        given=tuple((dose.at_h * 60.0, dose.end_h * 60.0) for dose in regimen),
        baseline_sbp_mmhg=float(np.median(person.sbp_baseline_mmhg)),
        readings_every_min=READ_EVERY_MIN,
        readings_until_min=READ_UNTIL_MIN,
        people=people,
        seed=seed,
        notes=_notes(about, taking, interaction_notes, acute),
    )


def _covariates(
    model: Model, about: About, taking: Interacting
) -> tuple[dict[str, float], tuple[str, ...]]:
    covariates, notes = interaction_covariates(model, taking.described)
    covariates["weight_kg"] = float(about.weight_kg or 0.0)
    if "age_years" in model.covariates:
        covariates["age_years"] = float(about.age_years or 0.0)
    return covariates, notes


def _times_min(regimen: Regimen, route: str) -> tuple[Array, int]:
    """Minutes, and how many of them are shown: the rest is followed for readiness alone.

    Every 2.5 min, or 5 where it is long, to a round end, and when an infusion ends; then every 10.
    """
    end_min = regimen.end_h * 60.0
    until = 30.0 * math.ceil((end_min + _AFTER_MIN.get(route, _AFTER_SLOW_MIN)) / 30.0)
    step = 2.5 if until <= 200 else 5.0
    close = np.union1d(np.arange(0.0, until + step / 2, step), [end_min])
    later = np.arange(until + 10.0, until + _READY_WITHIN_MIN + 1.0, 10.0)
    return np.concatenate([close, later]), len(close)


def _person(normals: Array, about: About) -> AcutePerson:
    known: dict[str, float] = {}
    if about.age_years is not None:
        known["age_years"] = about.age_years
    if about.sbp_mmhg is not None and about.dbp_mmhg is not None:
        known |= {"sbp_usual_mmhg": about.sbp_mmhg, "dbp_usual_mmhg": about.dbp_mmhg}
    return people_from_normals(normals, covariates=known, between_study=True)


def _level_of(model: Model) -> str:
    """The level of what was given as a whole: both enantiomers where there are two."""
    return "ketamine_ng_ml" if "ketamine_ng_ml" in model.outputs else "s_ketamine_ng_ml"


def _quantiles(values: Array) -> Array:
    return np.asarray(np.quantile(values, LEVELS, axis=0), dtype=np.float64)


def _as_read(acute: Acute, shown: int) -> Array:
    """Quantiles of what a cuff would show: each person's pressure with nine errors of the cuff."""
    truth = acute.hemodynamics.sbp_mmhg[:, :shown]
    return _quantiles(with_errors(truth, acute.person.model["sbp_noise_sd_mmhg"]))


def with_errors(truth: Array, sd: float) -> Array:
    """Each row of (n, T) with nine errors of a reading, (9 n, T): smooth bands without a draw."""
    errors = _ERRORS / np.sqrt(np.mean(_ERRORS**2)) * sd
    return np.asarray((truth[None] + errors[:, None, None]).reshape(-1, truth.shape[1]))


def _chances(acute: Acute, normals: Array, about: About, times_min: Array) -> tuple[Chance, Chance]:
    """Chances of a reading of 180 and of a rise of 40; clinics differ in how people react.

    The low and high ends put everybody into a clinic at the 5 % and the 95 % of clinics.
    """
    wanted = np.arange(0, min(READ_UNTIL_MIN, times_min[-1]) + 1, READ_EVERY_MIN)
    at = np.unique(np.abs(times_min[:, None] - wanted).argmin(axis=0)).tolist()
    site = acute.result["site_pressure"]
    damping = acute.site("site_pressure_norketamine")
    found = []
    for clinic in (None, -1.645, 1.645):
        person = acute.person
        if clinic is not None:
            shifted = normals.copy()
            shifted[:, RANDOM_EFFECTS.index("slope_between_study_log_sd")] = clinic
            person = _person(shifted, about)
        some = None if damping is None else damping[:, at]
        truth = hemodynamics(site[:, at], person, norketamine_site=some)
        lines = severe_pressure(truth, range(len(at)))
        found.append((float(lines.sbp_180.mean()), float(lines.sbp_rise_40.mean())))
    severe, rise = (Chance(*each) for each in zip(*found, strict=True))
    return severe, rise


def _readiness(ready_min: Array, end_min: float) -> Readiness:
    by_end = float(np.isfinite(ready_min).mean())
    late = np.where(np.isfinite(ready_min), ready_min, np.inf)
    ends = [float(v) for v in np.quantile(late, (0.05, 0.5, 0.95), method="inverted_cdf")]
    low, middle, high = (None if math.isinf(value) else value for value in ends)
    return Readiness(low, middle, high, by_end, end_min, READINESS_NOTE)


def _trust(
    model: Model, status: Status, why: tuple[str, ...], ordered: Ordered, about: About
) -> Trust:
    """How far the model of the blood level was made for this, with what the form adds to it."""
    reasons = [*why]
    if status == "derived":
        reasons.insert(0, "put together from several publications")
    if ordered.duration_min is not None and ordered.duration_min < _SHORTEST_SOUND_INFUSION_MIN:
        reasons.append("the models were made for infusions of 10 minutes and more")
        status = "extrapolated"
    studied = model.population.get("age_years")
    if isinstance(studied, list) and about.age_years is not None:
        low, high = float(studied[0]), float(studied[1])
        already = any("age" in reason for reason in reasons)
        if not low <= about.age_years <= high and not already:
            reasons.append(f"age {about.age_years:g} is outside the {low:g} to {high:g} studied")
            status = "extrapolated"
    if ordered.outside:
        reasons += ordered.outside
        status = "extrapolated"
    source = f"https://doi.org/{model.doi}" if model.doi else ""
    return Trust(model.title, status, tuple(_plain(reason) for reason in reasons), source)


def _effects_trust(level: Trust, acute: Acute, about: About) -> dict[str, Trust]:
    """The curves behind the blood level are put together from several sources: never more."""
    status: Status = "extrapolated" if level.status == "extrapolated" else "derived"
    halves = ("S- and R-ketamine taken as half each",) if acute.derived else ()
    shared = tuple(r for r in level.reasons if level.status == "extrapolated")
    later = ("the weaker effect in later sessions is assumed",) if about.session_number > 1 else ()
    of = {
        "pressure": (
            "slope from highest readings over placebo",
            "that the rise levels off at high levels is assumed",
        ),
        "dissociation": ("steepness, tolerance and delay are assumed", *later),
        "sedation": ("thresholds from anesthetic doses", "steepness and delay are assumed"),
    }
    found = {"concentration": level}
    for name, reasons in of.items():
        found[name] = Trust(_EFFECTS_MODEL, status, (*reasons, *halves, *shared))
    return found


def _plain(reason: str) -> str:
    return reason.replace("weight_kg", "weight").replace("age_years", "age").rstrip(".")


def _notes(
    about: About, taking: Interacting, interaction_notes: tuple[str, ...], acute: Acute
) -> tuple[str, ...]:
    notes = [f"{note[:1].upper()}{note[1:]}".rstrip(".") + "." for note in interaction_notes]
    notes += taking.left_out
    if taking.unread:
        notes.append(f"Not recognized, so not considered: {', '.join(taking.unread)}.")
    if not about.medicines_known:
        notes.append("No list of medicines is on record; none is assumed.")
    if about.sbp_mmhg is None:
        usual = acute.person.model["sbp_baseline_mmhg"]
        notes.append(f"No pressure on record: about {usual:g} mmHg before the dose is assumed.")
    if about.session_number == 1:
        later = acute.person.model["session_factor_later"]
        notes.append(
            "This is the first session. From the second on the drug's part in dissociation is "
            f"taken as {later:g} of this (assumed)."
        )
    return tuple(notes)
