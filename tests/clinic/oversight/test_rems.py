"""The risk programme: enrollment before a dose, the form field by field, its clock and proof."""

from __future__ import annotations

import copy
import io
import json
import os
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from evenkeel.clinic.oversight.actions.enroll_rems import end_patient, enroll_patient, enroll_site
from evenkeel.clinic.oversight.actions.fill_rems import (
    confirm_field,
    note_submitted,
    open_field,
    read_value,
    reopen_form,
)
from evenkeel.clinic.oversight.actions.load_rems_form import load_form, withdraw_form
from evenkeel.clinic.oversight.harms import overdue_forms
from evenkeel.clinic.oversight.models import RemsForm, RemsPatient, RemsSite
from evenkeel.clinic.oversight.rems import (
    definition_for,
    owed_sessions,
    read_definition,
    shipped,
    standing_patient,
    standing_site,
)
from evenkeel.clinic.oversight.rems_facts import proposals_for
from evenkeel.clinic.people.models import Fact
from evenkeel.clinic.record import installation
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.verify import verify
from evenkeel.clinic.session.actions.open_session import open_session
from tests.clinic.oversight.makers import recorded, serious
from tests.clinic.session.makers import Stage, checked_in_appointment, treatable_case
from tests.clinic_factory import Clinic, sign_in

db = pytest.mark.django_db


@pytest.fixture
def unenrolled(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Somebody ready for esketamine nasal spray, but for the programme."""
    monkeypatch.setattr("tests.clinic.session.makers.enroll", lambda clinic, patient: None)
    return treatable_case(clinic, "esketamine_nasal")


def enroll_with(clinic: Clinic, patient: Any, **changes: Any) -> RemsPatient:
    today = clinic.clock.now().date()
    given_: dict[str, Any] = {
        "signed_name": patient.name,
        "signed_on": today,
        "submitted_on": today,
        "submitted_how": "fax",
        "reference": "FAX-9",
    }
    return enroll_patient(clinic.as_("prescriber"), patient_id=patient.pk, **{**given_, **changes})


@db
def test_no_session_opens_without_both_enrollments(clinic: Clinic, unenrolled: Any) -> None:
    appointment = checked_in_appointment(unenrolled.nurse, case=unenrolled, chair=clinic.chairs[0])
    with pytest.raises(Refused) as refused:
        open_session(unenrolled.nurse, appointment_id=appointment.pk)
    assert "Harbour is not on record as enrolled in the REMS." in refused.value.message
    assert "No REMS enrollment signed by patient and prescriber" in refused.value.message
    enroll_site(
        clinic.as_("administrator"),
        site_id=clinic.site.pk,
        representative="Rep Sample",
        enrolled_on=clinic.clock.now().date(),
        pharmacies=[{"name": "Sample Pharmacy", "number": "P-1"}, {"name": " "}],
    )
    assert standing_site(clinic.site.pk).pharmacies == [
        {"name": "Sample Pharmacy", "number": "P-1"}
    ]
    row = enroll_with(clinic, unenrolled.patient)
    # the protocol's own fact follows, so that nobody enters it twice
    fact = Fact.objects.filter(patient=unenrolled.patient, key="rems_enrolled").latest("as_of")
    assert fact.value is True
    end_patient(clinic.as_("prescriber"), enrollment_id=row.pk, reason="Entered for the wrong one")
    with pytest.raises(Refused):
        open_session(unenrolled.nurse, appointment_id=appointment.pk)
    enroll_with(clinic, unenrolled.patient)
    assert open_session(unenrolled.nurse, appointment_id=appointment.pk).number == 1


@db
def test_in_a_demonstration_and_for_other_products_it_does_not_stand_in_the_way(
    clinic: Clinic, unenrolled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    appointment = checked_in_appointment(unenrolled.nurse, case=unenrolled, chair=clinic.chairs[0])
    monkeypatch.setitem(installation._demo, "demo", True)
    assert open_session(unenrolled.nurse, appointment_id=appointment.pk)
    installation.forget()
    other = treatable_case(clinic, "racemic_iv", named="Bea")
    seat = checked_in_appointment(other.nurse, case=other, chair=clinic.chairs[1])
    assert open_session(other.nurse, appointment_id=seat.pk)


@db
def test_the_enrollment_is_signed_by_the_person_and_a_prescriber(
    clinic: Clinic, unenrolled: Any
) -> None:
    today = clinic.clock.now().date()
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"signed_name": "Somebody Else"}, "signed_name"),
        ({"signed_name": ""}, "signed_name"),
        ({"signed_on": None}, "signed_on"),
        ({"signed_on": today + timedelta(days=1)}, "signed_on"),
        ({"submitted_on": today - timedelta(days=1)}, "submitted_on"),
        ({"submitted_how": "pigeon"}, "submitted_how"),
        ({"reference": ""}, "reference"),
    ]
    for changes, field in wrong:
        with pytest.raises(Invalid) as refused:
            enroll_with(clinic, unenrolled.patient, **changes)
        assert field in refused.value.fields, changes
    row = enroll_with(clinic, unenrolled.patient)
    assert row.prescriber == clinic.staff["prescriber"]
    with pytest.raises(Refused):
        enroll_with(clinic, unenrolled.patient)
    with pytest.raises(Forbidden):
        end_patient(clinic.as_("session_nurse"), enrollment_id=row.pk, reason="No")


@db
def test_the_session_proposes_what_it_knows_and_nothing_else(clinic: Clinic, nasal: Stage) -> None:
    session = nasal.row()
    found = {k: v.value for k, v in proposals_for(session, clinic.clock.now()).items()}
    assert found["session.given_mg"] == "56"
    assert found["session.date"] == "2026-11-23"
    # the last before the first device, and the one nearest to minute 40
    assert found["session.pressure_before"] == "122/76"
    assert found["session.pressure_40"] == "146/90"
    assert (found["session.sedation"], found["session.dissociation"]) == ("yes", "yes")
    assert found["course.first_treatment"] == "yes"
    assert found["rems.enrolled"] == "yes"
    assert found["session.lot"] == "LOT-7"
    # nobody has left yet, and nobody was asked about medicines
    for unknown in ("session.duration_min", "session.pressure_end", "today.maoi"):
        assert unknown not in found
    assert "incidents.serious" not in found
    recorded(clinic, "session", session.pk, serious(clinic))
    found = {k: v.value for k, v in proposals_for(session, clinic.clock.now()).items()}
    assert found["incidents.serious"] == "yes"


def settle(clinic: Clinic, session: Any, *, but: tuple[str, ...] = ()) -> None:
    """Every field confirmed as proposed, or marked as unknown."""
    ctx = clinic.as_("session_nurse")
    known = proposals_for(session, clinic.clock.now())
    for spec in definition_for(session.site_id).fields:
        if spec.id in but:
            continue
        proposal = known.get(spec.origin)
        confirm_field(
            ctx,
            session_id=session.pk,
            field_id=spec.id,
            value=proposal.value if proposal else "",
            unknown=proposal is None,
        )


@db
def test_submitted_only_when_every_field_is_settled_and_with_proof(
    clinic: Clinic, nasal: Stage
) -> None:
    session = nasal.row()
    ctx, today = clinic.as_("session_nurse"), clinic.clock.now().date()
    proof: dict[str, Any] = {"submitted_on": today, "how": "online", "reference": "C-77"}
    with pytest.raises(Refused) as refused:
        note_submitted(ctx, session_id=session.pk, **proof)
    assert "First name" in refused.value.message
    settle(clinic, session, but=("opioid",))
    with pytest.raises(Refused) as refused:
        note_submitted(ctx, session_id=session.pk, **proof)
    assert refused.value.message == "1 of 36 fields are not settled: Opioid."
    confirm_field(ctx, session_id=session.pk, field_id="opioid", value="no")
    for field, value in (
        ("submitted_on", today - timedelta(days=1)),
        ("how", ""),
        ("reference", ""),
    ):
        with pytest.raises(Invalid) as wrong:
            note_submitted(ctx, session_id=session.pk, **{**proof, field: value})
        assert set(wrong.value.fields) == {field}
    with pytest.raises(Forbidden):
        note_submitted(clinic.as_("therapist"), session_id=session.pk, **proof)
    form = note_submitted(ctx, session_id=session.pk, **proof)
    assert (form.reference, form.submitted_by) == ("C-77", clinic.staff["session_nurse"])
    with pytest.raises(Refused):
        confirm_field(ctx, session_id=session.pk, field_id="opioid", value="yes")
    assert owed_sessions(None, clinic.clock.now()) == []
    with pytest.raises(Invalid):
        reopen_form(ctx, session_id=session.pk, reason=" ")
    again = reopen_form(ctx, session_id=session.pk, reason="A reading was corrected")
    assert [one["reference"] for one in again.earlier] == ["C-77"]
    assert verify().breaks == []


@db
def test_a_changed_session_opens_the_field_again(clinic: Clinic, nasal: Stage) -> None:
    session = nasal.row()
    settle(clinic, session)
    reading = next(
        e for e in session.events.order_by("happened_at") if e.body.get("sbp_mmhg") == 146
    )
    corrected = {**reading.body, "sbp_mmhg": 156}
    corrected.pop("flags", None)
    nasal.says("observation", body=corrected, at=reading.happened_at, supersedes=reading.pk)
    with pytest.raises(Refused) as refused:
        note_submitted(
            clinic.as_("session_nurse"),
            session_id=session.pk,
            submitted_on=clinic.clock.now().date(),
            how="online",
            reference="C-1",
        )
    assert "Blood pressure 40 minutes after the dose" in refused.value.message
    assert refused.value.message.startswith("1 of 36")
    nurse = clinic.as_("session_nurse")
    confirm_field(nurse, session_id=session.pk, field_id="pressure_40", value="156/90")
    open_field(nurse, session_id=session.pk, field_id="lot")
    with pytest.raises(Refused):
        open_field(nurse, session_id=session.pk, field_id="lot")


@db
def test_the_clock_runs_from_the_session_whether_begun_or_not(clinic: Clinic, nasal: Stage) -> None:
    now, sites = clinic.clock.now(), [clinic.site.pk]
    (owed,) = owed_sessions(sites, now)
    assert (owed.form, owed.due_at.isoformat()) == (None, "2026-12-01T00:00:00+00:00")
    assert overdue_forms(sites, now + timedelta(days=7)) == []
    (late,) = overdue_forms(sites, now + timedelta(days=8))
    assert (late.kind, late.subject_id) == ("rems_form", nasal.session.pk)
    confirm_field(
        clinic.as_("prescriber"), session_id=nasal.session.pk, field_id="opioid", value="no"
    )
    (begun,) = owed_sessions(sites, now)
    assert (begun.form is not None, begun.due_at) == (True, owed.due_at)
    assert owed_sessions([clinic.other_site.pk], now) == []


@db
def test_sessions_from_before_the_programme_was_kept_here_are_not_counted(
    clinic: Clinic, nasal: Stage
) -> None:
    """An installation that puts its enrollment on record later owes no forms of its past."""
    assert len(owed_sessions(None, clinic.clock.now())) == 1
    first = RemsSite.objects.get()
    _recorded_at(clinic.as_("administrator"), first, nasal.session.first_dose_at)
    assert len(owed_sessions(None, clinic.clock.now())) == 1
    _recorded_at(
        clinic.as_("administrator"), first, nasal.session.first_dose_at + timedelta(seconds=1)
    )
    assert owed_sessions(None, clinic.clock.now()) == []


@action("test.recorded_at", permission="rems.manage")
def _recorded_at(act: Act, row: RemsSite, at: Any) -> RemsSite:
    row.recorded_at = at
    return act.write(row)


@db
def test_no_form_for_other_products_or_fields_that_are_not_there(
    clinic: Clinic, stage: Stage
) -> None:
    stage.started()
    for session_id in (stage.session.pk, uuid.uuid4()):
        with pytest.raises(NotFound):
            confirm_field(
                clinic.as_("session_nurse"), session_id=session_id, field_id="opioid", value="no"
            )
    assert owed_sessions(None, clinic.clock.now()) == []


VALUES: list[tuple[str, str, str | None]] = [
    ("opioid", "yes", "yes"),
    ("opioid", "maybe", None),
    ("opioid", "", None),
    ("sex", "Female", "Female"),
    ("sex", "f", None),
    ("dose_mg", "56.0", "56"),
    ("dose_mg", "-1", None),
    ("dose_mg", "1e9", None),
    ("birth_date", "1984-06-02", "1984-06-02"),
    ("birth_date", "2.6.1984", None),
    ("pressure_40", "128 / 80", "128/80"),
    ("pressure_40", "80/128", None),
    ("pressure_40", "999/80", None),
    ("middle_name", "", ""),
    ("lot", "x" * 401, None),
    ("lot", "a\x00b", None),
]


@pytest.mark.parametrize(("field", "entered", "kept"), VALUES)
def test_a_field_holds_only_what_it_can(field: str, entered: str, kept: str | None) -> None:
    spec = next(one for one in shipped().fields if one.id == field)
    if kept is None:
        with pytest.raises(Invalid):
            read_value(spec, entered)
    else:
        assert read_value(spec, entered) == kept


def test_what_nobody_read_in_the_official_form_is_said_to_be_unread() -> None:
    unread = [one for one in shipped().fields if one.kind == "unread"]
    assert {one.id for one in unread} == {
        f"{name}_detail" for name in ("sedation", "dissociation", "respiratory", "serious_event")
    }
    assert {one.source.mark for one in unread} == {"unverified"}
    assert "load the official form before go-live" in unread[0].source.title
    assert not shipped().official


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=settings().max_examples if os.environ.get("EVENKEEL_SOAK") else 40)
@given(
    change=JSON,
    path=st.lists(
        st.sampled_from(
            ["format", "blocks", "sources", "due_days", "title", 0, "fields", "id", "kind",
             "choices", "source", "required", "form", "url", "mark"]
        ),
        min_size=1,
        max_size=5,
    ),
)  # fmt: skip
def test_a_spoilt_form_is_refused_with_words_and_never_breaks(change: Any, path: list[Any]) -> None:
    document = copy.deepcopy(shipped().document)
    place: Any = document
    for step in path[:-1]:
        try:
            place = place[step]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(place, dict) != isinstance(path[-1], str):
        return  # no JSON has such a key
    try:
        place[path[-1]] = change
    except (IndexError, TypeError):
        return
    found, words = None, ""
    try:
        found = read_definition(document)
    except Invalid as refused:
        words = refused.fields["file"]
    assert found is not None or words


@db
def test_a_clinics_own_version_is_filled_from_then_on(clinic: Clinic, nasal: Stage) -> None:
    nurse, director = clinic.as_("session_nurse"), clinic.as_("medical_director")
    confirm_field(nurse, session_id=nasal.session.pk, field_id="opioid", value="no")
    own = copy.deepcopy(shipped().document)
    own |= {"edition": "official, 12/2026", "official": True, "due_days": 5}
    own["blocks"][-1]["fields"] = [
        one for one in own["blocks"][-1]["fields"] if one["kind"] != "unread"
    ]
    for content in (
        b"",
        b"[]",
        b"{" * 5000,
        b'{"due_days": NaN}',
        b'{"format": 1}',
        b"x" * 300_000,
        b"\xff\xfe",
    ):
        with pytest.raises(Invalid):
            load_form(director, site_id=clinic.site.pk, content=content)
    with pytest.raises(Forbidden):
        load_form(nurse, site_id=clinic.site.pk, content=b"{}")
    row = load_form(director, site_id=clinic.site.pk, content=json.dumps(own).encode())
    assert (definition_for(clinic.site.pk).due_days, definition_for(clinic.site.pk).unread) == (
        5,
        0,
    )
    # one that was begun keeps the version it was begun under
    kept = RemsForm.objects.get(session=nasal.session)
    assert read_definition(kept.definition).due_days == 7
    withdraw_form(director, definition_id=row.pk)
    assert definition_for(clinic.site.pk).hash == shipped().hash


@db
def test_the_pages_walk_from_the_list_to_the_proof(
    clinic: Clinic, nasal: Stage, pass_time: Any
) -> None:
    session = nasal.row()
    client = sign_in(Client(), clinic.staff["session_nurse"])
    where = f"/oversight/rems/sessions/{session.pk}"

    def post(**said: str) -> Any:
        return client.post(where, {"act_id": str(uuid.uuid4()), **said})

    assert f'href="{where}"' in client.get("/oversight/rems/").content.decode()
    page = client.get(where).content.decode()
    assert "proposed from the devices given, not confirmed" in page
    assert "Load the official form before go-live" in page
    wrong = post(do="confirm", field="dose_mg", value="much", answer="confirm")
    assert wrong.status_code == 422
    assert "Enter a number, such as 56." in wrong.content.decode()
    done = post(do="confirm", field="dose_mg", value="56", answer="confirm")
    assert (done.status_code, done["Location"]) == (303, f"{where}#field-dose_mg")
    assert post(do="confirm", field="nothing", value="1").status_code == 404
    assert post(do="open", field="dose_mg").status_code == 303
    settle(clinic, session)
    today = clinic.clock.now().date().isoformat()
    assert post(do="submit", submitted_on="", how="fax", reference="F-2").status_code == 422
    assert post(do="submit", submitted_on=today, how="fax", reference="F-2").status_code == 303
    assert "F-2" in client.get(where).content.decode()
    assert "F-2" in client.get("/oversight/rems/").content.decode()
    pdf = client.get(f"{where}/pdf")
    text = "".join(p.extract_text() for p in PdfReader(io.BytesIO(pdf.content)).pages)
    assert "F-2" in text
    assert "146/90" in text
    assert post(do="reopen", reason="Corrected").status_code == 303
    assert client.get(f"{where}/print").status_code == 200


@db
def test_enrolling_by_the_pages(clinic: Clinic, unenrolled: Any, pass_time: Any) -> None:
    today = clinic.clock.now().date().isoformat()
    admin = sign_in(Client(), clinic.staff["administrator"])
    where = f"/oversight/rems/sites/{clinic.site.pk}"
    body = {"representative": "Rep", "enrolled_on": today, "pharmacy": "P", "pharmacy_number": "1"}
    assert admin.post(where, {"act_id": str(uuid.uuid4())}).status_code == 422
    assert admin.post(where, {"act_id": str(uuid.uuid4()), **body}).status_code == 303
    file = SimpleUploadedFile("own.json", b"[]")
    load = {"act_id": str(uuid.uuid4()), "do": "load", "file": file}
    assert admin.post(where, load).status_code == 422
    file = SimpleUploadedFile("own.json", json.dumps(shipped().document).encode())
    load = {"act_id": str(uuid.uuid4()), "do": "load", "file": file}
    assert admin.post(where, load).status_code == 303
    assert "Withdraw" in admin.get(where).content.decode()
    doctor = sign_in(Client(), clinic.staff["prescriber"])
    where = f"/oversight/rems/people/{unenrolled.patient.pk}"
    body = {
        "signed_name": unenrolled.patient.name, "signed_on": today, "submitted_on": today,
        "submitted_how": "online", "reference": "R-5",
    }  # fmt: skip
    assert doctor.post(where, {"act_id": str(uuid.uuid4())}).status_code == 422
    assert doctor.post(where, {"act_id": str(uuid.uuid4()), **body}).status_code == 303
    assert "R-5" in doctor.get(where).content.decode()
    row = standing_patient(unenrolled.patient)
    end = {"act_id": str(uuid.uuid4()), "do": "end", "enrollment": str(row.pk), "reason": "Left"}
    assert doctor.post(where, end).status_code == 303
    assert standing_patient(unenrolled.patient) is None
