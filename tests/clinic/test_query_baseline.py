"""No page asks the database more often than its baseline says.

The baseline is changed on purpose only: ``EVENKEEL_WRITE_BASELINE=1`` writes what was counted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bench.clinic import Filled, Shape, fill
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from evenkeel.clinic.course.actions.open_course import open_course
from evenkeel.clinic.course.models import Course
from evenkeel.clinic.groups.actions.book_visit import book_visit
from evenkeel.clinic.groups.actions.join_group import join_group, take_group_consent
from evenkeel.clinic.groups.actions.manage_group import open_group
from evenkeel.clinic.groups.actions.record_setting import record_setting
from evenkeel.clinic.groups.models import GroupMember, GroupVisit
from evenkeel.clinic.groups.seating import Seat
from evenkeel.clinic.people.models import Account, Chair, Patient, Site
from evenkeel.clinic.programs.actions.choose_program import choose_program
from evenkeel.clinic.programs.actions.edit_program import import_program
from evenkeel.clinic.programs.document import shipped_document
from evenkeel.clinic.record import installation
from evenkeel.clinic.record.clock import SystemClock
from evenkeel.clinic.stock.actions.discrepancy import report_discrepancy
from evenkeel.clinic.stock.models import Container, Count, Discrepancy
from tests.clinic.programs.test_programs import signed
from tests.clinic.stock.makers import build_shelves
from tests.clinic_factory import Clinic, sign_in

BASELINE = Path(__file__).with_name("query_baseline.json")
SHAPE = Shape(people=24, live_sessions=3, past_sessions=3, readings_a_session=4)
#: With more of everything a page may show more, but not ask more often.
LARGER = Shape(people=48, live_sessions=6, past_sessions=6, readings_a_session=8)


@pytest.fixture(params=[SHAPE, LARGER], ids=["usual", "larger"])
def filled(request: pytest.FixtureRequest, db: None) -> Iterator[Filled]:
    """A clinic of fixed shape, on the machine's own clock as its pages are."""
    installation.forget()
    cache.clear()
    made = fill(datetime.now(UTC), request.param)
    stock(made, request.param.live_sessions)
    gather(made)
    yield made
    installation.forget()


def stock(filled: Filled, containers: int) -> None:
    """A ledger begun after the sessions were opened, with shelves of this size."""
    staff = {role: Account.objects.get(pk=key) for role, key in filled.accounts.items()}
    site = Site.objects.get(pk=filled.site_id)
    clinic = Clinic(SystemClock(), site, site, [], staff)
    shelves = build_shelves(clinic)
    for vial in shelves.received(count=containers):
        shelves.does("draw", vial, 1)
        report_discrepancy(
            clinic.as_("pharmacist"), site_id=filled.site_id, container_id=vial.pk, what="Dented."
        )


def gather(filled: Filled) -> None:
    """A group with as many people as there are chairs, a dosing day ahead, a room described."""
    clock, site = SystemClock(), Site.objects.get(pk=filled.site_id)
    staff = {role: Account.objects.get(pk=key) for role, key in filled.accounts.items()}
    clinic = Clinic(clock, site, site, [], staff)
    therapist, lead = clinic.as_("therapist"), staff["therapist"].pk
    file = json.dumps(shipped_document("group") | {"most_people": 12}).encode()
    draft = import_program(therapist, site_id=site.pk, content=file)
    signed(clinic, draft)
    group = open_group(
        therapist, site_id=site.pk, name="Circle", program="group", account_ids=[lead]
    )
    seats = []
    free = Patient.objects.exclude(pk__in=Course.objects.values("patient"))
    for chair, patient in zip(Chair.objects.all(), free, strict=False):
        course = open_course(
            clinic.as_("medical_director"), patient_id=patient.pk, indication="Depression"
        )
        key: dict[str, Any] = {"course_id": course.pk}
        choose_program(therapist, **key, program="group")
        consent: dict[str, Any] = {"signed_name": patient.name, "agreed": True}
        take_group_consent(therapist, **key, group_id=group.pk, **consent)
        member = join_group(therapist, **key, group_id=group.pk)
        seats.append(Seat(member.pk, chair.pk, confirmed=True))
    visit = book_visit(
        therapist,
        group_id=group.pk,
        kind="dosing",
        starts_at=clock.now() + timedelta(days=400),
        minutes=180,
        seats=seats,
        confirmed=True,
    )
    for what in ("A siren", "A door"):
        record_setting(
            therapist,
            visit_id=visit.pk,
            kind="disturbance",
            happened_at=clock.now(),
            body={"what": what},
        )


def paths(filled: Filled) -> dict[str, str]:
    course, session = filled.long_course, filled.sessions[0]
    visit, member = GroupVisit.objects.get(), GroupMember.objects.latest("joined_at")
    return {
        "groups": "/groups/",
        "group": f"/groups/{visit.group_id}",
        "group_book": f"/groups/{visit.group_id}/book",
        "group_visit": f"/groups/{visit.group_id}/visits/{visit.pk}",
        "group_room": f"/groups/{visit.group_id}/visits/{visit.pk}/room",
        "course_group": f"/courses/{member.course_id}/group",
        "people": "/people/",
        "patient": f"/people/{filled.long_patient}",
        "course": f"/courses/{course}",
        "screening": f"/courses/{course}/screening",
        "consent": f"/courses/{course}/consent",
        "plan": f"/courses/{course}/plan",
        "questionnaires": f"/courses/{course}/questionnaires",
        "long_term": f"/courses/{course}/long-term",
        "coming_back": f"/courses/{course}/coming-back",
        "therapy": f"/courses/{course}/therapy",
        "preparation": f"/courses/{course}/therapy/preparation",
        "integration": f"/courses/{course}/therapy/integration",
        "walled_notes": f"/courses/{course}/therapy/notes",
        "course_program": f"/courses/{course}/program",
        "programs": "/programs/",
        "board": "/board",
        "session": f"/sessions/{session}",
        "note": f"/sessions/{session}/note",
        "to_account": "/sessions/to-account",
        "day": "/day/",
        "monitors": "/monitors/",
        "credentials": "/staff/credentials",
        "own_credentials": "/staff/mine",
        "duty": "/staff/duty",
        "emergencies": "/emergency/reviews",
        "stock": "/stock/",
        "stock_container": f"/stock/containers/{Container.objects.latest('received_at').pk}",
        "stock_count": "/stock/count",
        "stock_counted": f"/stock/counts/{Count.objects.get().pk}",
        "stock_discrepancies": "/stock/discrepancies",
        "stock_discrepancy": f"/stock/discrepancies/{Discrepancy.objects.latest('found_at').pk}",
        "stock_papers": "/stock/papers",
        "stock_register": "/stock/register",
        "incidents": "/oversight/incidents/",
        "complaints": "/oversight/complaints/",
        "rems": "/oversight/rems/",
        "protocols": "/protocols/",
        "protocol": f"/protocols/{filled.protocol}",
        "protocol_compare": f"/protocols/{filled.protocol}/compare?with=shipped",
        "oversight": "/oversight/",
        "quality": "/oversight/quality?by=week",
        "quality_measure": "/oversight/quality/holds?by=week",
        "signature": f"/oversight/signatures/protocols.protocolversion/{filled.protocol}",
        "privacy_requests": "/oversight/requests",
        "inspection": "/oversight/inspection",
        "retention": "/oversight/retention",
        "backups": "/oversight/backups",
    }


@pytest.mark.sqlite
def test_no_page_asks_more_often_than_its_baseline(filled: Filled, client: Client) -> None:
    sign_in(client, Account.objects.get(pk=filled.accounts["medical_director"]))
    client.get("/board")
    counted = {}
    for name, path in paths(filled).items():
        client.get(path)  # what is looked up once for the process is not the page's
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(path)
        assert answer.status_code == 200, (name, answer.status_code)
        counted[name] = len(queries)
    if os.environ.get("EVENKEEL_WRITE_BASELINE") and len(filled.sessions) == SHAPE.live_sessions:
        BASELINE.write_text(json.dumps(counted, indent=2) + "\n")
    allowed = json.loads(BASELINE.read_text())
    assert set(counted) == set(allowed)
    worse = {name: (n, allowed[name]) for name, n in counted.items() if n > allowed[name]}
    assert not worse, f"more queries than the baseline (counted, allowed): {worse}"
