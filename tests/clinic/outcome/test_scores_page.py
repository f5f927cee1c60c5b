"""The page of scores: each line with its definitions, its table and what stands beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from evenkeel.clinic.outcome.actions.enter_answers import enter_answers, enter_total
from evenkeel.clinic.outcome.queries import responses_of, score_lines
from evenkeel.clinic.outcome.score_charts import drawn_scores
from evenkeel.clinic.session.models import Session
from evenkeel.web.svg import ForecastPoint
from tests.clinic.course.makers import Case
from tests.clinic.outcome.histories import make_history
from tests.clinic_factory import Clinic, sign_in
from tests.kept import kept

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(clinic: Clinic) -> Case:
    began = clinic.clock.now()

    def build() -> Case:
        made = make_history(clinic, 2)
        ctx, course_id = clinic.as_("therapist"), made.fresh().pk
        for name, answers in (
            ("pcl5", {f"pcl5-{n}": 2 for n in range(1, 21)}),
            ("who5", {f"who5-{n}": 1 for n in range(1, 6)}),
            ("day_after", {f"day-after-{k}": 0 for k in ("unreal", "confused", "unwell", "urine")}),
        ):
            enter_answers(ctx, course_id=course_id, instrument_id=name, answers=answers)
        enter_total(ctx, course_id=course_id, instrument_id="madrs", total=30)
        clinic.clock.advance(began - clinic.clock.now())
        return made

    made = kept("scores", clinic.clock, build, clinic)
    clinic.clock.advance(timedelta(days=70))
    return made


def test_every_line_says_what_it_is_read_by(clinic: Clinic, case: Case, pass_time: Any) -> None:
    pass_time(timedelta(0))
    client = sign_in(Client(), clinic.staff["therapist"])
    page = client.get(f"/courses/{case.fresh().pk}/scores").content.decode()
    for words in (
        "PHQ-9 over time",
        "Response: 10 or less",
        "Remission: 4 or less",
        "within the error of the questionnaire",
        "One ketamine infusion",
        "A new SSRI or SNRI",
        "a shape, no prediction",
        "Intrusion (B)",
        "Symptom pattern of post-traumatic stress disorder (provisional): <b>met",
        "higher is better",
        "entered by Test therapist",
        "nothing to act on",
    ):
        assert words in page, words


def test_what_is_drawn_follows_from_the_answers(clinic: Clinic, case: Case) -> None:
    course = case.fresh()
    sessions = list(Session.objects.filter(course=course).order_by("number"))
    lines = score_lines(responses_of(course), sessions[0].first_dose_at)
    band = [ForecastPoint(clinic.clock.now() + timedelta(days=d), 9, 7, 11, 4, 15) for d in (1, 8)]
    drawn, unscored = drawn_scores(lines, sessions, now=clinic.clock.now(), forecast={"phq9": band})
    charts = {each.instrument.id: each.chart for each in drawn}
    assert list(charts) == ["phq9", "pcl5", "who5", "madrs"]
    assert [u.instrument.id for u in unscored] == ["day_after"]
    phq9 = charts["phq9"]
    assert [p.score for p in phq9.points] == [20, 19, 17]
    assert phq9.band == (14.5, 25.5)  # a change of 6 is reliable
    assert [s.number for s in phq9.sessions] == [1, 2]
    assert len(phq9.forecast) == 2
    assert not charts["madrs"].forecast
    assert [round(v, 1) for _, v in phq9.references[2].points] == [20.0, 11.5]
    assert charts["who5"].higher_is_better
    assert not charts["who5"].references


def test_nothing_answered_yet_says_what_to_do(clinic: Clinic, course: Any, pass_time: Any) -> None:
    pass_time(timedelta(0))
    client = sign_in(Client(), clinic.staff["therapist"])
    page = client.get(f"/courses/{course.pk}/scores").content.decode()
    assert "No score yet" in page
    assert "Ask a questionnaire" in page
