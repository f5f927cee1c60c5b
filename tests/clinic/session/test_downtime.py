"""Paper: the printed sheet, a whole session entered afterwards with its true times, or nothing."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.clinic.record.chain import verify_links
from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.session.events import checks_for
from evenkeel.clinic.session.models import Appointment, Session, SessionEvent
from evenkeel.clinic.session.paper import planned_minutes, read_time
from evenkeel.clinic.session.queries import timeline_of
from evenkeel.protocol.pack import default_protocol
from tests.clinic.course.makers import Case
from tests.clinic.session.day_makers import book, form, signed_in
from tests.clinic.session.makers import treatable_case
from tests.clinic_factory import Clinic
from tests.conftest import START
from tests.kept import kept

pytestmark = pytest.mark.django_db
#: The sheet is entered at 20:00 the same day; the session ran from 14:05 to 16:20.
LATER = START + timedelta(hours=6)


@pytest.fixture
def ada(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setenv(CLOCK_VARIABLE, ScaledClock(LATER, 0.0, 0.0).as_text())
    return kept("treatable case", clinic.clock, lambda: treatable_case(clinic), clinic)


@pytest.fixture
def row(ada: Case) -> Appointment:
    return book(ada, START, confirmed=True)


def vitals(n: int, at: str, sbp: str, dbp: str, **more: str) -> dict[str, str]:
    cells = {"sbp_mmhg": sbp, "dbp_mmhg": dbp, "heart_rate_bpm": "70", "spo2_percent": "98"}
    return {f"vitals-{n}-{k}": v for k, v in {"time": at, **cells, "moaas": "5", **more}.items()}


def drug(n: int, at: str, what: str, **more: str) -> dict[str, str]:
    return {f"drug-{n}-{k}": v for k, v in {"time": at, "what": what, **more}.items()}


def sheet(**changes: str) -> dict[str, Any]:
    """A whole session on paper, as it is typed in."""
    typed: dict[str, str] = {
        "on": "2026-11-23",
        "opened": "14:05",
        "kept_by": "Noor Fiktiv, RN",
        "checked": "14:10",
        "second-by_name": "Otto Sampleton",
        "second-dose_mg": "37",
        "second-volume_ml": "0,74",
        "second-rate_ml_per_h": "1.11",
        **{f"check-{name}": "yes" for name, _ in checks_for("racemic_iv")},
        **vitals(1, "14:12", "124", "78", dissociation_0_10="0"),
        **vitals(2, "14:25", "138", "86", dissociation_0_10="4", note="floating, calm"),
        **vitals(3, "14:55", "135", "84", dissociation_0_10="2"),
        **vitals(4, "16:10", "126", "79", dissociation_0_10="0", respiratory_rate_per_min="14"),
        **drug(1, "14:15", "infusion_start", amount_mg="37", rate_mg_per_h="55.5"),
        **drug(2, "14:30", "pause", words="wished to sit up"),
        **drug(3, "14:35", "resume", rate_mg_per_h="55.5"),
        **drug(4, "15:00", "infusion_stop"),
        "notes-1-time": "14:40",
        "notes-1-text": "Asked for the curtain to be drawn.",
        "leaving-oriented": "yes",
        "leaving-dissociation_resolved": "yes",
        "leaving-gait": "independent",
        "leaving-cssrs_intent": "no",
        "leaving-escort_present": "yes",
        "leaving-instructions_given": "yes",
        "leaving-plans_to_drive": "no",
        "leaving-aldrete": "10",
        "leaving-symptoms": "none",
        "leaving-ready": "16:15",
        "leaving-left": "16:20",
        "leaving-escort": "Eve Escort",
    }
    return form(**{**typed, **changes})


def enter(client: Client, ada: Case, row: Appointment, role: str = "session_nurse", **said: str):
    nurse = signed_in(client, ada.clinic, role)
    return nurse.post(reverse("downtime_sheet", args=[row.pk]), sheet(**said))


def clock(hour: int, minute: int) -> datetime:
    return datetime(2026, 11, 23, hour, minute, tzinfo=UTC)


def test_a_whole_session_is_entered_after_the_fact(
    client: Client, ada: Case, row: Appointment
) -> None:
    answer = enter(client, ada, row)
    session = Session.objects.get(appointment=row)
    assert answer.status_code == 302, answer.context["error_lines"]
    assert answer["Location"] == reverse("session", args=[session.pk])
    assert (session.state, session.opened_at) == ("closed", clock(14, 5))
    assert session.first_dose_at == clock(14, 15)
    assert session.last_dose_ended_at == clock(15, 0)
    assert (session.ready_at, session.closed_at) == (clock(16, 15), clock(16, 20))
    events = list(SessionEvent.objects.filter(session=session).order_by("position"))
    assert {e.via for e in events} == {"paper"}
    assert {e.recorded_at for e in events} == {LATER}
    assert all(e.happened_at < e.recorded_at for e in events)
    assert not any(e.kind == "alarm_raised" for e in events)
    first = next(e for e in events if e.kind == "observation")
    assert (first.happened_at, first.body["sbp_mmhg"]) == (clock(14, 12), 124)
    # 15 min before the pause and 25 after it at 55.5 mg/h: 40 min, 37 mg
    assert timeline_of(session, LATER).given_mg == pytest.approx(37.0)
    row.refresh_from_db()
    assert (row.status, row.checked_in_at) == ("done", clock(14, 5))
    assert Appointment.objects.get(follows=row).kind == "follow_up_call"
    ada.fresh()
    assert ada.course.dosed_since is None
    entry = ChainEntry.objects.get(action="downtime.enter")
    assert (entry.happened_at, entry.recorded_at) == (clock(14, 5), LATER)
    assert verify_links().whole


def test_a_sheet_sent_twice_is_stored_once(client: Client, ada: Case, row: Appointment) -> None:
    nurse = signed_in(client, ada.clinic, "session_nurse")
    url, typed = reverse("downtime_sheet", args=[row.pk]), sheet()
    first, again = nurse.post(url, typed), nurse.post(url, typed)
    assert first["Location"] == again["Location"]
    assert SessionEvent.objects.filter(kind="infusion_start").count() == 1


WRONG: list[tuple[dict[str, str], str, str]] = [
    ({"vitals-2-sbp_mmhg": "1400"}, "vitals-2", "not possible"),
    ({"vitals-2-sbp_mmhg": "lots"}, "vitals-2", "is not a number"),
    ({"vitals-2-dbp_mmhg": "139"}, "vitals-2", "not below the systolic"),
    ({"vitals-3-time": ""}, "vitals-3", "Enter the time"),
    ({"vitals-3-time": "25:00"}, "vitals-3", "Enter the time"),
    ({"vitals-3-time": "23:30"}, "vitals-3", "has not come yet"),
    ({"drug-1-rate_mg_per_h": ""}, "drug-1", "needed"),
    ({"drug-1-what": "device_1"}, "drug-1", "Choose what was done"),
    ({"drug-1-what": ""}, "drug-1", "Choose what was done"),
    ({"notes-1-text": ""}, "notes-1", "needed"),
    ({"opened": ""}, "opened", "Enter the time"),
    ({"on": "2027-01-01"}, "opened", "lies ahead"),
    ({"kept_by": " "}, "kept_by", "who kept the paper"),
    ({"leaving-ready": "", "leaving-left": ""}, "leaving", "when the person was ready"),
    ({"drug-4-what": "", "drug-4-time": ""}, "ready", "has not been stopped"),
    ({"leaving-gait": "unsteady"}, "ready", "leaving checks are not all met"),
    ({"leaving-symptoms": "chest pain"}, "ready", "leaving checks are not all met"),
]


@pytest.mark.parametrize(("changes", "line", "said"), WRONG)
def test_one_wrong_line_and_nothing_is_stored(
    client: Client, ada: Case, row: Appointment, changes: dict[str, str], line: str, said: str
) -> None:
    answer = enter(client, ada, row, **changes)
    assert answer.status_code in (409, 422)
    assert list(answer.context["wrong"]) == [line]
    assert said in answer.context["wrong"][line]
    assert "Asked for the curtain" in answer.content.decode() or line == "notes-1"
    assert not Session.objects.exists()
    assert not SessionEvent.objects.exists()
    row.refresh_from_db()
    assert row.status == "booked"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("14:05", (14, 5)),
        ("1405", (14, 5)),
        ("14.05", (14, 5)),
        ("9:30", (9, 30)),
        ("930", (9, 30)),
        ("24:00", None),
        ("12:60", None),
        ("12", None),
        ("half two", None),
        ("", None),
        ("１４:05", None),
    ],
)
def test_times_are_read_as_people_write_them(text: str, read: tuple[int, int] | None) -> None:
    assert read_time(text) == (time(*read) if read else None)


def test_every_wrong_line_is_named_at_once(client: Client, ada: Case, row: Appointment) -> None:
    changes = {"vitals-1-sbp_mmhg": "x", "vitals-4-moaas": "9", "drug-2-time": "late"}
    answer = enter(client, ada, row, **changes)
    lines = [words for words, _, _ in answer.context["error_lines"]]
    assert lines == ["Vital signs, line 1", "Vital signs, line 4", "Drug, line 2"]


def test_what_happened_is_described_even_where_it_would_not_be_allowed_now(
    client: Client, ada: Case, row: Appointment
) -> None:
    """No check, no second person, a high pressure and twice the plan: it was so."""
    bare = {k: "" for k in sheet() if k.startswith(("check-", "second-"))}
    given = {"drug-1-amount_mg": "74", "drug-1-rate_mg_per_h": "111", "vitals-1-sbp_mmhg": "171"}
    answer = enter(
        client, ada, row, **bare, **given, **{"leaving-override_reason": "went home early"}
    )
    assert answer.status_code == 302, answer.context["error_lines"]
    assert Session.objects.get().state == "closed"


def test_pump_rate_alone_gives_the_rate_in_mg(client: Client, ada: Case, row: Appointment) -> None:
    answer = enter(client, ada, row, **{"drug-1-rate_mg_per_h": "", "drug-1-rate_ml_per_h": "1,11"})
    assert answer.status_code == 302, answer.context["error_lines"]
    # 1.11 mL/h of the plan's 50 mg/mL
    assert SessionEvent.objects.get(kind="infusion_start").body["rate_mg_per_h"] == 55.5


def test_a_night_goes_on_past_midnight(client: Client, ada: Case, monkeypatch: Any) -> None:
    monkeypatch.setenv(CLOCK_VARIABLE, ScaledClock(START + timedelta(hours=20), 0.0, 0.0).as_text())
    row = book(ada, START + timedelta(hours=9), confirmed=True)
    typed = {k: "" for k in sheet() if k.startswith(("vitals", "drug", "leaving", "notes"))}
    typed |= {"opened": "23:10", "checked": "23:15", **vitals(1, "23:20", "120", "70")}
    typed |= vitals(2, "00:40", "121", "71")
    assert enter(client, ada, row, **typed).status_code == 302
    times = SessionEvent.objects.filter(kind="observation").order_by("happened_at")
    assert [f"{e.happened_at:%d %H:%M}" for e in times] == ["23 23:20", "24 00:40"]
    # the session stays open, and the rest of the paper is added to it
    more = typed | {"vitals-1-time": "", **dict.fromkeys(vitals(2, "", "", ""), "")}
    more = {**more, **dict.fromkeys(vitals(1, "", "", ""), ""), **vitals(3, "01:10", "119", "70")}
    more = {**more, **{k: "" for k in sheet() if k.startswith(("check", "second"))}}
    assert enter(client, ada, row, **more).status_code == 302
    assert SessionEvent.objects.filter(kind="observation").count() == 3


@pytest.mark.parametrize(("role", "status"), [("front_desk", 403), ("prescriber_elsewhere", 404)])
def test_who_may_not_enter(
    client: Client, ada: Case, row: Appointment, role: str, status: int
) -> None:
    assert enter(client, ada, row, role).status_code == status
    assert not Session.objects.exists()


def test_the_paper_shows_the_day_and_a_blank_sheet(
    client: Client, ada: Case, row: Appointment
) -> None:
    nurse = signed_in(client, ada.clinic, "session_nurse")
    text = nurse.get(reverse("downtime")).content.decode()
    assert "Ada Sample" in text
    assert "Session sheet" in text
    # 0.5 mg/kg of 74 kg is 37 mg; 37 mg in 40 min at 50 mg/mL is 1.11 mL/h, set as 1.1
    for figure in ("37 <small>mg", "1.1 <small>mL/h", "0.74 <small>mL"):
        assert figure in text
    assert "Demonstration" not in text
    read = ChainEntry.objects.filter(action="read downtime sheet", patient_id=ada.patient.pk)
    assert read.count() == 1
    desk = signed_in(client, ada.clinic, "front_desk").get(reverse("downtime")).content.decode()
    assert "Ada Sample" in desk
    assert "37 <small>mg" not in desk  # the desk may not see the plan
    assert "Dose as on the signed plan" in desk


def test_the_sheet_waits_until_it_is_entered(client: Client, ada: Case, row: Appointment) -> None:
    nurse = signed_in(client, ada.clinic, "session_nurse")
    url = reverse("downtime_enter")
    assert [r.pk for r in nurse.get(url).context["rows"]] == [row.pk]
    enter(client, ada, row)
    assert list(nurse.get(url).context["rows"]) == []
    assert enter(client, ada, row).status_code == 409


def test_the_sheet_is_made_into_a_pdf(client: Client, ada: Case, row: Appointment) -> None:
    nurse = signed_in(client, ada.clinic, "session_nurse")
    answer = nurse.get(reverse("downtime_pdf"))
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


def test_the_minutes_on_the_sheet_are_those_of_the_protocol() -> None:
    """Every 10 minutes during the drug and every 15 after it (Emory), until an hour after it."""
    protocol = default_protocol("racemic_iv", "US")
    minutes = planned_minutes(protocol, 40)
    assert minutes[:5] == [0, 10, 20, 30, 40]
    assert minutes[5:] == [55, 70, 85, 100]
    nasal = planned_minutes(default_protocol("esketamine_nasal", "US"), 5)
    assert nasal[0] == 0
    assert nasal[-1] >= 120
