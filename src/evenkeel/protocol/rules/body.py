"""Age, pregnancy, liver, thyroid, lungs, bladder."""

from __future__ import annotations

from ..registry import CLEAR, Case, Fired, Unknown, Verdict, rule, when
from ..vocabulary import VOCABULARY


@rule("under_age", kind="eligibility", reads=("age_years",))
def under_age(case: Case) -> Verdict:
    """Below the adult age of the protocol."""
    age, adult = case.number("age_years"), case.protocol.number("screen.adult_age_years")
    return when(
        None if age is None else age < adult,
        Fired(
            f"Under {adult:g} years old",
            "Not approved for children and adolescents.",
            "A specialist in the treatment of young people decides.",
        ),
        "age_years",
    )


@rule("older_adult", kind="eligibility", reads=("age_years",))
def older_adult(case: Case) -> Verdict:
    """Older adults: larger rises, other guide values."""
    age, older = case.number("age_years"), case.protocol.number("screen.older_age_years")
    return when(
        None if age is None else age >= older,
        Fired(
            f"{older:g} years or older",
            "Older people had larger rises in blood pressure.",
            "Watch blood pressure closely, and the walk home.",
        ),
        "age_years",
    )


@rule("pregnancy", kind="eligibility", reads=("pregnancy", "hcg_test", "sex"))
def pregnancy(case: Case) -> Verdict:
    """Pregnant, or a positive test. A man, or "not applicable", settles it; so does a test."""
    if "positive" in (case.word("pregnancy"), case.word("hcg_test")):
        return Fired(
            "Pregnant, or the test is positive",
            "Ketamine is not advised in pregnancy; it may harm the child.",
            "Not while pregnant; talk about other treatments.",
        )
    if pregnancy_ruled_out(case):
        return CLEAR
    return Unknown(("pregnancy",), "Ask whether pregnancy is possible.")


def pregnancy_ruled_out(case: Case) -> bool:
    """Return whether some fact says that the person is not pregnant."""
    return (
        case.word("sex") == "male"
        or case.word("pregnancy") in ("negative", "not_applicable")
        or case.word("hcg_test") == "negative"
    )


@rule("breastfeeding", kind="eligibility", reads=("breastfeeding", "sex", "pregnancy"))
def breastfeeding(case: Case) -> Verdict:
    """Breast-feeding."""
    answer = case.yes("breastfeeding")
    if answer is None and (
        case.word("sex") == "male" or case.word("pregnancy") == "not_applicable"
    ):
        return CLEAR
    return when(
        answer,
        Fired(
            "Breast-feeding",
            "The drug passes into milk; the advice is not to breast-feed during treatment.",
            "After weaning.",
        ),
        "breastfeeding",
    )


@rule("child_pugh_b", kind="eligibility", reads=("child_pugh", "moderate_liver_disease"))
def child_pugh_b(case: Case) -> Verdict:
    """Moderate liver disease: watch longer."""
    grade = case.word("child_pugh")
    return when(
        # Child-Pugh unknown is asked by the rule on severe liver disease.
        grade == "B" or (grade is None and case.active("moderate_liver_disease") is True),
        Fired(
            "Moderate liver disease (Child-Pugh B)",
            "Effects may last longer.",
            "Plan a longer watch after the dose.",
        ),
    )


@rule("hyperthyroidism", kind="eligibility", reads=("hyperthyroidism",))
def hyperthyroidism(case: Case) -> Verdict:
    """Over-active thyroid that is not treated."""
    return when(
        case.active("hyperthyroidism"),
        Fired(
            "Over-active thyroid",
            "Untreated, it makes the rise in pressure and pulse larger.",
            "Thyroid tests, and treatment first if they are abnormal.",
        ),
        "hyperthyroidism",
    )


@rule("lung_disease", kind="eligibility", reads=("pulmonary_insufficiency", "sleep_apnea"))
def lung_disease(case: Case) -> Verdict:
    """Poor lung function or sleep apnea."""
    keys = ("pulmonary_insufficiency", "sleep_apnea")
    missing = [key for key in keys if case.active(key) is None]
    return when(
        case.active(*keys),
        Fired(
            "Lung disease or sleep apnea",
            "The drug can slow breathing.",
            "A doctor's view on breathing, and oxygen at hand.",
        ),
        *missing,
    )


@rule("porphyria", kind="eligibility", reads=("porphyria",))
def porphyria(case: Case) -> Verdict:
    """Porphyria."""
    return when(
        case.ever("porphyria"),
        Fired(
            "Porphyria",
            "Trials left it out; an attack could be brought on.",
            "A specialist's view.",
        ),
        "porphyria",
    )


@rule("bladder_disease", kind="eligibility", reads=("bladder_disease",))
def bladder_disease(case: Case) -> Verdict:
    """Cystitis or bladder disease."""
    return when(
        case.active("bladder_disease"),
        Fired(
            "Cystitis or bladder disease",
            "Ketamine can harm the bladder.",
            "A doctor's clearance first; then watch the symptoms.",
        ),
        "bladder_disease",
    )


@rule("liver_disease", kind="eligibility", reads=("liver_disease", "child_pugh"))
def liver_disease(case: Case) -> Verdict:
    """Liver disease that nobody has graded. That the tests are asked for is another rule."""
    return when(
        case.active("liver_disease") is True and case.word("child_pugh") is None,
        Fired(
            "Liver disease without a Child-Pugh class",
            "The liver clears the drug; the class says whether it may be given, and how long to "
            "watch.",
            "Work out the Child-Pugh class, even where the tests are normal.",
        ),
    )


@rule("liver_tests_abnormal", kind="workup", reads=("liver_tests",))
def liver_tests_abnormal(case: Case) -> Verdict:
    """Abnormal liver tests. The Child-Pugh class, asked by its own rule, says what follows."""
    return when(
        case.word("liver_tests") == "abnormal",
        Fired(
            "The liver tests are abnormal",
            "The liver clears the drug, and long use of ketamine can harm it.",
            "A doctor reads them and works out the Child-Pugh class; repeat them in the course.",
        ),
    )


@rule("renal_tests_abnormal", kind="workup", reads=("renal_tests",))
def renal_tests_abnormal(case: Case) -> Verdict:
    """Abnormal kidney tests need a doctor's reading."""
    reading = case.word("renal_tests")
    return when(
        None if reading is None else reading == "abnormal",
        Fired(
            "The kidney tests are abnormal",
            "They were asked for before treatment, so a doctor must have read them.",
            "A doctor reads them, and says whether treatment may go on.",
        ),
        "renal_tests",
    )


# Fact key -> threshold key. Albumin is the one that falls.
_LIVER_LIMITS = {
    "alt_u_per_l": "liver.alt_u_per_l",
    "ast_u_per_l": "liver.ast_u_per_l",
    "ggt_u_per_l": "liver.ggt_u_per_l",
    "alkaline_phosphatase_u_per_l": "liver.alkaline_phosphatase_u_per_l",
    "bilirubin_umol_per_l": "liver.bilirubin_umol_per_l",
    "albumin_g_per_l": "liver.albumin_g_per_l",
}


@rule("liver_values", kind="workup", reads=tuple(_LIVER_LIMITS))
def liver_values(case: Case) -> Verdict:
    """Liver values beyond those a trial took. Nobody is asked for them: the tests are."""
    beyond: dict[str, str] = {}
    for key, limit_key in _LIVER_LIMITS.items():
        value = case.number(key)
        if value is None:
            continue
        if key == "ggt_u_per_l" and case.word("sex") != "male":
            # Unless known to be male, the lower of the two limits holds.
            limit_key = "liver.ggt_female_u_per_l"
        limit = case.protocol.number(limit_key)
        low = key == "albumin_g_per_l"
        if value < limit if low else value > limit:
            spec = VOCABULARY[key]
            side = "under" if low else "over"
            beyond[key] = f"{spec.label} {value:g} {spec.unit}, {side} {limit:g}"
    if not beyond:
        return CLEAR
    return Fired(
        "Liver values beyond a trial's limits: " + "; ".join(beyond.values()),
        "A trial of racemic ketamine left such people out; it is no label's limit.",
        "A liver doctor's view, and the Child-Pugh class.",
        tuple(beyond),
    )


@rule("sleep_apnea_screen", kind="workup", reads=("stop_bang",))
def sleep_apnea_screen(case: Case) -> Verdict:
    """STOP-BANG: likely sleep apnea that nobody has diagnosed."""
    score, limit = case.number("stop_bang"), case.protocol.number("screen.stop_bang")
    return when(
        None if score is None else score >= limit,
        Fired(
            f"STOP-BANG {score:g}" if score is not None else "",
            f"From {limit:g} of 8, sleep apnea is likely; the drug can slow breathing.",
            "Think of a sleep study; watch oxygen closely, and no other sedative.",
        ),
        "stop_bang",
    )


@rule("examination", kind="workup", reads=("examination_done",))
def examination(case: Case) -> Verdict:
    """No physical and mental-state examination."""
    done = case.yes("examination_done")
    return when(
        None if done is None else not done,
        Fired(
            "Not examined yet",
            "A physical and a mental-state examination come before ketamine by needle.",
            "Examine, and note it.",
        ),
        "examination_done",
    )


@rule("bladder_baseline", kind="workup", reads=("bladder_baseline_recorded",))
def bladder_baseline(case: Case) -> Verdict:
    """No note of bladder symptoms to compare with later."""
    noted = case.yes("bladder_baseline_recorded")
    return when(
        None if noted is None else not noted,
        Fired(
            "No note of bladder symptoms before treatment",
            "Ketamine can harm the bladder; without a baseline a change cannot be told.",
            "Ask about bladder symptoms, and note the answer.",
        ),
        "bladder_baseline_recorded",
    )
