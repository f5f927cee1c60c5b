"""A course from referral to close, and what stops it on the way."""

from __future__ import annotations

import pytest

from evenkeel.clinic.course.actions.move_course import close_course, move_course
from evenkeel.clinic.course.actions.open_course import open_course
from evenkeel.clinic.course.queries import course_summary
from evenkeel.clinic.people.actions.mark_deceased import mark_deceased
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.record.chain import verify_links
from evenkeel.clinic.record.errors import DomainError, Forbidden, Invalid, NotFound
from tests.clinic.course.makers import Case

pytestmark = pytest.mark.django_db


def refused(code: str) -> object:
    """The block raises a domain error of this code."""
    return pytest.raises(DomainError, check=lambda e: e.code == code)  # type: ignore[call-overload]


def move(case: Case, to: str, reason: str = "") -> str:
    done = move_course(case.prescriber, course_id=case.course.pk, to=to, reason=reason)
    return str(done.state)


def stage(case: Case) -> str:
    return str(Patient.objects.get(pk=case.patient.pk).stage)


def test_the_whole_way(case: Case) -> None:
    case.opened()
    assert (case.fresh().state, stage(case)) == ("referred", "referred")
    case.screened()
    assert (case.fresh().state, stage(case)) == ("screening", "screening")
    case.consented()
    assert (case.fresh().state, stage(case)) == ("consented", "consented")
    with refused("no_plan"):
        move(case, "induction")
    case.planned()
    assert move(case, "induction") == "induction"
    assert stage(case) == "induction"
    assert course_summary(case.fresh(), case.clinic.clock.now()).against_dosing == ()
    assert move(case, "maintenance") == "maintenance"
    with refused("reason"):
        move(case, "paused")
    assert move(case, "paused", "Holiday") == "paused"
    assert case.fresh().state_before_pause == "maintenance"
    assert move(case, "maintenance") == "maintenance"
    assert case.fresh().state_before_pause == ""
    close_course(case.prescriber, course_id=case.course.pk, reason="In remission")
    assert (case.fresh().close_reason, stage(case)) == ("In remission", "closed")
    with refused("closed"):
        move(case, "induction")
    again = open_course(case.prescriber, patient_id=case.patient.pk, indication="Relapse")
    assert (again.state, stage(case)) == ("referred", "referred")
    assert verify_links().whole


def test_moving_to_where_it_is_changes_nothing(case: Case) -> None:
    version = case.opened().version
    assert move(case, "referred") == "referred"
    assert case.fresh().version == version


def test_one_open_course_a_person(case: Case) -> None:
    case.opened()
    with refused("course_open"):
        open_course(case.prescriber, patient_id=case.patient.pk, indication="Once more")


def test_nobody_deceased_is_treated(case: Case) -> None:
    case.consented()
    mark_deceased(case.clinic.as_("front_desk"), patient_id=case.patient.pk)
    for attempt in (
        lambda: case.screened(),
        lambda: case.consents(),
        lambda: case.drafted(),
        lambda: move(case, "induction"),
    ):
        with refused("deceased"):
            attempt()
    close_course(case.prescriber, course_id=case.course.pk, reason="Has died")
    with refused("deceased"):
        open_course(case.prescriber, patient_id=case.patient.pk, indication="x")


def test_closing_needs_a_reason_and_waits_for_the_end_of_the_session(case: Case) -> None:
    case.opened()
    with pytest.raises(Invalid):
        close_course(case.prescriber, course_id=case.course.pk, reason="  ")
    with refused("no_such_step"):
        move(case, "closed", "by the wrong door")


@pytest.mark.parametrize("role", ["session_nurse", "therapist", "pharmacist", "auditor"])
def test_who_may_open_and_move(case: Case, role: str) -> None:
    ctx = case.clinic.as_(role)
    with pytest.raises(Forbidden):
        open_course(ctx, patient_id=case.patient.pk, indication="x")
    case.opened()
    with pytest.raises(Forbidden):
        move_course(ctx, course_id=case.course.pk, to="screening")


def test_another_site_sees_nothing(case: Case) -> None:
    case.opened()
    elsewhere = case.clinic.as_("prescriber_elsewhere")
    with pytest.raises(NotFound):
        move_course(elsewhere, course_id=case.course.pk, to="screening")
    with pytest.raises(NotFound):
        open_course(elsewhere, patient_id=case.patient.pk, indication="x")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"indication": "  "}, "indication"),
        ({"indication": "x" * 201}, "indication"),
        ({"indication": "x", "referred_by": "y" * 161}, "referred_by"),
    ],
)
def test_words_are_checked(case: Case, fields: dict[str, str], wrong: str) -> None:
    with pytest.raises(Invalid) as raised:
        open_course(case.prescriber, patient_id=case.patient.pk, **fields)
    assert wrong in raised.value.fields


def test_a_prescriber_must_be_one_here(case: Case) -> None:
    staff = case.clinic.staff
    for wrong in (staff["therapist"], staff["prescriber_elsewhere"]):
        with pytest.raises(Invalid):
            open_course(
                case.prescriber,
                patient_id=case.patient.pk,
                indication="x",
                prescriber_id=wrong.pk,
            )


def test_a_hold_of_others_stands_against_the_dose(case: Case) -> None:
    case.consented()
    case.planned()
    move(case, "induction")
    course = case.fresh()
    course.dose_holds = [{"kind": "safety", "id": "1", "statement": "PHQ-9 item 9 is open"}]
    summary = course_summary(course, case.clinic.clock.now())
    assert [r.message for r in summary.against_dosing] == ["PHQ-9 item 9 is open"]


def test_a_summary_takes_few_queries(case: Case, django_assert_max_num_queries: object) -> None:
    case.consented()
    case.planned()
    course = case.fresh()
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        summary = course_summary(course, case.clinic.clock.now())
        assert summary.screening_stands
        assert summary.consent_stands
        assert summary.plan is not None
