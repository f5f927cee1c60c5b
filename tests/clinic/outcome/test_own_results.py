"""The clinic as a trial: who counts, who does not, and that nobody can be found in a small cell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.actions.ask_questionnaire import ask_questionnaire
from evenkeel.clinic.outcome.models import Ask
from evenkeel.clinic.outcome.own_results import PastCourse, own_results, share
from evenkeel.clinic.outcome.pages.results import past_courses
from tests.clinic.outcome.conftest import say_items
from tests.clinic.session.makers import open_stage
from tests.clinic_factory import Clinic, sign_in

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def course(
    *scores: tuple[float, int],
    doses: tuple[float, ...] = (0, 7, 14, 21),
    product: str = "racemic_iv",
) -> PastCourse:
    """Days from the first dose."""
    return PastCourse(
        product,
        tuple(START + timedelta(days=day) for day in doses),
        tuple((START + timedelta(days=day), total) for day, total in scores),
    )


BETTER = course((-3, 20), (24, 10), (60, 8))
SAME = course((-3, 20), (24, 11))


def test_response_is_half_or_less_and_limits_are_wilsons() -> None:
    found = own_results("racemic_iv", [BETTER] * 6 + [SAME] * 9).response
    assert (found.events, found.people) == (6, 15)
    assert found.percent == pytest.approx(40.0)
    # Wilson for 6 of 15 by an independent computation: 19.82 to 64.25 %
    assert found.low == pytest.approx(19.82, abs=0.05)
    assert found.high == pytest.approx(64.25, abs=0.05)


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (course((-3, 20), (24, 10), doses=()), "no drug was given"),
        (course((24, 10)), "no score before the first dose"),
        (course((-3, 9), (24, 2)), "too well at the start to count a response"),
        (course((-3, 20), (36, 2)), "no score at the end of induction"),
        (course((-3, 20), (24, 2)), "response, and no later score"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_who_cannot_be_counted_is_said(one: PastCourse, why: str) -> None:
    assert own_results("racemic_iv", [one]).left_out == ((why, 1),)


@pytest.mark.parametrize(("total", "counted"), [(9, False), (10, True)])
def test_relapse_begins_at_ten(total: int, counted: bool) -> None:
    many = [course((-3, 20), (24, 4), (60, total))] * 5 + [BETTER] * 5
    relapse = own_results("racemic_iv", many).relapse
    assert relapse.suppressed is not counted
    if counted:
        assert (relapse.events, relapse.people) == (5, 10)


def test_maintenance_doses_do_not_move_the_end_of_induction() -> None:
    later = course((-3, 20), (24, 10), (100, 19), doses=(0, 7, 14, 21, 60, 90))
    found = own_results("racemic_iv", [later] * 5 + [SAME] * 5)
    assert found.response.events == 5


def test_sessions_with_an_alarm_are_counted_over_all_sessions() -> None:
    found = own_results("racemic_iv", [replace(BETTER, alarmed=1)] * 6 + [SAME] * 4)
    assert (found.alarmed.events, found.alarmed.people) == (6, 40)


def test_another_product_is_not_counted() -> None:
    found = own_results("esketamine_nasal", [BETTER])
    assert found.courses == 0
    assert found.left_out == ()


@pytest.mark.parametrize(
    ("events", "people", "shown"),
    [(0, 0, False), (4, 20, False), (16, 20, False), (20, 20, False), (5, 10, True), (5, 9, False)],
)
def test_small_cells_are_never_shown(events: int, people: int, shown: bool) -> None:
    found = share(events, people)
    assert found.suppressed is not shown
    assert (found.events is not None) is shown


@pytest.mark.django_db
def test_the_page_says_what_it_is(clinic: Clinic) -> None:
    client = sign_in(Client(), clinic.staff["medical_director"])
    html = client.get("/results").content.decode()
    assert "no comparison group" in html
    assert "No course has been closed yet" in html
    assert sign_in(Client(), clinic.staff["front_desk"]).get("/results").status_code == 403


@pytest.mark.django_db
def test_closed_courses_are_read_with_their_doses_scores_and_alarms(clinic: Clinic) -> None:
    stage = open_stage(clinic).started()
    stage.wait(30)
    stage.says("observation", sbp_mmhg=190, dbp_mmhg=100)
    course_row = stage.case.course
    assert course_row is not None
    say_items(clinic, ask(clinic, course_row), [1] * 9)
    director = clinic.as_("medical_director")
    assert past_courses(director) == [], "only closed courses count"
    with connection.cursor() as cursor:
        # what leads to a close is the course's matter; here only the state is wanted
        cursor.execute("UPDATE course_course SET state = 'closed'")
    (found,) = past_courses(director)
    assert found.doses_at == (stage.row().first_dose_at,)
    assert [total for _, total in found.scores] == [9]
    assert found.alarmed == 1
    assert past_courses(clinic.as_("prescriber_elsewhere")) == []


def ask(clinic: Clinic, course_row: Course) -> Ask:
    return ask_questionnaire(
        clinic.as_("therapist"), course_id=course_row.pk, instrument_id="phq9"
    ).ask
