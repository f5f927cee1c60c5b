"""Monitors and the tray: what stands where, whose clock is off, and whose readings these are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.clinic.record.act import Context, system_actor
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, Refused
from evenkeel.clinic.session.actions.file_readings import file_readings
from evenkeel.clinic.session.actions.manage_monitors import (
    allow_source,
    close_source,
    place_monitor,
    retire_monitor,
)
from evenkeel.clinic.session.models import (
    Monitor,
    MonitorSource,
    MonitorStatus,
    SessionEvent,
    TrayMessage,
)
from evenkeel.clinic.session.monitor_batch import FiledReading, MonitorBatch
from evenkeel.clinic.session.pages.monitors import offset_words
from evenkeel.clinic.session.watch import beat
from tests.clinic.session.day_makers import form, signed_in
from tests.clinic.session.makers import Stage
from tests.clinic_factory import Clinic
from tests.conftest import START

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("page_clock")]


def place(clinic: Clinic, name: str = "MON-1", chair: int | None = 1, role: str = "session_nurse"):
    return place_monitor(
        clinic.as_(role),
        site_id=clinic.site.pk,
        identifier=name,
        chair_id=None if chair is None else clinic.chairs[chair].pk,
    )


def heard(name: str, **fields: Any) -> MonitorStatus:
    row = MonitorStatus(identifier=name, last_heard_at=START, messages=7, **fields)
    row.save()
    return row


def unmatched(clinic: Clinic, **fields: Any) -> TrayMessage:
    """A message from a monitor that stands nowhere."""
    given: dict[str, Any] = {
        "device_ids": ("MON-9",),
        "device_name": "Bedside",
        "places": ("ELSEWHERE",),
        "patient_ids": (),
        "received_at": START,
        "readings": (
            FiledReading(
                measured_at=START,
                raw_time="20261123140000",
                values={"heart_rate_bpm": 71.0, "spo2_percent": 97.0},
                identity="r1",
            ),
        ),
        "digest": "d1",
        "raw": "MSH|^~\\&|synthetic",
    }
    ctx = Context(system_actor("monitor listener"), clinic.clock, via="monitor")
    file_readings(ctx, MonitorBatch(**{**given, **fields}))
    return TrayMessage.objects.get(state="waiting")


def test_a_monitor_moves_from_chair_to_chair_and_out_of_use(clinic: Clinic) -> None:
    first = place(clinic)
    moved = place(clinic, chair=2)
    assert (moved.pk, moved.chair) == (first.pk, clinic.chairs[2])
    with pytest.raises(Conflict) as taken:
        place(clinic, "MON-2", chair=2)
    assert (taken.value.code, "MON-1" in taken.value.message) == ("chair_taken", True)
    retire_monitor(clinic.as_("session_nurse"), monitor_id=moved.pk)
    assert place(clinic, "MON-2", chair=2).chair == clinic.chairs[2]


def test_a_monitor_never_goes_straight_from_one_person_to_another_chair(stage: Stage) -> None:
    clinic = stage.clinic  # the session is in chair 1
    place(clinic, chair=0)
    with pytest.raises(Refused) as refused:
        place(clinic, chair=1)
    assert refused.value.code == "chair_live"
    assert place(clinic, chair=None).chair is None
    assert place(clinic, chair=1).chair == clinic.chairs[1]
    assert place(clinic, chair=0).chair == clinic.chairs[0]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"identifier": " "}, "identifier"),
        ({"identifier": "x" * 81}, "identifier"),
        ({"timezone": "Mars/Base"}, "timezone"),
    ],
)
def test_a_monitor_needs_a_name_and_a_known_zone(
    clinic: Clinic, fields: dict[str, Any], field: str
) -> None:
    given = {"site_id": clinic.site.pk, "identifier": "MON-1", **fields}
    with pytest.raises(Invalid) as wrong:
        place_monitor(clinic.as_("session_nurse"), **given)
    assert field in wrong.value.fields


@pytest.mark.parametrize(
    "address", ["", "monitor", "10.0.0.0/8", "0.0.0.0", "224.0.0.1", "1.2.3.4.5", "::"]
)
def test_a_source_is_one_machine(clinic: Clinic, address: str) -> None:
    with pytest.raises(Invalid) as wrong:
        allow_source(clinic.as_("administrator"), site_id=clinic.site.pk, address=address)
    assert "address" in wrong.value.fields


def test_a_source_is_opened_closed_and_opened_again(clinic: Clinic) -> None:
    admin = clinic.as_("administrator")
    source = allow_source(admin, site_id=clinic.site.pk, address=" 192.168.10.21 ", label="Bay 1")
    close_source(admin, source_id=source.pk)
    again = allow_source(admin, site_id=clinic.site.pk, address="192.168.10.21", label="Bay 2")
    assert (again.pk, again.active, again.label) == (source.pk, True, "Bay 2")
    assert MonitorSource.objects.count() == 1


@pytest.mark.parametrize("role", ["front_desk", "prescriber", "prescriber_elsewhere"])
def test_who_may_not_change_monitors(clinic: Clinic, role: str) -> None:
    with pytest.raises(Forbidden):
        place(clinic, role=role)
    assert not Monitor.objects.exists()


@pytest.mark.parametrize(
    ("offset_s", "words"),
    [
        (None, ""),
        (0.0, ""),
        (120.0, ""),
        (-119.0, ""),
        (121.0, "clock 2 min ahead"),
        (-600.0, "clock 10 min behind"),
        (3600.0 * 5, "clock 5.0 h ahead"),
    ],
)
def test_a_clock_is_shown_off_beyond_two_minutes(offset_s: float | None, words: str) -> None:
    assert offset_words(offset_s) == words


def test_the_page_shows_what_was_heard_and_what_was_refused(client: Client, clinic: Clinic) -> None:
    place(clinic)
    heard("MON-1", clock_offset_s=-300.0, counters={"kept_aside": 4, "usual_gap_s": 9})
    heard("MON-7", demonstration=True, peer="10.0.0.7")
    beat("listener", clinic.clock.now(), refused={"10.9.9.9": 3})
    nurse = signed_in(client, clinic, "session_nurse")
    text = nurse.get(reverse("monitors")).content.decode()
    for said in ("clock 5 min behind", "4 kept aside", "demonstration mode", "10.9.9.9"):
        assert said in text
    assert "usual gap" not in text
    assert text.index("MON-1") < text.index("Heard, but not placed") < text.index("MON-7")


def test_placing_and_allowing_by_the_page(client: Client, clinic: Clinic) -> None:
    nurse = signed_in(client, clinic, "session_nurse")
    url = reverse("monitors")
    chair = str(clinic.chairs[1].pk)
    fields = form(do="place", identifier="MON-1", chair_id=chair)
    assert nurse.post(url, fields).status_code == nurse.post(url, fields).status_code == 302
    assert Monitor.objects.get().version == 1
    wrong = nurse.post(url, form(do="allow", address="bay one"))
    assert wrong.status_code == 422
    assert 'value="bay one"' in wrong.content.decode()
    prescriber = signed_in(client, clinic, "prescriber")
    assert prescriber.get(url).status_code == 200
    assert prescriber.post(url, form(do="allow", address="10.0.0.8")).status_code == 403


def test_a_message_is_given_to_a_session_by_a_named_person(client: Client, stage: Stage) -> None:
    message = unmatched(stage.clinic)
    nurse = signed_in(client, stage.clinic, "session_nurse")
    url = reverse("tray")
    shown = nurse.get(url).content.decode()
    for said in ("MON-9", "pulse <b>71", "Ada Sample"):
        assert said in shown
    assert nurse.post(url, form(do="assign", id=str(message.pk), session="")).status_code == 422
    fields = form(do="assign", id=str(message.pk), session=str(stage.session.pk))
    assert nurse.post(url, fields).status_code == nurse.post(url, fields).status_code == 302
    event = SessionEvent.objects.get(session=stage.session, kind="observation")
    assert (event.body["heart_rate_bpm"], event.actor_name) == (71, "Test session_nurse")
    message.refresh_from_db()
    assert (message.state, message.session_id) == ("assigned", stage.session.pk)


def test_a_message_is_discarded_only_with_a_reason(client: Client, stage: Stage) -> None:
    message = unmatched(stage.clinic)
    nurse = signed_in(client, stage.clinic, "session_nurse")
    url = reverse("tray")
    assert nurse.post(url, form(do="discard", id=str(message.pk), reason="")).status_code == 422
    done = nurse.post(url, form(do="discard", id=str(message.pk), reason="engineer testing"))
    assert done.status_code == 302
    message.refresh_from_db()
    assert message.state == "discarded"
    again = nurse.post(url, form(do="discard", id=str(message.pk), reason="twice"))
    assert again.status_code == 409


@pytest.mark.parametrize(("role", "status"), [("front_desk", 403), ("auditor", 403)])
def test_who_may_not_see_the_tray(client: Client, clinic: Clinic, role: str, status: int) -> None:
    assert signed_in(client, clinic, role).get(reverse("tray")).status_code == status


def test_the_tray_of_another_site_is_not_there(client: Client, stage: Stage) -> None:
    message = unmatched(stage.clinic)
    elsewhere = signed_in(client, stage.clinic, "prescriber_elsewhere")
    assert "MON-9" not in elsewhere.get(reverse("tray")).content.decode()
    answer = elsewhere.post(
        reverse("tray"), form(do="discard", id=str(message.pk), reason="not mine")
    )
    assert answer.status_code == 404


def test_an_empty_tray_says_so(client: Client, clinic: Clinic) -> None:
    clinic.clock.advance(timedelta(minutes=1))
    nurse = signed_in(client, clinic, "session_nurse")
    assert b"The tray is empty" in nurse.get(reverse("tray")).content
