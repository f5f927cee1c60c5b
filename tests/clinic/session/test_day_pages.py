"""The pages of the day, through Django's client: who sees what, and what a press does once."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.session.actions.cancel_appointment import cancel_appointment
from evenkeel.clinic.session.models import Appointment, Session
from evenkeel.clinic.session.slots import propose_slots
from tests.clinic.course.makers import Case
from tests.clinic.session.day_makers import another_case, arrive, book, form, signed_in
from tests.clinic.session.makers import treatable_case
from tests.clinic_factory import Clinic
from tests.conftest import START
from tests.kept import kept

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("page_clock")]


@pytest.fixture
def ada(clinic: Clinic) -> Case:
    return kept("treatable case", clinic.clock, lambda: treatable_case(clinic), clinic)


@pytest.fixture
def row(ada: Case) -> Appointment:
    return book(ada, START, confirmed=True)


def page(client: Client, route: str, *args: Any, **query: Any) -> Any:
    return client.get(reverse(route, args=args), query)


# (route, roles that may open it); everybody else is refused, other sites see nothing there.
DOORS: list[tuple[str, set[str]]] = [
    (
        "appointment",
        {
            "medical_director",
            "prescriber",
            "session_nurse",
            "therapist",
            "pharmacist",
            "front_desk",
            "auditor",
        },
    ),
    ("check_in", {"medical_director", "prescriber", "session_nurse", "front_desk"}),
    ("downtime_sheet", {"medical_director", "prescriber", "session_nurse"}),
]


@pytest.mark.parametrize(("route", "roles"), DOORS)
def test_each_page_opens_for_its_roles_alone(
    client: Client, ada: Case, row: Appointment, route: str, roles: set[str]
) -> None:
    for role in ada.clinic.staff:
        answer = page(signed_in(client, ada.clinic, role), route, row.pk)
        if role == "prescriber_elsewhere":
            assert answer.status_code == 404
        else:
            assert answer.status_code == (200 if role in roles else 403), role


@pytest.mark.parametrize("route", ["day", "downtime", "downtime_enter", "monitors", "tray"])
def test_nobody_sees_a_day_without_signing_in(client: Client, clinic: Clinic, route: str) -> None:
    assert page(client, route).status_code == 302


def test_reading_a_day_and_an_appointment_is_logged(
    client: Client, ada: Case, row: Appointment
) -> None:
    desk = signed_in(client, ada.clinic, "front_desk")
    page(desk, "day")
    page(desk, "appointment", row.pk)
    read = list(ChainEntry.objects.order_by("-position").values_list("action", "patient_id")[:2])
    assert read == [
        ("read appointment page", ada.patient.pk),
        ("read day list of 2026-11-23", None),
    ]


def test_an_empty_day_says_so(client: Client, clinic: Clinic) -> None:
    answer = page(signed_in(client, clinic, "front_desk"), "day")
    assert b"Nobody is booked" in answer.content
    assert b'class="drawing' not in answer.content


def test_the_day_shows_who_stands_where(client: Client, ada: Case, row: Appointment) -> None:
    clinic = ada.clinic
    bram = another_case(clinic, "Bram", "Specimen")
    book(bram, START - timedelta(hours=2), kind="integration", nurse_id=None, confirmed=True)
    gil = another_case(clinic, "Gil", "Standin")
    gone = book(gil, START, kind="integration", nurse_id=None)
    cancel_appointment(clinic.as_("front_desk"), appointment_id=gone.pk, reason="ill at home")
    arrive(ada, row, benzodiazepine="yes")
    desk = signed_in(client, clinic, "front_desk")
    text = page(desk, "day").content.decode()
    assert 'class="drawing' in text
    view = page(desk, "day").context["view"]
    assert [
        (word, [e.appointment.patient.given_name for e in rows]) for word, _, rows in view.groups
    ] == [
        ("Expected", ["Bram"]),
        ("Checked in", ["Ada"]),
        ("Moved or cancelled", ["Gil"]),
    ]
    late = view.groups[0][2][0]
    assert late.late_min == 120
    assert "2 to settle" in text  # the benzodiazepine, and no pregnancy test today
    assert "ill at home" in text
    mine = page(desk, "day", staff=str(clinic.staff["session_nurse"].pk)).context["view"]
    assert [e.appointment.patient.given_name for e in mine.entries] == ["Ada"]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("2026-11-24", "2026-11-24"),
        ("", "2026-11-23"),
        ("yesterday", "2026-11-23"),
        ("9999-12-31", "2026-11-23"),
        ("0001-01-01", "2026-11-23"),
    ],
)
def test_days_are_stepped_and_a_wrong_date_is_today(
    client: Client, clinic: Clinic, asked: str, shown: str
) -> None:
    answer = page(signed_in(client, clinic, "front_desk"), "day", date=asked)
    assert answer.context["view"].day.isoformat() == shown


def test_a_site_where_one_does_not_work_is_not_there(client: Client, clinic: Clinic) -> None:
    desk = signed_in(client, clinic, "front_desk")
    assert page(desk, "day", site=str(clinic.other_site.pk)).status_code == 404
    assert page(desk, "day", site="x").status_code == 404


def booking(ada: Case, **changes: Any) -> dict[str, Any]:
    return form(
        **{
            "kind": "dosing",
            "on": "2026-11-24",
            "at": "10:00",
            "minutes": "120",
            "chair_id": str(ada.clinic.chairs[1].pk),
            "nurse_id": str(ada.clinic.staff["session_nurse"].pk),
            "therapist_id": "",
            "note": "first time",
            **changes,
        }
    )


def test_booking_by_the_page_once_however_often_it_is_pressed(client: Client, ada: Case) -> None:
    desk = signed_in(client, ada.clinic, "front_desk")
    url = reverse("appointment_new", args=[ada.course.pk])
    fields = booking(ada)
    first, again = desk.post(url, fields), desk.post(url, fields)
    assert first.status_code == again.status_code == 302
    assert first["Location"] == again["Location"]
    made = Appointment.objects.get()
    assert f"{made.starts_at:%d %H:%M}" == "24 10:00"
    other = desk.post(url, {**fields, "at": "15:00"})  # the same act with other content
    assert other.status_code == 422
    assert Appointment.objects.count() == 1


def test_a_clash_is_shown_beside_its_field_with_what_was_typed(client: Client, ada: Case) -> None:
    bram = another_case(ada.clinic, "Bram", "Specimen")
    tuesday = START.replace(day=24, hour=9)
    book(bram, tuesday, chair_id=ada.clinic.chairs[1].pk, nurse_id=None, confirmed=True)
    desk = signed_in(client, ada.clinic, "front_desk")
    answer = desk.post(reverse("appointment_new", args=[ada.course.pk]), booking(ada))
    assert answer.status_code == 422
    assert "Chair 2 is taken" in answer.context["form"].errors["chair_id"][0]
    assert "Bram Specimen" in answer.content.decode()
    assert "first time" in answer.content.decode()


def test_what_should_be_confirmed_is_asked_and_then_done(client: Client, ada: Case) -> None:
    desk = signed_in(client, ada.clinic, "front_desk")
    url = reverse("appointment_new", args=[ada.course.pk])
    answer = desk.post(url, booking(ada, at="17:30"))
    assert answer.context["form"].asks_to_confirm
    assert "open from 08:00 to 18:00" in answer.content.decode()
    assert desk.post(url, booking(ada, at="17:30", confirmed="on")).status_code == 302


def test_times_that_fit_the_plan_are_proposed_and_fill_the_form(client: Client, ada: Case) -> None:
    desk = signed_in(client, ada.clinic, "front_desk")
    answer = page(desk, "appointment_new", ada.course.pk)
    proposed = propose_slots(ada.fresh(), answer.context["plan"], START)
    assert [p.starts_at for p in answer.context["proposals"]] == [p.starts_at for p in proposed]
    filled = page(desk, "appointment_new", ada.course.pk, on="2026-12-01", at="11:30")
    assert 'value="2026-12-01"' in filled.content.decode()
    assert 'value="11:30"' in filled.content.decode()


def test_moving_cancelling_and_absence_by_the_page(client: Client, ada: Case, row: Any) -> None:
    desk = signed_in(client, ada.clinic, "front_desk")
    url = reverse("appointment", args=[row.pk])
    assert desk.post(url, form(do="cancel", reason="")).status_code == 422
    place = {k: v for k, v in booking(ada).items() if k not in ("kind", "note", "act_id")}
    moved = desk.post(url, form(do="move", reason="asked", **place))
    new = Appointment.objects.get(status="booked")
    assert moved["Location"] == reverse("appointment", args=[new.pk])
    shown = desk.get(moved["Location"])
    assert [e.appointment.pk for e in shown.context["history"]] == [row.pk, new.pk]
    desk.post(moved["Location"], form(do="cancel", reason="ill"))
    new.refresh_from_db()
    assert (new.status, new.status_reason) == ("cancelled", "ill")
    late = book(
        ada, START - timedelta(minutes=30), kind="integration", nurse_id=None, confirmed=True
    )
    desk.post(
        reverse("appointment", args=[late.pk]), form(do="no_show", reason="no word", call="on")
    )
    call = Appointment.objects.get(follows=late)
    assert [c.pk for c in page(desk, "day").context["view"].calls] == [call.pk]


def check_in_form(**changes: Any) -> dict[str, Any]:
    return form(
        **{
            "said_name": "Ada Sample",
            "said_birth_date": "1990-03-14",
            "last_food_at": "09:00",
            "last_fluids_at": "13:00",
            "escort": "yes",
            "escort_name": "Eve Escort",
            "escort_phone": "555 0100",
            "escort_until": "18:00",
            "allergies": "as_listed",
            "benzodiazepine": "no",
            "stimulant": "no",
            "maoi": "no",
            "changes": "no",
            **changes,
        }
    )


def test_checking_in_by_the_page(client: Client, ada: Case, row: Appointment) -> None:
    url = reverse("check_in", args=[row.pk])
    desk = signed_in(client, ada.clinic, "front_desk")
    shown = desk.get(url).content.decode()
    assert "14 Mar 1990" not in shown
    assert "1990" not in shown  # the birth date is asked, not read out
    assert "Weight" not in shown
    wrong = desk.post(url, check_in_form(said_birth_date="1990-03-15"))
    assert wrong.status_code == 422
    assert "not the birth date of the person booked" in wrong.content.decode()
    assert "Eve Escort" in wrong.content.decode()
    assert desk.post(url, check_in_form(weight_kg="80")).status_code == 403
    row.refresh_from_db()
    assert row.status == "booked"
    assert desk.post(url, check_in_form()).status_code == 302
    row.refresh_from_db()
    said = row.check_in["said"]
    assert said["last_food_at"] == "2026-11-23T09:00:00+00:00"
    assert [f["id"] for f in row.check_in["findings"]] == ["pregnancy.unknown"]
    nurse = signed_in(client, ada.clinic, "session_nurse")
    again = nurse.get(url)
    assert b"Complete the check-in" in again.content
    done = nurse.post(url, form(weight_kg="80", pregnancy_test="negative"))
    assert done.status_code == 302
    row.refresh_from_db()
    assert row.check_in["findings"] == []
    assert row.check_in["said"]["escort_name"] == "Eve Escort"


def test_a_time_later_than_now_was_yesterday(client: Client, ada: Case, row: Appointment) -> None:
    nurse = signed_in(client, ada.clinic, "session_nurse")
    nurse.post(reverse("check_in", args=[row.pk]), check_in_form(last_food_at="22:00"))
    row.refresh_from_db()
    assert row.check_in["said"]["last_food_at"] == "2026-11-22T22:00:00+00:00"


def test_from_the_door_to_the_chair(client: Client, ada: Case, row: Appointment) -> None:
    arrive(ada, row)
    desk = signed_in(client, ada.clinic, "front_desk")
    url = reverse("appointment", args=[row.pk])
    assert desk.post(url, form(do="open_session")).status_code == 403
    nurse = signed_in(client, ada.clinic, "session_nurse")
    fields = form(do="open_session")
    first, again = nurse.post(url, fields), nurse.post(url, fields)
    session = Session.objects.get(appointment=row)
    assert first["Location"] == again["Location"] == reverse("session", args=[session.pk])
    view = page(nurse, "day").context["view"]
    assert [word for word, _, _ in view.groups] == ["In the chair"]
    assert nurse.post(url, form(do="cancel", reason="x")).status_code == 422


def test_the_call_by_the_page_leads_to_the_safety_signal(
    client: Client, ada: Case, row: Appointment
) -> None:
    nurse = signed_in(client, ada.clinic, "session_nurse")
    desk_made = book(ada, START, kind="follow_up_call", minutes=15, confirmed=True)
    url = reverse("follow_up", args=[desk_made.pk])
    assert nurse.post(url, form(reached="yes", wellbeing="better")).status_code == 422
    said = {
        "reached": "yes",
        "wellbeing": "worse",
        "side_effects": ["nausea", "anxiety"],
        "sleep": "poor",
        "mood": "lower",
        "suicidal_thoughts": "passive",
        "drove": "no",
    }
    done = nurse.post(url, form(**said))
    assert done.status_code == 302
    shown = nurse.get(done["Location"]).content.decode()
    assert "What was said on the telephone" in shown
    visit = nurse.get(reverse("appointment", args=[desk_made.pk])).content.decode()
    assert done["Location"] in visit
    assert reverse("questionnaires", args=[ada.course.pk]) in visit
    assert nurse.get(url).status_code == 302
    desk = signed_in(client, ada.clinic, "front_desk")
    assert desk.get(url).status_code == 403


def test_the_page_of_a_day_asks_few_questions_of_the_database(
    client: Client, ada: Case, row: Appointment, django_assert_max_num_queries: Any
) -> None:
    for n in range(8):
        other = another_case(ada.clinic, f"Piet{n}", "Pretend")
        book(other, START + timedelta(minutes=90), kind="integration", nurse_id=None)
    desk = signed_in(client, ada.clinic, "front_desk")
    page(desk, "day")
    with django_assert_max_num_queries(24):
        page(desk, "day")


def test_an_appointment_that_does_not_exist_is_not_found(client: Client, clinic: Clinic) -> None:
    desk = signed_in(client, clinic, "front_desk")
    for route in ("appointment", "check_in"):
        assert page(desk, route, uuid.uuid4()).status_code == 404
    assert page(desk, "appointment_new", uuid.uuid4()).status_code == 404
