"""Complaints: by ways round the team, read by those named and nobody else."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from evenkeel.clinic.oversight.actions.file_complaint import box_context, file_complaint
from evenkeel.clinic.oversight.actions.handle_complaint import (
    acknowledge_complaint,
    answer_complaint,
    pass_on,
    reopen_complaint,
)
from evenkeel.clinic.oversight.complaints import (
    by_code,
    complaint_counts,
    may_read,
    my_complaints,
    readers_for,
)
from evenkeel.clinic.oversight.models import Complaint
from evenkeel.clinic.oversight.pages.complain import FILED, LOOKED_UP
from evenkeel.clinic.oversight.terms import complaint_terms, end_of_day_after
from evenkeel.clinic.people.actions.set_up import grant_role
from evenkeel.clinic.people.models import FailedAttempt, Patient
from evenkeel.clinic.people.queries import who_looked
from evenkeel.clinic.record.errors import Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.models import ChainEntry, IdempotentReply
from evenkeel.clinic.record.permissions import STAFF_ROLES, roles_for
from tests.clinic.session.makers import another_case
from tests.clinic_factory import Clinic, sign_in
from tests.conftest import START
from tests.security.world import founder

pytestmark = pytest.mark.django_db
WORDS = "Nobody told me that I would see double."


def filed(clinic: Clinic, **said: Any) -> tuple[Complaint, str]:
    """One complaint in the box."""
    patient = said.pop("patient", None)
    return file_complaint(
        box_context(clinic.clock),
        site_id=clinic.site.pk,
        via="own" if patient else "public",
        said={"text": WORDS, **said},
        patient_id=patient.pk if patient else None,
    )


@pytest.mark.parametrize(
    ("about", "wanted", "readers"),
    [
        ("unsaid", [], ["medical_director", "administrator"]),
        ("team", ["administrator"], ["administrator"]),
        ("medical_director", [], ["administrator"]),
        ("medical_director", ["medical_director"], []),
        ("administrator", [], ["medical_director"]),
    ],
)
def test_it_goes_to_whom_was_chosen_and_never_to_whom_it_is_about(
    clinic: Clinic, about: str, wanted: list[str], readers: list[str]
) -> None:
    assert readers_for(clinic.site.pk, about, wanted) == readers
    if not readers:
        with pytest.raises(Refused) as refused:
            filed(clinic, about=about, readers=wanted)
        assert refused.value.code == "nobody"
        return
    row, _ = filed(clinic, about=about, readers=wanted)
    able = {role.value for role in STAFF_ROLES if may_read(clinic.as_(role.value).actor, row)}
    assert able == set(readers)


def test_who_also_holds_the_role_it_is_about_is_left_out(clinic: Clinic) -> None:
    grant_role(
        founder(clinic),
        account_id=clinic.staff["medical_director"].pk,
        site_id=clinic.site.pk,
        role="administrator",
    )
    row, _ = filed(clinic, about="medical_director")
    assert not may_read(clinic.as_("medical_director").actor, row)
    assert may_read(clinic.as_("administrator").actor, row)


def test_nothing_on_the_persons_record_tells_of_it(clinic: Clinic) -> None:
    patient = another_case(clinic, "Bea").patient
    row, _ = filed(clinic, patient=patient)
    assert (row.from_name, row.subject_patient_id) == (patient.name, patient.pk)
    entry = ChainEntry.objects.get(action="complaint.file")
    assert (entry.patient_id, entry.actor_name) == (None, "complaints box")
    assert not any("complaint" in one.action for one in who_looked(patient.pk, 100))
    hidden, _ = filed(clinic, patient=patient, anonymous=True, from_name="Bea")
    assert (hidden.from_name, hidden.from_contact, hidden.subject_patient_id) == ("", "", None)


def test_only_readers_open_it_and_every_opening_is_in_the_audit(
    clinic: Clinic, pass_time: Any
) -> None:
    row, _ = filed(clinic, about="administrator")
    where = f"/oversight/complaints/{row.pk}"
    answers = {}
    for role in STAFF_ROLES:
        client = sign_in(Client(), clinic.staff[role.value])
        answers[role.value] = client.get(where).status_code
        listed = client.get("/oversight/complaints/")
        assert (WORDS in listed.content.decode()) is False
    handlers = {role.value for role in roles_for("complaint.handle")}
    assert answers.pop("medical_director") == 200
    assert answers.pop("administrator") == 404
    assert set(answers.values()) == {403}
    assert handlers == {"medical_director", "administrator"}
    read = ChainEntry.objects.filter(action="read complaint", subject=f"complaint:{row.pk}")
    assert sorted(read.values_list("actor_name", "outcome")) == [
        ("Test administrator", "done"),
        ("Test administrator", "refused"),
        ("Test medical_director", "done"),
    ]
    with pytest.raises(NotFound):
        answer_complaint(clinic.as_("administrator"), complaint_id=row.pk, answer="No", findings="")
    with pytest.raises(Forbidden):
        acknowledge_complaint(clinic.as_("prescriber"), complaint_id=row.pk, words="Seen")


def test_acknowledged_answered_opened_again_each_under_a_name(clinic: Clinic) -> None:
    row, code = filed(clinic)
    ctx = clinic.as_("medical_director")
    # 23 November 2026 is a Monday: three working days end with Thursday, thirty with 23 December
    assert row.acknowledge_by.isoformat() == "2026-11-27T00:00:00+00:00"
    assert row.answer_by.isoformat() == "2026-12-24T00:00:00+00:00"
    with pytest.raises(Invalid):
        acknowledge_complaint(ctx, complaint_id=row.pk, words=" ")
    acknowledge_complaint(ctx, complaint_id=row.pk, words="Thank you. I look into it.")
    with pytest.raises(Refused):
        acknowledge_complaint(ctx, complaint_id=row.pk, words="Again")
    with pytest.raises(Invalid):
        answer_complaint(ctx, complaint_id=row.pk, answer="", findings="")
    answer_complaint(ctx, complaint_id=row.pk, answer="We now say so.", findings="Not said.")
    found = by_code(code.lower().replace("-", " "))
    assert found is not None
    assert (found.answer, found.answered_by) == ("We now say so.", "Test medical_director")
    reopened = reopen_complaint(ctx, complaint_id=row.pk, reason="Not enough for them")
    assert "We now say so." in reopened.findings
    assert reopened.answered_at is None
    assert not ChainEntry.objects.filter(reason__contains="Not enough").exists()


def test_passed_on_by_whom_it_is_about_it_is_gone_for_them(clinic: Clinic) -> None:
    row, _ = filed(clinic)
    pass_on(clinic.as_("medical_director"), complaint_id=row.pk)
    assert my_complaints(clinic.as_("medical_director")) == []
    assert my_complaints(clinic.as_("administrator")) == [Complaint.objects.get(pk=row.pk)]
    with pytest.raises(Refused) as refused:
        pass_on(clinic.as_("administrator"), complaint_id=row.pk)
    assert refused.value.code == "nobody"


def test_working_days_leave_the_weekend_out() -> None:
    friday = START + timedelta(days=4)
    plain = end_of_day_after(friday, 3, "UTC")
    working = end_of_day_after(friday, 3, "UTC", working=True)
    assert (plain.isoformat(), working.isoformat()) == (
        "2026-12-01T00:00:00+00:00",
        "2026-12-03T00:00:00+00:00",
    )
    # at the clinic's own clock: ten in the evening there is the next morning in UTC
    late = end_of_day_after(START.replace(hour=3), 1, "America/New_York")
    assert late.isoformat() == "2026-11-24T00:00:00-05:00"


def test_counts_tell_nothing_but_numbers(clinic: Clinic) -> None:
    row, _ = filed(clinic)
    now = clinic.clock.now()
    found = complaint_counts([clinic.site.pk], now, now + timedelta(days=1), now)
    assert (found.received, found.open, found.acknowledged_late) == (1, 1, 0)
    later = now + timedelta(days=60)
    found = complaint_counts(None, now, later, later)
    assert (found.acknowledged_late, found.answered_late) == (1, 1)
    assert complaint_counts([clinic.other_site.pk], now, later, later).received == 0
    assert row.answered_at is None


def test_the_jurisdiction_sets_the_days_and_says_from_where() -> None:
    for code in ("US", "UK", "EU", "AU", "XX"):
        terms = complaint_terms(code)
        assert terms.outside
        assert terms.answer_source.mark in ("sourced", "clinic policy")
    assert complaint_terms("UK").answer_days == 182


def post_public(client: Client, clinic: Clinic, **said: Any) -> Any:
    body = {"act_id": str(uuid.uuid4()), "site": str(clinic.site.pk), "text": WORDS, **said}
    return client.post("/complain/", body)


def code_in(answer: Any) -> str:
    found = re.search(r"complaint-code mono\">([A-Z0-9-]+)<", answer.content.decode())
    assert found, answer.content.decode()[:2000]
    return found[1]


def test_anybody_can_complain_without_a_sign_in_and_read_the_answer(
    clinic: Clinic, pass_time: Any
) -> None:
    client = Client()
    page = client.get("/complain/").content.decode()
    assert "The people who treat you do not see this" in page
    assert "medical board" in page
    assert "no-store" in client.get("/complain/")["Cache-Control"]
    assert post_public(client, clinic, text="").status_code == 422
    assert post_public(client, clinic, site="x").status_code == 422
    act_id = str(uuid.uuid4())
    first = post_public(client, clinic, act_id=act_id, from_name="Max Muster")
    again = post_public(client, clinic, act_id=act_id, from_name="Max Muster")
    code = code_in(first)
    assert code_in(again) == code
    (row,) = Complaint.objects.all()
    assert (row.via, row.from_name) == ("public", "Max Muster")
    # neither table nor kept reply holds the code
    assert code not in str(list(IdempotentReply.objects.values_list("reply", "key")))
    assert code.replace("-", "") not in row.code_hash
    answer_complaint(
        clinic.as_("medical_director"), complaint_id=row.pk, answer="Sorry.", findings=""
    )
    shown = client.post("/complain/answer", {"code": code})
    assert "Sorry." in shown.content.decode()
    assert WORDS not in shown.content.decode()
    assert client.post("/complain/answer", {"code": "x"}).status_code == 422


def test_the_box_is_throttled_without_keeping_an_address(clinic: Clinic, pass_time: Any) -> None:
    client = Client(REMOTE_ADDR="203.0.113.7")
    for _ in range(FILED.limit):
        assert post_public(client, clinic).status_code == 200
    assert post_public(client, clinic).status_code == 429
    assert post_public(Client(REMOTE_ADDR="203.0.113.8"), clinic).status_code == 200
    for _ in range(LOOKED_UP.limit):
        assert client.post("/complain/answer", {"code": "nope"}).status_code == 422
    assert client.post("/complain/answer", {"code": "nope"}).status_code == 429
    assert not FailedAttempt.objects.filter(subject__contains="203.0.113").exists()
    assert Complaint.objects.count() == FILED.limit + 1


def test_from_ones_own_pages_with_or_without_the_name(clinic: Clinic, pass_time: Any) -> None:
    patient: Patient = another_case(clinic, "Bea").patient
    clinic.patient_context(patient)
    client = sign_in(Client(), patient.account)
    assert 'href="/own/complain"' in client.get("/own/").content.decode()
    body = {"act_id": str(uuid.uuid4()), "site": str(clinic.other_site.pk), "text": WORDS}
    assert client.post("/own/complain", body | {"anonymous": "yes"}).status_code == 200
    row = Complaint.objects.get()
    assert (row.site_id, row.subject_patient_id, row.from_name) == (clinic.site.pk, None, "")
    assert not ChainEntry.objects.filter(patient_id=patient.pk, action__contains="compl").exists()
    body["act_id"] = str(uuid.uuid4())
    assert client.post("/own/complain", body).status_code == 200
    assert Complaint.objects.latest("number").from_name == patient.name


def test_staff_write_one_down_and_do_not_see_it_again(clinic: Clinic, pass_time: Any) -> None:
    client = sign_in(Client(), clinic.staff["front_desk"])
    assert client.get("/oversight/complaints/new").status_code == 200
    body = {"act_id": str(uuid.uuid4()), "site": str(clinic.site.pk), "text": WORDS}
    assert client.post("/oversight/complaints/new", body).status_code == 303
    row = Complaint.objects.get()
    assert (row.via, row.written_by) == ("staff", "Test front_desk")
    assert client.get(f"/oversight/complaints/{row.pk}").status_code == 403
    for site in (clinic.other_site.pk, "x"):
        body |= {"act_id": str(uuid.uuid4()), "site": str(site)}
        assert client.post("/oversight/complaints/new", body).status_code == 422


def test_the_page_of_one_takes_it_from_arrival_to_answer(clinic: Clinic, pass_time: Any) -> None:
    row, _ = filed(clinic)
    client = sign_in(Client(), clinic.staff["administrator"])
    where = f"/oversight/complaints/{row.pk}"

    def post(**said: str) -> int:
        return client.post(where, {"act_id": str(uuid.uuid4()), **said}).status_code

    assert WORDS in client.get(where).content.decode()
    assert post(do="dance") == 422
    assert post(do="acknowledge", acknowledgement="") == 422
    assert post(do="acknowledge", acknowledgement="We look into it") == 303
    assert post(do="answer", answer="Done", findings="x") == 303
    assert post(do="reopen", reason="More") == 303
    pass_time(timedelta(days=60))
    assert "Overdue" in client.get("/oversight/complaints/").content.decode()
    assert post(do="pass") == 303
    assert client.get(where).status_code == 404
