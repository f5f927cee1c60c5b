"""The long-term watch on the record: written down, corrected, reviewed, and holding a dose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.clinic.course.queries import course_summary
from evenkeel.clinic.outcome.actions.record_watch import (
    correct_watch,
    record_watch,
    review_watch,
)
from evenkeel.clinic.outcome.course_story import gather
from evenkeel.clinic.outcome.long_term import long_term_watch
from evenkeel.clinic.outcome.models import WatchEntry
from evenkeel.clinic.outcome.to_resolve import to_resolve
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.chain import verify_links
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, Refused
from tests.clinic.course.makers import Case, make_case
from tests.clinic.outcome.histories import make_history
from tests.clinic_factory import Clinic, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pass_time")]
PassTime = Callable[[timedelta], None]


@pytest.fixture
def ada(clinic: Clinic, pass_time: PassTime) -> Case:
    """Somebody with four sessions behind them, a week apart."""
    case = make_history(clinic, 4)
    pass_time(timedelta(0))
    return case


def says(case: Case, item: str, value: str = "", **more: Any) -> WatchEntry:
    return record_watch(case.nurse, course_id=case.course.pk, item=item, value=value, **more)


def matters(case: Case) -> list[tuple[str, str]]:
    story = gather(course_summary(case.fresh(), case.clinic.clock.now()))
    return [(one.level, one.title) for one in to_resolve(story)]


def states(case: Case) -> dict[str, str]:
    watch = long_term_watch(course_summary(case.fresh(), case.clinic.clock.now()))
    return {item.id: item.state for item in watch.items}


def test_what_the_sessions_show_is_read_from_the_record(ada: Case) -> None:
    found = long_term_watch(course_summary(ada.fresh(), ada.clinic.clock.now()))
    lines = {item.id: item for item in found.items}
    assert lines["exposure"].last == "148 mg in 4 sessions"  # 4 x 37 mg
    assert lines["blood_pressure"].last == "124/78"
    assert lines["early_return"].state == "fine"
    assert lines["urinary"].state == "due"


def test_an_answer_settles_what_is_due_until_it_is_due_again(
    ada: Case, pass_time: PassTime
) -> None:
    says(ada, "urinary", "none", note="twice a night, as before")
    assert states(ada)["urinary"] == "fine"
    pass_time(timedelta(days=30))
    assert states(ada)["urinary"] == "due"


def test_ketamine_from_elsewhere_holds_the_dose_until_it_is_reviewed(ada: Case) -> None:
    entry = says(ada, "use_outside", "other")
    assert [hold["kind"] for hold in ada.fresh().dose_holds] == ["long_term"]
    open_matters = [m for m in matters(ada) if "Ketamine outside" in m[1]]
    assert open_matters == [("hold", "Ketamine outside the clinic: from another source")]
    with pytest.raises(Forbidden):
        review_watch(ada.clinic.as_("therapist"), entry_id=entry.pk, note="Spoke with Ada")
    with pytest.raises(Invalid):
        review_watch(ada.prescriber, entry_id=entry.pk, note=" ")
    done = review_watch(ada.prescriber, entry_id=entry.pk, note="Spoke with Ada; once, at a party")
    assert done.reviewed_by == ada.clinic.staff["prescriber"]
    assert ada.fresh().dose_holds == []
    assert [m for m in matters(ada) if "Ketamine outside" in m[1]] == []
    with pytest.raises(Refused):
        review_watch(ada.prescriber, entry_id=entry.pk, note="again")
    assert verify_links().whole


def test_a_worry_that_does_not_hold_is_open_as_a_review(ada: Case) -> None:
    says(ada, "urinary", "troublesome")
    assert ada.fresh().dose_holds == []
    assert ("review", "Bladder and urine: often, or painful") in matters(ada)


def test_a_correction_lifts_the_hold_and_both_stay(ada: Case) -> None:
    wrong = says(ada, "use_outside", "other")
    with pytest.raises(Invalid):
        correct_watch(ada.nurse, entry_id=wrong.pk, reason="", value="none")
    correct_watch(ada.nurse, entry_id=wrong.pk, reason="wrong line", value="none")
    assert ada.fresh().dose_holds == []
    assert WatchEntry.objects.count() == 2
    assert states(ada)["use_outside"] == "fine"
    with pytest.raises(Conflict):
        correct_watch(ada.nurse, entry_id=wrong.pk, reason="again", value="other")
    with pytest.raises(Refused):
        review_watch(ada.prescriber, entry_id=wrong.pk, note="too late")


def test_an_entry_taken_back_stands_for_nothing(ada: Case) -> None:
    wrong = says(ada, "urinary", "blood")
    correct_watch(ada.nurse, entry_id=wrong.pk, reason="another person", taken_back=True)
    assert ada.fresh().dose_holds == []
    assert states(ada)["urinary"] == "due"


def test_a_correction_to_something_worse_holds(ada: Case) -> None:
    mild = says(ada, "urinary", "mild")
    correct_watch(ada.nurse, entry_id=mild.pk, reason="misheard", value="blood")
    assert [h["statement"] for h in ada.fresh().dose_holds] == [
        "Bladder and urine: blood in the urine"
    ]


def test_asking_for_more_twice_is_a_question_that_a_talk_settles(ada: Case) -> None:
    says(ada, "dose_request", note="the last one was short")
    says(ada, "dose_request")
    assert ("review", "Asking for more: A higher dose was asked for 2 times.") in matters(ada)
    with pytest.raises(Invalid):
        says(ada, "dose_requests")
    ada.clinic.clock.advance(timedelta(minutes=1))
    says(ada, "dose_requests", note="Effect ends on day three; scores agree")
    assert states(ada)["dose_requests"] == "fine"


@action("test.old_entry", permission="watch.record")
def old_entry(act: Act, *, case: Case, item: str, value: str) -> WatchEntry:
    """An entry of a list that offered other things than today's."""
    course = case.fresh()
    return act.write(
        WatchEntry(
            site=course.site,
            patient=course.patient,
            course=course,
            item=item,
            value=value,
            asked_at=act.now,
            entered_by="Somebody",
        )
    )


def test_an_answer_of_an_older_list_is_shown_and_asked_anew(ada: Case) -> None:
    for item, value in (("urinary", "sometimes"), ("appetite", "less")):
        old_entry(ada.nurse, case=ada, item=item, value=value)
    assert states(ada)["urinary"] == "due"
    page = sign_in(Client(), ada.clinic.staff["prescriber"]).get(
        reverse("long_term", args=[ada.course.pk])
    )
    assert page.status_code == 200
    assert "sometimes" in page.content.decode()
    assert "appetite" in page.content.decode()


@pytest.mark.parametrize(
    ("item", "value", "more", "field"),
    [
        ("urinary", "sometimes", {}, "value"),
        ("craving", "11", {}, "value"),
        ("craving", "", {}, "value"),
        ("mood", "good", {}, "item"),
        ("urinary", "none", {"note": "x" * 2001}, "note"),
        ("urinary", "none", {"in_days": 1}, "asked_at"),
        ("urinary", "none", {"in_days": -1000}, "asked_at"),
    ],
)
def test_what_cannot_be_is_refused_by_field(
    ada: Case, item: str, value: str, more: dict[str, Any], field: str
) -> None:
    if "in_days" in more:
        days = timedelta(days=more["in_days"])
        more = {"asked_at": ada.clinic.clock.now() + days}
    with pytest.raises(Invalid) as caught:
        says(ada, item, value, **more)
    assert list(caught.value.fields) == [field]
    assert WatchEntry.objects.count() == 0


@pytest.mark.parametrize(
    ("role", "status"),
    [("prescriber", 200), ("therapist", 200), ("auditor", 200), ("front_desk", 403),
     ("prescriber_elsewhere", 404)],
)  # fmt: skip
def test_who_may_see_it(ada: Case, role: str, status: int) -> None:
    page = sign_in(Client(), ada.clinic.staff[role]).get(reverse("long_term", args=[ada.course.pk]))
    assert page.status_code == status


def test_the_page_writes_every_answer_at_once_or_none(ada: Case) -> None:
    url = reverse("long_term", args=[ada.course.pk])
    nurse = sign_in(Client(), ada.clinic.staff["session_nurse"])
    form = {"do": "record", "act_id": str(uuid4()), "answer-urinary": "mild"}
    page = nurse.post(url, {**form, "answer-craving": "12"})
    assert page.status_code == 422
    assert WatchEntry.objects.count() == 0
    form["act_id"] = str(uuid4())
    for _ in range(2):  # sent twice, stored once
        page = nurse.post(url, {**form, "answer-craving": "2"}, follow=True)
    assert sorted(WatchEntry.objects.values_list("item", "value")) == [
        ("craving", "2"),
        ("urinary", "mild"),
    ]
    shown = page.content.decode()
    assert "2 answers are written down." in shown
    assert "now and then" in shown
    assert "A prescriber or the medical director reviews it." in shown
    empty = nurse.post(url, {"do": "record", "act_id": str(uuid4())})
    assert empty.status_code == 422
    assert "Nothing was answered." in empty.content.decode()


def test_a_course_without_a_product_has_nothing_to_watch_yet(clinic: Clinic) -> None:
    case = make_case(clinic)
    case.opened()
    page = sign_in(Client(), clinic.staff["prescriber"]).get(
        reverse("long_term", args=[case.course.pk])
    )
    assert "Nothing to watch yet" in page.content.decode()
