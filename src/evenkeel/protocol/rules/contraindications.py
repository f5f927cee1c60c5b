"""What the labels rule out, and what every clinic must rule out."""

from __future__ import annotations

from ..allergens import is_allergen, is_denied
from ..registry import CLEAR, Case, Fired, Unknown, Verdict, rule, when


@rule("deceased", kind="contraindication", reads=("deceased",))
def deceased(case: Case) -> Verdict:
    """A person on record as deceased cannot be treated; silence is taken as alive."""
    if case.yes("deceased") is not True:
        return CLEAR
    return Fired(
        "The record says this person has died",
        "A person recorded as deceased cannot be treated.",
        "If this is a mistake in the record, correct the record first.",
    )


@rule(
    "aneurysmal_vascular_disease", kind="contraindication", reads=("aneurysmal_vascular_disease",)
)
def aneurysmal_vascular_disease(case: Case) -> Verdict:
    """Aneurysm of the aorta, of vessels in the head, or of a limb."""
    return when(
        case.ever("aneurysmal_vascular_disease"),
        Fired(
            "Aneurysm of an artery or the aorta",
            "Ketamine raises blood pressure; a weak vessel wall can tear.",
            "If the entry is doubtful, have it settled by imaging or a specialist letter.",
        ),
        "aneurysmal_vascular_disease",
    )


@rule("arteriovenous_malformation", kind="contraindication", reads=("arteriovenous_malformation",))
def arteriovenous_malformation(case: Case) -> Verdict:
    """Arteriovenous malformation."""
    return when(
        case.ever("arteriovenous_malformation"),
        Fired(
            "Arteriovenous malformation",
            "Ketamine raises blood pressure; a malformed vessel can bleed.",
            "If the entry is doubtful, have it settled by imaging or a specialist letter.",
        ),
        "arteriovenous_malformation",
    )


@rule("intracerebral_hemorrhage", kind="contraindication", reads=("intracerebral_hemorrhage",))
def intracerebral_hemorrhage(case: Case) -> Verdict:
    """Bleeding in the brain, at any time in life."""
    return when(
        case.ever("intracerebral_hemorrhage"),
        Fired(
            "Bleeding in the brain, ever",
            "A rise in blood pressure could make it bleed again.",
            "If the entry is doubtful, have it settled from the hospital record.",
        ),
        "intracerebral_hemorrhage",
    )


@rule("hypersensitivity", kind="contraindication", reads=("allergies", "allergies_reviewed"))
def hypersensitivity(case: Case) -> Verdict:
    """Allergy to ketamine, esketamine or what they are dissolved in."""
    hits = [name for name in case.names("allergies") if is_allergen(name) and not is_denied(name)]
    if hits:
        return Fired(
            "Allergy to ketamine or to a part of the product",
            "On record: " + ", ".join(sorted(set(hits))) + ".",
            "If the entry is doubtful, have an allergist settle it.",
        )
    complete = case.yes("allergies_reviewed") is True or case.facts["allergies"].state == "absent"
    return CLEAR if complete else Unknown(("allergies",), "Ask about allergies and note it.")


@rule(
    "raised_intracranial_pressure",
    kind="contraindication",
    reads=("raised_intracranial_pressure", "intracranial_mass"),
)
def raised_intracranial_pressure(case: Case) -> Verdict:
    """Raised pressure or a mass in the head."""
    keys = ("raised_intracranial_pressure", "intracranial_mass")
    missing = [key for key in keys if case.active(key) is None]
    return when(
        case.active(*keys),
        Fired(
            "Raised pressure or a mass in the head",
            "Ketamine can raise the pressure inside the head further.",
            "Neurology must say that it is past.",
        ),
        *missing,
    )


@rule("serious_pressure_risk", kind="contraindication", reads=("serious_pressure_risk",))
def serious_pressure_risk(case: Case) -> Verdict:
    """Anybody for whom a rise in blood pressure or intracranial pressure is a serious risk."""
    return when(
        case.active("serious_pressure_risk"),
        Fired(
            "A rise in blood or head pressure would be a serious danger",
            "Ketamine raises both for about an hour or more; a doctor has noted the danger.",
            "The specialist who noted it must say that it is past.",
        ),
        "serious_pressure_risk",
    )


@rule(
    "child_pugh_c",
    kind="contraindication",
    reads=("child_pugh", "liver_tests", "severe_liver_disease"),
)
def child_pugh_c(case: Case) -> Verdict:
    """Severe liver disease. Normal liver tests settle it, unless it stands among conditions."""
    grade = case.word("child_pugh")
    if grade is None and case.active("severe_liver_disease"):
        grade = "C"
    if grade is None:
        if case.word("liver_tests") == "normal":
            return CLEAR
        return Unknown(
            ("child_pugh",),
            "Take liver tests; if abnormal, work out the Child-Pugh class.",
        )
    return when(
        grade == "C",
        Fired(
            "Severe liver disease (Child-Pugh C)",
            "The drug is cleared by the liver; it was not studied here and is not recommended.",
            "Only if the liver recovers and is graded anew.",
        ),
    )


@rule("capacity", kind="contraindication", reads=("capacity",))
def capacity(case: Case) -> Verdict:
    """The person must be able to decide."""
    able = case.yes("capacity")
    return when(
        None if able is None else not able,
        Fired(
            "Not able to decide about this treatment",
            "Without capacity there is no informed consent.",
            "Assess again when the person is better.",
        ),
        "capacity",
    )
