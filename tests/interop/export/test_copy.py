"""A copy of somebody's whole record: all of theirs, nothing of anybody else, nothing walled."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from evenkeel.clinic.oversight.actions.answer_privacy import answer_privacy
from evenkeel.clinic.oversight.actions.ask_privacy import ask_privacy, disagree
from evenkeel.clinic.record.models import Appended, ChainEntry, ChainPayload, Record
from evenkeel.clinic.therapy.actions.wall import write_note
from evenkeel.clinic.therapy.actions.write_journal import write_entry
from evenkeel.interop.export.everything import LEFT_OUT, everything_about, ways
from tests.clinic.outcome.conftest import make_patient
from tests.clinic.session.makers import Stage, open_stage
from tests.clinic_factory import Clinic, sign_in

pytestmark = pytest.mark.django_db

#: Tables that are about no one person; whatever is not here must lead to one.
OF_NOBODY = frozenset(
    {
        *("people.site", "people.chair", "people.membership", "people.credential", "people.duty"),
        *("stock.ledgerbegun", "stock.stockpolicy", "stock.item", "stock.container"),
        *("stock.count", "stock.countline", "stock.discrepancy", "stock.discrepancynote"),
        *("stock.notice", "protocols.protocolversion", "programs.programversion"),
        *("library.answerreview", "library.opening", "course.consentdocument"),
        *("session.forecastchoice", "session.monitor", "session.monitorsource"),
        *("outcome.clinictext", "oversight.complaint", "oversight.remssite"),
        *("oversight.remsdefinition", "oversight.qualitynote"),
        # of a group: each one's own part of it is their consent, membership and place
        *("groups.therapygroup", "groups.grouptherapist"),
        *("groups.groupvisit", "groups.groupsetting"),
    }
)
FORM = {"to_whom": "Ada Sample herself", "made_sure": "Passport seen", "reason": "Asked"}


def test_every_table_leads_to_a_person_or_is_known_not_to() -> None:
    every = {m._meta.label_lower for m in apps.get_models() if issubclass(m, Record | Appended)}
    assert every >= OF_NOBODY
    assert every - OF_NOBODY == set(ways()), "a new table: is it about a person?"
    assert set(LEFT_OUT) <= every


@pytest.fixture
def stage(clinic: Clinic) -> Stage:
    """A person in a session, with a walled note, a journal for nobody else, and a refusal."""
    stage = open_stage(clinic)
    stage.prepared(sbp_mmhg=133)
    patient, course = stage.session.patient, stage.session.course
    write_note(clinic.as_("therapist"), course_id=course.pk, text="Behind the wall")
    write_entry(clinic.patient_context(patient), course_id=course.pk, text="For me alone")
    me = clinic.patient_context(patient)
    row = ask_privacy(
        me, patient_id=patient.pk, kind="correction", place="facts", said="Wrong.", wanted="Right."
    )
    director = clinic.as_("medical_director")
    answer_privacy(director, request_id=row.pk, state="denied", answer="It is right.")
    disagree(me, request_id=row.pk, text="It never was.")
    return stage


def handed_out(clinic: Clinic, patient_id: Any, **given: Any) -> Any:
    client = sign_in(Client(), clinic.staff["prescriber"])
    return client.post(f"/people/{patient_id}/copy", {"act_id": "1", **FORM, **given})


def test_the_copy_holds_the_record_and_what_was_said_against_it(
    clinic: Clinic, stage: Stage
) -> None:
    patient = stage.session.patient
    make_patient(clinic, "Nia", "Notional")
    answer = handed_out(clinic, patient.pk)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store, private"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    page = files["record.html"].decode()
    for words in (patient.family_name, "It never was.", "It is right.", "133"):
        assert words in page, words
    assert "1 psychotherapy note" in page
    assert "45 CFR 164.524(a)(1)(i)" in files["README.txt"].decode()
    whole = b"".join(files.values())
    for secret in (b"Behind the wall", b"For me alone", b"Notional", b"token_hash"):
        assert secret not in whole, secret
    assert json.loads(files["record.fhir.json"])["resourceType"] == "Bundle"
    events = json.loads(files["rows/session.sessionevent.json"])
    assert any(row["kind"] == "observation" for row in events)
    assert files["record.pdf"].startswith(b"%PDF")
    assert any(name.startswith("documents/consent-") for name in files)
    entry = ChainEntry.objects.get(action="copy.hand_out")
    assert entry.patient_id == patient.pk
    notes = json.loads(ChainPayload.objects.get(pk=entry.position).body)["notes"]
    assert notes["to_whom"] == "Ada Sample herself"
    assert notes["psychotherapy_notes_left_out"] == 1


def test_what_a_person_wrote_for_themselves_is_in_their_own_copy_alone(stage: Stage) -> None:
    patient = stage.session.patient
    for own in (True, False):
        tables = {t.label: t.rows for t in everything_about(patient, own=own)}
        assert ("For me alone" in json.dumps(tables["therapy.journalentry"])) is own
        assert "therapy.wallednote" not in tables


@pytest.mark.parametrize("missing", ["to_whom", "made_sure", "reason"])
def test_nothing_is_handed_out_unsaid(clinic: Clinic, missing: str) -> None:
    patient = make_patient(clinic)
    answer = handed_out(clinic, patient.pk, **{missing: " "})
    assert answer.status_code == 422
    assert not ChainEntry.objects.filter(action="copy.hand_out").exists()


def test_a_limit_stands_where_the_copy_is_made(clinic: Clinic) -> None:
    patient = make_patient(clinic)
    row = ask_privacy(
        clinic.as_("front_desk"),
        patient_id=patient.pk,
        kind="restriction",
        place="whole",
        said="Nothing to my employer.",
    )
    answer_privacy(
        clinic.as_("medical_director"), request_id=row.pk, state="granted", answer="Agreed."
    )
    client = sign_in(Client(), clinic.staff["prescriber"])
    page = client.get(f"/people/{patient.pk}/copy").content.decode()
    assert "Nothing to my employer." in page
