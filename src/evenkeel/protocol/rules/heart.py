"""Heart, vessels, brain: what needs a doctor's look before blood pressure is raised."""

from __future__ import annotations

from ..registry import CLEAR, Case, Fired, Unknown, Verdict, rule, when

_EVENTS = ("cardiovascular_event", "stroke")


@rule(
    "recent_cardiovascular_event",
    kind="contraindication",
    reads=("recent_cardiovascular_event", *_EVENTS),
)
def recent_cardiovascular_event(case: Case) -> Verdict:
    """A heart attack, stroke or like event within the protocol's days."""
    keys = ("recent_cardiovascular_event", *_EVENTS)
    limit = case.protocol.number("screen.recent_event_days")
    missing = [key for key in keys if case.ever(key) is None]
    for key in keys:
        for record in case.records(key):
            called_recent = key not in _EVENTS and record.status == "active"
            if record.days_ago is None and not called_recent:
                missing.append(key)
            elif record.days_ago is None or record.days_ago <= limit:
                days = "" if record.days_ago is None else f", {record.days_ago:g} days ago"
                return Fired(
                    f"A recent heart or vessel event{days}",
                    f"Within {limit:g} days a rise in blood pressure is dangerous.",
                    f"Wait until {limit:g} days have passed; then a cardiologist's view.",
                    (key,),
                    "hold",
                )
    if missing:
        return Unknown(tuple(missing), "Ask whether there was such an event, and when.")
    return CLEAR


_HEART = (
    "cardiovascular_event",
    "recent_cardiovascular_event",
    "serious_cardiac_disease",
    "arrhythmia",
    "poorly_controlled_cardiovascular_disease",
)


@rule("cardiovascular_history", kind="eligibility", reads=_HEART)
def cardiovascular_history(case: Case) -> Verdict:
    """Heart disease, also in the past: assess before prescribing."""
    hits = [key for key in _HEART if case.ever(key)]
    missing = [key for key in _HEART if case.ever(key) is None]
    return when(
        case.ever(*_HEART),
        Fired(
            "Heart disease on record",
            "The heart must be assessed before a drug that raises pressure and pulse.",
            "A cardiologist's view, with ECG.",
            tuple(hits),
        ),
        *missing,
    )


@rule(
    "intracranial_history",
    kind="eligibility",
    reads=("raised_intracranial_pressure", "intracranial_mass"),
)
def intracranial_history(case: Case) -> Verdict:
    """Raised pressure or a mass in the head, in the past and not now."""
    keys = ("raised_intracranial_pressure", "intracranial_mass")
    if case.active(*keys):
        return CLEAR
    missing = [key for key in keys if case.ever(key) is None]
    return when(
        case.ever(*keys),
        Fired(
            "Raised pressure or a mass in the head, in the past",
            "If it is not wholly past, ketamine can raise the pressure inside the head.",
            "A neurologist's word that it is past.",
        ),
        *missing,
    )


@rule(
    "poorly_controlled_cardiovascular_disease",
    kind="contraindication",
    reads=("poorly_controlled_cardiovascular_disease",),
)
def poorly_controlled_cardiovascular_disease(case: Case) -> Verdict:
    """Heart or vessel disease that is not under control."""
    return when(
        case.active("poorly_controlled_cardiovascular_disease"),
        Fired(
            "Poorly controlled heart or vessel disease",
            "Guidance is not to give ketamine until it is controlled.",
            "Treat it first; then a cardiologist's view.",
        ),
        "poorly_controlled_cardiovascular_disease",
    )


@rule("stroke_history", kind="eligibility", reads=("stroke",))
def stroke_history(case: Case) -> Verdict:
    """Stroke without bleeding, ever."""
    return when(
        case.ever("stroke"),
        Fired(
            "Stroke in the past",
            "A rise in blood pressure carries more risk after a stroke.",
            "A neurologist's or stroke doctor's view.",
        ),
        "stroke",
    )


@rule("hypertension", kind="eligibility", reads=("hypertension",))
def hypertension(case: Case) -> Verdict:
    """Known hypertension: expect larger rises."""
    return when(
        case.active("hypertension"),
        Fired(
            "High blood pressure",
            "People with it had larger rises during ketamine infusions.",
            "Watch blood pressure closely; check that today's medicine was taken.",
        ),
        "hypertension",
    )


@rule("hypertensive_encephalopathy", kind="eligibility", reads=("hypertensive_encephalopathy",))
def hypertensive_encephalopathy(case: Case) -> Verdict:
    """Hypertensive encephalopathy, ever: monitor more often."""
    return when(
        case.ever("hypertensive_encephalopathy"),
        Fired(
            "Hypertensive encephalopathy in the past",
            "Even a small rise in blood pressure may bring it back.",
            "Measure blood pressure more often; look for confusion and headache.",
        ),
        "hypertensive_encephalopathy",
    )


@rule("raised_intraocular_pressure", kind="eligibility", reads=("raised_intraocular_pressure",))
def raised_intraocular_pressure(case: Case) -> Verdict:
    """Raised pressure in the eye."""
    return when(
        case.active("raised_intraocular_pressure"),
        Fired(
            "Raised pressure in the eye",
            "Ketamine can raise it further.",
            "An eye doctor's view.",
        ),
        "raised_intraocular_pressure",
    )


@rule("seizure_disorder", kind="eligibility", reads=("seizure_disorder",))
def seizure_disorder(case: Case) -> Verdict:
    """Seizure disorder."""
    return when(
        case.ever("seizure_disorder"),
        Fired(
            "Seizure disorder",
            "Trials left people with seizures out, so there is little to go by.",
            "A neurologist's view.",
        ),
        "seizure_disorder",
    )


@rule("ecg_abnormal", kind="workup", reads=("ecg",))
def ecg_abnormal(case: Case) -> Verdict:
    """An abnormal ECG needs a doctor's reading."""
    reading = case.word("ecg")
    return when(
        None if reading is None else reading == "abnormal",
        Fired("The ECG is abnormal", "It needs a doctor's reading.", "A cardiologist's view."),
        "ecg",
    )
