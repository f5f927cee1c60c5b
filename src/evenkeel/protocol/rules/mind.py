"""Psychosis, mania, substances, suicide risk."""

from __future__ import annotations

from ..registry import CLEAR, Case, Fired, Unknown, Verdict, rule, when


@rule("current_psychosis", kind="contraindication", reads=("psychosis",))
def current_psychosis(case: Case) -> Verdict:
    """Psychosis now."""
    return when(
        case.active("psychosis"),
        Fired(
            "Psychosis now, or not well controlled",
            "Ketamine can bring on or worsen psychotic symptoms.",
            "Treat it first; then a psychiatrist's assessment.",
        ),
        "psychosis",
    )


@rule("history_of_psychosis", kind="eligibility", reads=("psychosis",))
def history_of_psychosis(case: Case) -> Verdict:
    """Psychosis in the past and not now."""
    ever, now = case.ever("psychosis"), case.active("psychosis")
    if now:
        return CLEAR
    return when(
        ever,
        Fired(
            "Psychosis in the past",
            "Start only if the benefit outweighs the risk.",
            "A psychiatrist's assessment of benefit and risk.",
        ),
        "psychosis",
    )


@rule("current_mania", kind="contraindication", reads=("mania",))
def current_mania(case: Case) -> Verdict:
    """Mania or hypomania now."""
    return when(
        case.active("mania"),
        Fired(
            "Mania or hypomania now",
            "Trials leave people in mania out; ketamine may worsen it.",
            "Treat it first; then assess again.",
        ),
        "mania",
    )


@rule("bipolar", kind="eligibility", reads=("bipolar", "mania"))
def bipolar(case: Case) -> Verdict:
    """Bipolar disorder, or mania in the past."""
    missing = [key for key in ("bipolar", "mania") if case.ever(key) is None]
    return when(
        case.ever("bipolar", "mania"),
        Fired(
            "Bipolar disorder, or mania in the past",
            "Treatment may tip the mood; a mood stabilizer is expected.",
            "A psychiatrist's decision; watch for mania after each session.",
        ),
        *missing,
    )


_SUBSTANCE_USE = (
    "substance_use_disorder",
    "alcohol_use_disorder",
    "cannabis_use_disorder",
    "cocaine_use_disorder",
    "stimulant_use_disorder",
    "opioid_use_disorder",
    "sedative_use_disorder",
    "hallucinogen_use_disorder",
    "ketamine_use_disorder",
)


@rule("active_substance_use", kind="contraindication", reads=_SUBSTANCE_USE)
def active_substance_use(case: Case) -> Verdict:
    """Substance use disorder now."""
    missing = [key for key in _SUBSTANCE_USE if case.active(key) is None]
    return when(
        case.active(*_SUBSTANCE_USE),
        Fired(
            "Substance or alcohol use disorder now",
            "Guidance is not to start a series of treatments.",
            "Treat it first; then assess again.",
            tuple(key for key in _SUBSTANCE_USE if case.active(key)),
        ),
        *missing,
    )


@rule("past_substance_use", kind="eligibility", reads=_SUBSTANCE_USE)
def past_substance_use(case: Case) -> Verdict:
    """Substance use disorder in the past."""
    if case.active(*_SUBSTANCE_USE):
        return CLEAR
    missing = [key for key in _SUBSTANCE_USE if case.ever(key) is None]
    return when(
        case.ever(*_SUBSTANCE_USE),
        Fired(
            "Substance or alcohol use disorder in the past",
            "Ketamine can be misused; consider carefully and watch for it.",
            "A plan to watch for craving and misuse.",
            tuple(key for key in _SUBSTANCE_USE if case.ever(key)),
        ),
        *missing,
    )


@rule("ketamine_misuse", kind="eligibility", reads=("ketamine_misuse",))
def ketamine_misuse(case: Case) -> Verdict:
    """Earlier misuse of ketamine or PCP."""
    return when(
        case.ever("ketamine_misuse"),
        Fired(
            "Earlier misuse of ketamine or PCP",
            "Trials leave out people with more than rare use.",
            "An addiction specialist's view.",
        ),
        "ketamine_misuse",
    )


@rule("concurrent_ketamine", kind="process", reads=("concurrent_ketamine",))
def concurrent_ketamine(case: Case) -> Verdict:
    """Ketamine from somebody else at the same time."""
    prescribed = case.taking("ketamine")
    if prescribed:
        return Fired(
            "Ketamine is on the list of medicines",
            "Two sources of ketamine add up without anyone seeing the whole.",
            "Agree with the other provider who treats.",
            ("medicines",),
        )
    return when(
        case.active("concurrent_ketamine"),
        Fired(
            "Ketamine from another provider",
            "Two sources of ketamine add up without anyone seeing the whole.",
            "Agree with the other provider who treats.",
        ),
        "concurrent_ketamine",
    )


@rule("dissociative_disorder", kind="eligibility", reads=("dissociative_disorder",))
def dissociative_disorder(case: Case) -> Verdict:
    """Primary dissociative disorder."""
    return when(
        case.ever("dissociative_disorder"),
        Fired(
            "Dissociative disorder",
            "The drug itself dissociates.",
            "A psychiatrist's assessment of benefit and risk.",
        ),
        "dissociative_disorder",
    )


@rule("neurocognitive_disorder", kind="eligibility", reads=("neurocognitive_disorder",))
def neurocognitive_disorder(case: Case) -> Verdict:
    """Dementia or like disorder."""
    return when(
        case.ever("neurocognitive_disorder"),
        Fired(
            "Dementia or other major cognitive disorder",
            "Trials left it out; capacity must be looked at with care.",
            "A specialist's view.",
        ),
        "neurocognitive_disorder",
    )


@rule("suicide_risk", kind="eligibility", reads=("cssrs",))
def suicide_risk(case: Case) -> Verdict:
    """Intent, plan or recent behavior on the C-SSRS screener."""
    answers = case.mapping("cssrs")
    hits = [name for name in ("q4", "q5", "q6") if answers.get(name) is True]
    if hits:
        return Fired(
            "High suicide risk on the screener",
            "Treatment does not take the place of hospital care where that is needed.",
            "A psychiatrist's assessment today.",
            level="hold",
        )
    unanswered = [name for name in ("q1", "q2") if name not in answers]
    # Questions 3 to 5 are only asked when question 2 is answered yes.
    asked = ("q3", "q4", "q5", "q6") if answers.get("q2") is True else ("q6",)
    unanswered += [name for name in asked if name not in answers]
    if unanswered:
        return Unknown(("cssrs",), "Ask the screener: " + ", ".join(unanswered) + ".")
    return CLEAR
