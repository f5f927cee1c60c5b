"""A group: who may be in it, meetings booked for all or nobody, a talk in each one's record."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from evenkeel.clinic.course.actions.move_course import move_course
from evenkeel.clinic.groups.actions.book_visit import add_place, cancel_visit, move_visit
from evenkeel.clinic.groups.actions.hold_visit import Held, correct_visit, hold_visit
from evenkeel.clinic.groups.actions.join_group import (
    join_group,
    leave_group,
    take_group_consent,
    withdraw_group_consent,
)
from evenkeel.clinic.groups.actions.manage_group import choose_therapists, close_group, open_group
from evenkeel.clinic.groups.models import (
    GroupConsent,
    GroupMember,
    GroupPlace,
    GroupTherapist,
    GroupVisit,
)
from evenkeel.clinic.groups.naming import named_in
from evenkeel.clinic.groups.seating import CannotSeat, Seat
from evenkeel.clinic.groups.staffing import staff_missing
from evenkeel.clinic.people.actions.plan_duty import plan_duty
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.programs.queries import parsed
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.session.actions.book_appointment import book_appointment
from evenkeel.clinic.session.actions.cancel_appointment import cancel_appointment
from evenkeel.clinic.session.booking import NeedsConfirmation
from evenkeel.clinic.session.models import Appointment
from evenkeel.clinic.therapy.actions.record_talk import correct_talk
from evenkeel.clinic.therapy.models import Talk
from tests.clinic.course.makers import TWICE_A_WEEK
from tests.clinic.groups.conftest import Circle, joined, on_the_program, opened_group
from tests.clinic_factory import Clinic

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "nul\x00"}, "name"),
        ({"room": "x" * 81}, "room"),
        ({"program": "montreal"}, "program"),  # given one to one
        ({"program": "nonsense"}, "program"),
        ({"account_ids": []}, "account_ids"),
        ({"account_ids": [uuid.uuid4()]}, "account_ids"),
    ],
)
def test_a_group_that_cannot_be(clinic: Clinic, changes: dict[str, Any], wrong: str) -> None:
    given: dict[str, Any] = {
        "site_id": clinic.site.pk,
        "name": "Circle",
        "program": "group",
        "account_ids": [clinic.staff["therapist"].pk],
    }
    with pytest.raises(Invalid) as refused:
        open_group(clinic.as_("therapist"), **{**given, **changes})
    assert set(refused.value.fields) == {wrong}


def test_nobody_is_in_a_group_without_consent_program_and_place(circle: Circle) -> None:
    clinic, group = circle.clinic, circle.group
    other = opened_group(clinic, "Friday circle")
    dan = on_the_program(clinic, "Dan")
    ctx, course = clinic.as_("therapist"), dan.course.pk
    with pytest.raises(Refused, match="has not agreed"):
        join_group(ctx, course_id=course, group_id=group.pk)
    consent: dict[str, Any] = {"course_id": course, "group_id": other.pk, "agreed": True}
    with pytest.raises(Invalid):
        take_group_consent(ctx, **consent, signed_name="Somebody Else")
    with pytest.raises(Invalid):
        take_group_consent(ctx, **consent | {"agreed": False}, signed_name=dan.patient.name)
    take_group_consent(ctx, **consent, signed_name=dan.patient.name)
    # it was given for the other group, and says so
    with pytest.raises(Refused, match="has not agreed"):
        join_group(ctx, course_id=course, group_id=group.pk)
    joined(clinic, dan, group)
    assert GroupConsent.objects.filter(course=course, withdrawn_at=None).count() == 1
    with pytest.raises(Refused, match="in a group already"):
        joined(clinic, dan, other)
    with pytest.raises(Refused, match="full"):
        joined(clinic, on_the_program(clinic, "Eli"), group)
    with pytest.raises(Forbidden):
        join_group(clinic.as_("session_nurse"), course_id=course, group_id=group.pk)


def test_leaving_and_taking_back_consent_touch_nobody_else(circle: Circle) -> None:
    visit = circle.booked("preparation")
    ada, bea, cyd = circle.members
    before = list(Appointment.objects.order_by("pk").values_list("pk", "version"))
    with pytest.raises(Invalid):
        leave_group(circle.clinic.as_("therapist"), member_id=ada.pk, reason=" ")
    leave_group(circle.clinic.as_("therapist"), member_id=ada.pk, reason="Moves away")
    own = circle.clinic.patient_context(bea.patient)
    withdraw_group_consent(own, group_consent_id=bea.consent_id)
    with pytest.raises(NotFound):
        withdraw_group_consent(own, group_consent_id=cyd.consent_id)
    assert [m.pk for m in circle.members if m.left_at is None] == [cyd.pk]
    assert GroupMember.objects.get(pk=bea.pk).left_by == bea.patient.name
    assert list(Appointment.objects.order_by("pk").values_list("pk", "version")) == before
    assert visit.places.count() == 3
    # the signed words themselves never change, and a new start asks for a new signature
    with pytest.raises(Refused, match="has not agreed"):
        join_group(
            circle.clinic.as_("therapist"), course_id=bea.course_id, group_id=circle.group.pk
        )


def test_who_leads_a_group_and_how_it_ends(circle: Circle) -> None:
    clinic, key = circle.clinic, circle.group.pk
    therapist, prescriber = clinic.as_("therapist"), clinic.staff["prescriber"].pk
    outsider = clinic.staff["prescriber_elsewhere"].pk
    with pytest.raises(Invalid):
        choose_therapists(therapist, group_id=key, account_ids=[outsider])
    choose_therapists(therapist, group_id=key, account_ids=[prescriber])
    assert GroupTherapist.objects.get(group=key, ended_at=None).account_id == prescriber
    visit = circle.booked("preparation")
    with pytest.raises(Refused, match="booked"):
        close_group(therapist, group_id=key, reason="Done")
    cancel_visit(therapist, visit_id=visit.pk, reason="Room is flooded")
    close_group(therapist, group_id=key, reason="Done")
    assert all(member.left_at for member in circle.members)
    with pytest.raises(Refused, match="closed"):
        circle.booked("preparation")


def test_one_booking_makes_an_appointment_for_each(circle: Circle) -> None:
    visit = circle.booked()
    rows = list(Appointment.objects.filter(group_place__visit=visit).order_by("chair__order"))
    assert [row.chair.name for row in rows] == ["Chair 1", "Chair 2", "Chair 3"]
    assert {row.note for row in rows} == {"With the group “Tuesday circle”."}
    assert {row.starts_at for row in rows} == {visit.starts_at}
    entry = ChainEntry.objects.filter(action="group.book").get()
    assert ChainEntry.objects.filter(action="appointment.book").count() == 3
    assert entry.outcome == "done"
    # moved for all, each appointment by the action that moves any
    at = visit.starts_at + timedelta(minutes=15)
    given: dict[str, Any] = {"visit_id": visit.pk, "starts_at": at, "minutes": 180}
    moved = move_visit(circle.clinic.as_("front_desk"), **given, reason="Room is late")
    assert {p.appointment.starts_at for p in moved.places.select_related("appointment")} == {at}
    cancel_visit(circle.clinic.as_("front_desk"), visit_id=visit.pk, reason="Storm")
    assert not Appointment.objects.filter(status="booked").exists()
    with pytest.raises(Refused):
        move_visit(circle.clinic.as_("front_desk"), **given, reason="Again")


def hold_of(circle: Circle, name: str) -> dict[str, Any]:
    """Something of one person's own against a dose on that day; the words that must say so."""
    clinic = circle.clinic
    case = next(c for c in circle.cases if c.patient.given_name == name)
    book_appointment(
        clinic.as_("front_desk"),
        course_id=case.course.pk,
        kind="dosing",
        starts_at=circle.now + timedelta(hours=6),
        minutes=90,
        chair_id=clinic.chairs[3].pk,
        confirmed=True,
    )
    return {"seats": circle.seats()}


def chair_taken(circle: Circle, name: str) -> dict[str, Any]:
    return {"seats": circle.seats(**{name: {"chair_id": circle.clinic.chairs[0].pk}})}


def no_chair(circle: Circle, name: str) -> dict[str, Any]:
    return {"seats": circle.seats(**{name: {"chair_id": None}})}


def elsewhere(circle: Circle, name: str) -> dict[str, Any]:
    case = next(c for c in circle.cases if c.patient.given_name == name)
    book_appointment(
        circle.clinic.as_("front_desk"),
        course_id=case.course.pk,
        kind="integration",
        starts_at=circle.now + timedelta(minutes=60),
        minutes=60,
    )
    return {"seats": circle.seats()}


def paused(circle: Circle, name: str) -> dict[str, Any]:
    case = next(c for c in circle.cases if c.patient.given_name == name)
    move_course(case.prescriber, course_id=case.course.pk, to="paused", reason="Travels")
    return {"seats": circle.seats()}


@pytest.mark.parametrize(
    ("against", "says", "can_be_meant"),
    [
        (hold_of, "hours from another dose", True),
        (paused, "no dose can be given", True),
        (elsewhere, "has a integration", False),
        (no_chair, "A dose needs a chair.", False),
        (chair_taken, "Chair 1 is chosen for two people.", False),
    ],
)
def test_nobody_is_booked_where_somebody_cannot_be(
    circle: Circle, against: Any, says: str, can_be_meant: bool
) -> None:
    given = against(circle, "Bea")
    before = Appointment.objects.count()
    with pytest.raises(CannotSeat) as refused:
        circle.booked(**given)
    open_ = {
        s.member.patient.given_name: " ".join(s.words) for s in refused.value.seated if s.words
    }
    assert says in open_["Bea"]
    assert set(open_) <= {"Ada", "Bea"} if against is chair_taken else set(open_) == {"Bea"}
    assert (Appointment.objects.count(), GroupVisit.objects.count()) == (before, 0)
    seats = {seat.member_id: seat for seat in given["seats"]}
    bea = circle.members[1].pk
    old = seats[bea]
    meant = [Seat(bea, old.chair_id, old.nurse_id, confirmed=True) if k == bea else s
             for k, s in seats.items()]  # fmt: skip
    if can_be_meant:
        assert circle.booked(seats=meant).places.count() == 3
        return
    with pytest.raises(CannotSeat):
        circle.booked(seats=meant)
    without = [Seat(bea, leave_out=True) if k == bea else s for k, s in seats.items()]
    visit = circle.booked(seats=without)
    assert {p.patient.given_name for p in visit.places.select_related("patient")} == {"Ada", "Cyd"}
    entry = ChainEntry.objects.get(action="group.book", outcome="done")
    assert entry is not None


def test_a_plan_that_is_used_up_is_said(circle: Circle) -> None:
    case = circle.cases[2]
    for n in range(TWICE_A_WEEK.sessions_planned):
        book_appointment(
            circle.clinic.as_("front_desk"),
            course_id=case.course.pk,
            kind="dosing",
            starts_at=circle.now + timedelta(days=7 * (n + 1)),
            minutes=90,
            chair_id=circle.clinic.chairs[3].pk,
            confirmed=True,
        )
    with pytest.raises(CannotSeat) as refused:
        circle.booked()
    (said,) = refused.value.fields.values()
    assert said == "Cyd Sample: All 6 sessions of the plan are given or booked."


def test_somebody_who_joins_later_is_booked_beside_the_others(circle: Circle) -> None:
    visit = circle.booked()
    dan = on_the_program(circle.clinic, "Dan")
    member = joined(circle.clinic, dan, circle.group)
    ctx = circle.clinic.as_("therapist")
    given: dict[str, Any] = {"visit_id": visit.pk, "member_id": member.pk}
    with pytest.raises(CannotSeat) as refused:
        add_place(ctx, **given, seat=Seat(member.pk, circle.clinic.chairs[0].pk))
    assert "Chair 1 is taken" in " ".join(refused.value.fields.values())
    nurse = circle.clinic.staff["session_nurse"].pk
    # the nurse of the group is not warned of for watching the group
    add_place(ctx, **given, seat=Seat(member.pk, circle.clinic.chairs[3].pk, nurse))
    with pytest.raises(Refused, match="has a place"):
        add_place(ctx, **given, seat=Seat(member.pk, circle.clinic.chairs[3].pk))
    assert visit.places.count() == 4
    # who cancelled for themselves can come after all, in the same place
    place = circle.place(visit, "Dan")
    cancel_appointment(ctx, appointment_id=place.appointment_id, reason="Has a cold")
    add_place(ctx, **given, seat=Seat(member.pk, circle.clinic.chairs[3].pk, nurse))
    again = circle.place(visit, "Dan")
    assert (again.pk, again.appointment.status) == (place.pk, "booked")


def held(circle: Circle, visit: GroupVisit, **said: Any) -> Held:
    came = [str(circle.place(visit, name).pk) for name in said.pop("who", ("Ada", "Cyd"))]
    given: dict[str, Any] = {
        "held_at": None,
        "minutes": 85,
        "therapy": "mindfulness",
        "themes": ["Trust", "The sea"],
        "note": "Quiet at first.",
        "came": came,
    }
    return Held(**{**given, **said})


def talked(circle: Circle, **said: Any) -> GroupVisit:
    visit = circle.booked("preparation", starts_at=circle.now, confirmed=True)
    return hold_visit(
        circle.clinic.as_("therapist"), visit_id=visit.pk, held=held(circle, visit, **said)
    )


def test_each_who_came_has_a_talk_of_their_own(circle: Circle) -> None:
    visit = circle.booked("preparation")
    with pytest.raises(Refused, match="has not come"):
        hold_visit(circle.clinic.as_("therapist"), visit_id=visit.pk, held=held(circle, visit))
    circle.clinic.clock.advance(timedelta(hours=2))
    ctx = circle.clinic.as_("therapist")
    with pytest.raises(Forbidden):
        hold_visit(circle.clinic.as_("front_desk"), visit_id=visit.pk, held=held(circle, visit))
    for wrong, name in (
        ({"came": []}, "came"),
        ({"minutes": None}, "minutes"),
        ({"note": "x" * 6001}, "note"),
        ({"therapy": "crystals"}, "therapy"),
    ):
        with pytest.raises(Invalid) as refused:
            hold_visit(ctx, visit_id=visit.pk, held=held(circle, visit, **wrong))
        assert set(refused.value.fields) == {name}
    assert not Talk.objects.exists()
    own = {str(circle.place(visit, "Ada").pk): "Spoke of her father."}
    hold_visit(ctx, visit_id=visit.pk, held=held(circle, visit, own=own))
    talks = {t.patient.given_name: t for t in Talk.objects.select_related("patient")}
    assert set(talks) == {"Ada", "Cyd"}
    assert [t.themes for t in talks.values()] == [["Trust", "The sea"]] * 2
    assert (talks["Ada"].note, talks["Cyd"].note) == ("Spoke of her father.", "")
    bea = circle.place(visit, "Bea")
    assert (bea.attendance, bea.appointment.status) == ("absent", "no_show")
    assert Appointment.objects.filter(kind="follow_up_call", patient=bea.patient).exists()
    assert circle.place(visit, "Ada").appointment.status == "done"


def test_what_all_share_names_no_member_unless_no_member_is_meant(circle: Circle) -> None:
    for said in ({"note": "ADA wept."}, {"themes": ["Cyd’s sea"]}, {"note": "As Sample said"}):
        with pytest.raises(NeedsConfirmation):
            talked(circle, **said)
        cancel_visit(
            circle.clinic.as_("therapist"),
            visit_id=GroupVisit.objects.get(state="booked").pk,
            reason="Again",
        )
    visit = talked(circle, note="By the Cyd river.", confirmed=True)
    assert visit.note == "By the Cyd river."
    assert ChainEntry.objects.filter(action="group.hold", outcome="done").count() == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", 0),
        ("The adage holds", 0),
        ("ada", 1),
        ("Ada's hand", 1),
        ("ADA-like", 1),
        ("Mrs. O’Hara, again", 1),
        ("A B", 0),
    ],
)
def test_a_name_is_a_whole_word(text: str, found: int) -> None:
    people = [
        Patient(given_name="Ada", family_name="Mock", called=""),
        Patient(given_name="B", family_name="O’Hara", called="A"),
    ]
    assert len(named_in(text, people)) == found


def test_a_correction_leaves_what_was_written_in_ones_own_record(circle: Circle) -> None:
    visit = talked(circle)
    ctx = circle.clinic.as_("therapist")
    ada = Talk.objects.get(patient__given_name="Ada")
    correct_talk(
        ctx,
        talk_id=ada.pk,
        seen_version=ada.version,
        reason="Hers",
        held_at=ada.held_at,
        minutes=85,
        therapy="mindfulness",
        themes=["Her own theme"],
        note="Her own note",
    )
    new = held(circle, visit, themes=["Trust"], minutes=80, who=("Ada", "Bea"))
    given: dict[str, Any] = {"visit_id": visit.pk, "reason": "Bea was there, Cyd was not"}
    with pytest.raises(Conflict):
        correct_visit(ctx, **given, seen_version=1, held=new)
    correct_visit(ctx, **given, seen_version=visit.version, held=new)
    talks = {t.patient.given_name: t for t in Talk.objects.select_related("patient")}
    assert (talks["Ada"].themes, talks["Ada"].note) == (["Her own theme"], "Her own note")
    assert {t.minutes for name, t in talks.items() if name != "Cyd"} == {80}
    assert talks["Bea"].themes == ["Trust"]
    assert talks["Cyd"].struck_at is not None
    came = {
        p.patient.given_name: p.attendance for p in GroupPlace.objects.select_related("patient")
    }
    assert came == {"Ada": "came", "Bea": "came", "Cyd": "absent"}


def test_staff_the_program_asks_for_is_counted_by_name_and_roster(circle: Circle) -> None:
    clinic, program = circle.clinic, parsed(circle.group.text)
    nurse, therapist = clinic.staff["session_nurse"].pk, clinic.staff["therapist"].pk
    prescriber = clinic.staff["prescriber"].pk
    words = staff_missing(program, "dosing", clinic.site, circle.now, [nurse, therapist])
    assert [w.partition(" at a ")[0] for w in words[:2]] == [
        "The program asks for 2 session nurses",
        "The program asks for 2 therapists",
    ]
    assert "No roster is made" in words[2]
    day = circle.now.date()
    plan_duty(clinic.as_("front_desk"), site_id=clinic.site.pk, day=day, account_ids=[prescriber])
    words = staff_missing(program, "dosing", clinic.site, circle.now, [nurse, therapist])
    assert words[0].endswith("is not on the roster of that day.")
    assert not [w for w in words if "prescriber" in w and "asks for" in w]
    assert staff_missing(program, "preparation", clinic.site, circle.now + timedelta(days=1),
                         [therapist]) == []  # fmt: skip
