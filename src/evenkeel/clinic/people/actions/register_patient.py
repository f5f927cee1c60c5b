"""Bringing a person into the record, and keeping their particulars right."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet

from evenkeel.clinic.people.models import MrnCounter, Patient, Site
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.chain import canonical, digest
from evenkeel.clinic.record.errors import Conflict, Invalid

#: Older than anybody known; beyond it a birth date is a slip of the pen (assumed).
OLDEST_YEARS = 120
EDITABLE = (
    "given_name",
    "family_name",
    "called",
    "pronouns",
    "birth_date",
    "sex",
    "phone",
    "email",
    "address",
    "emergency_contact",
)


@action("patient.register", permission="people.register")
def register_patient(
    act: Act,
    *,
    site_id: Any,
    confirm_duplicate: bool = False,
    identifiers: list[dict[str, str]] | None = None,
    origin: str = "entered here",
    **fields: Any,
) -> Patient:
    """Register a person at a site and give them a record number.

    ``fields`` are those of :data:`EDITABLE`. Raises ``Invalid`` naming the fields that are wrong,
    and ``Conflict`` (code ``duplicate``) where somebody of that name and birth date is known,
    unless that was confirmed.
    """
    site = act.open(Site, site_id)
    patient = Patient(site=site, origin=origin, identifiers=identifiers or [])
    _fill(patient, fields, _today(act, site))
    twins = same_person(patient, site)
    if twins and not confirm_duplicate:
        raise Conflict(
            "A person of this name and birth date is registered already.",
            what_to_do="Open their record, or confirm that this is somebody else.",
            code="duplicate",
        )
    if twins:
        act.note(confirmed_not_the_same_as=[t.pk for t in twins])
    patient.mrn = _next_mrn(site.mrn_prefix)
    return act.write(patient)


@action("patient.edit", permission="people.edit")
def edit_patient(act: Act, *, patient_id: Any, seen: str = "", **fields: Any) -> Patient:
    """Change a person's particulars.

    ``seen`` is the :func:`particulars_digest` the form was drawn from; where the person changed
    meanwhile ``Conflict`` is raised and nothing stored.
    """
    patient = act.open(Patient, patient_id, "site")
    if seen and seen != particulars_digest(patient):
        raise Conflict(
            "Somebody changed these particulars while you were editing.",
            what_to_do="Look at what stands now, then enter your change again.",
        )
    before = particulars_digest(patient)
    _fill(patient, fields, _today(act, patient.site))
    return patient if particulars_digest(patient) == before else act.write(patient)


def particulars_digest(patient: Patient) -> str:
    """A digest of what may be edited, to notice a change made meanwhile."""
    return digest(canonical([getattr(patient, name) for name in EDITABLE]))


def same_person(patient: Patient, site: Site) -> QuerySet[Patient]:
    """Others at the site with this name and birth date."""
    return Patient.objects.filter(  # type: ignore[no-any-return]
        site=site,
        given_name__iexact=patient.given_name,
        family_name__iexact=patient.family_name,
        birth_date=patient.birth_date,
    ).exclude(pk=patient.pk)


def _today(act: Act, site: Site) -> date:
    return act.now.astimezone(ZoneInfo(site.timezone)).date()


def _fill(patient: Patient, fields: dict[str, Any], today: date) -> None:
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise TypeError(f"not particulars of a person: {sorted(unknown)}")
    wrong: dict[str, str] = {}
    for name, value in fields.items():
        if isinstance(value, str):
            value = unicodedata.normalize("NFC", value).strip()
            if "\x00" in value or not _storable(value):
                wrong[name] = "It holds signs that cannot be stored."
                continue
            longest = Patient._meta.get_field(name).max_length
            if longest and len(value) > longest:
                wrong[name] = f"At most {longest} characters."
        setattr(patient, name, value)
    wrong |= _wrong(patient, today)
    if wrong:
        raise Invalid("Some particulars are not right.", fields=wrong)


def _storable(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _wrong(patient: Patient, today: date) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not patient.given_name:
        wrong["given_name"] = "Enter a given name."
    if not patient.family_name:
        wrong["family_name"] = "Enter a family name."
    if patient.sex not in {value for value, _ in Patient.SEXES}:
        wrong["sex"] = "Choose one."
    born = patient.birth_date
    if not isinstance(born, date):
        wrong["birth_date"] = "Enter the date of birth."
    elif born > today:
        wrong["birth_date"] = "The date of birth lies ahead."
    elif patient.age_years(today) > OLDEST_YEARS:
        wrong["birth_date"] = f"That is more than {OLDEST_YEARS} years ago. Check the year."
    if patient.email:
        try:
            validate_email(patient.email)
        except ValidationError:
            wrong["email"] = "This is not an e-mail address."
    return wrong


def _next_mrn(prefix: str) -> str:
    """The next number of a prefix. Gapless: it is taken under the writer's lock of the act."""
    counter, _ = MrnCounter.objects.get_or_create(pk=prefix)
    counter.last += 1
    counter.save(update_fields=["last"])
    return f"{prefix}-{counter.last:05d}"
