"""The session's interface for programs, through Django's client and its middleware."""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from evenkeel.clinic.record.errors import DomainError
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.record.queue import WritersQueue
from evenkeel.clinic.record.routes import LAST_ACT
from evenkeel.clinic.session import spool
from evenkeel.clinic.session.models import SessionEvent
from tests.clinic.session.makers import CALM, Stage
from tests.clinic.session.outage import Outage
from tests.clinic_factory import sign_in
from tests.conftest import START

pytestmark = pytest.mark.usefixtures("page_clock")


@pytest.fixture
def nurse(stage: Stage, client: Client) -> Client:
    return sign_in(client, stage.clinic.staff["session_nurse"])


def sent(**changes: Any) -> dict[str, Any]:
    given = {
        "id": str(uuid.uuid4()),
        "kind": "observation",
        "happened_at": START.isoformat(),
        "body": CALM,
    }
    return {**given, **changes}


def post(client: Client, stage: Stage, event: Any, **options: Any) -> Any:
    path = f"/api/sessions/{stage.session.pk}/events"
    data = event if isinstance(event, bytes | str) else json.dumps(event)
    return client.post(path, data, content_type="application/json", **options)


def test_an_event_is_created_then_found_again(stage: Stage, nurse: Client) -> None:
    event = sent(body={**CALM, "spo2_percent": 89})
    first, again = post(nurse, stage, event), post(nurse, stage, event)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    answer = first.json()
    assert answer["event"]["body"]["spo2_percent"] == 89
    assert answer["event"]["session"] == str(stage.session.pk)
    assert answer["event"]["happened_at"] == START.isoformat()
    assert [e["body"]["alarm"] for e in answer["raised"]] == ["oxygen.hold"]
    assert answer["position"] == SessionEvent.objects.get(pk=event["id"]).position
    other = post(nurse, stage, {**event, "body": CALM})
    assert (other.status_code, other.json()["code"]) == (409, "id_reused")


DEEP = "[" * 50_000 + "]" * 50_000
BAD = [
    (b" ", 422, "not_json"),
    (b"{", 422, "not_json"),
    (b"\xff\xfe", 422, "not_json"),
    (b"[]", 422, "not_an_object"),
    (b"NaN", 422, "not_json"),
    (DEEP.encode()[:60_000], 422, "not_json"),
    (b'"' + b"x" * 70_000 + b'"', 413, "too_large"),
    (sent(id="7"), 422, "invalid_event"),
    (sent(id=None), 422, "invalid_event"),
    (sent(kind="dance"), 422, "unknown_kind"),
    (sent(kind=["note"]), 422, "unknown_kind"),
    (sent(kind="alarm_raised", body={}), 422, "unknown_kind"),
    (sent(happened_at="yesterday"), 422, "invalid_event"),
    (sent(happened_at="2026-11-23T14:00:00"), 422, "invalid_event"),
    (sent(happened_at=1), 422, "invalid_event"),
    (sent(body=[1]), 422, "invalid_event"),
    (sent(body={"sbp_mmhg": 1180}), 422, "invalid_event"),
    (sent(extra=1), 422, "invalid_event"),
    (sent(supersedes="x"), 422, "invalid_event"),
    (sent(supersedes=str(uuid.uuid4())), 422, "nothing_to_correct"),
    (sent(kind="resume", body={"rate_mg_per_h": 5}), 409, "not_paused"),
]


@pytest.mark.parametrize(
    ("event", "status", "code"), BAD, ids=[f"{n}-{code}" for n, (_, _, code) in enumerate(BAD)]
)
def test_a_bad_event_is_a_clean_problem_and_stores_nothing(
    stage: Stage, nurse: Client, event: Any, status: int, code: str
) -> None:
    before = SessionEvent.objects.count()
    answer = post(nurse, stage, event)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert SessionEvent.objects.count() == before


def test_only_json_is_read(stage: Stage, nurse: Client) -> None:
    path = f"/api/sessions/{stage.session.pk}/events"
    assert nurse.post(path, {"id": "1"}).status_code == 415
    assert nurse.get(path).status_code == 405


@pytest.mark.parametrize(
    ("role", "kind", "body", "status"),
    [
        ("front_desk", "observation", CALM, 403),
        ("auditor", "observation", CALM, 403),
        ("prescriber_elsewhere", "observation", CALM, 404),
        ("therapist", "infusion_start", {"rate_mg_per_h": 50}, 403),
        ("therapist", "infusion_stop", {}, 201),
        ("pharmacist", "dose_check", {"dose_mg": 5, "agrees": False}, 201),
    ],
)
def test_permission_follows_the_kind(
    stage: Stage, client: Client, role: str, kind: str, body: Any, status: int
) -> None:
    sign_in(client, stage.clinic.staff[role])
    assert post(client, stage, sent(kind=kind, body=body)).status_code == status


def test_nobody_signed_in_and_a_locked_sign_in_are_told_apart(stage: Stage, nurse: Client) -> None:
    assert post(Client(), stage, sent()).json()["code"] == "sign_in"
    session = nurse.session
    session[LAST_ACT] = time.time() - 3600
    session.save()
    locked = post(nurse, stage, sent())
    assert (locked.status_code, locked.json()["code"]) == (401, "locked")
    shown = nurse.get(f"/api/sessions/{stage.session.pk}")
    assert shown.status_code == 200


def test_a_cookie_alone_cannot_act(stage: Stage) -> None:
    strict = sign_in(Client(enforce_csrf_checks=True), stage.clinic.staff["session_nurse"])
    assert post(strict, stage, sent()).status_code == 403
    strict.cookies["csrftoken"] = "a" * 32
    assert post(strict, stage, sent(), headers={"X-CSRFToken": "a" * 32}).status_code == 201


def test_the_view_holds_everything_and_the_reading_is_logged(stage: Stage, nurse: Client) -> None:
    stage.started()
    answer = nurse.get(f"/api/sessions/{stage.session.pk}")
    document = answer.json()
    assert document["timeline"]["phase"] == "running"
    assert document["session"]["dose_sheet"]["dose_mg"] == "37"
    assert document["position"] == max(e["position"] for e in document["events"])
    assert answer.headers["Cache-Control"] == "no-store"
    entry = ChainEntry.objects.latest("position")
    assert (entry.action, entry.patient_id) == ("read live session", stage.case.patient.pk)
    assert nurse.get(f"/api/sessions/{uuid.uuid4()}").status_code == 404


def test_an_event_costs_few_queries_sign_in_and_all(
    stage: Stage, nurse: Client, django_assert_max_num_queries: Any
) -> None:
    post(nurse, stage, sent())
    with django_assert_max_num_queries(14):
        post(nurse, stage, sent(body={"spo2_percent": 97}))


@pytest.mark.django_db(transaction=True)
def test_a_stop_is_taken_while_the_record_cannot_be_written(
    stage: Stage, nurse: Client, outage: Outage
) -> None:
    stage.started()
    event = sent(kind="infusion_stop", body={"reason": "chest pain"})
    nurse.raise_request_exception = False
    outage.begin()
    answer = post(nurse, stage, event)
    assert (answer.status_code, answer.json()["status"]) == (202, "journalled")
    assert post(nurse, stage, event).status_code == 202
    outage.hurry()
    assert post(nurse, stage, sent()).status_code == 500
    assert spool.waiting() == 2
    assert not SessionEvent.objects.filter(pk=event["id"]).exists()
    assert spool.replay_spool(stage.clinic.clock) == 0
    assert spool.waiting() == 2
    outage.end()
    assert spool.replay_spool(stage.clinic.clock) == 2
    assert spool.waiting() == 0
    stored = SessionEvent.objects.get(pk=event["id"])
    assert (stored.via, stored.actor_name) == ("spool", "Test session_nurse")
    assert stage.row().state == "watching"
    assert post(nurse, stage, event).status_code == 200
    assert spool.replay_spool(stage.clinic.clock) == 0


def test_the_spool_admits_only_who_may_stop(stage: Stage) -> None:
    said = {
        "session_id": stage.session.pk,
        "event_id": uuid.uuid4(),
        "kind": "pause",
        "happened_at": START,
        "body": {},
    }
    for role, code in (("pharmacist", "forbidden"), ("prescriber_elsewhere", "not_found")):
        with pytest.raises(DomainError) as raised:
            spool.journal(stage.clinic.as_(role), **said)
        assert raised.value.code == code
    assert spool.waiting() == 0


@pytest.mark.django_db(transaction=True)
def test_a_stop_waits_only_so_long_behind_another_writer(
    stage: Stage, nurse: Client, outage: Outage
) -> None:
    if connection.vendor == "postgresql":
        outage.begin()
        assert post(nurse, stage, sent(kind="pause", body={})).status_code == 202
        return
    holding, let_go = threading.Event(), threading.Event()

    def stuck_writer() -> None:
        with WritersQueue():
            holding.set()
            let_go.wait(20)
        connection.close()

    writer = threading.Thread(target=stuck_writer)
    writer.start()
    holding.wait(20)
    try:
        for _ in range(2):
            assert post(nurse, stage, sent(kind="pause", body={})).status_code == 202
    finally:
        let_go.set()
        writer.join()
    assert spool.replay_spool(stage.clinic.clock) == 2
    assert post(nurse, stage, sent(kind="infusion_stop", body={})).status_code == 201
