"""Pages of people, facts and the set-up, through Django's client."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evenkeel.clinic.people.actions.record_fact import record_fact
from evenkeel.clinic.people.actions.register_patient import register_patient
from evenkeel.clinic.people.models import Account, Chair, Fact, Invitation, Patient, Site
from evenkeel.clinic.record.models import ChainEntry, Installation
from evenkeel.protocol.vocabulary import VOCABULARY
from tests.clinic_factory import Clinic, sign_in

pytestmark = pytest.mark.django_db
NEW = {
    "given_name": "Ada",
    "family_name": "Sample",
    "birth_date": "1980-02-02",
    "sex": "female",
    "act_id": "n1",
}


@pytest.fixture
def ada(clinic: Clinic) -> Patient:
    return register_patient(
        clinic.as_("front_desk"),
        site_id=clinic.site.pk,
        given_name="Ada",
        family_name="Sample",
        birth_date=date(1980, 2, 2),
        sex="female",
    )


def post_new(client: Client, clinic: Clinic, **more: str) -> Any:
    return client.post("/people/new", NEW | {"site": str(clinic.site.pk)} | more)


def test_a_double_click_registers_one_person(clinic: Clinic, client: Client) -> None:
    sign_in(client, clinic.staff["front_desk"])
    first, second = post_new(client, clinic), post_new(client, clinic)
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert Patient.objects.count() == 1


def test_the_warning_names_who_is_registered_and_asks(
    clinic: Clinic, client: Client, ada: Patient
) -> None:
    sign_in(client, clinic.staff["front_desk"])
    page = post_new(client, clinic)
    assert page.status_code == 422
    text = page.content.decode()
    assert ada.mrn in text
    assert 'name="confirm_duplicate"' in text
    assert 'value="Ada"' in text
    answer = post_new(client, clinic, confirm_duplicate="yes", act_id="n2")
    assert answer.status_code == 302
    assert Patient.objects.count() == 2


def test_what_was_typed_stays_when_something_is_wrong(clinic: Clinic, client: Client) -> None:
    sign_in(client, clinic.staff["front_desk"])
    page = post_new(client, clinic, birth_date="2090-01-01", phone="555 0100")
    text = page.content.decode()
    assert page.status_code == 422
    assert 'value="555 0100"' in text
    assert "lies ahead" in text
    assert 'href="#id_birth_date"' in text


def test_a_search_stands_in_no_address(clinic: Clinic, client: Client, ada: Patient) -> None:
    sign_in(client, clinic.staff["front_desk"])
    page = client.post("/people/", {"search": "sample"})
    assert page.status_code == 200
    assert b"Sample, Ada" in page.content
    assert b"?search" not in page.content


def test_the_list_costs_few_queries_however_long(
    clinic: Clinic, client: Client, django_assert_max_num_queries: Any
) -> None:
    for n in range(25):
        register_patient(
            clinic.as_("front_desk"),
            site_id=clinic.site.pk,
            given_name=f"Given{n}",
            family_name="Sample",
            birth_date=date(1980, 2, 2),
        )
    sign_in(client, clinic.staff["prescriber"])
    client.get("/people/")
    with django_assert_max_num_queries(7):
        assert client.get("/people/?page=2").status_code == 200


def test_reading_a_person_is_logged_and_so_is_a_refusal(
    clinic: Clinic, client: Client, ada: Patient
) -> None:
    sign_in(client, clinic.staff["medical_director"])
    page = client.get(f"/people/{ada.pk}")
    assert page.status_code == 200
    entry = ChainEntry.objects.latest("position")
    assert (entry.action, entry.patient_id) == ("read page of a person", ada.pk)
    assert b"Who looked" in page.content
    other = sign_in(Client(), clinic.staff["prescriber_elsewhere"])
    assert other.get(f"/people/{ada.pk}").status_code == 404
    assert ChainEntry.objects.latest("position").outcome == "refused"


def test_each_role_sees_of_a_person_what_is_its_own(
    clinic: Clinic, client: Client, ada: Patient
) -> None:
    record_fact(clinic.as_("prescriber"), patient_id=ada.pk, key="weight_kg", value=71.25)
    for role, facts, entering, looked in (
        ("prescriber", True, True, False),
        ("pharmacist", True, False, False),
        ("front_desk", False, False, False),
        ("auditor", True, False, True),
    ):
        text = sign_in(Client(), clinic.staff[role]).get(f"/people/{ada.pk}").content.decode()
        assert ("71.25" in text) is facts, role
        assert ("?key=weight_kg" in text) is entering, role
        assert ("Who looked" in text) is looked, role


@pytest.mark.parametrize(
    ("key", "given", "words"),
    [
        ("weight_kg", {"value": "72.5"}, "72.5"),
        ("blood_pressure", {"sbp_mmhg": "128", "dbp_mmhg": "82"}, "128/82"),
        ("pregnancy", {"value": "negative"}, "negative"),
        ("capacity", {"value": "no"}, "no"),
        ("scores", {"score": "phq9", "total": "19"}, "PHQ-9 19"),
        ("cssrs", {"q1": "yes", "q2": "no"}, "yes to Q1"),
        ("diagnoses", {"value": "F33.2\nasthma"}, "F33.2, asthma"),
        ("aneurysmal_vascular_disease", {"value": "absent"}, "no"),
        ("condition", {"label": "migraine", "status": "history"}, "migraine (in the past)"),
        ("medicine", {"label": "sertraline", "status": "active", "dose_mg_per_day": "150"}, "150"),
        ("allergy", {"label": "latex", "status": "active"}, "latex"),
        ("temperature_c", {"value": "36.8"}, "36.8"),
    ],
)
def test_every_kind_of_fact_is_entered_and_corrected(
    clinic: Clinic, client: Client, ada: Patient, key: str, given: dict[str, str], words: str
) -> None:
    sign_in(client, clinic.staff["session_nurse"])
    path = f"/people/{ada.pk}/facts?key={key}"
    assert client.get(path).status_code == 200
    common = {"found_on": "2026-01-05", "found_at": "09:30", "act_id": "f1"}
    answer = client.post(path, given | common | {"origin": "measured here"})
    assert answer.status_code == 302, answer.content.decode()
    fact = Fact.objects.get()
    assert (fact.as_of.isoformat(), fact.origin) == ("2026-01-05T09:30:00+00:00", "measured here")
    history = client.get(path).content.decode()
    assert words in history.replace("\u00a0", " ")
    correct = f"/people/{ada.pk}/facts/{fact.pk}"
    assert client.get(correct).status_code == 200
    assert client.post(correct, given | common | {"act_id": "f2"}).status_code == 422
    answer = client.post(correct, given | common | {"act_id": "f3", "reason": "wrong day"})
    assert answer.status_code == 302
    fact.refresh_from_db()
    assert client.post(correct, given | common | {"act_id": "f4", "reason": "x"}).status_code == 409
    again = f"/people/{ada.pk}/facts/{fact.replaced_by_id}"
    assert client.post(again, {"take_back": "yes", "act_id": "f5"}).status_code == 422
    back = {"take_back": "yes", "reason_back": "another person's", "act_id": "f6"}
    assert client.post(again, back).status_code == 302
    assert client.get(f"/people/{ada.pk}").status_code == 200


def test_every_key_of_the_vocabulary_has_its_form(
    clinic: Clinic, client: Client, ada: Patient
) -> None:
    sign_in(client, clinic.staff["session_nurse"])
    menu = client.get(f"/people/{ada.pk}/facts").content.decode()
    offered = set(re.findall(r"\?key=(\w+)", menu))
    assert {"condition", "medicine", "allergy", "weight_kg"} <= offered
    for key in offered:
        assert client.get(f"/people/{ada.pk}/facts?key={key}").status_code == 200, key
    for key in (set(VOCABULARY) - offered) | {"nonsense", "x" * 300}:
        assert client.get(f"/people/{ada.pk}/facts?key={key}").status_code == 404, key


def test_asked_and_none_is_not_the_same_as_not_asked(
    clinic: Clinic, client: Client, ada: Patient
) -> None:
    sign_in(client, clinic.staff["session_nurse"])
    assert client.get(f"/people/{ada.pk}").content.count(b"Not asked yet") == 3
    answer = client.post(f"/people/{ada.pk}/facts?key=allergy", {"none": "yes", "act_id": "z"})
    assert answer.status_code == 302
    text = client.get(f"/people/{ada.pk}").content.decode()
    assert "none known" in text
    assert text.count("Not asked yet") == 2


def test_a_fact_of_one_person_is_not_corrected_under_another(
    clinic: Clinic, client: Client, ada: Patient
) -> None:
    bo = register_patient(
        clinic.as_("front_desk"),
        site_id=clinic.site.pk,
        given_name="Bo",
        family_name="Sample",
        birth_date=date(1970, 1, 1),
    )
    fact = record_fact(clinic.as_("prescriber"), patient_id=bo.pk, key="weight_kg", value=72)
    sign_in(client, clinic.staff["prescriber"])
    assert client.get(f"/people/{ada.pk}/facts/{fact.pk}").status_code == 404


def test_a_death_is_noted_and_taken_back_on_its_page(
    clinic: Clinic, client: Client, ada: Patient
) -> None:
    sign_in(client, clinic.staff["front_desk"])
    path = f"/people/{ada.pk}/deceased"
    assert client.post(path, {"deceased_on": "2090-01-01", "act_id": "d0"}).status_code == 422
    assert client.post(path, {"deceased_on": "2026-01-05", "act_id": "d1"}).status_code == 302
    assert b"cannot be treated" in client.get(f"/people/{ada.pk}").content
    assert client.post(path, {"reason": "", "act_id": "d2"}).status_code == 422
    assert client.post(path, {"reason": "another Ada", "act_id": "d3"}).status_code == 302
    assert not Patient.objects.get().deceased


def test_a_link_for_a_patient_is_shown_once(clinic: Clinic, client: Client, ada: Patient) -> None:
    sign_in(client, clinic.staff["front_desk"])
    path = f"/people/{ada.pk}/invite"
    answer = client.post(path, {"act_id": "i1"})
    assert answer.status_code == 302
    assert b"no e-mail address" in client.get(answer["Location"]).content
    edit = {"given_name": "Ada", "family_name": "Sample", "birth_date": "1980-02-02"}
    edit |= {"sex": "female", "email": "ada@patients.invalid", "act_id": "i2"}
    assert client.post(f"/people/{ada.pk}/edit", edit).status_code == 302
    assert b"/invitations/" in client.post(path, {"act_id": "i3"}).content
    assert b"/invitations/" not in client.post(path, {"act_id": "i3"}).content
    assert Invitation.objects.count() == 1


def test_the_set_up_goes_step_by_step_and_can_be_changed(clinic: Clinic, client: Client) -> None:
    sign_in(client, clinic.staff["administrator"])
    assert client.post("/setup/", {"organisation": "New name", "act_id": "1"}).status_code == 302
    assert Installation.objects.get().organisation == "New name"
    site = {"name": "Third", "timezone": "Asia/Tokyo", "jurisdiction": "EU", "mrn_prefix": "tk"}
    assert client.post("/setup/sites", site | {"act_id": "2"}).status_code == 302
    third = Site.objects.get(name="Third")
    assert (third.mrn_prefix, third.timezone) == ("TK", "Asia/Tokyo")
    wrong = client.post("/setup/sites", site | {"timezone": "Mars/Base", "act_id": "3"})
    assert wrong.status_code == 422
    path = f"/setup/sites/{third.pk}"
    assert client.post(path, site | {"name": "Third and a half", "act_id": "4"}).status_code == 302
    chair = {"name": "Chair 1", "bed_label": "B1", "site": str(third.pk)}
    assert client.post("/setup/chairs", chair | {"act_id": "5"}).status_code == 302
    assert client.post("/setup/chairs", chair | {"act_id": "6"}).status_code == 422
    row = Chair.objects.get(site=third)
    path = f"/setup/chairs/{row.pk}"
    assert client.post(path, {"name": "Couch", "act_id": "7"}).status_code == 302
    assert client.post(path, {"active": "no", "act_id": "8"}).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.active) == ("Couch", False)
    assert (
        client.post(f"/setup/sites/{clinic.other_site.pk}", site | {"act_id": "9"}).status_code
        == 404
    )
    assert client.post("/setup/", {"finish": "yes", "act_id": "10"}).status_code == 302
    assert Installation.objects.get().set_up_at is not None


def test_staff_are_invited_given_roles_and_sent_off(clinic: Clinic, client: Client) -> None:
    sign_in(client, clinic.staff["administrator"])
    invite = {
        "full_name": "Kim Sample",
        "email": "kim@harbour.invalid",
        "site": str(clinic.site.pk),
        "roles": ["therapist", "session_nurse"],
        "act_id": "s1",
    }
    page = client.post("/setup/staff", invite)
    token = re.search(r"/invitations/([\w-]+)", page.content.decode())
    assert token
    assert token[1] not in client.post("/setup/staff", invite).content.decode()
    row = Invitation.objects.get()
    path = f"/setup/invitations/{row.pk}"
    again = client.post(path, {"do": "reissue", "act_id": "s2"}).content.decode()
    assert token[1] not in again
    assert client.post(path, {"do": "revoke", "act_id": "s3"}).status_code == 302
    assert (
        client.post("/setup/staff", invite | {"roles": ["king"], "act_id": "s4"}).status_code == 422
    )

    nurse = clinic.staff["session_nurse"]
    path = f"/setup/staff/{nurse.pk}"
    grant = {"do": "grant", "site": str(clinic.site.pk), "role": "therapist", "act_id": "s5"}
    assert client.post(path, grant).status_code == 302
    held = nurse.memberships.get(role="therapist")
    end = {"do": "end", "membership": str(held.pk), "act_id": "s6"}
    assert client.post(path, end).status_code == 302
    held.refresh_from_db()
    assert held.ended_at is not None
    assert b"/invitations/" in client.post(path, {"do": "reset", "act_id": "s7"}).content
    assert client.post(path, {"do": "close", "reason": "left", "act_id": "s8"}).status_code == 302
    assert not Account.objects.get(pk=nurse.pk).is_active
    assert client.post(path, {"do": "open", "act_id": "s9"}).status_code == 302
    other = clinic.staff["prescriber_elsewhere"]
    assert client.get(f"/setup/staff/{other.pk}").status_code == 404
    theirs = other.memberships.get()
    end = {"do": "end", "membership": str(theirs.pk), "act_id": "s10"}
    assert client.post(path, end).status_code == 404


TEXT = st.text(max_size=40)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.dictionaries(
        st.sampled_from(
            [
                *NEW,
                "site",
                "confirm_duplicate",
                "page",
                "search",
                "stage",
                "value",
                "found_on",
                "found_at",
                "label",
                "status",
                "do",
                "membership",
                "role",
                "organisation",
                "timezone",
                "order",
                "active",
                "roles",
                "email",
                "finish",
            ]
        ),
        TEXT,
    )
)
def test_no_posted_nonsense_breaks_a_page(
    clinic: Clinic, client: Client, ada: Patient, data: dict[str, str]
) -> None:
    sign_in(client, clinic.staff["medical_director"])
    chair = clinic.chairs[0].pk
    for path in (
        "/people/",
        "/people/new",
        f"/people/{ada.pk}/edit",
        f"/people/{ada.pk}/deceased",
        f"/people/{ada.pk}/facts?key=weight_kg",
        f"/people/{ada.pk}/facts?key=medicine",
        "/setup/",
        "/setup/sites",
        "/setup/chairs",
        f"/setup/chairs/{chair}",
        "/setup/staff",
        f"/setup/staff/{clinic.staff['therapist'].pk}",
        "/sign-in/own",
        "/sign-in/unlock",
    ):
        safe = {k: v.encode("utf-8", "replace").decode() for k, v in data.items()}
        assert client.post(path, safe).status_code < 500, path
