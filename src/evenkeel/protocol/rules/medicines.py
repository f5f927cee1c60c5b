"""Medicines that change the effect, the pressure or the breathing."""

from __future__ import annotations

from ..registry import CLEAR, Case, Fired, Unknown, Verdict, rule
from ..values import MedicineUse


def _by_class(case: Case, classes: tuple[str, ...], explanation: str, resolve: str) -> Verdict:
    """Fire with the names of the medicines of ``classes``."""
    found = case.taking(*classes)
    if found is None:
        return Unknown(("medicines",), "Complete the list of medicines.")
    if not found:
        return CLEAR
    return Fired(named(found), explanation, resolve, ("medicines",))


def named(found: tuple[MedicineUse, ...]) -> str:
    """Return the medicines as they were written, with the daily dose where stated."""
    return ", ".join(
        use.name if use.dose_mg_per_day is None else f"{use.name} {use.dose_mg_per_day:g} mg a day"
        for use in found
    )


def lorazepam_mg_per_day(found: tuple[MedicineUse, ...]) -> float | None:
    """Return the sum in lorazepam-equivalents (mg/day); None when a dose or figure is missing."""
    total = 0.0
    for use in found:
        factors = [
            item.lorazepam_mg_per_mg
            for item in use.recognized
            if item.lorazepam_mg_per_mg is not None
        ]
        if use.dose_mg_per_day is None or len(factors) != 1:
            return None
        total += use.dose_mg_per_day * factors[0]
    return total


@rule("benzodiazepine", kind="interaction", reads=("medicines",))
def benzodiazepine(case: Case) -> Verdict:
    """A benzodiazepine shortens the effect."""
    return _by_class(
        case,
        ("benzodiazepine",),
        "Benzodiazepines repeatedly shortened the effect on mood, and add to sedation. "
        "Stopping at once is unsafe.",
        "Plan the last dose before a session, or a slow taper.",
    )


@rule("benzodiazepine_load", kind="interaction", reads=("medicines",))
def benzodiazepine_load(case: Case) -> Verdict:
    """More benzodiazepine than trials allowed."""
    found = case.taking("benzodiazepine")
    if not found:
        # That the list may be incomplete is asked by the rule on benzodiazepines.
        return CLEAR
    cap = case.protocol.number("screen.lorazepam_mg_per_day")
    load = lorazepam_mg_per_day(found)
    if load is None:
        return Unknown(("medicines",), "State the daily dose of " + named(found) + ".")
    if load <= cap:
        return CLEAR
    return Fired(
        f"Benzodiazepines worth {load:.3g} mg of lorazepam a day",
        f"A trial left out people above {cap:g} mg a day. The conversion is approximate.",
        "The prescriber weighs a slow taper; never stop at once.",
    )


@rule("lamotrigine", kind="interaction", reads=("medicines",))
def lamotrigine(case: Case) -> Verdict:
    """Lamotrigine probably weakens the effect."""
    return _by_class(
        case,
        ("lamotrigine",),
        "Lamotrigine probably weakens the effect (2 of 5 studies).",
        "No automatic stop; weigh it if the effect is small.",
    )


@rule("maoi", kind="interaction", reads=("medicines",))
def maoi(case: Case) -> Verdict:
    """MAO inhibitor: blood pressure."""
    return _by_class(
        case,
        ("maoi",),
        "An MAO inhibitor may add to the rise in blood pressure.",
        "Measure blood pressure more often.",
    )


@rule("psychostimulant", kind="interaction", reads=("medicines",))
def psychostimulant(case: Case) -> Verdict:
    """Stimulant: blood pressure."""
    return _by_class(
        case,
        ("psychostimulant",),
        "A stimulant may add to the rise in blood pressure.",
        "Measure blood pressure more often; mind when today's dose is taken.",
    )


@rule("cns_depressant", kind="interaction", reads=("medicines",))
def cns_depressant(case: Case) -> Verdict:
    """Opioid, sedative or alcohol: sedation and breathing. Benzodiazepines have their own rule."""
    found = case.taking("opioid", "sedative_hypnotic", "barbiturate", "cns_depressant")
    if found is None:
        return Unknown(("medicines",), "Complete the list of medicines.")
    others = tuple(use for use in found if "benzodiazepine" not in use.classes)
    if not others:
        return CLEAR
    return Fired(
        named(others),
        "It adds to sedation and to slowed breathing.",
        "Watch oxygen and sedation closely.",
        ("medicines",),
    )


@rule("enzyme_inhibitor", kind="interaction", reads=("medicines",))
def enzyme_inhibitor(case: Case) -> Verdict:
    """CYP3A4 or CYP2B6 inhibitor."""
    return _by_class(
        case,
        ("cyp3a4_inhibitor", "cyp2b6_inhibitor"),
        "It slows the breakdown of ketamine, so levels may be higher, most of all by mouth.",
        "Review the dose.",
    )


@rule("enzyme_inducer", kind="interaction", reads=("medicines",))
def enzyme_inducer(case: Case) -> Verdict:
    """CYP3A4 or CYP2B6 inducer."""
    return _by_class(
        case,
        ("cyp3a4_inducer", "cyp2b6_inducer"),
        "It speeds the breakdown of ketamine, so levels may be lower.",
        "Review the dose.",
    )


@rule("known_interaction", kind="interaction", reads=("medicines",))
def known_interaction(case: Case) -> Verdict:
    """Theophylline, St John's wort."""
    return _by_class(
        case,
        ("known_interaction",),
        "A trial lists it among the known interactions with ketamine.",
        "Review the medicine before treatment.",
    )


@rule("weak_evidence_antipsychotic", kind="interaction", reads=("medicines",))
def weak_evidence_antipsychotic(case: Case) -> Verdict:
    """Clozapine, haloperidol, risperidone: weak evidence."""
    return _by_class(
        case,
        ("weak_evidence_antipsychotic",),
        "There is only low-quality evidence that it changes the effect.",
        "Nothing to do; know it.",
    )


@rule("nasal_medicine", kind="interaction", reads=("medicines",))
def nasal_medicine(case: Case) -> Verdict:
    """Nasal steroid or decongestant before the spray."""
    if case.product.route != "nasal":
        return CLEAR
    return _by_class(
        case,
        ("nasal_decongestant", "nasal_corticosteroid"),
        "It must not be used within the hour before the spray.",
        "Take it at least 1 hour before.",
    )


@rule("nasal_medicine_too_late", kind="interaction", reads=("medicines",), timing="session")
def nasal_medicine_too_late(case: Case) -> Verdict:
    """A nasal steroid or decongestant within the hour before the spray."""
    found = case.taking("nasal_decongestant", "nasal_corticosteroid")
    if case.product.route != "nasal" or not found:
        # That the list may be incomplete is asked by the rule on nasal medicines.
        return CLEAR
    gap_h = case.protocol.number("screen.nasal_gap_min") / 60
    times = [use.last_taken_hours_ago for use in found if use.last_taken_hours_ago is not None]
    if any(hours < gap_h for hours in times):
        return Fired(
            f"{named(found)}, taken less than {gap_h * 60:g} minutes ago",
            f"It must be at least {gap_h * 60:g} minutes before the spray.",
            f"Wait until {gap_h * 60:g} minutes have passed.",
            ("medicines",),
        )
    if len(times) < len(found):
        return Unknown(("medicines",), "Ask when it was last taken: " + named(found) + ".")
    return CLEAR


@rule("naltrexone", kind="interaction", reads=("medicines",))
def naltrexone(case: Case) -> Verdict:
    """Naltrexone may blunt the effect."""
    return _by_class(
        case,
        ("naltrexone",),
        "Evidence conflicts on whether naltrexone blunts the effect on mood.",
        "No automatic stop; weigh it if the effect is small.",
    )


@rule("benzodiazepine_taper", kind="interaction", reads=("medicines",))
def benzodiazepine_taper(case: Case) -> Verdict:
    """The Montreal model tapers benzodiazepines before a series."""
    found = case.taking("benzodiazepine")
    if not found:
        # That the list may be incomplete is asked by the rule on benzodiazepines.
        return CLEAR
    return Fired(
        "A taper may be planned: " + named(found),
        "The Montreal model finishes a taper within days of the first treatment.",
        "Plan it with the prescriber, slowly; never stop at once.",
        ("medicines",),
    )
