"""The facts a person can be described by: what each is called, and what counts as an answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from .conditions import Condition, known_conditions
from .products import PRODUCTS
from .situations import Situation, known_situations
from .sources import CLINIC_POLICY, Mark

Group = Literal[
    "Reason for treatment",
    "Heart, vessels, brain",
    "Mind",
    "Body and medicines",
    "Today",
]
GROUPS: Final[tuple[Group, ...]] = (
    "Reason for treatment",
    "Heart, vessels, brain",
    "Mind",
    "Body and medicines",
    "Today",
)
ValueType = Literal[
    "number",
    "whole",
    "boolean",
    "choice",
    "condition",
    "names",
    "medicines",
    "pressures",
    "scores",
    "answers",
]


@dataclass(frozen=True, slots=True)
class FactSpec:
    """What one fact key means.

    ``unit`` and the bounds hold for numbers, ``choices`` for choices and for the keys of scores
    and answers. ``max_age_days`` is when a dated fact counts as out of date (None: never);
    ``age_mark`` says whose number that is. ``needed_for`` are the products whose shipped
    protocols require it before some session. ``optional``: asked by a rule, required by none of
    them, and no gap in a person's record while it is missing.
    """

    key: str
    label: str
    group: Group
    type: ValueType
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    max_age_days: float | None = None
    age_mark: Mark = CLINIC_POLICY
    needed_for: frozenset[str] = frozenset()
    optional: bool = False


SCORES: Final[dict[str, tuple[str, int]]] = {
    # key -> (label, highest possible total)
    "phq9": ("PHQ-9", 27),
    "madrs": ("MADRS", 60),
    "hamd17": ("HAM-D 17", 52),
    "qids_sr16": ("QIDS-SR16", 27),
    "bdi2": ("BDI-II", 63),
    "gad7": ("GAD-7", 21),
    "pcl5": ("PCL-5", 80),
    "audit_c": ("AUDIT-C", 12),
    "who5": ("WHO-5", 100),
}
# Other names under which case documents state the same score.
SCORE_ALIASES: Final[dict[str, str]] = {
    "phq_9": "phq9",
    "hamd": "hamd17",
    "ham_d": "hamd17",
    "hamd_17": "hamd17",
    "hdrs": "hamd17",
    "hdrs17": "hamd17",
    "qids": "qids_sr16",
    "qids_sr": "qids_sr16",
    "qids16": "qids_sr16",
    "bdi": "bdi2",
    "bdi_ii": "bdi2",
    "bdi_2": "bdi2",
    "gad_7": "gad7",
    "pcl_5": "pcl5",
    "who_5": "who5",
}
DEPRESSION_SCORES: Final = ("phq9", "madrs", "hamd17", "qids_sr16", "bdi2")
CSSRS: Final = ("q1", "q2", "q3", "q4", "q5", "q6")

_ALL: Final = frozenset(PRODUCTS)
_BY_NEEDLE: Final = frozenset({"esketamine_iv", "racemic_iv", "racemic_im", "racemic_sc"})
_OFF_LABEL: Final = frozenset(code for code, item in PRODUCTS.items() if item.off_label)
_YEAR: Final = 365.0

_TESTS: Final = ("normal", "abnormal")


def _specs() -> tuple[FactSpec, ...]:
    reason: Group = "Reason for treatment"
    heart: Group = "Heart, vessels, brain"
    mind: Group = "Mind"
    body: Group = "Body and medicines"
    today: Group = "Today"
    return (
        FactSpec("diagnoses", "Diagnosis", reason, "names"),
        FactSpec(
            "failed_adequate_trials",
            "Adequate treatments that failed in this episode",
            reason,
            "whole",
            low=0,
            high=50,
        ),
        FactSpec(
            "scores",
            "Depression score at baseline",
            reason,
            "scores",
            choices=tuple(SCORES),
            max_age_days=14,
            needed_for=_ALL,
        ),
        FactSpec("age_years", "Age", body, "number", "years", 0, 130, needed_for=_ALL),
        FactSpec("sex", "Sex", body, "choice", choices=("female", "male", "other")),
        FactSpec(
            "pregnancy",
            "Pregnancy",
            body,
            "choice",
            choices=("positive", "negative", "not_applicable"),
            max_age_days=30,
            needed_for=_ALL,
        ),
        FactSpec(
            "hcg_test",
            "Pregnancy test",
            today,
            "choice",
            choices=("positive", "negative"),
            max_age_days=7,
            needed_for=_ALL,
        ),
        FactSpec("breastfeeding", "Breast-feeding", body, "boolean", max_age_days=30),
        FactSpec(
            "conditions_reviewed",
            "The list of conditions is complete",
            body,
            "boolean",
            max_age_days=_YEAR,
        ),
        FactSpec("allergies", "Allergies", body, "names"),
        FactSpec("allergies_reviewed", "The list of allergies is complete", body, "boolean"),
        FactSpec("medicines", "Medicines", body, "medicines"),
        FactSpec(
            "medicines_reviewed",
            "The list of medicines is complete",
            body,
            "boolean",
            max_age_days=30,
            needed_for=_ALL,
        ),
        FactSpec("weight_kg", "Weight", body, "number", "kg", 1, 500, max_age_days=30),
        FactSpec("height_cm", "Height", body, "number", "cm", 40, 260),
        FactSpec(
            "child_pugh",
            "Child-Pugh class",
            body,
            "choice",
            choices=("A", "B", "C"),
            max_age_days=_YEAR / 2,
        ),
        FactSpec(
            "liver_tests",
            "Liver tests",
            body,
            "choice",
            choices=_TESTS,
            max_age_days=_YEAR / 2,
            needed_for=_BY_NEEDLE,
        ),
        FactSpec(
            "renal_tests",
            "Kidney tests",
            body,
            "choice",
            choices=_TESTS,
            max_age_days=_YEAR / 2,
            needed_for=_BY_NEEDLE,
        ),
        FactSpec(
            "ecg",
            "ECG",
            heart,
            "choice",
            choices=_TESTS,
            max_age_days=_YEAR,
            needed_for=_BY_NEEDLE,
        ),
        FactSpec(
            "cssrs",
            "Suicide risk screen (C-SSRS)",
            mind,
            "answers",
            choices=CSSRS,
            max_age_days=7,
        ),
        FactSpec("capacity", "Able to decide for themselves", mind, "boolean", needed_for=_ALL),
        FactSpec(
            "blood_pressure",
            "Blood pressure at rest",
            today,
            "pressures",
            "mmHg",
            max_age_days=1,
            needed_for=_ALL,
        ),
        FactSpec(
            "heart_rate_bpm", "Heart rate", today, "number", "per min", 0, 400, max_age_days=1
        ),
        FactSpec("spo2_percent", "Oxygen saturation", today, "number", "%", 0, 100, max_age_days=1),
        FactSpec("consent_signed", "Consent signed", today, "boolean", needed_for=_ALL),
        FactSpec(
            "escort_arranged",
            "Someone to take the person home",
            today,
            "boolean",
            max_age_days=1,
            needed_for=_ALL,
        ),
        FactSpec(
            "rems_enrolled",
            "Enrolled in the REMS",
            today,
            "boolean",
            needed_for=_ALL - _OFF_LABEL,
        ),
        FactSpec("session_number", "Session number", today, "whole", low=1, high=10_000),
        FactSpec("deceased", "Deceased", body, "boolean"),
        FactSpec("other_conditions", "Other conditions on record", body, "names"),
        FactSpec("contradictions", "Statements that do not agree", body, "names", optional=True),
        *(replace(spec, optional=True) for spec in (*_work_up_specs(), *_day_specs())),
    )


def _work_up_specs() -> tuple[FactSpec, ...]:
    """What the rules can use and no shipped protocol requires."""
    body: Group = "Body and medicines"
    mind: Group = "Mind"
    half = _YEAR / 2
    return (
        FactSpec("alt_u_per_l", "ALT", body, "number", "U/L", 0, 50_000, max_age_days=half),
        FactSpec("ast_u_per_l", "AST", body, "number", "U/L", 0, 50_000, max_age_days=half),
        FactSpec("ggt_u_per_l", "GGT", body, "number", "U/L", 0, 50_000, max_age_days=half),
        FactSpec(
            "alkaline_phosphatase_u_per_l",
            "Alkaline phosphatase",
            body,
            "number",
            "U/L",
            0,
            50_000,
            max_age_days=half,
        ),
        FactSpec(
            "bilirubin_umol_per_l",
            "Bilirubin",
            body,
            "number",
            "µmol/L",
            0,
            2_000,
            max_age_days=half,
        ),
        FactSpec("albumin_g_per_l", "Albumin", body, "number", "g/L", 0, 100, max_age_days=half),
        FactSpec("stop_bang", "STOP-BANG score", body, "whole", "of 8", 0, 8, max_age_days=_YEAR),
        FactSpec(
            "examination_done",
            "Physical and mental-state examination done",
            body,
            "boolean",
            max_age_days=_YEAR,
        ),
        FactSpec(
            "bladder_baseline_recorded",
            "Bladder symptoms noted before the first session",
            body,
            "boolean",
        ),
        FactSpec(
            "drug_screen",
            "Urine drug screen",
            mind,
            "choice",
            choices=("negative", "positive"),
            max_age_days=30,
        ),
        FactSpec(
            "pdmp_checked",
            "Prescription monitoring program checked",
            mind,
            "boolean",
            max_age_days=30,
        ),
        FactSpec(
            "phq9_item9", "PHQ-9, answer to item 9", mind, "whole", "of 3", 0, 3, max_age_days=14
        ),
        FactSpec("benefit_after_induction", "Benefit seen after induction", mind, "boolean"),
    )


def _day_specs() -> tuple[FactSpec, ...]:
    """What concerns one day and is asked without being required."""
    today: Group = "Today"
    return (
        FactSpec(
            "hours_since_food", "Time since food", today, "number", "h", 0, 240, max_age_days=1
        ),
        FactSpec(
            "minutes_since_fluids",
            "Time since drink",
            today,
            "number",
            "min",
            0,
            14_400,
            max_age_days=1,
        ),
        FactSpec(
            "hours_since_last_session",
            "Time since the last session",
            today,
            "number",
            "h",
            0,
            1e6,
            max_age_days=1,
        ),
        FactSpec(
            "setting",
            "Where treatment takes place",
            today,
            "choice",
            choices=("outpatient", "inpatient"),
        ),
        FactSpec(
            "compounded_warning_acknowledged",
            "Consent names the FDA alerts on compounded and off-label ketamine",
            today,
            "boolean",
        ),
    )


# Nobody is asked about these by themselves, but a rule takes them up where they are stated.
_ALSO_ASKED: Final = frozenset({"acute_suicidality", "liver_disease"})


def _condition_specs(taken: frozenset[str]) -> tuple[FactSpec, ...]:
    groups: dict[str, Group] = {group: group for group in GROUPS}
    listed: list[Condition | Situation] = [
        *(
            item
            for item in known_conditions().values()
            if item.screened or item.code in _ALSO_ASKED
        ),
        *known_situations().values(),
    ]
    return tuple(
        FactSpec(
            item.code,
            item.label,
            groups[item.group],
            "condition",
            max_age_days=1 if item.group == "Today" else None,
        )
        for item in listed
        if item.code not in taken
    )


def _in_reading_order() -> dict[str, FactSpec]:
    plain_facts = _specs()
    every = (*plain_facts, *_condition_specs(frozenset(spec.key for spec in plain_facts)))
    return {spec.key: spec for group in GROUPS for spec in every if spec.group == group}


VOCABULARY: Final[dict[str, FactSpec]] = _in_reading_order()
CONDITION_KEYS: Final[tuple[str, ...]] = tuple(
    key for key, spec in VOCABULARY.items() if spec.type == "condition"
)
