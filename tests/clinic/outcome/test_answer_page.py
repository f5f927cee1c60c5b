"""The page behind a one-time link, as a phone without JavaScript and without cookies uses it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.actions.ask_questionnaire import (
    Asked,
    ask_questionnaire,
    withdraw_ask,
)
from evenkeel.clinic.outcome.models import Ask, Response, SafetySignal
from evenkeel.clinic.people.models import FailedAttempt
from evenkeel.clinic.record.chain import verify_links
from evenkeel.clinic.record.models import ChainEntry, IdempotentReply
from tests.clinic.outcome.conftest import CALM, FOLLOW_UP, PHQ9
from tests.clinic_factory import Clinic

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pass_time")]
PassTime = Callable[[timedelta], None]


@pytest.fixture
def phone() -> Client:
    """A browser with cookies off would do: it checks for forgery, and never signs in."""
    return Client(enforce_csrf_checks=True)


def url(asked: Asked) -> str:
    return f"/q/{asked.token}"


def post(phone: Client, asked: Asked, **fields: str) -> HttpResponse:
    return phone.post(url(asked), fields)


def answer(phone: Client, asked: Asked, key: str, value: int | None) -> HttpResponse:
    said = {"go": "skip"} if value is None else {"go": "next", "answer": str(value)}
    response = post(phone, asked, question=key, **said)
    assert response.status_code == 303, response.content.decode()
    assert response["Location"] == url(asked)
    return phone.get(url(asked))


def text_of(response: HttpResponse) -> str:
    body = re.sub(r"<(script|style|svg).*?</\1>", "", response.content.decode(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_the_whole_way_from_start_to_thanks(clinic: Clinic, asked: Asked, phone: Client) -> None:
    page = phone.get(url(asked))
    assert "10 short questions" in text_of(page)
    assert "Ada" not in text_of(page)
    assert Ask.objects.get().state == "sent"  # a mail scanner that opens links begins nothing
    assert post(phone, asked, go="start").status_code == 303
    page = phone.get(url(asked))
    assert "Question 1 of 10" in text_of(page)
    assert "Over the last 2 weeks" in text_of(page)
    for n, key in enumerate(PHQ9, start=1):
        page = answer(phone, asked, key, 1 if n < 9 else 0)
    assert "Question 10 of 10" in text_of(page)
    assert "Send" in text_of(page)
    page = answer(phone, asked, "phq9-difficulty", 1)
    assert page.status_code == 200
    assert "Thank you. That is all." in text_of(page)
    response = Response.objects.get()
    assert (response.total, response.band) == (8, "mild")
    assert not phone.cookies
    assert verify_links().whole


def test_half_done_is_kept_and_goes_on_anywhere(
    clinic: Clinic, asked: Asked, phone: Client, pass_time: PassTime
) -> None:
    post(phone, asked, go="start")
    for key in PHQ9[:3]:
        answer(phone, asked, key, 2)
    pass_time(timedelta(days=3))
    elsewhere = Client()
    page = elsewhere.get(url(asked))
    assert "Question 4 of 10" in text_of(page)
    back = elsewhere.get(url(asked), {"q": "phq9-3"})
    assert "Question 3 of 10" in text_of(back)
    assert re.search(r'value="2"[^>]*checked', back.content.decode())
    answer(elsewhere, asked, "phq9-3", 0)
    assert Ask.objects.get().partial["answers"]["phq9-3"] == 0
    ahead = elsewhere.get(url(asked), {"q": "phq9-9"})
    assert "Question 4 of 10" in text_of(ahead)  # nobody jumps ahead


def test_nothing_chosen_says_so_beside_the_question(
    clinic: Clinic, asked: Asked, phone: Client
) -> None:
    post(phone, asked, go="start")
    page = post(phone, asked, question="phq9-1", go="next")
    assert page.status_code == 422
    assert "Choose an answer, or skip this question." in text_of(page)
    assert "Question 1 of 10" in text_of(page)
    page = answer(phone, asked, "phq9-1", None)
    assert "Question 2 of 10" in text_of(page)


def test_a_double_press_files_once(clinic: Clinic, asked: Asked, phone: Client) -> None:
    for key in PHQ9:
        answer(phone, asked, key, 1 if key == "phq9-1" else 0)
    for _ in range(2):
        post(phone, asked, question="phq9-difficulty", answer="0", go="next")
    assert Response.objects.count() == 1
    assert Response.objects.get().version == 1
    assert "Thank you" in text_of(phone.get(url(asked)))


def test_item_9_shows_whom_to_call_at_once_then_asks_on(
    clinic: Clinic, course: Course, asked: Asked, phone: Client
) -> None:
    for key in PHQ9[:8]:
        answer(phone, asked, key, 0)
    page = answer(phone, asked, "phq9-9", 1)
    shown = page.content.decode()
    assert 'href="tel:911"' in shown
    assert 'href="tel:988"' in shown
    assert "Thank you for telling us" in text_of(page)
    # the person may close the page here: the clinic knows, and no dose starts
    assert SafetySignal.objects.get().urgency == "today"
    assert Course.objects.get(pk=course.pk).dose_holds
    page = phone.get(url(asked), {"q": "phq9-9"})
    assert "Thank you for telling us" in text_of(page)
    post(phone, asked, question="_help", go="next")
    page = phone.get(url(asked))
    assert "Are you thinking about this now?" in text_of(page)
    assert "Question 1 of 6 · Your safety" in text_of(page)
    for name, value in CALM.items():
        page = answer(phone, asked, FOLLOW_UP[name], value)
    assert "how difficult" in text_of(page)
    page = answer(phone, asked, "phq9-difficulty", 1)
    assert "Somebody from the clinic will speak with you" in text_of(page)
    assert 'href="tel:988"' in page.content.decode()


def test_help_is_one_press_away_on_every_screen(
    clinic: Clinic, asked: Asked, phone: Client
) -> None:
    seen = [phone.get(url(asked))]
    post(phone, asked, go="start")
    seen.append(phone.get(url(asked)))
    seen += [answer(phone, asked, key, 1) for key in PHQ9]
    for page in seen:
        assert f'class="phone-help" href="{url(asked)}?q=help"' in page.content.decode()
    page = phone.get(url(asked), {"q": "help"})
    assert 'href="tel:988"' in page.content.decode()
    assert "Back to the questions" in text_of(page)


@pytest.fixture
def dead_links(clinic: Clinic, course: Course, pass_time: PassTime) -> dict[str, str]:
    """One address of each kind that opens nothing."""
    ctx = clinic.as_("therapist")
    withdrawn = ask_questionnaire(ctx, course_id=course.pk, instrument_id="phq9")
    withdraw_ask(ctx, ask_id=withdrawn.ask.pk)
    replaced = ask_questionnaire(ctx, course_id=course.pk, instrument_id="phq9")
    expired = ask_questionnaire(ctx, course_id=course.pk, instrument_id="phq9")
    used = ask_questionnaire(ctx, course_id=course.pk, instrument_id="gad7")
    for n in range(1, 8):
        Client().post(url(used), {"question": f"gad7-{n}", "answer": "1", "go": "next"})
    assert Response.objects.get().total == 7
    pass_time(timedelta(days=14))
    return {
        "withdrawn": url(withdrawn),
        "replaced": url(replaced),
        "expired": url(expired),
        "used": url(used),
        "unknown": "/q/" + "x" * 43,
        "empty-ish": "/q/%00",
        "slash": url(used) + "/",
        "long": "/q/" + "a" * 3000,
        "unicode": "/q/%F0%9F%98%80",
    }


def test_dead_links_are_kind_alike_and_silent(
    dead_links: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    before = ChainEntry.objects.count()
    with caplog.at_level(logging.DEBUG):
        pages = {kind: Client().get(address) for kind, address in dead_links.items()}
        posts = {
            kind: Client().post(address, {"question": "phq9-1", "answer": "1"})
            for kind, address in dead_links.items()
        }
    bodies = {page.content for page in [*pages.values(), *posts.values()]}
    assert len(bodies) == 1
    assert {page.status_code for page in [*pages.values(), *posts.values()]} == {404}
    shown = text_of(pages["used"])
    assert "Ask your clinic for a new link" in shown
    assert 'href="tel:988"' in pages["used"].content.decode()
    assert "Ada" not in shown
    assert "PHQ" not in shown
    assert ChainEntry.objects.count() == before
    for address in dead_links.values():
        token = address.removeprefix("/q/").strip("/")
        assert token not in caplog.text


@pytest.mark.parametrize("status", ["ok", "wrong", "bad_method", "too_many_fields", "broken"])
def test_no_answer_lets_the_address_out(
    status: str,
    asked: Asked,
    phone: Client,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with caplog.at_level(logging.DEBUG):
        if status == "ok":
            page = phone.get(url(asked))
        elif status == "wrong":
            page = post(phone, asked, question="phq9-1", answer="9")
        elif status == "bad_method":
            page = phone.put(url(asked))
        elif status == "too_many_fields":
            page = post(phone, asked, **{f"f{n}": "1" for n in range(2000)})
        else:
            monkeypatch.setattr("evenkeel.clinic.outcome.pages.answering.show", lambda *a: 1 // 0)
            page = phone.get(url(asked))
    wanted = {"ok": 200, "wrong": 422, "bad_method": 405, "too_many_fields": 400, "broken": 500}
    assert page.status_code == wanted[status]
    assert asked.token not in caplog.text
    assert page["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page["Cache-Control"]
    if page.content:
        assert b'name="referrer" content="no-referrer"' in page.content
        assert b"same-origin" not in page.content
    assert not IdempotentReply.objects.exists()


def test_guessing_is_slowed_down(
    clinic: Clinic, asked: Asked, phone: Client, pass_time: PassTime
) -> None:
    for n in range(30):
        assert phone.get(f"/q/guess-{n}").status_code == 404
    assert phone.get("/q/guess-30").status_code == 429
    page = phone.get("/q/guess-31")
    assert page.status_code == 429
    assert 'href="tel:988"' in page.content.decode()
    assert FailedAttempt.objects.filter(kind="answer_link").count() == 30
    # people in one building share an address: who has a right link is not shut out
    assert phone.get(url(asked)).status_code == 200
    pass_time(timedelta(minutes=16))
    assert phone.get("/q/guess-32").status_code == 404


def test_the_page_is_whole_without_script_and_style_from_elsewhere(
    clinic: Clinic, asked: Asked, phone: Client
) -> None:
    post(phone, asked, go="start")
    page = phone.get(url(asked)).content.decode()
    assert '<form class="question" method="post"' in page
    assert page.count('type="radio"') == 4
    assert " style=" not in page
    assert not re.search(r"\son[a-z]+=", page)
    assert not re.search(r"(src|href)=\"https?:", page)


def test_a_question_page_asks_the_database_little(
    clinic: Clinic, asked: Asked, phone: Client, django_assert_max_num_queries: object
) -> None:
    post(phone, asked, go="start")
    with django_assert_max_num_queries(4):  # type: ignore[operator]
        phone.get(url(asked))


keys = st.one_of(
    st.sampled_from([*PHQ9, "phq9-difficulty", "_help", *FOLLOW_UP.values(), ""]),
    st.text(max_size=40),
)
values = st.one_of(st.sampled_from(["0", "1", "2", "3", "4", "-1", "", "٣"]), st.text(max_size=40))
moves = st.sampled_from(["next", "skip", "start", "back", "", "🡒"])


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(posts=st.lists(st.tuples(keys, values, moves), max_size=6))
def test_whatever_is_posted_the_ask_stays_sound(
    asked: Asked, posts: list[tuple[str, str, str]]
) -> None:
    phone = Client()
    for key, value, go in posts:
        page = phone.post(url(asked), {"question": key, "answer": value, "go": go})
        assert page.status_code in (200, 303, 404, 422)
        assert phone.get(url(asked)).status_code in (200, 404)
    ask = Ask.objects.get(pk=asked.ask.pk)
    said = ask.partial.get("answers", {})
    assert set(said) <= {*PHQ9, "phq9-difficulty"}
    assert all(value in (0, 1, 2, 3) for value in said.values())
    filed = Response.objects.filter(ask=ask).first()
    assert (ask.finished_at is None) or filed is not None
    if said.get("phq9-9"):
        assert SafetySignal.objects.exists()


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    body=st.binary(max_size=300),
    kind=st.sampled_from(
        [
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "multipart/form-data",
            "application/json",
            "text/plain; charset=nonsense",
            "application/x-www-form-urlencoded; charset=latin-1",
            "application/x-www-form-urlencoded; charset=nonsense",
        ]
    ),
)
def test_any_bytes_are_answered_with_a_page(asked: Asked, body: bytes, kind: str) -> None:
    page = Client().generic("POST", url(asked), body, content_type=kind)
    assert page.status_code in (200, 303, 400, 422)
    assert page["Referrer-Policy"] == "no-referrer"
