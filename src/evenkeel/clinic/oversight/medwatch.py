"""The fields of MedWatch Form 3500, filled from an incident for a named person to send.

Sections and numbers after FDA's instructions for the form (read 2026). The house sends nothing: the
page prints, and the FDA's own form or its site is where it goes. What is not known is said to be
"UNK", as the instructions ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from evenkeel.clinic.oversight.models import Incident, IncidentAccount
from evenkeel.clinic.oversight.terms import Source, term_lists
from evenkeel.clinic.people.facts import assemble_facts
from evenkeel.clinic.people.models import Account, Fact
from evenkeel.protocol.products import PRODUCTS

UNKNOWN: Final = "UNK"
SOURCE: Final = Source(
    "FDA, instructions for completing Form FDA 3500",
    "https://www.fda.gov/safety/download-forms/instructions-completing-form-fda-3500",
    "sourced",
)
_YES_NO: Final = {"yes": "Yes", "no": "No", "not_applicable": "Doesn't apply", "": UNKNOWN}
_MOST_CONCOMITANT: Final = 30


@dataclass(frozen=True, slots=True)
class FormLine:
    """One numbered field with what stands in it."""

    number: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class FormSection:
    """A lettered section of the form."""

    letter: str
    title: str
    lines: tuple[FormLine, ...]


def medwatch_form(
    incident: Incident, account: IncidentAccount, reporter: Account | None, now: datetime
) -> list[FormSection]:
    """The sections of Form 3500 that a clinic fills for a drug: A, B, C, D, F and G.

    The patient is named by a code, never by name: the form asks for one "in confidence". Reads
    weight, conditions and medicines of the person. Three queries.
    """
    zone = ZoneInfo(incident.site.timezone)
    return [
        _section("A", "Patient information", _patient(incident, account, now)),
        _section("B", "Adverse event", _event(incident, account, now, zone)),
        _section("C", "Product availability", [("", "Product available for evaluation", UNKNOWN)]),
        _section("D", "Suspect product", _product(account, zone)),
        _section("F", "Other (concomitant) medical products", _others(incident)),
        _section("G", "Reporter", _reporter(incident, reporter)),
    ]


def as_document(sections: list[FormSection]) -> dict[str, Any]:
    """The filled form as plain JSON, as it is kept with the proof of sending."""
    return {
        "form": "FDA 3500",
        "sections": [
            {
                "letter": section.letter,
                "title": section.title,
                "lines": [
                    {"number": line.number, "label": line.label, "value": line.value}
                    for line in section.lines
                ],
            }
            for section in sections
        ],
    }


def from_document(document: dict[str, Any]) -> list[FormSection]:
    """The sections as they were kept."""
    return [
        FormSection(
            said["letter"], said["title"], tuple(FormLine(**line) for line in said["lines"])
        )
        for said in document.get("sections", [])
    ]


def patient_code(incident: Incident) -> str:
    """What stands for the person on the form; it leads back to them only here."""
    return f"EK-{incident.number:04d}"


def _section(letter: str, title: str, lines: list[tuple[str, str, str]]) -> FormSection:
    kept = tuple(FormLine(number, label, value or UNKNOWN) for number, label, value in lines)
    return FormSection(letter, title, kept)


def _patient(
    incident: Incident, account: IncidentAccount, now: datetime
) -> list[tuple[str, str, str]]:
    patient = incident.patient
    if patient is None:
        return [("A1", "Patient identifier", "No patient")]
    facts = assemble_facts(patient, now=now)
    weight = facts["weight_kg"]
    sex = {"female": "Female", "male": "Male"}.get(patient.sex, "")
    return [
        ("A1", "Patient identifier (in confidence)", patient_code(incident)),
        ("A2", "Age at the time of the event", _age(incident, account)),
        ("A3", "Sex", sex),
        ("A4", "Weight", f"{weight.value:g} kg" if weight.state == "known" else ""),
        ("A5", "Ethnicity and race", "Not recorded here"),
    ]


def _age(incident: Incident, account: IncidentAccount) -> str:
    zone = ZoneInfo(incident.site.timezone)
    assert incident.patient is not None
    return f"{incident.patient.age_years(account.happened_at.astimezone(zone).date())} years"


def _event(
    incident: Incident, account: IncidentAccount, now: datetime, zone: ZoneInfo
) -> list[tuple[str, str, str]]:
    criteria = term_lists()["seriousness"]
    boxes = [one for code in account.seriousness if (one := criteria.of(code)) is not None]
    outcome = "; ".join(one.form for one in boxes) or "None of the boxes: not serious"
    if account.died_on is not None:
        outcome += f" (died {account.died_on:%d-%b-%Y})"
    if account.serious_words:
        outcome += f". {account.serious_words}"
    told = [account.narrative]
    told.append(f"Outcome: {term_lists()['outcome'].words(account.outcome).lower()}.")
    if account.treatment:
        told.append(f"Treated with: {account.treatment}")
    return [
        ("B1", "Type of report", "Adverse event"),
        ("B2", "Outcome attributed to the adverse event", outcome),
        ("B3", "Date of event", _day(account.happened_at, zone)),
        ("B4", "Date of this report", _day(now, zone)),
        ("B5", "Describe the event", f"{account.title}. " + "\n".join(told)),
        ("B6", "Relevant tests, with dates", account.tests or "None recorded"),
        ("B7", "Other relevant history", account.history or _conditions(incident)),
    ]


def _product(account: IncidentAccount, zone: ZoneInfo) -> list[tuple[str, str, str]]:
    given = account.given
    product = PRODUCTS.get(str(given.get("product", "")))
    dose = given.get("dose_mg")
    dates = ""
    if given.get("started_at"):
        dates = _moment(given["started_at"], zone)
        if given.get("ended_at"):
            dates += f" to {_moment(given['ended_at'], zone)}"
    abated, again = _YES_NO.get(account.abated, ""), _YES_NO.get(account.reappeared, "")
    return [
        ("D1", "Name, strength, manufacturer", str(given.get("package") or given.get("name", ""))),
        ("D1", "Lot", str(given.get("lot", ""))),
        ("D1", "NDC and expiration date", str(given.get("ndc", ""))),
        ("D2", "Dose or amount", f"{dose:g} mg" if isinstance(dose, int | float) else ""),
        ("D2", "Frequency", "One session" if given else ""),
        ("D2", "Route", product.route if product else ""),
        ("D3", "Dates of use", dates),
        ("D4", "Diagnosis or reason for use", str(given.get("indication", ""))),
        ("D5", "Event abated after use stopped or dose reduced", abated),
        ("D6", "Event reappeared after reintroduction", again),
    ]


def _others(incident: Incident) -> list[tuple[str, str, str]]:
    names = _named(incident, "medicine")
    return [("F1", "Product names and therapy dates", "; ".join(names) or "None recorded")]


def _conditions(incident: Incident) -> str:
    return "; ".join(_named(incident, "condition") + _named(incident, "allergy"))


def _named(incident: Incident, key: str) -> list[str]:
    if incident.patient_id is None:
        return []
    rows = Fact.objects.filter(
        patient_id=incident.patient_id,
        key=key,
        state="known",
        replaced_by=None,
        as_of__lte=incident.happened_at,
    ).exclude(status__in=("entered_in_error", "resolved", "inactive", "refuted"))
    labels = [str((row.value or {}).get("label", "")) for row in rows[:_MOST_CONCOMITANT]]
    return sorted({label for label in labels if label}, key=str.lower)


def _reporter(incident: Incident, reporter: Account | None) -> list[tuple[str, str, str]]:
    return [
        ("G1", "Name", reporter.shown_name if reporter else ""),
        ("G1", "Address", " ".join(incident.site.address.split())),
        ("G1", "Telephone", incident.site.phone),
        ("G1", "E-mail", reporter.email if reporter else ""),
        ("G2", "Health professional", "Yes"),
        ("G3", "Occupation", reporter.credentials if reporter else ""),
        ("G4", "Also reported to", "Says the person who sends it"),
        ("G5", "Identity may be told to the manufacturer", "Says the person who sends it"),
    ]


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%d-%b-%Y")


def _moment(text: Any, zone: ZoneInfo) -> str:
    return datetime.fromisoformat(str(text)).astimezone(zone).strftime("%d-%b-%Y %H:%M")
