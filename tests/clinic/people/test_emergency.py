"""One person's record opened in an emergency: which pages, for how long, who reads of it."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.clinic.people.actions.emergency_access import (
    end_emergency,
    open_in_emergency,
    review_emergency,
)
from evenkeel.clinic.people.actions.set_up import grant_role
from evenkeel.clinic.people.models import Account, EmergencyAccess
from evenkeel.clinic.people.notices import waiting_reviews
from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from evenkeel.clinic.record.errors import Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.record.verify import verify
from tests.clinic.session.makers import CALM, Stage, another_case, open_stage
from tests.clinic_factory import Clinic, sign_in
from tests.conftest import START
from tests.kept import kept

pytestmark = pytest.mark.django_db
WHY = "Unconscious in the corridor, wristband read"
FAR = "prescriber_elsewhere"


@pytest.fixture
def stage(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """An infusion session, open; pages see the tests' time."""
    monkeypatch.setenv(CLOCK_VARIABLE, ScaledClock(START, 0.0, 0.0).as_text())
    return kept("stage", clinic.clock, lambda: open_stage(clinic), clinic)


def fresh(clinic: Clinic) -> None:
    """The accounts as they are now: acts write to them."""
    for role, account in clinic.staff.items():
        clinic.staff[role] = Account.objects.get(pk=account.pk)


def broken(stage: Stage, who: str = FAR, reason: str = WHY) -> EmergencyAccess:
    patient = stage.session.patient
    access: EmergencyAccess = open_in_emergency(
        stage.clinic.as_(who),
        mrn=patient.mrn.lower(),
        birth_year=patient.birth_date.year,
        reason=reason,
        confirmed_by="authenticator code",
    )
    fresh(stage.clinic)
    return access


#: (what, who, changed) -> what it is refused with.
REFUSED = [
    ("no reason", FAR, {"reason": "  help   "}, Invalid),
    ("wrong year", FAR, {"birth_year": 1901}, NotFound),
    ("no such number", FAR, {"mrn": "EK-999999"}, NotFound),
    ("sees it anyway", "session_nurse", {}, Refused),
    ("role without care of people", "administrator", {}, Forbidden),
    ("auditor", "auditor", {}, Forbidden),
]


@pytest.mark.parametrize(("what", "who", "changed", "error"), REFUSED, ids=[r[0] for r in REFUSED])
def test_it_opens_only_with_a_reason_for_the_right_person(
    stage: Stage, what: str, who: str, changed: dict[str, object], error: type[Exception]
) -> None:
    patient = stage.session.patient
    given = {"mrn": patient.mrn, "birth_year": patient.birth_date.year, "reason": WHY} | changed
    with pytest.raises(error):
        open_in_emergency(stage.clinic.as_(who), confirmed_by="test", **given)
    assert not EmergencyAccess.objects.exists()


def test_one_record_is_open_for_an_hour_and_every_reading_says_why(stage: Stage) -> None:
    clinic = stage.clinic
    course = stage.session.course_id
    other = another_case(clinic, "Bea").patient
    open_now = {
        reverse("patient", args=[stage.session.patient_id]): 200,
        reverse("course", args=[course]): 200,
        reverse("screening", args=[course]): 200,
        reverse("plan", args=[course]): 200,
        reverse("session", args=[stage.session.pk]): 200,
    }
    shut = [
        reverse("patient", args=[other.pk]),
        reverse("therapy", args=[course]),
        reverse("walled_notes", args=[course]),
        reverse("questionnaires", args=[course]),
        reverse("patient_edit", args=[stage.session.patient_id]),
        reverse("appointment", args=[stage.session.appointment_id]),
    ]
    client = sign_in(Client(), clinic.staff[FAR])
    assert {client.get(where).status_code for where in open_now} == {404}
    broken(stage)
    before = ChainEntry.objects.order_by("-position").first()
    for where, status in open_now.items():
        page = client.get(where)
        assert page.status_code == status, where
        assert "Emergency access to" in page.content.decode(), where
    for where in shut:
        assert client.get(where).status_code in (403, 404), where
    read = ChainEntry.objects.filter(
        position__gt=before.position,
        actor_id=str(clinic.staff[FAR].pk),
        action__startswith="read ",
        outcome="done",
    )
    assert read.count() >= len(open_now)
    assert {e.reason for e in read} == {f"Emergency access: {WHY}"}
    # the list of people and the board show nobody of that site
    someone = stage.session.patient
    listed = client.get("/people/").content.decode()
    assert f"{someone.family_name}, {someone.given_name}" not in listed
    clinic.clock.advance(timedelta(minutes=61))  # type: ignore[attr-defined]
    assert not clinic.as_(FAR).actor.emergencies


def test_the_time_that_is_over_closes_the_pages(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(stage)
    client = sign_in(Client(), stage.clinic.staff[FAR])
    where = reverse("patient", args=[stage.session.patient_id])
    assert client.get(where).status_code == 200
    late = ScaledClock(START + timedelta(minutes=60), 0.0, 0.0).as_text()
    monkeypatch.setenv(CLOCK_VARIABLE, late)
    assert client.get(where).status_code == 404


def test_what_happens_may_be_written_down_and_a_drug_stopped_and_no_more(stage: Stage) -> None:
    stage.started()
    with pytest.raises(NotFound):
        stage.says("pause", FAR, reason="pale")
    broken(stage)
    stage.says("observation", FAR, body=CALM)
    stage.says("pause", FAR, reason="pale")
    for kind, body in (
        ("resume", stage.start_body()),
        ("injection", {"dose_mg": 5}),
        ("discharged", {}),
    ):
        with pytest.raises((Forbidden, NotFound)):
            stage.says(kind, FAR, body=body)
    assert verify().whole


def test_the_front_desk_of_the_same_site_may_too(stage: Stage) -> None:
    client = sign_in(Client(), stage.clinic.staff["front_desk"])
    where = reverse("session", args=[stage.session.pk])
    assert client.get(where).status_code == 403
    broken(stage, "front_desk")
    assert client.get(where).status_code == 200
    assert client.get("/board").status_code == 403


def test_its_holder_ends_it_and_nobody_else(stage: Stage) -> None:
    access = broken(stage)
    with pytest.raises(NotFound):
        end_emergency(stage.clinic.as_("front_desk"), access_id=access.pk)
    end_emergency(stage.clinic.as_(FAR), access_id=access.pk)
    fresh(stage.clinic)
    assert not stage.clinic.as_(FAR).actor.emergencies
    assert Account.objects.get(pk=stage.clinic.staff[FAR].pk).emergency_until is None
    assert verify().whole


def test_it_waits_for_a_review_by_somebody_else_and_the_person_reads_it(stage: Stage) -> None:
    clinic = stage.clinic
    access = broken(stage, "front_desk")
    director = clinic.as_("medical_director")
    assert len(waiting_reviews(director, clinic.clock.now())) == 1
    bar = sign_in(Client(), clinic.staff["medical_director"]).get("/alarms/mine")
    assert "review whether it was justified" in bar.content.decode()
    assert not waiting_reviews(clinic.as_(FAR), clinic.clock.now())
    clinic.patient_context(stage.session.patient)
    own = sign_in(Client(), _own(stage))
    page = own.get(reverse("own_download")).content.decode()
    assert WHY in page
    assert "Not checked yet." in page
    with pytest.raises(Invalid):
        review_emergency(director, access_id=access.pk, verdict="fine", review_words="")
    client = sign_in(Client(), clinic.staff["medical_director"])
    where = reverse("emergency_review", args=[access.pk])
    assert WHY in client.get(where).content.decode()
    said = {"verdict": "justified", "review_words": "Spoke to both.", "act_id": str(uuid.uuid4())}
    assert client.post(where, said).status_code == 302
    assert not waiting_reviews(director, clinic.clock.now())
    assert "Checked: it was right." in own.get(reverse("own_download")).content.decode()
    assert verify().whole


def _own(stage: Stage) -> Account:
    account: Account = Account.objects.get(patient=stage.session.patient)
    return account


def test_nobody_reviews_their_own(stage: Stage) -> None:
    clinic = stage.clinic
    access = broken(stage, "front_desk")
    grant_role(
        clinic.as_("administrator"),
        account_id=clinic.staff["front_desk"].pk,
        site_id=clinic.site.pk,
        role="medical_director",
    )
    with pytest.raises(Invalid) as same:
        review_emergency(
            clinic.as_("front_desk"),
            access_id=access.pk,
            verdict="justified",
            review_words="I was right",
        )
    assert same.value.code == "same_person"


def test_guessing_numbers_is_counted_and_written_down(stage: Stage) -> None:
    client = sign_in(Client(), stage.clinic.staff[FAR])
    given = {"birth_year": "1990", "reason": WHY}
    for n in range(10):
        posted = given | {"mrn": f"EK-{n:06d}", "act_id": str(uuid.uuid4())}
        assert client.post(reverse("emergency_open"), posted).status_code == 422
    right = {
        "mrn": stage.session.patient.mrn,
        "birth_year": str(stage.session.patient.birth_date.year),
        "reason": WHY,
        "act_id": str(uuid.uuid4()),
    }
    page = client.post(reverse("emergency_open"), right)
    assert page.status_code == 422
    assert "too many wrong tries" in page.content.decode()
    sought = ChainEntry.objects.filter(action="read person sought in an emergency")
    assert sought.filter(outcome="refused").count() == 10
    assert not EmergencyAccess.objects.exists()


def test_the_page_opens_the_record_and_shows_who_opened(stage: Stage) -> None:
    client = sign_in(Client(), stage.clinic.staff[FAR])
    posted = {
        "mrn": stage.session.patient.mrn,
        "birth_year": str(stage.session.patient.birth_date.year),
        "reason": WHY,
        "act_id": str(uuid.uuid4()),
    }
    answer = client.post(reverse("emergency_open"), posted)
    assert answer["Location"] == reverse("patient", args=[stage.session.patient_id])
    assert client.get(answer["Location"]).status_code == 200
    again = client.post(reverse("emergency_open"), posted | {"act_id": str(uuid.uuid4())})
    assert again.status_code == 422
    # the same request sent again opens nothing more
    assert client.post(reverse("emergency_open"), posted).status_code == 302
    assert EmergencyAccess.objects.count() == 1
