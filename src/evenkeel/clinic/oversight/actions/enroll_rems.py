"""Enrollment in the risk program: of a site, and of a person before the first dose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from evenkeel.clinic.course.signing import check_typed_name
from evenkeel.clinic.oversight.models import RemsPatient, RemsSite
from evenkeel.clinic.oversight.rems import (
    HOW,
    JURISDICTION,
    PROGRAM,
    standing_patient,
    standing_site,
)
from evenkeel.clinic.people.actions.record_fact import record_facts
from evenkeel.clinic.people.fact_item import FactItem
from evenkeel.clinic.people.models import Patient, Site
from evenkeel.clinic.people.signing import signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.record.permissions import Role

_MOST_PHARMACIES = 12


@action("rems.enroll_site", permission="rems.manage")
def enroll_site(
    act: Act,
    *,
    site_id: Any,
    representative: str,
    enrolled_on: date | None,
    enrollment_number: str = "",
    pharmacies: Sequence[Mapping[str, str]] = (),
) -> RemsSite:
    """Record the enrollment of a site; one that stood before ends with it.

    Raises ``Invalid`` by field, ``Refused`` where the program does not hold.
    """
    site = act.open(Site, site_id)
    if site.jurisdiction != JURISDICTION:
        raise Refused("This program holds in the United States only.", code="elsewhere")
    wrong: dict[str, str] = {}
    name = representative.strip()
    if not name or len(name) > 200 or "\x00" in name:
        wrong["representative"] = "Name the authorized representative."
    today = act.now.astimezone(ZoneInfo(site.timezone)).date()
    if enrolled_on is None or enrolled_on > today:
        wrong["enrolled_on"] = "The day of enrollment, not in the future."
    kept = [
        {key: str(one.get(key, "")).strip()[:120] for key in ("name", "number")}
        for one in pharmacies
        if str(one.get("name", "")).strip()
    ]
    if len(kept) > _MOST_PHARMACIES or any("\x00" in one["name"] for one in kept):
        wrong["pharmacies"] = f"At most {_MOST_PHARMACIES} pharmacies."
    if wrong or enrolled_on is None:
        raise Invalid("The enrollment is not complete yet.", fields=wrong)
    before = standing_site(site.pk)
    if before is not None:
        before.ended_on, before.end_reason = today, "Replaced by a newer entry."
        act.write(before)
    return act.write(
        RemsSite(
            site=site,
            program=PROGRAM,
            representative=name,
            enrolled_on=enrolled_on,
            enrollment_number=enrollment_number.strip()[:60],
            pharmacies=kept,
            recorded_by=act.actor.name,
            recorded_at=act.now,
        )
    )


@action("rems.enroll_patient", permission="rems.enroll")
def enroll_patient(
    act: Act,
    *,
    patient_id: Any,
    signed_name: str,
    signed_on: date | None,
    submitted_on: date | None,
    submitted_how: str,
    reference: str,
) -> RemsPatient:
    """Record that a person is enrolled: they signed by typing their name, the prescriber who acts
    signs with it, and the form was submitted.

    The fact that the protocol asks for is written in the same act. Raises ``Invalid`` by field,
    ``Refused`` where one stands or the actor does not prescribe.
    """
    patient = act.open(Patient, patient_id, "site")
    if patient.site.jurisdiction != JURISDICTION:
        raise Refused("This program holds in the United States only.", code="elsewhere")
    if standing_patient(patient) is not None:
        raise Refused("This person is enrolled already.", code="enrolled")
    _must_prescribe(act, patient.site_id)
    name, reference = signed_name, reference.strip()
    today = act.now.astimezone(ZoneInfo(patient.site.timezone)).date()
    wrong = _wrong_days(signed_on, submitted_on, today)
    try:
        name = check_typed_name(patient, signed_name)
    except Invalid as not_theirs:
        wrong |= not_theirs.fields
    if submitted_how not in HOW:
        wrong["submitted_how"] = "Choose how it was submitted."
    if not reference or len(reference) > 120 or "\x00" in reference:
        wrong["reference"] = "Enter the number of the enrollment, or that of the fax receipt."
    if wrong or signed_on is None or submitted_on is None:
        raise Invalid("The enrollment is not complete yet.", fields=wrong)
    row = act.write(
        RemsPatient(
            site=patient.site,
            program=PROGRAM,
            patient=patient,
            signed_name=name,
            patient_signed_on=signed_on,
            prescriber=signer(act),
            prescriber_signed_at=act.now,
            submitted_on=submitted_on,
            submitted_how=submitted_how,
            reference=reference,
            recorded_by=act.actor.name,
            recorded_at=act.now,
        )
    )
    _tell_protocol(act, patient, enrolled=True)
    return row


@action("rems.end_patient", permission="rems.enroll")
def end_patient(act: Act, *, enrollment_id: Any, reason: str) -> RemsPatient:
    """Record that a person is no longer enrolled, or that the entry was a mistake."""
    row = act.open(RemsPatient, enrollment_id, "patient__site")
    if row.ended_at is not None:
        raise Refused("This enrollment has ended.", code="ended")
    reason = reason.strip()
    if not reason or len(reason) > 1000 or "\x00" in reason:
        raise Invalid("Say why it ends.", fields={"reason": "Say why it ends."})
    row.ended_at, row.ended_by, row.end_reason = act.now, act.actor.name, reason
    act.write(row)
    _tell_protocol(act, row.patient, enrolled=False)
    return row


def _wrong_days(signed_on: date | None, submitted_on: date | None, today: date) -> dict[str, str]:
    """What is wrong with the two days, by field."""
    wrong = {
        name: "A day, not in the future."
        for name, day in (("signed_on", signed_on), ("submitted_on", submitted_on))
        if day is None or day > today
    }
    if signed_on and submitted_on and submitted_on < signed_on:
        wrong["submitted_on"] = "It cannot be submitted before it was signed."
    return wrong


def _must_prescribe(act: Act, site_id: Any) -> None:
    roles = {role for site, role in act.actor.grants if site in (None, site_id)}
    if not roles & {Role.PRESCRIBER, Role.MEDICAL_DIRECTOR}:
        raise Refused("A prescriber signs the enrollment with the patient.", code="no_prescriber")


def _tell_protocol(act: Act, patient: Patient, *, enrolled: bool) -> None:
    """The fact the protocol's rule reads, so that nobody has to enter it a second time."""
    item = FactItem("rems_enrolled", enrolled, as_of=act.now, origin="REMS enrollment on record")
    record_facts(act.ctx, patient_id=patient.pk, items=[item])
