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


@rule("suicide_risk", kind="eligibility", reads=("cssrs", "imminent_suicide_risk"))
def suicide_risk(case: Case) -> Verdict:
    """Intent, plan or recent behavior on the C-SSRS screener, or danger noted by a clinician."""
    answers = case.mapping("cssrs")
    hits = [name for name in ("q4", "q5", "q6") if answers.get(name) is True]
    noted = case.active("imminent_suicide_risk") is True
    if hits or noted:
        said = f"C-SSRS: yes to {', '.join(hits)}" if hits else "Danger of suicide is noted"
        return Fired(
            f"High suicide risk. {said}",
            "Intent, plan or recent behavior is the high tier. Treatment does not take the place "
            "of hospital care where that is needed.",
            "A psychiatrist's assessment today.",
            ("cssrs",) if hits else ("imminent_suicide_risk",),
            level="hold",
        )
    missing = unanswered(case)
    if missing:
        return Unknown(("cssrs",), "Ask the screener: " + ", ".join(missing) + ".")
    return CLEAR


def unanswered(case: Case) -> list[str]:
    """Return the questions of the C-SSRS screener that are due and not answered."""
    answers = case.mapping("cssrs")
    # Questions 3 to 5 are only asked when question 2 is answered yes.
    asked = ("q3", "q4", "q5", "q6") if answers.get("q2") is True else ("q6",)
    return [name for name in ("q1", "q2", *asked) if name not in answers]


@rule("suicidal_thoughts", kind="eligibility", reads=("cssrs", "acute_suicidality"))
def suicidal_thoughts(case: Case) -> Verdict:
    """Thoughts of suicide without intent: watch, most of all early."""
    answers = case.mapping("cssrs")
    if any(answers.get(name) is True for name in ("q4", "q5", "q6")):
        return CLEAR
    hits = [name for name in ("q2", "q3") if answers.get(name) is True]
    noted = case.active("acute_suicidality") is True
    if hits or noted:
        said = f"C-SSRS: yes to {', '.join(hits)}" if hits else "They stand among the diagnoses"
        return Fired(
            f"Thoughts of suicide without intent. {said}",
            "Thoughts may worsen, most of all early and when the dose changes.",
            "Ask again at each session; agree on a safety plan.",
            ("cssrs",) if hits else ("acute_suicidality",),
        )
    return CLEAR if "q2" in answers else Unknown(("cssrs",), "Ask the screener: q2.")


@rule(
    "suicide_screener_due", kind="eligibility", reads=("phq9_item9", "acute_suicidality", "cssrs")
)
def suicide_screener_due(case: Case) -> Verdict:
    """Thoughts are known of by another way, so the screener comes first. It asks for itself."""
    answer = case.number("phq9_item9")
    noted = case.active("acute_suicidality") is True
    if not (answer or noted) or not unanswered(case):
        return CLEAR
    said = f"PHQ-9 item 9 is {answer:g}" if answer else "Thoughts of suicide are on record"
    return Fired(
        f"{said}, and the suicide screener is not complete",
        "Known thoughts, as an item 9 above 0, ask for an assessment of suicide risk first.",
        "Ask the suicide screener: " + ", ".join(unanswered(case)) + ".",
    )
