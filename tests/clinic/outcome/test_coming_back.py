"""When to come back, on the page: proposed with reasons, withheld, decided, and by whom."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from evenkeel.clinic.course.actions.draft_plan import Schedule
from evenkeel.clinic.course.actions.move_course import close_course
from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.queries import course_summary
from evenkeel.clinic.outcome.actions.decide_spacing import decide_spacing
from evenkeel.clinic.outcome.actions.enter_answers import enter_answers
from evenkeel.clinic.outcome.actions.record_watch import correct_watch, record_watch, review_watch
from evenkeel.clinic.outcome.ahead.inputs import read_inputs
from evenkeel.clinic.outcome.ahead.standing import Standing, open_findings, standing_of
from evenkeel.clinic.outcome.course_story import gather
from evenkeel.clinic.outcome.models import MoodAhead, SpacingDecision, WatchEntry
from evenkeel.clinic.outcome.pages import coming_back_shown
from evenkeel.clinic.outcome.pages.coming_back_shown import band_of, rows_of
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, Refused
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.pharmacology.forecast import mood_version
from evenkeel.pharmacology.long_term import STUDIED_TOP
from evenkeel.protocol.spacing import SpacingProposal
from tests.clinic.course.makers import Case, make_case
from tests.clinic.outcome.conftest import PHQ9
from tests.clinic.outcome.histories import make_history, paper, put_appointment
from tests.clinic.outcome.test_ahead import change_session
from tests.clinic.outcome.test_answer_page import text_of
from tests.clinic_factory import Clinic, sign_in
from tests.kept import kept

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pass_time")]
PassTime = Callable[[timedelta], None]
DAYS = 85


def forecast_for(
    case: Case, percent_a_day: float | None, *, digest: str | None = None, **more: Any
) -> MoodAhead:
    """A row as the worker leaves it, with a chance of relapse that rises so much a day."""
    course = case.fresh()
    inputs = read_inputs(course)
    known = course_known(course)
    rising = None
    if percent_a_day is not None:
        rising = [min(1.0, round(percent_a_day * day / 100, 4)) for day in range(DAYS)]
    level = [[low] * DAYS for low in (2.0, 4.0, 7.0, 10.0, 14.0)]
    scale = {"bands": level, "response": [0.7] * DAYS, "remission": [0.3] * DAYS,
             "planned": [6.0] * DAYS}  # fmt: skip
    payload = {
        "known_at": known.isoformat(),
        "planned_at": inputs.planned_at.isoformat() if inputs.planned_at else None,
        "drawn": "phq9",
        "scores": {"madrs": 0, "phq9": 7},
        "sessions": 7,
        "well": 0.9,
        "relapse": rising,
        "relapse_planned": None if rising is None else [round(c / 2, 4) for c in rising],
        "scales": {"phq9": scale, "madrs": scale},
        "surprises": [],
        "effective": 640,
        "status": "derived",
        "reasons": [],
        "notes": ["A note of the forecast."],
        "people": 1000,
        **more,
    }
    return MoodAhead.objects.update_or_create(
        course=course,
        defaults={
            "patient_id": course.patient_id,
            "digest": digest or inputs.digest,
            "model_version": mood_version(),
            "made_at": case.clinic.clock.now() - timedelta(hours=3),
            "position": ChainEntry.objects.latest("position").position,
            "payload": payload,
        },
    )[0]


def words(answer: Any) -> str:
    """What a page says, as a person reads it."""
    return unescape(text_of(answer)).replace("\xa0", " ")


def course_known(course: Course) -> Any:
    return max(response.answered_at for response in course.responses.all())


def page_of(clinic: Clinic, case: Case, role: str = "prescriber", query: str = "") -> Any:
    client = sign_in(Client(), clinic.staff[role])
    return client.get(f"/courses/{case.fresh().pk}/coming-back{query}")


def course_page(clinic: Clinic, case: Case, role: str = "prescriber") -> Any:
    return sign_in(Client(), clinic.staff[role]).get(f"/courses/{case.fresh().pk}")


def standing(clinic: Clinic, case: Case) -> Standing:
    return standing_of(gather(course_summary(case.fresh(), clinic.clock.now())))


@pytest.fixture
def case(clinic: Clinic, pass_time: PassTime) -> Case:
    """Seven sessions a week apart, in maintenance by then; the next one booked in nine days."""
    case = kept("coming back", clinic.clock, lambda: long_course(clinic), clinic)
    clinic.clock.advance(ENDS)
    pass_time(timedelta(0))
    return case


#: Where the history ends, seen from where its clock began.
ENDS = timedelta(days=-18)


def long_course(clinic: Clinic) -> Case:
    """Made once; the clock is put back to where it was."""
    start = clinic.clock.now()
    case = make_history(clinic, 7)
    case.know(weight_kg=74)
    case.planned(schedule=Schedule(12, Decimal(14)))
    put_appointment(clinic.as_("therapist"), course=case.fresh(), kind="dosing", in_days=9)
    assert clinic.clock.now() - start == ENDS
    clinic.clock.advance(-ENDS)
    return case


@pytest.mark.parametrize(
    ("percent_a_day", "head", "said"),
    [
        (0.3, "Later, until", "relief holds"),
        (1.5, "As planned", "within the clinic's tolerance of 20 %"),
        (4.0, "Earlier, around", "above the clinic's tolerance of 20 %"),
    ],
)
def test_the_course_page_proposes_with_reasons_and_what_was_given_beside(
    clinic: Clinic, case: Case, percent_a_day: float, head: str, said: str
) -> None:
    forecast_for(case, percent_a_day)
    answer = course_page(clinic, case)
    shown = words(answer)
    assert head in shown
    assert said in shown
    assert "learned from 7 PHQ-9, 7 sessions" in shown
    assert "worked out 3 hours ago" in shown
    assert "7 sessions, 259 mg in" in shown  # 7 x 37 mg
    assert "people were followed up to about 100 mg" in shown
    assert "half relapse" in shown
    assert "without more" in answer.content.decode()
    for way in ("As planned", "Earlier", "Later", "Stop", "Another treatment"):
        assert way in shown
    assert "55 in 100 stayed so" in shown
    assert "never a dose" in shown


@pytest.mark.parametrize(
    ("hours", "big", "small"),
    [
        (60, "Later, not before 24 Nov", "2 days later than planned, 22 Nov"),
        (3, "Later, not before 22 Nov", "later on the day that is planned"),
    ],
)
def test_a_first_moment_allowed_is_no_last_one(hours: int, big: str, small: str) -> None:
    planned = datetime(2026, 11, 22, 9, tzinfo=UTC)
    found = SpacingProposal(
        "later", planned + timedelta(hours=hours), 0.2, None, None, None, ("soon",), not_before=True
    )
    inputs = SimpleNamespace(planned_at=planned)
    stand: Any = SimpleNamespace(proposal=found, inputs=inputs, none=None)
    head = coming_back_shown._head(stand)
    assert {name: said.replace("\xa0", " ") for name, said in head.items()} == {
        "big": big,
        "small": small,
    }


def test_what_was_given_is_above_what_was_followed_only_where_it_is(
    clinic: Clinic, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown use elsewhere is asked about; it makes no amount larger."""
    said = words(course_page(clinic, case))
    assert "people were followed up to about 100 mg" in said
    assert "Ketamine from elsewhere was not asked" in said
    assert "and this is above" not in said
    monkeypatch.setattr(coming_back_shown, "STUDIED_TOP", replace(STUDIED_TOP, value=0.001))
    assert "and this is above" in words(course_page(clinic, case))


def test_all_ways_stand_alike(clinic: Clinic, case: Case) -> None:
    """Five tiles of one class and one markup; only the words differ."""
    forecast_for(case, 0.3)
    page = course_page(clinic, case).content.decode()
    tiles = re.findall(r'<li class="way">(.*?)</li>', page, re.S)
    assert len(tiles) == 5
    shapes = {
        re.sub(r"\s+", "", re.sub(r">[^<]+<", "><", re.sub(r'="[^"]*"', "", tile.split(
            '<span class="way-from">')[0])))
        for tile in tiles
    }  # fmt: skip
    assert len(shapes) == 1


def urinary(clinic: Clinic, case: Case) -> None:
    say(case, "urinary", "mild")


def craving(clinic: Clinic, case: Case) -> None:
    say(case, "craving", "8")


def misuse(clinic: Clinic, case: Case) -> None:
    say(case, "use_outside", "other")


def requests(clinic: Clinic, case: Case) -> None:
    for _ in range(2):
        say(case, "dose_request", "")


def pressure(clinic: Clinic, case: Case) -> None:
    for session in case.fresh().sessions.order_by("-number")[:3]:
        raised = session.summary | {"baseline_sbp": 151, "baseline_dbp": 92}
        change_session(case.nurse, session, summary=raised)


def signal(clinic: Clinic, case: Case) -> None:
    enter_answers(
        clinic.as_("therapist"),
        course_id=case.fresh().pk,
        instrument_id="phq9",
        answers=dict.fromkeys(PHQ9, 1),
    )


def say(case: Case, item: str, value: str) -> WatchEntry:
    return record_watch(
        case.nurse, course_id=case.fresh().pk, item=item, value=value, note="Said so."
    )


@pytest.mark.parametrize(
    ("find", "family"),
    [
        (urinary, "Bladder"),
        (craving, "Craving"),
        (misuse, "Possible misuse"),
        (requests, "Possible misuse"),
        (pressure, "Blood pressure"),
        (signal, "Safety"),
    ],
)
def test_an_open_finding_withholds_the_day_and_is_named(
    clinic: Clinic, case: Case, find: Callable[[Clinic, Case], None], family: str
) -> None:
    find(clinic, case)
    forecast_for(case, 4.0)
    shown = words(course_page(clinic, case))
    assert "No day: something is open" in shown
    assert family in shown
    assert "Earlier, around" not in shown
    assert "Chance of a relapse" in shown  # the forecast itself is not hidden


def test_once_it_is_reviewed_the_day_stands_again(clinic: Clinic, case: Case) -> None:
    entry = say(case, "urinary", "mild")
    forecast_for(case, 4.0)
    assert standing(clinic, case).proposal.kind == "withheld"  # type: ignore[union-attr]
    review_watch(case.prescriber, entry_id=entry.pk, note="Urine is normal.")
    assert standing(clinic, case).proposal.kind == "earlier"  # type: ignore[union-attr]
    slip = say(case, "urinary", "troublesome")
    assert standing(clinic, case).proposal.kind == "withheld"  # type: ignore[union-attr]
    correct_watch(case.nurse, entry_id=slip.pk, reason="Wrong person", taken_back=True)
    assert standing(clinic, case).proposal.kind == "earlier"  # type: ignore[union-attr]
    say(case, "cognition", "worse")
    story = gather(course_summary(case.fresh(), clinic.clock.now()))
    assert open_findings(story) == ()


def test_a_newer_score_says_that_the_forecast_is_older(clinic: Clinic, case: Case) -> None:
    forecast_for(case, 1.5)
    assert "a newer one is being worked out" not in words(course_page(clinic, case)).lower()
    paper(clinic, case.fresh(), 8)
    shown = words(course_page(clinic, case))
    assert "A newer one is being worked out" in shown
    assert "Chance of a relapse" in shown


def test_relief_that_faded_is_seen_in_the_newest_score_alone(clinic: Clinic, case: Case) -> None:
    paper(clinic, case.fresh(), 16)
    forecast_for(case, None, well=0.1)
    shown = words(course_page(clinic, case))
    assert "relief has faded" in shown
    assert "Earlier, around" in shown
    assert "half relapse by" not in shown


def test_a_surprising_score_is_called_out(clinic: Clinic, case: Case) -> None:
    newest = case.fresh().responses.latest("answered_at")
    forecast_for(case, 1.5, surprises=[[str(newest.pk), 0.004]])
    shown = words(course_page(clinic, case))
    assert f"PHQ-9 {newest.total} of" in shown
    assert "fits hardly any" in shown


def test_the_band_and_the_table_say_the_same(clinic: Clinic, case: Case) -> None:
    forecast_for(case, 4.0)
    story = gather(course_summary(case.fresh(), clinic.clock.now()))
    found = standing_of(story)
    band = band_of(story, found)
    assert band is not None
    assert band.points[0].at == found.known_at
    assert (band.points[0].low_90, band.points[0].median, band.points[0].high_90) == (2, 7, 14)
    assert band.crosses_at == found.known_at + timedelta(days=6)  # 24 % on the sixth day
    assert band.window is not None
    row = rows_of(found)[1]
    assert (row["middle"], row["range"]) == ("7", "2 to 14")
    assert (row["relapse"], row["relapse_planned"]) == ("28\xa0%", "14\xa0%")
    whole = words(page_of(clinic, case))
    assert "The same as a table" in whole
    assert "A note of the forecast." in whole
    assert "90 % of the virtual people" in whole


def fresh_course(clinic: Clinic) -> Case:
    case = make_case(clinic)
    case.opened()
    return case


def test_each_empty_state_says_why_and_what_to_record(clinic: Clinic, pass_time: PassTime) -> None:
    case = fresh_course(clinic)
    pass_time(timedelta(0))
    shown = words(course_page(clinic, case))
    assert "the forecast begins with the first" in shown
    assert "Ways to go on" not in shown


def test_until_it_is_worked_out_the_page_says_so_and_afterwards_why_not(
    clinic: Clinic, case: Case
) -> None:
    assert "The forecast is being worked out" in words(course_page(clinic, case))
    row = forecast_for(case, 1.0)
    MoodAhead.objects.filter(pk=row.pk).update(
        payload=None, reason_code="engine", reason="It did not work out.", what_to_do="Look at it."
    )
    shown = words(course_page(clinic, case))
    assert "It did not work out." in shown
    close_course(case.prescriber, course_id=case.fresh().pk, reason="Well.")
    ended = words(course_page(clinic, case))
    assert "This course has ended" in ended
    assert "Ways to go on" not in ended


def decide(clinic: Clinic, case: Case, role: str = "prescriber", **changes: str) -> Any:
    found = standing(clinic, case)
    given = {
        "act_id": str(uuid4()),
        "decision": "keep",
        "reason": "She is well and wants to keep the day.",
        "seen": str(found.decision.pk) if found.decision else "",
        "shown": found.shown_digest,
        "on_day": "",
        **changes,
    }
    client = sign_in(Client(), clinic.staff[role])
    return client.post(f"/courses/{case.fresh().pk}/coming-back", given)


def test_a_decision_stands_on_the_course_with_its_reason_and_can_be_revised(
    clinic: Clinic, case: Case
) -> None:
    forecast_for(case, 4.0)
    assert decide(clinic, case).status_code == 303
    row = SpacingDecision.objects.get()
    assert (row.decision, row.on_day, row.revises) == ("keep", None, None)
    assert row.proposed["kind"] == "earlier"
    assert row.proposed["forecast"] == MoodAhead.objects.get().digest
    assert row.decided_by == clinic.staff["prescriber"]
    entry = ChainEntry.objects.filter(action="spacing.decide").get()
    assert entry.reason == row.reason
    shown = words(course_page(clinic, case))
    assert "Decided: As planned" in shown
    assert row.reason in shown
    clinic.clock.advance(timedelta(minutes=5))
    day = (clinic.clock.now() + timedelta(days=4)).date().isoformat()
    assert decide(clinic, case, decision="earlier", on_day=day).status_code == 303
    newest = SpacingDecision.objects.get(decision="earlier")
    assert newest.revises == row
    whole = words(page_of(clinic, case))
    assert "revised since" in whole
    forecast_for(case, 2.0, digest="0" * 64)
    assert "on an earlier forecast" in words(course_page(clinic, case))


@pytest.mark.parametrize(
    ("decision", "label", "path"),
    [
        ("keep", "The booked visit", "/appointments/"),
        ("later", "Move the booked visit", "/appointments/"),
        ("stop", "Close the course", "/move"),
        ("other", "The other ways, with numbers", "/decide"),
    ],
)
def test_what_was_decided_is_done_where_it_always_was(
    clinic: Clinic, case: Case, decision: str, label: str, path: str
) -> None:
    forecast_for(case, 1.0)
    day = (clinic.clock.now() + timedelta(days=20)).date().isoformat()
    assert decide(clinic, case, decision=decision, on_day=day).status_code == 303
    page = page_of(clinic, case).content.decode()
    found = re.search(rf'<a class="btn" href="([^"]*)">{label}</a>', page)
    assert found is not None
    assert path in found[1]
    assert case.fresh().state == "maintenance"  # nothing happens by itself


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"reason": " "}, 422, "Write why"),
        ({"decision": "double"}, 422, "Choose one of the five"),
        ({"decision": "earlier"}, 422, "Choose the day"),
        ({"decision": "later", "on_day": "1999-01-01"}, 422, "from today on"),
        ({"decision": "later", "on_day": "nonsense"}, 422, "Choose the day"),
        ({"shown": "0" * 64}, 409, "has changed since"),
        ({"seen": "0" * 32}, 409, "decided this meanwhile"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    clinic: Clinic, case: Case, changes: dict[str, str], status: int, said: str
) -> None:
    forecast_for(case, 1.0)
    answer = decide(clinic, case, **changes)
    assert answer.status_code == status
    assert said in words(answer)
    if "reason" not in changes:
        assert "She is well" in answer.content.decode()
    assert not SpacingDecision.objects.exists()


def test_a_day_within_the_least_interval_is_refused(
    clinic: Clinic, case: Case, pass_time: PassTime
) -> None:
    latest = case.fresh().sessions.latest("number")
    change_session(case.nurse, latest, first_dose_at=clinic.clock.now() - timedelta(hours=1))
    forecast_for(case, 1.0)
    today = clinic.clock.now().date().isoformat()
    answer = decide(clinic, case, decision="earlier", on_day=today)
    assert answer.status_code == 422
    assert "24 hours between sessions" in words(answer)


@pytest.mark.parametrize(
    ("role", "sees", "may"),
    [
        ("prescriber", 200, True),
        ("medical_director", 200, True),
        ("session_nurse", 200, False),
        ("therapist", 200, False),
        ("auditor", 200, False),
        ("pharmacist", 200, False),
        ("front_desk", 403, False),
        ("administrator", 403, False),
        ("prescriber_elsewhere", 404, False),
    ],
)
def test_who_sees_it_and_who_decides(
    clinic: Clinic, case: Case, role: str, sees: int, may: bool
) -> None:
    forecast_for(case, 1.0)
    page = page_of(clinic, case, role)
    assert page.status_code == sees
    if sees == 200:
        assert ("Write the decision down" in words(page)) is may
        assert decide(clinic, case, role).status_code == (303 if may else 403)
        assert SpacingDecision.objects.exists() is may


def test_the_action_refuses_by_itself(clinic: Clinic, case: Case) -> None:
    given: dict[str, Any] = {
        "course_id": case.fresh().pk, "decision": "keep", "reason": "So.", "proposed": {},
    }  # fmt: skip
    with pytest.raises(Forbidden):
        decide_spacing(case.nurse, **given)
    with pytest.raises(Invalid):
        decide_spacing(case.prescriber, **{**given, "reason": "x" * 2001})
    decide_spacing(case.prescriber, **given)
    with pytest.raises(Conflict):
        decide_spacing(case.prescriber, **given)
    close_course(case.prescriber, course_id=case.fresh().pk, reason="Well.")
    with pytest.raises(Refused):
        decide_spacing(case.prescriber, **given)


#: What would read as a hint for dosing.
_HINTS = ("relapse likelier", "Earlier, around", "Later, until", "tolerance", "coming-back")


def test_patients_see_nothing_of_it(clinic: Clinic, case: Case) -> None:
    forecast_for(case, 4.0)
    clinic.patient_context(case.patient)
    client = sign_in(Client(), Account.objects.get(patient=case.patient))
    assert client.get(f"/courses/{case.fresh().pk}/coming-back").status_code in (403, 404)
    assert client.get(f"/courses/{case.fresh().pk}").status_code in (403, 404)
    for path in ("/own/", "/own/questions", "/own/decide", "/results"):
        shown = client.get(path).content.decode()
        for word in (
            "relapse likelier",
            "Earlier, around",
            "Later, until",
            "tolerance",
            "coming-back",
        ):
            assert word not in shown
