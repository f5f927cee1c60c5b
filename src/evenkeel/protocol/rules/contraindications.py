"""What the labels rule out, and what every clinic must rule out."""

from __future__ import annotations

from ..naming import plain
from ..registry import CLEAR, Case, Fired, Unknown, Verdict, rule, when

# The active substance and the excipients of the products on sale (Spravato: citric acid,
# disodium edetate; racemic vials: benzethonium chloride, and chlorobutanol in some).
_ALLERGENS = (
    "ketamine",
    "esketamine",
    "s ketamine",
    "spravato",
    "ketalar",
    "ketanest",
    "vesierra",
    "benzethonium",
    "benzethonium chloride",
    "chlorobutanol",
    "edetate",
    "edetate disodium",
    "disodium edetate",
    "excipient",
)


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
    stated = [plain(name) for name in case.names("allergies")]
    hits = [name for name in stated if any(f" {a} " in f" {name} " for a in _ALLERGENS)]
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


@rule("child_pugh_c", kind="contraindication", reads=("child_pugh", "liver_tests"))
def child_pugh_c(case: Case) -> Verdict:
    """Severe liver disease. Normal liver tests settle it."""
    grade = case.word("child_pugh")
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
