"""The facts a person can be described by: what each is called, and what counts as an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from .conditions import known_conditions
from .products import PRODUCTS
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
    protocols require it before some session.
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
    )


def _condition_specs() -> tuple[FactSpec, ...]:
    groups: dict[str, Group] = {group: group for group in GROUPS}
    return tuple(
        FactSpec(
            item.code,
            item.label,
            groups[item.group],
            "condition",
            max_age_days=1 if item.group == "Today" else None,
        )
        for item in known_conditions().values()
        if item.screened
    )


def _in_reading_order() -> dict[str, FactSpec]:
    every = (*_specs(), *_condition_specs())
    return {spec.key: spec for group in GROUPS for spec in every if spec.group == group}


VOCABULARY: Final[dict[str, FactSpec]] = _in_reading_order()
CONDITION_KEYS: Final[tuple[str, ...]] = tuple(
    key for key, spec in VOCABULARY.items() if spec.type == "condition"
)
