"""Rounds of reminding: asked once, sent once, at a decent hour, and in words that name nobody."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from evenkeel.cli import main
from evenkeel.clinic.outcome import rounds, senders
from evenkeel.clinic.outcome.actions.answer_question import answer_question, context_of
from evenkeel.clinic.outcome.actions.choose_contact import choose_contact
from evenkeel.clinic.outcome.actions.remind import claim_message
from evenkeel.clinic.outcome.contact import is_quiet
from evenkeel.clinic.outcome.message_text import SHIPPED as SHIPPED_TEXTS
from evenkeel.clinic.outcome.models import Ask, ContactChoice, Message
from evenkeel.clinic.outcome.reminding import remind
from evenkeel.clinic.people.actions.register_patient import edit_patient
from evenkeel.clinic.record.act import Context, system_actor
from evenkeel.clinic.record.errors import Invalid
from evenkeel.clinic.record.models import Heartbeat
from evenkeel.clinic.session.models import Session
from tests.clinic.course.makers import Case
from tests.clinic.outcome.histories import make_history
from tests.clinic_factory import Clinic
from tests.kept import kept

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reachable")]
LINK = re.compile(r"https://clinic\.invalid(/q/[A-Za-z0-9_-]{43})")


@pytest.fixture
def reachable(settings: Any) -> None:
    settings.PUBLIC_ADDRESS = "https://clinic.invalid"
    settings.DEFAULT_FROM_EMAIL = "clinic@clinic.invalid"


@pytest.fixture
def case(clinic: Clinic) -> Case:
    """Ada, at noon a week after her only session so far; e-mail and telephone are known."""
    began = clinic.clock.now()

    def build() -> Case:
        made = _reachable_history(clinic)
        clinic.clock.advance(began - clinic.clock.now())
        return made

    made = kept("a week after", clinic.clock, build, clinic)
    clinic.clock.advance(_noon_of(made) - clinic.clock.now())
    return made


def _noon_of(made: Case) -> datetime:
    given = Session.objects.get(course__patient=made.patient).first_dose_at
    return given.replace(hour=12, minute=0, second=0) + timedelta(days=7)  # type: ignore[no-any-return]


def _reachable_history(clinic: Clinic) -> Case:
    made = make_history(clinic, 1)
    edit_patient(
        clinic.as_("front_desk"),
        patient_id=made.patient.pk,
        email="ada@people.invalid",
        phone="555-0101",
    )
    return made


def scheduled(case: Case) -> list[Ask]:
    return list(
        Ask.objects.filter(course=case.fresh(), occasion_key__isnull=False).order_by("instrument")
    )


def test_a_round_asks_what_is_due_and_sends_one_message(clinic: Clinic, case: Case) -> None:
    done = remind(clinic.clock)
    assert [ask.instrument for ask in scheduled(case)] == ["gad7", "phq9"]
    assert (done.asked, done.sent, len(mail.outbox)) == (2, 1, 1)
    message = Message.objects.get()
    assert (message.state, message.number, len(message.asks)) == ("sent", 0, 2)


def test_no_word_of_a_message_says_who_or_why(clinic: Clinic, case: Case) -> None:
    remind(clinic.clock)
    sent = mail.outbox[0]
    # the secret of the link is chance, which may spell anything
    told = LINK.sub("", f"{sent.subject}\n{sent.body}").lower()
    for word in ("ada", "sample", "phq", "depress", "ketamine", "harbour", "anxi", "clinic@"):
        assert word not in told.replace("clinic.invalid", ""), word
    assert str(case.patient.pk) not in told
    assert case.patient.mrn.lower() not in told


def test_running_again_sends_nothing_again(clinic: Clinic, case: Case) -> None:
    remind(clinic.clock)
    for minutes in (0, 1, 60, 600):
        clinic.clock.advance(timedelta(minutes=minutes))
        again = remind(clinic.clock)
        assert (again.asked, again.sent) == (0, 0)
    assert len(mail.outbox) == 1


def test_two_runners_at_once_send_once(clinic: Clinic, case: Case) -> None:
    """The second comes between the first one's look and its claim."""
    remind(clinic.clock)
    ask = scheduled(case)[0]
    ctx = Context(system_actor("test"), clinic.clock, via="system")
    one = claim_message(ctx, ask_id=ask.pk, ask_ids=[str(ask.pk)], number=7, channel="email")
    two = claim_message(ctx, ask_id=ask.pk, ask_ids=[str(ask.pk)], number=7, channel="email")
    assert one is not None
    assert two is None


def test_reminded_when_due_and_once_after_and_then_left_in_peace(
    clinic: Clinic, case: Case
) -> None:
    sent = []
    for _ in range(5 * 4):
        if remind(clinic.clock).sent:
            sent.append(clinic.clock.now())
        clinic.clock.advance(timedelta(hours=6))
    # at once, when due after two days, two days later
    assert [(at - sent[0]) // timedelta(days=1) for at in sent] == [0, 2, 4]
    assert "reminder" in mail.outbox[1].body.lower()
    links = {LINK.search(each.body)[1] for each in mail.outbox}  # type: ignore[index]
    assert len(links) == 1


def test_the_link_works_without_an_account_and_leads_on(
    clinic: Clinic, case: Case, pass_time: Any
) -> None:
    pass_time(timedelta(0))
    remind(clinic.clock)
    link = LINK.search(mail.outbox[0].body)[1]  # type: ignore[index]
    client = Client()
    assert b"short question" in client.get(link).content
    first = Ask.objects.get(pk=Message.objects.get().ask_id)
    answer_all(clinic, first)
    page = client.get(link).content.decode()
    assert "Go on with the next questions" in page
    second = Ask.objects.get(occasion_key__isnull=False, finished_at=None)
    follow = re.search(r'href="(/q/[^"]+)">Go on with the next', page)
    assert follow is not None
    assert client.get(follow[1]).status_code == 200
    answer_all(clinic, second)
    assert "You can close this page" in client.get(follow[1]).content.decode()
    clinic.clock.advance(timedelta(days=3))
    assert remind(clinic.clock).sent == 0


def answer_all(clinic: Clinic, ask: Ask) -> None:
    from evenkeel.instruments import load

    for item in load(ask.instrument).items:
        row = Ask.objects.select_related("patient").get(pk=ask.pk)
        if row.finished_at is None:
            ctx = context_of(row, clinic.clock)
            answer_question(ctx, ask_id=ask.pk, key=item.link_id, value=0)


def test_what_was_answered_lately_is_not_asked_again(clinic: Clinic, case: Case) -> None:
    from tests.clinic.outcome.histories import paper

    paper(clinic, case.fresh(), 9)
    remind(clinic.clock)
    assert [ask.instrument for ask in scheduled(case)] == ["gad7"]


@pytest.mark.parametrize(("hour", "sent"), [(7, 0), (8, 1), (20, 1), (21, 0), (23, 0), (3, 0)])
def test_no_message_at_night(clinic: Clinic, case: Case, hour: int, sent: int) -> None:
    at = clinic.clock.now().replace(hour=hour) + timedelta(days=1)
    clinic.clock.advance(at - clinic.clock.now())
    done = remind(clinic.clock)
    assert (done.asked, done.sent, done.held) == (2, sent, 1 - sent)


@pytest.mark.parametrize(
    ("now_utc", "zone", "start", "end", "quiet"),
    [
        ("2026-06-01T20:30+00:00", "Europe/Berlin", None, None, True),
        ("2026-06-01T20:30+00:00", "UTC", None, None, False),
        ("2026-06-01T12:00+00:00", "UTC", "11:00", "13:00", True),
        ("2026-06-01T13:00+00:00", "UTC", "11:00", "13:00", False),
        ("2026-06-01T02:00+00:00", "UTC", "11:00", "11:00", False),
        ("2026-06-01T23:30+00:00", "America/New_York", None, None, False),
        # an hour that daylight saving skips or repeats is still an hour of the clock
        ("2026-03-29T06:30+00:00", "Europe/Berlin", None, None, False),
        ("2026-03-29T05:30+00:00", "Europe/Berlin", None, None, True),
    ],
)
def test_quiet_hours_follow_the_clinics_own_clock(
    now_utc: str, zone: str, start: str | None, end: str | None, quiet: bool
) -> None:
    choice = ContactChoice(quiet_from=start, quiet_until=end) if start else None
    assert is_quiet(choice, datetime.fromisoformat(now_utc), zone) is quiet


def test_who_wants_no_messages_gets_none_and_is_still_asked(clinic: Clinic, case: Case) -> None:
    choose_contact(clinic.as_("front_desk"), patient_id=case.patient.pk, channel="none")
    done = remind(clinic.clock)
    assert (done.asked, done.sent, done.reasons) == (2, 0, {"They want no messages.": 1})
    assert ContactChoice.objects.get().stopped_at == clinic.clock.now()


def test_the_link_itself_stops_messages(clinic: Clinic, case: Case, pass_time: Any) -> None:
    pass_time(timedelta(0))
    remind(clinic.clock)
    link = LINK.search(mail.outbox[0].body)[1]  # type: ignore[index]
    client = Client()
    assert "No more messages?" in client.get(f"{link}?q=stop").content.decode()
    assert "No more messages will come" in client.post(link, {"go": "stop"}).content.decode()
    clinic.clock.advance(timedelta(days=3))
    assert remind(clinic.clock).sent == 0


@pytest.mark.parametrize(
    ("channel", "fields"),
    [("pigeon", "channel"), ("sms", "channel"), ("email", "channel")],
)
def test_a_way_that_cannot_be_is_refused(clinic: Clinic, channel: str, fields: str) -> None:
    from tests.clinic.outcome.conftest import make_patient

    patient = make_patient(clinic)
    with pytest.raises(Invalid) as refused:
        choose_contact(clinic.as_("front_desk"), patient_id=patient.pk, channel=channel)
    assert fields in refused.value.fields


class Gateway:
    """A port for text messages that takes some and refuses others."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.broken = False

    def __call__(self, number: str, text: str) -> None:
        if self.broken:
            raise OSError("no line")
        self.taken.append((number, text))


@pytest.fixture
def gateway(settings: Any) -> Iterator[Gateway]:
    port = Gateway()
    settings.SMS_PORT = "evenkeel.clinic.outcome.senders:_port_of_the_tests"
    senders._port_of_the_tests = port  # type: ignore[attr-defined]
    yield port
    del senders._port_of_the_tests  # type: ignore[attr-defined]


def test_a_text_message_goes_through_the_port(clinic: Clinic, case: Case, gateway: Gateway) -> None:
    choose_contact(clinic.as_("front_desk"), patient_id=case.patient.pk, channel="sms")
    assert remind(clinic.clock).sent == 1
    number, text = gateway.taken[0]
    assert number == "555-0101"
    assert LINK.search(text)
    assert not mail.outbox


def test_a_message_that_fails_is_tried_three_times_and_then_not(
    clinic: Clinic, case: Case, gateway: Gateway
) -> None:
    choose_contact(clinic.as_("front_desk"), patient_id=case.patient.pk, channel="sms")
    gateway.broken = True
    assert remind(clinic.clock).failed == 1
    assert remind(clinic.clock).failed == 0  # not at once
    for _ in range(4):
        clinic.clock.advance(timedelta(minutes=31))
        remind(clinic.clock)
    message = Message.objects.get()
    assert (message.state, message.attempts) == ("failed", 3)
    gateway.broken = False
    clinic.clock.advance(timedelta(days=2))  # then it is due, and the reminder goes out
    assert remind(clinic.clock).sent == 1


def test_a_message_cut_short_is_never_sent_twice(clinic: Clinic, case: Case) -> None:
    """The machine stops between the claim and the handing over: perhaps it went out."""
    remind(clinic.clock)
    mail.outbox.clear()
    clinic.clock.advance(timedelta(days=2, hours=1))
    ask = scheduled(case)[0]
    ctx = Context(system_actor("test"), clinic.clock, via="system")
    every = [str(each.pk) for each in scheduled(case)]
    lead = Message.objects.get().ask_id
    claim_message(ctx, ask_id=lead, ask_ids=every, number=1, channel="email")
    clinic.clock.advance(timedelta(minutes=11))
    done = remind(clinic.clock)
    assert (done.unclear, done.sent, mail.outbox) == (1, 0, [])
    assert ask.finished_at is None


def test_nothing_goes_out_where_nobody_set_an_address(
    clinic: Clinic, case: Case, settings: Any
) -> None:
    settings.PUBLIC_ADDRESS = ""
    done = remind(clinic.clock)
    assert (done.asked, done.sent) == (2, 0)
    assert list(done.reasons) == ["The address of the clinic's pages is not set."]


def test_a_paused_course_is_left_alone(clinic: Clinic, case: Case) -> None:
    from evenkeel.clinic.course.actions.move_course import move_course

    remind(clinic.clock)
    move_course(case.prescriber, course_id=case.fresh().pk, to="paused", reason="Travels")
    clinic.clock.advance(timedelta(days=3))
    assert remind(clinic.clock).sent == 0


def test_the_round_in_the_background_goes_on_after_an_error(
    clinic: Clinic, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    calls: list[int] = []

    def stumbling(clock: Any) -> int:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("once")
        stop.set()
        return 0

    monkeypatch.setattr(rounds, "EVERY_S", 0.0)
    monkeypatch.setattr(rounds, "call_for_signals", stumbling)
    monkeypatch.setattr(rounds, "close_old_connections", lambda: None)
    rounds.run_rounds(stop, clinic.clock)
    assert len(calls) == 2
    assert len(mail.outbox) == 1
    assert Heartbeat.objects.get(pk="reminders").detail["sent"] == 1


def test_the_staff_page_shows_schedule_messages_and_the_link(
    clinic: Clinic, case: Case, pass_time: Any
) -> None:
    from tests.clinic_factory import sign_in

    pass_time(timedelta(0))
    remind(clinic.clock)
    client = sign_in(Client(), clinic.staff["therapist"])
    address = f"/courses/{case.fresh().pk}/questionnaires"
    page = client.get(address).content.decode()
    for words in ("Usual schedule", "Week 1", "Messages go out by e-mail", "Show the link"):
        assert words in page, words
    ask = scheduled(case)[0]
    shown = client.post(address, {"do": "link", "ask": str(ask.pk)}).content.decode()
    assert re.search(r'value="http://testserver/q/[A-Za-z0-9_-]{43}"', shown)


def test_the_command_runs_one_round(
    clinic: Clinic, case: Case, pass_time: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    pass_time(timedelta(0))
    assert main(["remind", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["asked"], told["sent"], told["calls"]) == (2, 1, 0)
    assert main(["remind"]) == 0
    assert "asked 0, sent 0" in capsys.readouterr().out


def test_a_schedule_that_cannot_be_read_stops_the_round_and_says_so(
    clinic: Clinic,
    case: Case,
    settings: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "usual.json").write_text("{}")
    settings.SCHEDULES_PATH = tmp_path
    assert main(["remind"]) == 2
    assert "usual.json: id must be" in capsys.readouterr().out
    assert not scheduled(case)


def test_a_language_of_the_clinics_own(
    clinic: Clinic, case: Case, settings: Any, tmp_path: Path
) -> None:
    text = json.loads((SHIPPED_TEXTS / "en.json").read_text())
    text |= {"language": "de", "subject": "Einige Fragen", "until": "Bis {until}."}
    (tmp_path / "de.json").write_text(json.dumps(text))
    settings.MESSAGE_TEXTS_PATH = tmp_path
    choose_contact(
        clinic.as_("front_desk"), patient_id=case.patient.pk, channel="email", language="de"
    )
    remind(clinic.clock)
    assert mail.outbox[0].subject == "Einige Fragen"
    with pytest.raises(Invalid):
        choose_contact(
            clinic.as_("front_desk"), patient_id=case.patient.pk, channel="email", language="xx"
        )
