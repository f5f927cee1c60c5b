"""Booking, moving, cancelling: what clashes, what is only asked, and what never happens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from evenkeel.clinic.course.actions.move_course import close_course
from evenkeel.clinic.people.actions.mark_deceased import mark_deceased
from evenkeel.clinic.people.actions.set_up import add_chair
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.record.act import Actor, Context
from evenkeel.clinic.record.chain import verify_links
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.record.permissions import Role
from evenkeel.clinic.session.actions.cancel_appointment import cancel_appointment
from evenkeel.clinic.session.actions.finish_visit import finish_visit
from evenkeel.clinic.session.actions.mark_no_show import mark_no_show
from evenkeel.clinic.session.actions.move_appointment import move_appointment
from evenkeel.clinic.session.booking import TRANSITIONS, NeedsConfirmation, dosing_minutes
from evenkeel.clinic.session.models import Appointment, AppointmentStatus
from evenkeel.clinic.session.slots import propose_slots
from evenkeel.protocol.pack import default_protocol
from tests.clinic.course.makers import Case, make_case
from tests.clinic.session.day_makers import another_case, arrive, book
from tests.clinic.session.makers import treatable_case
from tests.clinic_factory import Clinic
from tests.kept import kept

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(clinic: Clinic) -> Case:
    case = kept("case", clinic.clock, lambda: make_case(clinic), clinic)
    case.opened()
    return case


@pytest.fixture
def bram(clinic: Clinic) -> Case:
    return another_case(clinic, "Bram", "Specimen")


def at(clinic: Clinic, hours: float) -> Any:
    return clinic.clock.now() + timedelta(hours=hours)


# The clinic's clock stands at 14:00 on a Monday; Bram is booked 15:00 to 17:00 in chair 1 with the
# nurse. (hours from now, minutes, chair, nurse, kind) of Ada's appointment -> what is said.
CLASHES: list[tuple[float, int, int | None, bool, str, str, str]] = [
    (1, 120, 0, False, "dosing", "clash", "Chair 1 is taken: dosing session 15:00 to 17:00 (Bram"),
    (2.9, 60, 0, False, "dosing", "clash", "Chair 1 is taken"),
    (0, 61, 0, False, "dosing", "clash", "Chair 1 is taken"),
    (0, 60, 0, False, "dosing", "", ""),
    (3, 60, 0, False, "dosing", "", ""),
    (1, 120, 1, False, "dosing", "", ""),
    (1, 120, 1, True, "dosing", "ask", "watches another dose then: dosing session 15:00 to 17:00"),
    (3, 60, 1, True, "dosing", "", ""),
    (1, 60, None, True, "integration", "ask", "is booked then"),
    (1, 15, None, True, "follow_up_call", "", ""),
    (3.5, 120, 1, False, "dosing", "ask", "Harbour is open from 08:00 to 18:00"),
    (-7, 60, 1, False, "dosing", "ask", "This time has passed"),
    (5 * 24, 60, 1, False, "dosing", "ask", "Harbour is closed on a Saturday"),
    (5 * 24, 15, None, False, "follow_up_call", "", ""),
]


@pytest.mark.parametrize(("hours", "minutes", "chair", "nurse", "kind", "outcome", "said"), CLASHES)
def test_what_stands_against_a_time(
    ada: Case,
    bram: Case,
    hours: float,
    minutes: int,
    chair: int | None,
    nurse: bool,
    kind: str,
    outcome: str,
    said: str,
) -> None:
    clinic = ada.clinic
    ada.course.state = "induction"
    book(bram, confirmed=True)
    place = {
        "kind": kind,
        "minutes": minutes,
        "chair_id": clinic.chairs[chair].pk if chair is not None else None,
        "nurse_id": clinic.staff["session_nurse"].pk if nurse else None,
    }
    if outcome == "clash":
        with pytest.raises(Conflict) as clash:
            book(ada, at(clinic, hours), confirmed=True, **place)
        assert (clash.value.code, said in clash.value.message) == ("clash", True)
        assert not Appointment.objects.filter(patient=ada.patient).exists()
        return
    told: list[str] = []
    if kind == "dosing" or outcome == "ask":
        with pytest.raises(NeedsConfirmation) as asked:
            book(ada, at(clinic, hours), **place)
        told = [w for w in asked.value.warnings if "course is in referred" not in w]
    assert any(said in one for one in told) == bool(said)
    assert (outcome == "ask") == bool(told)
    assert book(ada, at(clinic, hours), confirmed=True, **place).status == "booked"
    assert ChainEntry.objects.filter(action="appointment.book").latest("position").outcome == "done"


def test_a_person_is_in_one_place_at_a_time(ada: Case) -> None:
    book(ada, confirmed=True)
    with pytest.raises(Conflict) as clash:
        book(ada, kind="integration", starts_at=at(ada.clinic, 2), confirmed=True)
    assert "Ada Sample has a dosing session 15:00 to 17:00" in clash.value.fields["starts_at"]
    assert book(ada, kind="follow_up_call", starts_at=at(ada.clinic, 2), minutes=15)


def test_two_doses_within_a_day_are_asked(ada: Case) -> None:
    ada.screened()
    book(ada, at(ada.clinic, 1), confirmed=True)
    with pytest.raises(NeedsConfirmation) as asked:
        book(ada, at(ada.clinic, 20))
    assert any("Less than 24 hours from another dose" in w for w in asked.value.warnings)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "holiday"}, "kind"),
        ({"minutes": 4}, "minutes"),
        ({"minutes": 10_000}, "minutes"),
        ({"chair_id": None}, "chair_id"),
        ({"chair_id": "x"}, "chair_id"),
        ({"nurse_id": "front_desk"}, "nurse_id"),
        ({"therapist_id": "session_nurse"}, "therapist_id"),
        ({"note": "x" * 3000}, "note"),
    ],
)
def test_what_is_asked_for_must_exist(ada: Case, changes: dict[str, Any], field: str) -> None:
    staff = ada.clinic.staff
    changes = {
        k: staff[v].pk if k in ("nurse_id", "therapist_id") else v for k, v in changes.items()
    }
    if changes.get("chair_id") == "x":
        director = another_site_director(ada.clinic)
        changes["chair_id"] = add_chair(
            director, site_id=ada.clinic.other_site.pk, name="Far chair"
        ).pk
    with pytest.raises(Invalid) as wrong:
        book(ada, confirmed=True, **changes)
    assert field in wrong.value.fields


def another_site_director(clinic: Clinic) -> Any:
    actor = Actor("system:x", "X", frozenset({(clinic.other_site.pk, Role.MEDICAL_DIRECTOR)}))
    return Context(actor, clinic.clock)


def test_nothing_is_booked_for_a_closed_course_or_somebody_who_died(ada: Case, bram: Case) -> None:
    close_course(ada.prescriber, course_id=ada.course.pk, reason="moved away")
    with pytest.raises(Refused) as refused:
        book(ada, confirmed=True)
    assert refused.value.code == "course_closed"
    mark_deceased(bram.prescriber, patient_id=bram.patient.pk)
    with pytest.raises(Refused) as refused:
        book(bram, confirmed=True)
    assert refused.value.code == "deceased"


@pytest.mark.parametrize(
    ("role", "error"),
    [
        ("prescriber_elsewhere", NotFound),
        ("pharmacist", Forbidden),
        ("auditor", Forbidden),
        ("administrator", Forbidden),
    ],
)
def test_who_may_not_book_or_change(ada: Case, role: str, error: type[Exception]) -> None:
    appointment = book(ada, confirmed=True)
    with pytest.raises(error):
        book(ada, at(ada.clinic, 30), role=role, confirmed=True)
    with pytest.raises(error):
        cancel_appointment(ada.clinic.as_(role), appointment_id=appointment.pk, reason="x")
    appointment.refresh_from_db()
    assert appointment.status == "booked"


def put_in(case: Case, status: str) -> Appointment:
    """An appointment brought to a status by the acts that lead there."""
    clinic = case.clinic
    desk = clinic.as_("front_desk")
    row = book(case, at(clinic, 0), kind="integration", minutes=60, nurse_id=None)
    if status == "checked_in":
        arrive(case, row)
    elif status == "done":
        finish_visit(desk, appointment_id=row.pk)
    elif status == "no_show":
        mark_no_show(desk, appointment_id=row.pk, reason="no word", call=False)
    elif status == "cancelled":
        cancel_appointment(desk, appointment_id=row.pk, reason="ill")
    elif status == "moved":
        move_appointment(desk, appointment_id=row.pk, starts_at=at(clinic, 20), minutes=60)
    row.refresh_from_db()
    assert row.status == status
    return row


ACTS: dict[str, Any] = {
    "checked_in": lambda case, row: arrive(case, row),
    "done": lambda case, row: finish_visit(case.nurse, appointment_id=row.pk),
    "no_show": lambda case, row: mark_no_show(
        case.nurse, appointment_id=row.pk, reason="no word", call=False
    ),
    "cancelled": lambda case, row: cancel_appointment(
        case.nurse, appointment_id=row.pk, reason="ill"
    ),
    "moved": lambda case, row: move_appointment(
        case.nurse, appointment_id=row.pk, starts_at=at(case.clinic, 44), minutes=60
    ),
}
# What may become of an appointment in each status, written out; all else is refused.
ALLOWED = {
    ("booked", "checked_in"),
    ("booked", "done"),
    ("booked", "no_show"),
    ("booked", "cancelled"),
    ("booked", "moved"),
    ("checked_in", "done"),
    ("checked_in", "cancelled"),
    ("no_show", "checked_in"),
}


@pytest.mark.parametrize("to", list(ACTS))
@pytest.mark.parametrize("status", [s.value for s in AppointmentStatus])
def test_what_may_become_of_an_appointment(ada: Case, status: str, to: str) -> None:
    row = put_in(ada, status)
    if (status, to) in ALLOWED:
        ACTS[to](ada, row)
        row.refresh_from_db()
        assert row.status == to
    else:
        with pytest.raises(Refused) as refused:
            ACTS[to](ada, row)
        assert refused.value.code == "no_such_step"
        row.refresh_from_db()
        assert row.status == status
    assert verify_links().whole


def test_the_table_of_the_product_is_the_one_tested() -> None:
    assert {(a, b) for a, targets in TRANSITIONS.items() for b in targets} == ALLOWED


def test_moving_keeps_the_old_one_and_says_where_it_went(ada: Case) -> None:
    old = book(ada, confirmed=True, note="window seat")
    new = move_appointment(
        ada.clinic.as_("front_desk"),
        appointment_id=old.pk,
        starts_at=at(ada.clinic, 1.5),
        minutes=90,
        chair_id=ada.clinic.chairs[0].pk,
        reason="asked for later",
        confirmed=True,
    )
    old.refresh_from_db()
    assert (old.status, old.moved_to_id, old.status_reason) == ("moved", new.pk, "asked for later")
    assert (new.status, new.note, new.moved_from) == ("booked", "window seat", old)
    assert Patient.objects.get(pk=ada.patient.pk).next_at == new.starts_at


def test_when_a_person_comes_next_is_kept(ada: Case) -> None:
    def next_at() -> Any:
        return Patient.objects.get(pk=ada.patient.pk).next_at

    assert next_at() is None
    later = book(ada, at(ada.clinic, 48), confirmed=True)
    assert next_at() == later.starts_at
    book(ada, at(ada.clinic, 24), kind="follow_up_call", minutes=15, chair_id=None)
    assert next_at() == later.starts_at
    sooner = book(ada, at(ada.clinic, 0), kind="integration", minutes=60, nurse_id=None)
    assert next_at() == sooner.starts_at
    finish_visit(ada.nurse, appointment_id=sooner.pk)
    assert next_at() == later.starts_at
    cancel_appointment(ada.nurse, appointment_id=later.pk, reason="ill")
    assert next_at() is None


def test_somebody_who_did_not_come_is_called_within_the_half_hour(ada: Case) -> None:
    early = book(ada, confirmed=True)
    with pytest.raises(Refused) as refused:
        mark_no_show(ada.nurse, appointment_id=early.pk, reason="no word")
    assert refused.value.code == "too_early"
    ada.clinic.clock.advance(timedelta(hours=1, minutes=20))
    with pytest.raises(Invalid):
        mark_no_show(ada.nurse, appointment_id=early.pk, reason=" ")
    mark_no_show(ada.nurse, appointment_id=early.pk, reason="no answer at the door")
    call = Appointment.objects.get(follows=early)
    assert (call.kind, call.status) == ("follow_up_call", "booked")
    assert f"{call.starts_at:%H:%M}" == "15:45"
    assert "dosing session" in call.note


def test_a_dose_takes_the_time_the_protocol_asks(clinic: Clinic) -> None:
    case = treatable_case(clinic)
    plan = case.planned()
    # 20 min before, 40 min of drug, 60 min after it (the protocol's least): two hours
    assert dosing_minutes(plan, default_protocol("racemic_iv", "US")) == 120
    row = book(case, minutes=None)
    assert row.ends_at - row.starts_at == timedelta(hours=2)


def test_the_next_doses_follow_the_spacing_of_the_plan(clinic: Clinic) -> None:
    case = treatable_case(clinic)
    plan = case.planned()
    zone = ZoneInfo("UTC")
    first = propose_slots(case.fresh(), plan, clinic.clock.now(), most=3)
    # every 3.5 days from tomorrow, Tuesday 24 November at 10:00: Tue, Fri (22:00), Tue
    assert [f"{p.starts_at.astimezone(zone):%a %d %H:%M}" for p in first] == [
        "Tue 24 10:00",
        "Fri 27 10:00",
        "Tue 01 10:00",
    ]
    book(case, first[0].starts_at, minutes=first[0].minutes)
    again = propose_slots(case.fresh(), plan, clinic.clock.now(), most=10)
    assert len(again) == plan.sessions_planned - 1
    assert f"{again[0].starts_at:%a %d %H:%M}" == "Fri 27 10:00"


def test_a_proposal_finds_the_chair_that_is_free(clinic: Clinic) -> None:
    case = treatable_case(clinic)
    plan = case.planned()
    tuesday = propose_slots(case.fresh(), plan, clinic.clock.now(), most=1)[0].starts_at
    for n, chair in enumerate(clinic.chairs):
        other = another_case(clinic, f"Piet{n}", "Pretend")
        book(other, tuesday, chair_id=chair.pk, nurse_id=None, confirmed=True)
        found = propose_slots(case.fresh(), plan, clinic.clock.now(), most=1)[0]
        if n < 3:
            assert (found.starts_at, found.chair) == (tuesday, clinic.chairs[n + 1])
    assert (found.chair, found.day_offset) == (clinic.chairs[0], 0)
    assert f"{found.starts_at:%a %H:%M}" in ("Tue 08:00", "Tue 12:00")
