"""A group's dosing day: each in their own session, the room said once, one page for all of it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from evenkeel.clinic.groups.actions import record_setting as room_actions
from evenkeel.clinic.groups.actions.book_visit import cancel_visit
from evenkeel.clinic.groups.actions.join_group import leave_group
from evenkeel.clinic.groups.actions.leave_visit import leave_visit, return_to_visit
from evenkeel.clinic.groups.actions.record_setting import (
    correct_setting,
    record_setting,
    strike_setting,
)
from evenkeel.clinic.groups.models import GroupSetting, GroupVisit
from evenkeel.clinic.oversight.erasing import blank, rows_about, tables_about_persons
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.session.actions.record_event import record
from evenkeel.clinic.session.booking import NeedsConfirmation
from evenkeel.clinic.session.models import Appointment, Session, SessionEvent
from evenkeel.clinic.session.queries import events_of
from evenkeel.clinic.session.setting import Setting, read_setting
from evenkeel.interop.export.everything import everything_about
from tests.clinic.groups.conftest import Circle, act, joined, on_the_program
from tests.clinic_factory import sign_in

pytestmark = pytest.mark.django_db


def say(circle: Circle, visit: GroupVisit, kind: str, **said: Any) -> GroupSetting:
    at = said.pop("at", circle.now)
    confirmed = said.pop("confirmed", False)
    return record_setting(
        circle.clinic.as_(said.pop("by", "therapist")),
        visit_id=visit.pk,
        kind=kind,
        happened_at=at,
        body=said,
        confirmed=confirmed,
    )


def room_of(session: Session) -> Setting:
    return read_setting(events_of(session.pk))


def test_the_room_is_said_once_and_stands_in_each_session_that_is_open(circle: Circle) -> None:
    visit = circle.booked()
    ada, bea = circle.opened(visit, "Ada"), circle.opened(visit, "Bea")
    say(circle, visit, "setting", items={"lighting": "One lamp"})
    say(circle, visit, "music", what="start", title="Slow water", volume="low")
    say(circle, visit, "person_entered", name="Test therapist", role="therapist")
    circle.clinic.clock.advance(timedelta(minutes=5))
    say(circle, visit, "disturbance", what="A siren", reaction="Nobody stirred")
    circle.clinic.clock.advance(timedelta(minutes=1))
    cyd = circle.opened(visit, "Cyd")
    for session in (ada, bea):
        room = room_of(session)
        assert [m.what for m in room.music] == ["Slow water"]
        assert [h.words for h in room.happenings] == ["Disturbance: A siren; Nobody stirred"]
    # what lasts is there for who comes later; what happened before they came is not theirs
    late = room_of(cyd)
    assert late.room == room_of(ada).room
    assert [p.what for p in late.people] == ["Test therapist"]
    assert late.happenings == ()
    assert ChainEntry.objects.filter(action="session.observe", patient_id=cyd.patient_id).exists()
    assert {p.attendance for p in visit.places.all()} == {"came"}


def test_a_correction_reaches_all_but_who_was_corrected_on_their_own(circle: Circle) -> None:
    visit = circle.booked()
    ada, bea = circle.opened(visit, "Ada"), circle.opened(visit, "Bea")
    row = say(circle, visit, "music", what="start", title="Slow water")
    theirs = SessionEvent.objects.get(session=bea, kind="music")
    record(
        circle.clinic.as_("therapist"),
        session_id=bea.pk,
        event_id=uuid.uuid4(),
        kind="music",
        happened_at=circle.now,
        body={"what": "start", "title": "Her headphones"},
        supersedes=theirs.pk,
    )
    ctx = circle.clinic.as_("session_nurse")
    given: dict[str, Any] = {"setting_id": row.pk, "happened_at": circle.now}
    body = {"what": "start", "title": "Low strings"}
    row = correct_setting(ctx, **given, seen_version=1, body=body)
    with pytest.raises(Conflict):
        correct_setting(ctx, **given, seen_version=1, body=body)
    row = correct_setting(
        ctx, **given, seen_version=2, body=body | {"title": "Low strings, 50 min"}
    )
    cyd = circle.opened(visit, "Cyd")
    titles = [[m.what for m in room_of(s).music] for s in (ada, bea, cyd)]
    assert titles == [["Low strings, 50 min"], ["Her headphones"], ["Low strings, 50 min"]]
    strike_setting(ctx, setting_id=row.pk, seen_version=3, reason="Silence, in truth")
    titles = [[m.what for m in room_of(s).music] for s in (ada, bea, cyd)]
    assert titles == [[], ["Her headphones"], []]
    with pytest.raises(Refused, match="struck"):
        strike_setting(ctx, setting_id=row.pk, seen_version=4, reason="Again")


@pytest.mark.parametrize(
    ("kind", "said", "error"),
    [
        ("touch", {"what": "used", "where": "hand"}, Invalid),
        ("stop_word", {"followed": True}, Invalid),
        ("observation", {"sbp_mmhg": 120}, Invalid),
        ("music", {"what": "start"}, Invalid),
        ("setting", {"items": {"nonsense": "x"}}, Invalid),
        ("person_entered", {"name": "A sister", "role": "family"}, Invalid),
        ("disturbance", {"what": "Ada wept"}, NeedsConfirmation),
        ("setting", {"items": {"lighting": "Dim, for Cyd"}}, NeedsConfirmation),
        ("music", {"what": "start", "title": "X", "at": timedelta(hours=1)}, Invalid),
    ],
)
def test_what_cannot_be_said_for_all_is_written_nowhere(
    circle: Circle, kind: str, said: dict[str, Any], error: type[Exception]
) -> None:
    visit = circle.booked()
    circle.opened(visit, "Ada")
    before = SessionEvent.objects.count()
    said = dict(said)
    if "at" in said:
        said["at"] = circle.now + said["at"]
    with pytest.raises(error):
        say(circle, visit, kind, **said)
    assert (SessionEvent.objects.count(), GroupSetting.objects.count()) == (before, 0)


def test_one_session_that_refuses_undoes_all(
    circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = circle.booked()
    circle.opened(visit, "Ada")
    circle.opened(visit, "Bea")
    calls: list[Any] = []

    def once(*args: Any, **kwargs: Any) -> Any:
        if calls:
            raise Refused("No.")
        calls.append(kwargs)
        return record(*args, **kwargs)

    monkeypatch.setattr(room_actions, "record", once)
    before = SessionEvent.objects.count()
    with pytest.raises(Refused):
        say(circle, visit, "music", what="start", title="Slow water")
    assert calls
    assert (SessionEvent.objects.count(), GroupSetting.objects.count()) == (before, 0)


def test_who_leaves_that_day_leaves_the_others_as_they_were(circle: Circle) -> None:
    visit = circle.booked()
    ada, bea = circle.opened(visit, "Ada"), circle.opened(visit, "Bea")
    say(circle, visit, "music", what="start", title="Slow water")
    rows = SessionEvent.objects.exclude(session=bea).values_list("pk", "body_digest")
    others = list(rows)
    place = circle.place(visit, "Bea")
    nurse = circle.clinic.as_("session_nurse")
    circle.clinic.clock.advance(timedelta(minutes=3))
    with pytest.raises(Invalid):
        leave_visit(nurse, place_id=place.pk, reason="")
    leave_visit(nurse, place_id=place.pk, reason="Nausea; goes on in room 2")
    assert (
        list(SessionEvent.objects.exclude(session=bea).values_list("pk", "body_digest")) == others
    )
    assert Session.objects.get(pk=bea.pk).state == "before_dose"
    circle.clinic.clock.advance(timedelta(minutes=2))
    say(circle, visit, "music", what="change", title="Bells")
    assert [[m.what for m in room_of(s).music] for s in (ada, bea)] == [
        ["Slow water", "Bells"],
        ["Slow water"],
    ]
    with pytest.raises(Refused):
        leave_visit(nurse, place_id=place.pk, reason="Again")
    return_to_visit(nurse, place_id=place.pk)
    say(circle, visit, "disturbance", what="A door")
    assert len(room_of(bea).happenings) == 1
    with pytest.raises(Refused, match="opened"):
        cancel_visit(circle.clinic.as_("therapist"), visit_id=visit.pk, reason="Too late")
    assert Appointment.objects.filter(status="checked_in").count() == 2


def test_the_room_shows_each_in_their_own_tile_and_takes_what_is_said(circle: Circle) -> None:
    visit = circle.booked()
    session = circle.opened(visit, "Ada")
    client, where = circle.client("session_nurse"), circle.page(visit, "/room")
    text = client.get(where).content.decode()
    assert f"/sessions/{session.pk}" in text
    assert text.count("data-session-live") == 1
    for words in ("Ada Sample", "Bea Sample", "Cyd Sample", "Staff missing", "2 session nurses"):
        assert words in text
    before = ChainEntry.objects.count()
    part = client.get(f"{where}?part=1").content.decode()
    # drawn anew every few seconds: the reading stands in the audit once
    assert ChainEntry.objects.count() == before
    assert ChainEntry.objects.filter(action="read room of a group").count() == 1
    assert "<form" not in part
    assert "data-loudest" in part
    sent = act(do="say", kind="music", what="start", title="Slow water")
    assert client.post(where, sent).status_code == 303
    assert client.post(where, sent).status_code == 303  # pressed twice, said once
    row = GroupSetting.objects.get()
    assert SessionEvent.objects.filter(session=session, kind="music").count() == 1
    refused = client.post(where, act(do="say", kind="disturbance", what="Ada wept"))
    assert refused.status_code == 409
    assert "no member is meant" in refused.content.decode()
    change = act(do="correct", entry=str(row.pk), seen_version="1", text="Low strings")
    assert client.post(where, change, follow=True).status_code == 200
    assert GroupSetting.objects.get().body["title"] == "Low strings"
    strike = act(do="strike", entry=str(row.pk), seen_version="2", reason="Silence")
    assert "struck out: Silence" in client.post(where, strike, follow=True).content.decode()
    assert client.get(circle.page(circle.booked("preparation", starts_at=circle.now + timedelta(
        days=1)), "/room")).status_code == 404  # fmt: skip


def pages(circle: Circle, visit: GroupVisit) -> list[str]:
    return [
        "/groups/",
        circle.page(),
        circle.page(more="/book"),
        circle.page(visit),
        circle.page(visit, "/room"),
        circle.page(visit, "/room?part=1"),
    ]


def test_more_members_ask_the_database_no_more_often(circle: Circle) -> None:
    client, visit = circle.client("medical_director"), circle.booked()
    circle.opened(visit, "Ada")
    say(circle, visit, "music", what="start", title="Slow water")
    counted = []
    for _ in range(2):
        found = []
        for path in pages(circle, visit):
            client.get(path)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            found.append(len(queries))
        counted.append(found)
        if len(counted) == 1:
            circle.opened(visit, "Bea")
            circle.opened(visit, "Cyd")
            say(circle, visit, "disturbance", what="A door")
            joined(circle.clinic, on_the_program(circle.clinic, "Dan"), circle.group)
    assert all(after <= before for before, after in zip(*counted, strict=True)), counted


def test_one_persons_pages_name_nobody_else(circle: Circle) -> None:
    """The person's own pages, the course's, the note of the session, and the whole copy."""
    visit = circle.booked()
    session = circle.opened(visit, "Ada")
    circle.opened(visit, "Bea")
    say(circle, visit, "music", what="start", title="Slow water")
    ada = circle.cases[0]
    circle.clinic.patient_context(ada.patient)
    own = sign_in(Client(), Account.objects.get(patient=ada.patient))
    page = own.get("/own/").content.decode()
    assert "your group" in page
    assert "Garden room" in page
    staff = circle.client("therapist")
    texts = [
        page,
        own.get("/own/choices").content.decode(),
        own.get("/own/download").content.decode(),
    ]
    for path in (
        f"/courses/{ada.course.pk}/group",
        f"/courses/{ada.course.pk}/therapy",
        f"/courses/{ada.course.pk}/therapy/integration",
        f"/sessions/{session.pk}/note",
        f"/appointments/{session.appointment_id}",
    ):
        texts.append(staff.get(path).content.decode())
    texts.append(repr(everything_about(ada.patient, own=True)))
    for text in texts:
        assert "Bea" not in text
        assert "Cyd" not in text
    assert "Tuesday circle" in texts[-1]
    labels = {rows.label for rows in everything_about(ada.patient)}
    assert {"groups.groupmember", "groups.groupplace", "groups.groupconsent"} <= labels
    assert not labels & {"groups.groupvisit", "groups.groupsetting", "groups.therapygroup"}


def test_a_person_takes_back_their_consent_on_their_own_page(circle: Circle) -> None:
    ada = circle.cases[0]
    circle.clinic.patient_context(ada.patient)
    own = sign_in(Client(), Account.objects.get(patient=ada.patient))
    assert "keep what others say" in own.get("/own/choices").content.decode()
    own.post("/own/choices", act(do="group"))
    assert [m.patient.given_name for m in circle.members if m.left_at is None] == ["Bea", "Cyd"]


def test_an_erasure_blanks_membership_and_places(circle: Circle) -> None:
    visit = circle.booked()
    place = circle.place(visit, "Ada")
    leave_visit(circle.clinic.as_("therapist"), place_id=place.pk, reason="Father died")
    leave_group(
        circle.clinic.as_("therapist"), member_id=place.member_id, reason="Grief, rests at home"
    )
    about = {a.model._meta.label_lower: a for a in tables_about_persons()}
    for label in ("groups.groupconsent", "groups.groupmember", "groups.groupplace"):
        (row,) = rows_about(about[label], place.patient_id)
        blank(row)
        words = " ".join(str(getattr(row, f.attname)) for f in row._meta.concrete_fields)
        assert not {"Father", "Grief", "Ada"} & set(words.split()), label


def test_another_site_finds_no_group(circle: Circle) -> None:
    visit = circle.booked()
    client = circle.client("prescriber_elsewhere")
    for path in pages(circle, visit)[1:]:
        assert client.get(path).status_code == 404, path
        assert client.post(path, act(do="say", kind="music")).status_code == 404, path
    assert "Tuesday circle" not in client.get("/groups/").content.decode()
    other = circle.clinic.as_("prescriber_elsewhere")
    for error, do in (
        (NotFound, lambda: cancel_visit(other, visit_id=visit.pk, reason="x")),
        (NotFound, lambda: say(circle, visit, "disturbance", what="x", by="prescriber_elsewhere")),
        (Forbidden, lambda: say(circle, visit, "disturbance", what="x", by="auditor")),
    ):
        with pytest.raises(error):
            do()


def test_the_pages_of_a_group_from_opening_to_a_recorded_meeting(circle: Circle) -> None:
    client, where = circle.client("therapist"), circle.page()
    opened = act(do="open", site=str(circle.clinic.site.pk), name="Friday circle", program="group")
    refused = client.post("/groups/", opened)
    assert refused.status_code == 422
    assert "Friday circle" in refused.content.decode()
    key = str(circle.clinic.staff["therapist"].pk)
    page = client.post("/groups/", act(**opened | {"account_ids": key}), follow=True)
    assert "The group is open" in page.content.decode()
    when = {"on": "2026-11-23", "at": "14:00", "minutes": "90"}
    sent = act(do="book", kind="preparation", room="Garden room", **when)
    booked = client.post(f"{where}/book", sent)
    assert booked.status_code == 303
    visit = GroupVisit.objects.get()
    there = circle.page(visit)
    ada = circle.place(visit, "Ada")
    said = act(
        do="hold", minutes="85", therapy="act", themes="Trust", note="Warm.", held_on="2026-11-23",
        held_time="14:00", came=[str(ada.pk)], **{f"own_{ada.pk}": "Hers alone."},
    )  # fmt: skip
    assert "Recorded." in client.post(there, said, follow=True).content.decode()
    fresh = GroupVisit.objects.get()
    change = said | act(
        do="correct", reason="Longer", minutes="95", seen_version=str(fresh.version)
    )
    assert "Corrected." in client.post(there, change, follow=True).content.decode()
    assert GroupVisit.objects.get().minutes == 95
    assert "Hers alone." not in client.get(there).content.decode()
    integration = f"/courses/{ada.course_id}/therapy/integration"
    text = client.get(integration).content.decode()
    assert "Hers alone." in text
    assert "Warm." not in text
