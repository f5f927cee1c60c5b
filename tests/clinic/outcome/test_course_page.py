"""The course on one page: everything is there, for whom it may be, with few questions asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from evenkeel.clinic.course.actions.move_course import close_course, move_course
from evenkeel.clinic.course.actions.withdraw_consent import withdraw_consent
from evenkeel.clinic.course.models import Consent, Course
from evenkeel.clinic.course.queries import course_summary
from evenkeel.clinic.outcome.actions.enter_answers import enter_answers
from evenkeel.clinic.outcome.course_history import spells_of, stretches
from evenkeel.clinic.outcome.course_story import gather, proposed_next, response_line
from evenkeel.clinic.outcome.models import SafetySignal
from evenkeel.clinic.outcome.to_resolve import to_resolve
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.models import ChainEntry, ChainPayload
from evenkeel.instruments import load
from tests.clinic.course.makers import Case, make_case
from tests.clinic.outcome.conftest import PHQ9
from tests.clinic.outcome.histories import make_history, put_appointment
from tests.clinic.outcome.test_answer_page import text_of
from tests.clinic_factory import Clinic, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pass_time")]
PassTime = Callable[[timedelta], None]


def page_of(clinic: Clinic, case: Case, role: str = "prescriber") -> Any:
    return sign_in(Client(), clinic.staff[role]).get(f"/courses/{case.course.pk}")


def open_matters(case: Case, clinic: Clinic) -> list[tuple[str, str]]:
    story = gather(course_summary(case.fresh(), clinic.clock.now()))
    return [(matter.level, matter.title) for matter in to_resolve(story)]


def test_the_whole_story_is_on_the_page(clinic: Clinic, pass_time: PassTime) -> None:
    case = make_history(clinic, 8)
    pass_time(timedelta(0))
    page = page_of(clinic, case)
    shown = text_of(page)
    assert page.status_code == 200
    assert "PHQ-9 7" in shown  # the eighth entry of the invented history
    assert "Plan 1, signed" in shown
    assert "0.5 mg/kg" in shown
    assert "8 sessions" in shown
    assert "296" in shown  # 8 x 37 mg
    assert "GAD-7, before session 9" in shown
    assert "Signed" in shown
    assert "lantern" in shown
    assert "From the talks" in shown
    drawing = page.content.decode()
    assert "Response: 10 or less, half of 20" in drawing
    assert "Remission: 4 or less" in drawing
    assert drawing.count("Session 8") >= 1
    assert "Around" in shown
    assert ": every 3.5 days" in shown


def test_each_session_shows_what_its_summary_says_and_a_dash_for_the_rest(
    clinic: Clinic, pass_time: PassTime
) -> None:
    case = make_history(clinic, 1)
    pass_time(timedelta(0))
    row = re.search(r'<td class="n">.*?</tr>', page_of(clinic, case).content.decode(), re.S)
    assert row is not None
    cells = [" ".join(c.split()) for c in re.findall(r">([^<>]+)<", row.group()) if c.strip()]
    assert cells[0] == "1"
    assert "+15/+9" in cells  # 124 -> 139 and 78 -> 87
    assert "4" in cells
    assert "96" in cells
    assert any("89" in cell for cell in cells)
    forget_summary(clinic.as_("session_nurse"), case)
    shown = page_of(clinic, case).content.decode()
    row = re.search(r'<td class="n">.*?</tr>', shown, re.S)
    assert row is not None
    assert row.group().count("not known") == 5


@action("test.forget_summary", permission="session.start")
def forget_summary(act: Act, case: Case) -> None:
    session = case.fresh().sessions.get()
    session.summary = {}
    act.write(session)


def test_a_new_course_shows_its_first_step(clinic: Clinic) -> None:
    case = make_case(clinic)
    case.opened()
    shown = text_of(page_of(clinic, case))
    assert "Referred" in shown
    assert "Screen" in shown
    assert "None yet." in shown
    assert "Nothing has been signed yet." in shown


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("medical_director", 200),
        ("prescriber", 200),
        ("session_nurse", 200),
        ("therapist", 200),
        ("pharmacist", 200),
        ("auditor", 200),
        ("front_desk", 403),
        ("administrator", 403),
        ("prescriber_elsewhere", 404),
    ],
)
def test_who_may_see_it(clinic: Clinic, role: str, status: int) -> None:
    case = make_case(clinic)
    case.opened()
    assert page_of(clinic, case, role).status_code == status
    entry = ChainEntry.objects.latest("position")
    if status == 200:
        assert (entry.action, entry.patient_id) == ("read course page", case.patient.pk)
    elif status == 404:
        assert entry.outcome == "refused"


def test_buttons_follow_the_role(clinic: Clinic, pass_time: PassTime) -> None:
    case = make_history(clinic, 1)
    pass_time(timedelta(0))
    nurse, auditor = page_of(clinic, case, "session_nurse"), page_of(clinic, case, "auditor")
    ask = f'class="btn[^"]*" href="/courses/{case.course.pk}/questionnaires"'
    assert re.search(ask, nurse.content.decode())
    assert not re.search(ask, auditor.content.decode())


@pytest.mark.parametrize("sessions", [1, 20])
def test_queries_are_few_however_long_the_course(
    clinic: Clinic,
    pass_time: PassTime,
    django_assert_max_num_queries: Any,
    sessions: int,
) -> None:
    case = make_history(clinic, sessions)
    pass_time(timedelta(0))
    client = sign_in(Client(), clinic.staff["prescriber"])
    client.get(f"/courses/{case.course.pk}")
    # one of them is PostgreSQL's lock of the writers, taken when the reading is logged; five are
    # the forecast's, four those of the therapy beside
    with django_assert_max_num_queries(42):
        assert client.get(f"/courses/{case.course.pk}").status_code == 200


def test_what_is_open_stands_with_its_weight(clinic: Clinic, pass_time: PassTime) -> None:
    case = make_history(clinic, 2)
    # 3 days on the GAD-7 (due after 2) is late; the weight is 17 days old and still counts
    assert open_matters(case, clinic) == [("review", "GAD-7 is overdue")]
    clinic.clock.advance(timedelta(days=30))
    titles = {title: level for level, title in open_matters(case, clinic)}
    assert titles["GAD-7 expired unanswered"] == "review"
    assert any(title.startswith("The weight is") and at == "hold" for title, at in titles.items())
    enter_answers(
        clinic.as_("therapist"),
        course_id=case.course.pk,
        instrument_id="phq9",
        answers=dict.fromkeys(PHQ9, 1),
    )
    level, title = open_matters(case, clinic)[0]
    assert (level, title) == ("hold", SafetySignal.objects.get().statement)


def test_a_withdrawn_consent_is_said(clinic: Clinic) -> None:
    case = make_history(clinic, 1)
    withdraw_consent(case.nurse, consent_id=Consent.objects.get().pk)
    titles = [title for _, title in open_matters(case, clinic)]
    assert "The person has withdrawn their consent." in titles


def test_state_changes_come_from_the_record(clinic: Clinic) -> None:
    case = make_history(clinic, 7)
    move_course(case.prescriber, course_id=case.course.pk, to="paused", reason="Holiday")
    clinic.clock.advance(timedelta(days=5))
    move_course(case.prescriber, course_id=case.course.pk, to="maintenance")
    spells = spells_of(case.fresh())
    states = [s.state for s in spells]
    assert states[0] == "referred"
    assert states[-4:] == ["induction", "maintenance", "paused", "maintenance"]
    assert [s.since for s in spells] == sorted(s.since for s in spells)
    labels = [s.label for s in stretches(spells)]
    assert labels == ["Before", "Induction", "Maintenance", "Paused", "Maintenance"]
    # an erased payload leaves a gap, not an error; the row itself still counts
    ChainPayload.objects.all().delete()
    assert [s.state for s in spells_of(case.fresh())] == ["maintenance"]


def test_a_closed_course_asks_for_nothing(clinic: Clinic, pass_time: PassTime) -> None:
    case = make_history(clinic, 2)
    close_course(case.prescriber, course_id=case.course.pk, reason="Finished as planned")
    pass_time(timedelta(days=100))
    shown = text_of(page_of(clinic, case))
    assert "Closed" in shown
    assert "Finished as planned" in shown
    assert "To resolve" not in shown


def test_the_next_session_is_the_booked_one_or_the_plans(
    clinic: Clinic, pass_time: PassTime
) -> None:
    case = make_history(clinic, 3)
    story = gather(course_summary(case.fresh(), clinic.clock.now()))
    last = story.given[-1].first_dose_at
    assert proposed_next(story) == last + timedelta(days=3.5)
    put_appointment(clinic.as_("therapist"), course=case.fresh(), kind="dosing", in_days=2)
    pass_time(timedelta(0))
    shown = text_of(page_of(clinic, case))
    assert "Dosing session 4 of 6 planned" in shown
    assert "Around" not in shown


@pytest.mark.parametrize(("baseline", "line"), [(20, 10), (21, 10), (1, 0), (27, 13), (0, None)])
def test_response_begins_at_half(baseline: int, line: int | None) -> None:
    """Response is a fall of half or more: the convention of depression trials."""
    assert response_line(load("phq9"), baseline) == line


def test_closed_courses_and_courses_of_nobody(clinic: Clinic) -> None:
    client = sign_in(Client(), clinic.staff["prescriber"])
    assert client.get("/courses/00000000-0000-4000-8000-000000000000").status_code == 404
    assert Course.objects.count() == 0
