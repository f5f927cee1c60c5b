"""Streams through a real server: replay, heartbeats, who may look, one port for all."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from evenkeel.clinic.people.models import Membership
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.session.models import SessionEvent
from tests.clinic.session.makers import Stage, open_stage
from tests.clinic_factory import Clinic
from tests.conftest import START
from tests.live.server import Browser, Server, serving

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stage(clinic: Clinic) -> Stage:
    return open_stage(clinic)


@pytest.fixture
def server(stage: Stage) -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def nurse(server: Server, stage: Stage) -> Browser:
    return server.browser(stage.clinic.staff["session_nurse"])


def note(text: str = "calm", event_id: uuid.UUID | None = None) -> dict[str, Any]:
    return {
        "id": str(event_id or uuid.uuid4()),
        "kind": "note",
        "happened_at": START.isoformat(),
        "body": {"text": text},
    }


def events_path(stage: Stage) -> str:
    return f"/api/sessions/{stage.session.pk}/events"


def test_an_event_reaches_every_screen_and_a_lost_line_misses_none(
    stage: Stage, nurse: Browser, server: Server
) -> None:
    path = f"/live/sessions/{stage.session.pk}"
    first = nurse.stream(path)
    board = server.browser(stage.clinic.staff["prescriber"]).stream("/live/board")
    for stream in (first, board):
        assert (stream.status, stream.headers["content-type"]) == (
            200,
            "text/event-stream; charset=utf-8",
        )
        beat = stream.next()
        assert beat is not None
        assert beat.event == "heartbeat"
        assert beat.data["now"] == START.isoformat()
        assert beat.data["watcher_age_s"] is None
    posted = [nurse.ask("POST", events_path(stage), note(f"note {n}")) for n in range(3)]
    assert [p.status for p in posted] == [201] * 3
    for stream in (first, board):
        got = [stream.next("session_event") for _ in range(3)]
        assert [m.data["body"]["text"] for m in got if m] == ["note 0", "note 1", "note 2"]
        assert [m.id for m in got if m] == [str(p.json["position"]) for p in posted]
        assert got[0] is not None
        assert got[0].data == posted[0].json["event"]
    first.close()
    nurse.ask("POST", events_path(stage), note("while away"))
    again = nurse.stream(path, **{"Last-Event-ID": str(posted[0].json["position"])})
    texts = [m.data["body"]["text"] for _ in range(3) if (m := again.next("session_event"))]
    assert texts == ["note 1", "note 2", "while away"]
    by_query = nurse.stream(f"{path}?after={posted[2].json['position']}")
    message = by_query.next("session_event")
    assert message is not None
    assert message.data["body"]["text"] == "while away"


def test_heartbeats_come_by_themselves_and_the_reading_is_logged_once(
    stage: Stage, nurse: Browser
) -> None:
    stream = nurse.stream(f"/live/sessions/{stage.session.pk}")
    beats = [stream.next() for _ in range(2)]
    assert [b.event for b in beats if b] == ["heartbeat", "heartbeat"]
    read = ChainEntry.objects.filter(action="read live session stream")
    assert [(e.outcome, e.patient_id) for e in read] == [("done", stage.case.patient.pk)]


def test_a_role_that_ends_closes_the_stream_at_the_next_heartbeat(
    stage: Stage, nurse: Browser
) -> None:
    from evenkeel.clinic.people.actions.set_up import end_role

    stream = nurse.stream(f"/live/sessions/{stage.session.pk}")
    stream.next("heartbeat")
    held = Membership.objects.get(account=stage.clinic.staff["session_nurse"], ended_at=None)
    end_role(stage.clinic.as_("administrator"), membership_id=held.pk)
    message = stream.next("signed_out", "session_event")
    assert message is not None
    assert message.event == "signed_out"
    assert stream.next() is None


def test_ones_own_alarms_are_told_of_without_a_word_of_whose_they_are(
    stage: Stage, nurse: Browser, server: Server
) -> None:
    stream = nurse.stream("/live/alarms")
    elsewhere = server.browser(stage.clinic.staff["prescriber_elsewhere"]).stream("/live/alarms")
    for one in (stream, elsewhere):
        assert one.status == 200
        assert one.next("heartbeat") is not None
    assert nurse.ask("POST", events_path(stage), note()).status == 201
    reading = {"id": str(uuid.uuid4()), "kind": "observation", "happened_at": START.isoformat()}
    posted = nurse.ask("POST", events_path(stage), {**reading, "body": {"spo2_percent": 85}})
    raised = posted.json["raised"][0]
    told = stream.next("alarms", "session_event")  # not of the note, and not of the reading
    assert told is not None
    assert (told.event, told.data) == ("alarms", {"position": raised["position"]})
    # the next word another site hears is a sign of life
    heard = elsewhere.next()
    assert heard is not None
    assert heard.event == "heartbeat"
    part = nurse.ask("GET", "/alarms/mine").body.decode()
    assert f'data-alarm="{raised["id"]}"' in part
    assert not ChainEntry.objects.filter(action__startswith="read").exclude(outcome="done").exists()


REFUSALS = [
    (None, "/live/board", 401),
    (None, "/live/alarms", 401),
    ("front_desk", "/live/alarms", 403),
    ("auditor", "/live/alarms", 403),
    (None, "/live/sessions/{session}", 401),
    ("front_desk", "/live/board", 403),
    ("front_desk", "/live/sessions/{session}", 403),
    ("prescriber_elsewhere", "/live/sessions/{session}", 404),
    ("session_nurse", "/live/sessions/{nobody}", 404),
    ("session_nurse", "/live/sessions/../../etc", 404),
    ("session_nurse", "/live/", 404),
]


def test_who_may_not_look_is_told_so(stage: Stage, server: Server) -> None:
    for role, path, status in REFUSALS:
        account = stage.clinic.staff[role] if role else None
        asked = path.format(session=stage.session.pk, nobody=uuid.uuid4())
        answer = server.browser(account).ask("GET", asked)
        assert (asked, answer.status) == (asked, status)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"


def test_the_same_headers_guard_streams_and_pages(stage: Stage, nurse: Browser) -> None:
    stream = nurse.stream(f"/live/sessions/{stage.session.pk}")
    page = nurse.ask("GET", f"/api/sessions/{stage.session.pk}")
    assert page.status == 200
    for name in ("content-security-policy", "x-content-type-options", "x-frame-options"):
        assert stream.headers[name]
        assert page.headers[name]
    for headers in (stream.headers, page.headers):
        assert headers["cache-control"] == "no-store"
    strange = nurse.ask("GET", "/live/board", Host="elsewhere.invalid")
    assert strange.status == 400


def test_a_board_shows_only_the_sites_one_works_at(stage: Stage, server: Server) -> None:
    elsewhere = server.browser(stage.clinic.staff["prescriber_elsewhere"]).stream("/live/board")
    here = server.browser(stage.clinic.staff["prescriber"])
    assert elsewhere.next() is not None
    here.ask("POST", events_path(stage), note())
    message = elsewhere.next()
    assert message is not None
    assert message.event == "heartbeat"


def test_thirty_senders_of_one_event_store_it_once(stage: Stage, server: Server) -> None:
    nurse = stage.clinic.staff["session_nurse"]
    browsers = [server.browser(nurse) for _ in range(30)]
    sent = note("once", uuid.uuid4())
    with ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(lambda b: b.ask("POST", events_path(stage), sent), browsers))
    assert sorted(a.status for a in answers) == [200] * 29 + [201]
    assert len({a.body for a in answers}) == 1
    assert SessionEvent.objects.filter(pk=sent["id"]).count() == 1


def test_a_server_with_open_streams_still_ends_soon(
    stage: Stage, nurse: Browser, server: Server
) -> None:
    stream = nurse.stream(f"/live/sessions/{stage.session.pk}")
    assert stream.next() is not None
    assert server.stop() < 8
    while stream.next() is not None:
        continue
