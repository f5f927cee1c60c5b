"""A clinic makes a program its own; a course is put on one and keeps it."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from evenkeel.clinic.people.sign_in import SIGNED_IN_AT
from evenkeel.clinic.programs.actions.choose_program import choose_program, leave_program
from evenkeel.clinic.programs.actions.edit_program import (
    discard_program,
    import_program,
    save_program,
    sign_program,
    start_program,
)
from evenkeel.clinic.programs.document import shipped_document
from evenkeel.clinic.programs.models import CourseProgram, ProgramVersion
from evenkeel.clinic.programs.queries import program_at, program_of, text_digest
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from tests.clinic.course.makers import Case
from tests.clinic_factory import Clinic, sign_in

pytestmark = pytest.mark.django_db


def act() -> dict[str, str]:
    """What makes each form of a page a new act."""
    return {"act_id": str(uuid4())}


def drafted(clinic: Clinic, **given: str) -> ProgramVersion:
    row = start_program(clinic.as_("therapist"), site_id=clinic.site.pk, program="montreal")
    return save_program(
        clinic.as_("therapist"),
        version_id=row.pk,
        seen_version=row.version,
        given=given or {"steps.debrief.what": "Silence first."},
        reason="We begin with silence.",
    )


def signed(clinic: Clinic, row: ProgramVersion) -> ProgramVersion:
    return sign_program(
        clinic.as_("medical_director"),
        version_id=row.pk,
        read_hash=text_digest(row.text),
        agreed=True,
    )


def test_a_draft_changes_nothing_until_the_medical_director_signs(clinic: Clinic) -> None:
    row = drafted(clinic)
    held = program_at(clinic.site.pk, "montreal")
    assert held is not None
    assert (held.version, held.draft) == (None, row)
    with pytest.raises(Forbidden):
        sign_program(
            clinic.as_("therapist"), version_id=row.pk, read_hash=text_digest(row.text), agreed=True
        )
    signed(clinic, row)
    held = program_at(clinic.site.pk, "montreal")
    assert held is not None
    assert held.version is not None
    assert held.version.number == 1
    assert held.program.steps[5].what == "Silence first."
    other = program_at(clinic.other_site.pk, "montreal")
    assert other is not None
    assert other.version is None


def test_a_signed_version_stays_as_it_is_and_the_next_starts_from_it(clinic: Clinic) -> None:
    row = signed(clinic, drafted(clinic))
    with pytest.raises(Refused):
        save_program(
            clinic.as_("therapist"),
            version_id=row.pk,
            seen_version=row.version,
            given={},
            reason="",
        )
    after = start_program(clinic.as_("therapist"), site_id=clinic.site.pk, program="montreal")
    assert after.number == 2
    assert json.loads(after.text) == json.loads(row.text)
    with pytest.raises(Refused, match="open already"):
        start_program(clinic.as_("therapist"), site_id=clinic.site.pk, program="montreal")
    discard_program(clinic.as_("therapist"), version_id=after.pk)


def test_nothing_is_written_over_and_nothing_signed_unread(clinic: Clinic) -> None:
    row = drafted(clinic)
    with pytest.raises(Conflict):
        save_program(
            clinic.as_("therapist"), version_id=row.pk, seen_version=1, given={}, reason=""
        )
    with pytest.raises(Conflict):
        sign_program(
            clinic.as_("medical_director"), version_id=row.pk, read_hash="0" * 64, agreed=True
        )
    with pytest.raises(Invalid) as unread:
        sign_program(
            clinic.as_("medical_director"),
            version_id=row.pk,
            read_hash=text_digest(row.text),
            agreed=False,
        )
    assert set(unread.value.fields) == {"agreed"}


def test_an_edit_that_breaks_it_stores_nothing(clinic: Clinic) -> None:
    row = drafted(clinic)
    before = row.text
    with pytest.raises(Invalid) as refused:
        save_program(
            clinic.as_("therapist"),
            version_id=row.pk,
            seen_version=row.version,
            given={"visits": "dosing 100"},
            reason="x",
        )
    assert "no preparation" in refused.value.fields["visits"]
    assert ProgramVersion.objects.get(pk=row.pk).text == before


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"place": "home"}, "place: is “home”: every dose"),
        ({"id": "retreat"}, "is none of"),
        ({"visits": []}, "visits: has no dosing"),
    ],
)
def test_a_file_that_does_not_hold_is_not_taken_over(
    clinic: Clinic, change: dict[str, Any], says: str
) -> None:
    content = json.dumps(shipped_document("montreal") | change).encode()
    with pytest.raises(Invalid) as refused:
        import_program(clinic.as_("therapist"), site_id=clinic.site.pk, content=content)
    assert says in refused.value.fields["file"]
    assert not ProgramVersion.objects.exists()


def test_a_file_of_another_clinic_becomes_a_draft(clinic: Clinic) -> None:
    content = json.dumps(shipped_document("group") | {"title": "Our group"}).encode()
    row = import_program(clinic.as_("therapist"), site_id=clinic.site.pk, content=content)
    assert (row.program, row.title, row.state) == ("group", "Our group", "draft")
    with pytest.raises(Invalid):
        import_program(clinic.as_("therapist"), site_id=clinic.site.pk, content=b"\xff\xfe")


def test_a_course_keeps_the_program_it_was_put_on(clinic: Clinic, case: Case) -> None:
    course = case.opened()
    choose_program(clinic.as_("therapist"), course_id=course.pk, program="montreal")
    signed(clinic, drafted(clinic))
    on = program_of(course.pk)
    assert on is not None
    assert on.program.steps[5].what != "Silence first."
    with pytest.raises(Invalid):  # the change wants a reason
        choose_program(clinic.as_("therapist"), course_id=course.pk, program="montreal")
    choose_program(
        clinic.as_("therapist"), course_id=course.pk, program="montreal", reason="Our own now."
    )
    on = program_of(course.pk)
    assert on is not None
    assert on.program.steps[5].what == "Silence first."
    assert CourseProgram.objects.filter(course=course).count() == 2
    with pytest.raises(Refused, match="already"):
        choose_program(clinic.as_("therapist"), course_id=course.pk, program="montreal", reason="x")
    leave_program(clinic.as_("therapist"), course_id=course.pk, reason="Goes on elsewhere.")
    assert program_of(course.pk) is None
    with pytest.raises(Refused):
        leave_program(clinic.as_("therapist"), course_id=course.pk, reason="again")


def test_a_program_fits_the_route_and_the_role(clinic: Clinic, case: Case) -> None:
    case.screened("racemic_iv")
    course = case.fresh()
    for role, program, refusal in (
        ("therapist", "intramuscular", Refused),
        ("therapist", "retreat", Invalid),
        ("session_nurse", "montreal", Forbidden),
        ("prescriber_elsewhere", "montreal", NotFound),
    ):
        with pytest.raises(refusal):
            choose_program(clinic.as_(role), course_id=course.pk, program=program)
    assert program_of(course.pk) is None


def test_the_pages_from_list_to_signature(clinic: Clinic, client: Client, page_clock: None) -> None:
    sign_in(client, clinic.staff["medical_director"])
    assert b"Montreal model" in client.get("/programs/").content
    assert b"Nobody" not in client.get("/programs/shipped/montreal").content
    assert client.get("/programs/shipped/nonsense").status_code == 404
    made = client.post("/programs/new", {**act(), "site": clinic.site.pk, "program": "montreal"})
    edit = made["Location"]
    row = ProgramVersion.objects.get()
    wrong = client.post(
        edit, {**act(), "seen_version": row.version, "visits": "at home 60", "reason": "We differ."}
    )
    assert wrong.status_code == 422
    assert "line 1 is “at home 60”" in wrong.content.decode()
    assert "We differ." in wrong.content.decode()
    saved = client.post(
        edit,
        {
            **act(),
            "seen_version": row.version,
            "steps.debrief.what": "Silence.",
            "reason": "Ours.",
        },
        follow=True,
    )
    assert "Silence." in saved.content.decode()
    row.refresh_from_db()
    sent = {"read_hash": text_digest(row.text)}
    # signed in an hour ago: who one is, is asked again
    session = client.session
    session[SIGNED_IN_AT] = time.time() - 3600
    session.save()
    asked = client.post(f"/programs/{row.pk}/sign", sent | act() | {"agreed": "on"})
    assert asked["Location"].startswith("/accounts/2fa/reauthenticate/?next=%2Fprograms%2F")
    session[SIGNED_IN_AT] = time.time()
    session.save()
    row.refresh_from_db()
    assert row.state == "draft"
    assert client.post(f"/programs/{row.pk}/sign", sent | act()).status_code == 422
    done = client.post(f"/programs/{row.pk}/sign", sent | act() | {"agreed": "on"}, follow=True)
    assert "Signed" in done.content.decode()
    file = client.get(f"/programs/{row.pk}/file")
    assert json.loads(file.content)["place"] == "premises"
