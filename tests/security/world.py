"""One of everything that an address can name, at one site, and callers who should not see it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.test import Client

from evenkeel.clinic.course.models import Screening
from evenkeel.clinic.groups.actions.book_visit import book_visit
from evenkeel.clinic.groups.actions.join_group import join_group, take_group_consent
from evenkeel.clinic.groups.actions.manage_group import open_group
from evenkeel.clinic.groups.actions.record_setting import record_setting
from evenkeel.clinic.groups.seating import Seat
from evenkeel.clinic.outcome.actions.ask_questionnaire import ask_questionnaire
from evenkeel.clinic.outcome.models import SafetySignal
from evenkeel.clinic.oversight.actions.ask_privacy import ask_privacy
from evenkeel.clinic.oversight.actions.file_complaint import box_context, file_complaint
from evenkeel.clinic.oversight.actions.make_bundle import ask_bundle
from evenkeel.clinic.people.actions.emergency_access import open_in_emergency
from evenkeel.clinic.people.actions.invite_staff import invite_staff
from evenkeel.clinic.people.actions.manage_credential import enter_own_credential
from evenkeel.clinic.people.actions.record_fact import record_fact
from evenkeel.clinic.people.actions.set_up import grant_role, open_site
from evenkeel.clinic.people.caller import context_for
from evenkeel.clinic.people.models import Account, Patient
from evenkeel.clinic.programs.actions.choose_program import choose_program
from evenkeel.clinic.programs.actions.edit_program import (
    import_program,
    sign_program,
    start_program,
)
from evenkeel.clinic.programs.document import shipped_document
from evenkeel.clinic.programs.models import ProgramVersion
from evenkeel.clinic.programs.queries import text_digest
from evenkeel.clinic.protocols.actions.start_draft import start_draft
from evenkeel.clinic.record.act import Actor, Context
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.record.permissions import STAFF_ROLES, Role
from evenkeel.clinic.stock.actions.begin_ledger import begin_ledger
from evenkeel.clinic.stock.actions.discrepancy import report_discrepancy
from evenkeel.clinic.stock.actions.send_away import send_to_site
from evenkeel.clinic.stock.models import Count
from evenkeel.clinic.therapy.actions.wall import write_note
from evenkeel.clinic.therapy.actions.write_journal import write_entry
from tests.clinic.outcome.conftest import say_items
from tests.clinic.oversight.makers import recorded, serious
from tests.clinic.session.makers import Stage, another_case, open_stage
from tests.clinic.stock.makers import build_shelves
from tests.clinic_factory import Clinic, make_account, sign_in


@dataclass
class World:
    """The rows an address may name, by the name of the address's argument, and who may call."""

    clinic: Clinic
    stage: Stage
    ids: dict[str, uuid.UUID]
    signal: SafetySignal
    elsewhere: Account
    patient: Account
    #: Front desk here, to whom the one patient's record is open in an emergency.
    helper: Account
    other_patient: Account

    def caller(self, who: str) -> Client:
        """A browser of ``who``: a role of staff, ``elsewhere``, ``patient``, ``other_patient``."""
        account = getattr(self, who, None) if who in _PEOPLE else self.clinic.staff[who]
        return sign_in(Client(), account)


_PEOPLE = ("elsewhere", "patient", "other_patient", "helper")


def founder(clinic: Clinic) -> Context:
    """Whoever may do everything everywhere."""
    grants = frozenset({(None, role) for role in Role})
    return Context(Actor("system:founder", "Founder", grants), clinic.clock)


#: Addresses whose ``version_id`` is that of a program and not of a protocol.
PROGRAM_VERSIONS = (
    "program_version",
    "program_edit",
    "program_discard",
    "program_sign",
    "program_file",
)


def build_world(clinic: Clinic) -> World:
    """A live session with everything that leads to it, an open safety signal, an invitation."""
    stage = open_stage(clinic)
    course = stage.case.course
    assert course is not None
    asked = ask_questionnaire(clinic.as_("therapist"), course_id=course.pk, instrument_id="phq9")
    say_items(clinic, asked.ask, [1, 1, 1, 1, 1, 1, 1, 1, 2])
    invited, _ = invite_staff(
        clinic.as_("administrator"),
        site_id=clinic.site.pk,
        email="new@harbour.invalid",
        full_name="New Sample",
        roles=["therapist"],
    )
    elsewhere = make_account("all@hill.invalid", "Hill Everything", clinic.clock)
    for role in STAFF_ROLES:
        grant_role(
            founder(clinic), account_id=elsewhere.pk, site_id=clinic.other_site.pk, role=role.value
        )
    helper = make_account("helper@harbour.invalid", "Helper Sample", clinic.clock)
    grant_role(founder(clinic), account_id=helper.pk, site_id=clinic.site.pk, role="front_desk")
    signal = SafetySignal.objects.get(course=course)
    ids: dict[str, Any] = {
        "patient_id": stage.session.patient_id,
        "fact_id": record_fact(
            clinic.as_("prescriber"),
            patient_id=stage.session.patient_id,
            key="condition",
            value={"label": "Quux fever"},
        ).pk,
        "site_id": clinic.site.pk,
        "product": "racemic_iv",
        "chair_id": clinic.chairs[3].pk,
        "account_id": clinic.staff["therapist"].pk,
        "invitation_id": invited.pk,
        "course_id": course.pk,
        "screening_id": Screening.objects.get(course=course).pk,
        "appointment_id": stage.session.appointment_id,
        "session_id": stage.session.pk,
        "ask_id": asked.ask.pk,
        "signal_id": signal.pk,
        "kind": "course.screening",
        "key": Screening.objects.get(course=course).pk,
        "version_id": start_draft(
            clinic.as_("medical_director"), site_id=clinic.site.pk, product="racemic_sc"
        ).pk,
        "program": "montreal",
        "position": ChainEntry.objects.filter(patient_id=stage.session.patient_id)
        .latest("position")
        .pk,
        "note_id": write_note(
            clinic.as_("therapist"), course_id=course.pk, text="Behind a wall"
        ).pk,
        "credential_id": enter_own_credential(
            clinic.as_("therapist"),
            site_id=clinic.site.pk,
            kind="training_therapy",
            issuer="Synthetic academy",
        ).pk,
        "access_id": open_in_emergency(
            context_for(helper, clinic.clock),
            mrn=stage.session.patient.mrn,
            birth_year=stage.session.patient.birth_date.year,
            reason="Found on the floor of the waiting room",
            confirmed_by="test",
        ).pk,
        "entry_id": write_entry(
            clinic.patient_context(stage.session.patient), course_id=course.pk, text="For me alone"
        ).pk,
    }
    ids["request_id"] = ask_privacy(
        clinic.as_("front_desk"),
        patient_id=stage.session.patient_id,
        kind="restriction",
        place="whole",
        said="No calls.",
    ).pk
    today = clinic.clock.now().date()
    ids["bundle_id"] = ask_bundle(
        clinic.as_("auditor"), first_day=today, last_day=today, site_id=clinic.site.pk
    ).bundle_id
    ids |= _harm(clinic, stage)
    ids |= _group(clinic, stage)
    ids |= shelves(clinic)
    draft = start_program(clinic.as_("therapist"), site_id=clinic.site.pk, program="montreal").pk
    ids |= {f"{name}.version_id": draft for name in PROGRAM_VERSIONS}
    return World(
        clinic,
        stage,
        ids,
        signal,
        elsewhere,
        Account.objects.get(patient_id=ids["patient_id"]),
        Account.objects.get(pk=helper.pk),
        _patient_account(clinic, another_case(clinic, "Bea").patient),
    )


def _harm(clinic: Clinic, stage: Stage) -> dict[str, Any]:
    """A serious incident of the session with its report, a complaint, an enrolled person."""
    incident = recorded(clinic, "session", stage.session.pk, serious(clinic))
    complaint, _ = file_complaint(
        box_context(clinic.clock), site_id=clinic.site.pk, via="public", said={"text": "Too cold"}
    )
    return {
        "source": "session",
        "source_id": stage.session.pk,
        "incident_id": incident.pk,
        "report_id": incident.reports.get().pk,
        "complaint_id": complaint.pk,
    }


def _group(clinic: Clinic, stage: Stage) -> dict[str, Any]:
    """A group of a program made for it here, the person in it, a dosing day with a room."""
    therapist, course = clinic.as_("therapist"), stage.case.course
    assert course is not None
    import_program(therapist, site_id=clinic.site.pk, content=for_infusions("group"))
    draft = ProgramVersion.objects.get(program="group")
    sign_program(
        clinic.as_("medical_director"),
        version_id=draft.pk,
        read_hash=text_digest(draft.text),
        agreed=True,
    )
    group = open_group(
        therapist,
        site_id=clinic.site.pk,
        name="Circle",
        program="group",
        account_ids=[clinic.staff["therapist"].pk],
    )
    choose_program(therapist, course_id=course.pk, program="group")
    consent = take_group_consent(
        therapist,
        course_id=course.pk,
        group_id=group.pk,
        signed_name=stage.case.patient.name,
        agreed=True,
    )
    member = join_group(therapist, course_id=course.pk, group_id=group.pk)
    visit = book_visit(
        therapist,
        group_id=group.pk,
        kind="dosing",
        starts_at=clinic.clock.now() + timedelta(days=7),
        minutes=180,
        seats=[Seat(member.pk, clinic.chairs[1].pk, confirmed=True)],
    )
    said = record_setting(
        therapist,
        visit_id=visit.pk,
        kind="disturbance",
        happened_at=clinic.clock.now(),
        body={"what": "A siren"},
    )
    return {
        "group_id": group.pk,
        "group_consent_id": consent.pk,
        "member_id": member.pk,
        "visit_id": visit.pk,
        "place_id": visit.places.get().pk,
        "setting_id": said.pk,
    }


def for_infusions(program: str, **changes: Any) -> bytes:
    """A shipped program as a clinic's own file, made for infusions too, with ``changes``."""
    document = shipped_document(program) | changes
    document["routes"] = [*document["routes"], "intravenous"]
    return json.dumps(document).encode()


def shelves(clinic: Clinic) -> dict[str, uuid.UUID]:
    """A begun ledger with a vial, a count, a discrepancy, and a vial on its way to a third site."""
    third = open_site(founder(clinic), name="Third", timezone="UTC")
    for role in ("pharmacist", "session_nurse"):
        grant_role(founder(clinic), account_id=clinic.staff[role].pk, site_id=third.pk, role=role)
    held = build_shelves(clinic)
    pharmacist, nurse = clinic.as_("pharmacist"), clinic.staff["session_nurse"].pk
    begin_ledger(pharmacist, site_id=third.pk, on_hand=(), second_id=nurse)
    vial, gone = held.received(count=2)
    sent = send_to_site(
        pharmacist, container_id=gone.pk, to_site_id=third.pk, reference="T", witness_id=nurse
    )
    found = report_discrepancy(
        pharmacist, site_id=clinic.site.pk, container_id=vial.pk, what="The cap is loose."
    )
    return {
        "item_id": held.kit.pk,
        "container_id": vial.pk,
        "move_id": sent.pk,
        "count_id": Count.objects.get(site=clinic.site).pk,
        "discrepancy_id": found.pk,
    }


def _patient_account(clinic: Clinic, patient: Patient) -> Account:
    name = patient.mrn.lower()
    return make_account(f"{name}@patients.invalid", patient.name, clinic.clock, patient=patient)


def _newest_entry(stage: Stage) -> ChainEntry:
    """The newest entry about the person of the session."""
    return ChainEntry.objects.filter(patient_id=stage.session.patient_id).latest("position")
