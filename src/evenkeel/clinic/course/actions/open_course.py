"""Opening a course of treatment."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.course.models import Course, CourseState
from evenkeel.clinic.course.queries import open_course_of
from evenkeel.clinic.people.models import Account, Patient
from evenkeel.clinic.people.standing import set_standing
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.record.permissions import Role


@action("course.open", permission="course.open")
def open_course(
    act: Act,
    *,
    patient_id: Any,
    indication: str,
    referred_by: str = "",
    referral_note: str = "",
    goal: str = "",
    prescriber_id: Any = None,
    therapist_id: Any = None,
) -> Course:
    """Open a course in "referred". One course at a time; a closed one stays closed.

    Raises ``Refused`` for a person who has died (``deceased``) or has an open course
    (``course_open``), ``Invalid`` for missing or overlong words.
    """
    patient = act.open(Patient, patient_id, "site")
    if patient.deceased:
        raise Refused(
            "This person has died and cannot be treated.",
            what_to_do="If this is a mistake, correct it on the person's page first.",
            code="deceased",
        )
    if open_course_of(patient.pk) is not None:
        raise Refused(
            "This person has an open course already.",
            what_to_do="Go on with it, or close it first.",
            code="course_open",
        )
    indication = indication.strip()
    _check_words(indication, referred_by)
    course = Course(
        site=patient.site,
        patient=patient,
        state=CourseState.REFERRED,
        state_since=act.now,
        opened_at=act.now,
        indication=indication,
        referred_by=referred_by.strip(),
        referral_note=referral_note.strip(),
        goal=goal.strip(),
        prescriber=_colleague(patient, prescriber_id, Role.PRESCRIBER),
        therapist=_colleague(patient, therapist_id, Role.THERAPIST),
    )
    act.write(course)
    set_standing(act, patient, stage=course.state)
    return course


def _check_words(indication: str, referred_by: str) -> None:
    fields: dict[str, str] = {}
    if not indication:
        fields["indication"] = "Say what the treatment is for."
    elif len(indication) > 200:
        fields["indication"] = "Keep it to 200 characters."
    if len(referred_by.strip()) > 160:
        fields["referred_by"] = "Keep it to 160 characters."
    if fields:
        raise Invalid("The course cannot be opened like this.", fields=fields)


def _colleague(patient: Patient, account_id: Any, role: Role) -> Account | None:
    """The account, if it holds the role at the patient's site now. Raises ``Invalid``."""
    if not account_id:
        return None
    found = colleagues(patient.site_id, role).filter(pk=account_id).first()
    if found is None:
        raise Invalid(
            f"That person is not a {role.value} here.",
            fields={f"{role.value}_id": "Choose a colleague from the list."},
        )
    return found


def colleagues(site_id: Any, role: Role) -> Any:
    """Accounts that hold ``role`` at the site now, by name."""
    return (
        Account.objects.filter(
            memberships__site_id=site_id,
            memberships__role=role,
            memberships__ended_at=None,
            is_active=True,
        )
        .distinct()
        .order_by("full_name")
    )
