"""Every address that names a thing: who may open it, and that nobody else's role or site may.

The table is held against the addresses themselves, so that a new one without a row fails.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.clinic.course.models import Screening
from evenkeel.clinic.people.actions.set_up import grant_role
from evenkeel.clinic.people.models import Fact
from evenkeel.clinic.record.clock import CLOCK_VARIABLE, ScaledClock
from evenkeel.clinic.record.models import ChainEntry
from evenkeel.clinic.record.permissions import IN_EMERGENCY, PERMISSIONS, STAFF_ROLES
from tests.clinic.session.makers import treatable_case
from tests.clinic.test_permissions import our_routes
from tests.clinic_factory import Clinic, make_account, sign_in
from tests.conftest import START
from tests.kept import kept
from tests.security.world import World, build_world, founder

#: The door said no: by the role, or as if there were nothing.
NO_ROLE, NOTHING, NO_METHOD, GOES_ON = 403, 404, 405, 302


@dataclass(frozen=True)
class Row:
    """What a route answers.

    ``holder`` may open it and gets ``shown``; ``lacking`` works at the same site and may not.
    ``elsewhere`` is what somebody with every role at another site gets by GET and by POST.
    """

    holder: str
    shown: int
    lacking: str
    elsewhere: tuple[int, int] = (NOTHING, NOTHING)


READ_ONLY = (NOTHING, NO_METHOD)
POST_ONLY = (NO_METHOD, NOTHING)

ROUTES: dict[str, Row] = {
    "patient": Row("front_desk", 200, "administrator"),
    "patient_edit": Row("front_desk", 200, "therapist"),
    "patient_deceased": Row("session_nurse", 200, "pharmacist"),
    "patient_invite": Row("front_desk", GOES_ON, "therapist"),
    "patient_facts": Row("pharmacist", 200, "front_desk"),
    "fact_correct": Row("session_nurse", 200, "pharmacist"),
    "fact_read": Row("prescriber", 200, "session_nurse"),
    "setup_site": Row("administrator", 200, "prescriber"),
    "setup_chair": Row("medical_director", 200, "front_desk"),
    "setup_person": Row("administrator", 200, "auditor"),
    # it shows nothing: by GET it leads to the list of staff
    "setup_invitation": Row("administrator", GOES_ON, "session_nurse", (GOES_ON, NOTHING)),
    # its holder, and who answers for credentials; a colleague's is nothing to anybody else
    "own_credential": Row("therapist", 200, "prescriber"),
    "credential": Row("auditor", 200, "prescriber"),
    "credential_enter": Row("administrator", 200, "prescriber"),
    "acting_policy": Row("auditor", 200, "prescriber", READ_ONLY),
    "acting_decide": Row("medical_director", 200, "administrator"),
    "emergency_end": Row("helper", GOES_ON, "administrator", (GOES_ON, NOTHING)),
    "emergency_review": Row("medical_director", 200, "prescriber"),
    "course_new": Row("front_desk", 200, "session_nurse"),
    "course_move": Row("auditor", 200, "front_desk"),
    "screening": Row("pharmacist", 200, "front_desk"),
    "screening_signed": Row("auditor", 200, "administrator"),
    "consent": Row("therapist", 200, "pharmacist"),
    "decide": Row("therapist", 200, "pharmacist"),
    "touch": Row("session_nurse", 200, "front_desk"),
    "plan": Row("pharmacist", 200, "front_desk"),
    "plan_figures": Row("pharmacist", 200, "administrator"),
    "plan_forecast": Row("pharmacist", NO_METHOD, "administrator", POST_ONLY),
    "plan_compare": Row("pharmacist", NO_METHOD, "administrator", POST_ONLY),
    "appointment_new": Row("front_desk", 200, "pharmacist"),
    "appointment": Row("front_desk", 200, "administrator"),
    "check_in": Row("front_desk", 200, "therapist"),
    # of an appointment that is no call it shows nothing: it leads to the appointment
    "follow_up": Row("therapist", GOES_ON, "front_desk"),
    "downtime_sheet": Row("session_nurse", 200, "front_desk"),
    "session": Row("pharmacist", 200, "front_desk", READ_ONLY),
    # these two show nothing: they lead to a place on the session's page
    "session_checks": Row("session_nurse", GOES_ON, "front_desk", (GOES_ON, NO_METHOD)),
    "session_discharge": Row("session_nurse", GOES_ON, "front_desk", (GOES_ON, NO_METHOD)),
    "session_dose_check": Row("session_nurse", NO_METHOD, "front_desk", POST_ONLY),
    "session_ledger": Row("session_nurse", NO_METHOD, "pharmacist", POST_ONLY),
    "session_containers": Row("session_nurse", 200, "pharmacist", READ_ONLY),
    "session_note": Row("auditor", 200, "front_desk", READ_ONLY),
    "session_note_pdf": Row("auditor", 200, "administrator", READ_ONLY),
    "api_session_events": Row("session_nurse", NO_METHOD, "front_desk", POST_ONLY),
    "api_session_view": Row("pharmacist", 200, "administrator", READ_ONLY),
    "course": Row("therapist", 200, "front_desk"),
    "questionnaires": Row("auditor", 200, "pharmacist"),
    "scores": Row("auditor", 200, "front_desk", READ_ONLY),
    "long_term": Row("auditor", 200, "front_desk"),
    "coming_back": Row("auditor", 200, "front_desk"),
    "safety_signal": Row("auditor", 200, "front_desk"),
    "protocol": Row("therapist", 200, "front_desk", READ_ONLY),
    "protocol_compare": Row("pharmacist", 200, "administrator", READ_ONLY),
    "protocol_file": Row("auditor", 200, "administrator", READ_ONLY),
    "protocol_print": Row("auditor", 200, "front_desk", READ_ONLY),
    "protocol_pdf": Row("auditor", 200, "front_desk", READ_ONLY),
    "protocol_edit": Row("medical_director", 200, "prescriber"),
    "protocol_discard": Row("medical_director", NO_METHOD, "prescriber", POST_ONLY),
    "protocol_sign": Row("medical_director", 200, "prescriber"),
    "protocol_retire": Row("medical_director", 200, "prescriber"),
    "therapy": Row("session_nurse", 200, "pharmacist"),
    "preparation": Row("therapist", 200, "auditor"),
    "integration": Row("prescriber", 200, "pharmacist"),
    "walled_notes": Row("session_nurse", 200, "auditor"),
    # who holds the role and is neither author nor named is refused, and that is written down
    "walled_note": Row("therapist", 200, "auditor"),
    "course_program": Row("pharmacist", 200, "front_desk"),
    "program_version": Row("auditor", 200, "front_desk"),
    "program_file": Row("pharmacist", 200, "administrator"),
    "program_edit": Row("therapist", 200, "prescriber"),
    "program_discard": Row("therapist", NO_METHOD, "prescriber", POST_ONLY),
    "program_sign": Row("medical_director", NO_METHOD, "therapist", POST_ONLY),
    "group": Row("session_nurse", 200, "front_desk"),
    "group_book": Row("therapist", 200, "pharmacist"),
    "group_visit": Row("prescriber", 200, "auditor"),
    "group_room": Row("session_nurse", 200, "administrator"),
    "course_group": Row("therapist", 200, "pharmacist"),
    "stock_item": Row("pharmacist", 200, "session_nurse"),
    "stock_container": Row("auditor", 200, "therapist"),
    "stock_arrival": Row("session_nurse", 200, "auditor"),
    "stock_counted": Row("auditor", 200, "front_desk", READ_ONLY),
    "stock_inventory": Row("prescriber", 200, "administrator", READ_ONLY),
    "stock_discrepancy": Row("auditor", 200, "front_desk"),
    "own_entry": Row("patient", 200, "prescriber", (NO_ROLE, NO_ROLE)),
    "audit_entry": Row("auditor", 200, "prescriber", READ_ONLY),
    # an administrator is the second person of an erasure, and need not see anything else
    "erasure": Row("administrator", 200, "prescriber"),
    "forecast_choose": Row("medical_director", 200, "prescriber"),
    "privacy_request": Row("auditor", 200, "prescriber"),
    "patient_requests": Row("front_desk", 200, "pharmacist"),
    "hand_out": Row("prescriber", 200, "front_desk"),
    "inspection_state": Row("auditor", 200, "prescriber", READ_ONLY),
    # it was asked for, and no process made it: nothing lies there to be fetched
    "inspection_file": Row("auditor", NOTHING, "prescriber", READ_ONLY),
    "incident_new": Row("pharmacist", 200, "front_desk"),
    "incident": Row("auditor", 200, "administrator"),
    "incident_correct": Row("therapist", 200, "auditor"),
    "adverse_event": Row("auditor", 200, "session_nurse", READ_ONLY),
    "report": Row("auditor", 200, "session_nurse"),
    "report_paper": Row("prescriber", 200, "therapist", READ_ONLY),
    "report_pdf": Row("prescriber", 200, "pharmacist", READ_ONLY),
    "complaint": Row("administrator", 200, "prescriber"),
    # the session of this world is of another product: no form is owed for it
    "rems_form": Row("session_nurse", NOTHING, "front_desk"),
    "rems_form_paper": Row("auditor", NOTHING, "administrator", READ_ONLY),
    "rems_form_pdf": Row("auditor", NOTHING, "administrator", READ_ONLY),
    "rems_site": Row("administrator", 200, "prescriber"),
    "rems_patient": Row("pharmacist", 200, "front_desk"),
    "signature_check": Row("pharmacist", 200, "front_desk", READ_ONLY),
    # a member of staff has no pages of their own, whatever the site
    "own_answer": Row("patient", 200, "prescriber", (NO_ROLE, NO_ROLE)),
}
#: Addresses whose one argument is a secret, not a thing; each is nothing to who has no secret.
LINKS = frozenset({"invitation", "first_administrator", "answer"})
#: Addresses that name what every installation ships; nobody's record stands behind them.
SHIPPED = frozenset(
    {
        *("library_answer", "library_review", "evidence_question", "api_question"),
        *("instrument", "instrument_template", "program_shipped", "quality_measure"),
    }
)
#: What is one's own alone: to a colleague it is as if it were not there.
OF_ONESELF = frozenset({"own_credential"})
#: What only a patient may open.
OF_PATIENTS = frozenset({"own_answer", "own_entry"})


@pytest.fixture
def world(clinic: Clinic) -> World:
    return kept("world", clinic.clock, lambda: build_world(clinic), clinic)


def arguments() -> dict[str, list[str]]:
    """The names of the arguments of every address of ours that has some."""
    found = {}
    for _, entry in our_routes():
        names = list(entry.pattern.converters)
        if names:
            found[str(entry.name)] = names
    return found


def address(world: World, name: str) -> str:
    known = world.ids
    keys = arguments()[name]
    return reverse(name, kwargs={key: known.get(f"{name}.{key}", known[key]) for key in keys})


def get(client: Client, world: World, name: str) -> int:
    return client.get(address(world, name)).status_code


def post(client: Client, world: World, name: str) -> int:
    """A sound envelope, so that it is the door that refuses and not the form."""
    where = address(world, name)
    if name in {"api_session_events", "session_dose_check", "session_ledger"}:
        sent: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "kind": "note",
            "happened_at": world.clinic.clock.now().isoformat(),
            "body": {"text": "seen"},
        }
        if name == "session_dose_check":
            second = world.clinic.staff["prescriber_elsewhere"]
            sent |= {"kind": "dose_check", "body": {"dose_mg": 37, "agrees": True}}
            sent |= {"email": second.email, "pin": "correct-horse-battery"}
        if name == "session_ledger":
            sent |= {"kind": "drawn", "body": {"container_id": str(uuid.uuid4()), "amount_mg": 1}}
        return client.post(where, json.dumps(sent), content_type="application/json").status_code
    return client.post(where, {"act_id": str(uuid.uuid4()), "do": "x", "key": "x"}).status_code


def test_every_address_that_names_something_has_a_row() -> None:
    assert set(arguments()) == set(ROUTES) | LINKS | SHIPPED


@pytest.mark.django_db
def test_who_may_open_it_can(world: World) -> None:
    for name, row in ROUTES.items():
        assert get(world.caller(row.holder), world, name) == row.shown, name


@pytest.mark.django_db
def test_a_colleague_without_the_role_cannot(world: World) -> None:
    for name, row in ROUTES.items():
        client = world.caller(row.lacking)
        for answer in (get(client, world, name), post(client, world, name)):
            refused = {NOTHING} if name in OF_ONESELF else {NO_ROLE, NO_METHOD}
            assert answer in refused, f"{name} as {row.lacking}: {answer}"


@pytest.mark.django_db
def test_with_every_role_at_another_site_there_is_nothing_here(world: World) -> None:
    client = world.caller("elsewhere")
    for name, row in ROUTES.items():
        answered = (get(client, world, name), post(client, world, name))
        assert answered == row.elsewhere, f"{name}: {answered}"


@pytest.mark.django_db
@pytest.mark.parametrize("role", [role.value for role in STAFF_ROLES])
def test_each_role_alone_at_another_site_finds_nothing_here(world: World, role: str) -> None:
    account = make_account(f"only-{role}@hill.invalid", "Only One", world.clinic.clock)
    there = world.clinic.other_site.pk
    grant_role(founder(world.clinic), account_id=account.pk, site_id=there, role=role)
    client = sign_in(Client(), account)
    for name, row in ROUTES.items():
        answer = get(client, world, name)
        assert answer in {NO_ROLE, row.elsewhere[0]}, f"{name} as {role} of elsewhere: {answer}"


@pytest.mark.django_db
def test_an_emergency_opens_one_persons_record_and_no_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The front desk's helper, to whom one record is open, tries every page of both people."""
    monkeypatch.setenv(CLOCK_VARIABLE, ScaledClock(START, 0.0, 0.0).as_text())
    client = world.caller("helper")
    opened = {name for name in ROUTES if get(client, world, name) == 200}
    desk = {name for name in ROUTES if may_desk(name)}
    assert opened <= desk | {name for name in ROUTES if permission_of(name) in IN_EMERGENCY}
    assert {"patient", "course", "plan", "session"} <= opened
    bea = other_ids(world)
    for name in opened - desk:
        keys = arguments()[name]
        if set(keys) <= set(bea):
            where = reverse(name, kwargs={key: bea[key] for key in keys})
            assert client.get(where).status_code in {NO_ROLE, NOTHING}, name


def permission_of(name: str) -> str:
    return next(str(e.callback.permission) for _, e in our_routes() if e.name == name)


def may_desk(name: str) -> bool:
    """Whether the front desk may open it for everybody at the site."""
    return permission_of(name) in PERMISSIONS and "front_desk" in PERMISSIONS[permission_of(name)]


def other_ids(world: World) -> dict[str, Any]:
    """Another person of the same site, under the names that addresses use."""
    case = treatable_case(world.clinic, named="Cyd")
    course = case.fresh()
    screening = Screening.objects.filter(course=course).values_list("pk", flat=True).first()
    fact = Fact.objects.filter(patient=case.patient).values_list("pk", flat=True).first()
    return {
        "patient_id": case.patient.pk,
        "course_id": course.pk,
        "screening_id": screening,
        "fact_id": fact,
    }


@pytest.mark.django_db
def test_a_thing_of_somebody_else_under_this_persons_address_is_nothing(world: World) -> None:
    """Each part of an address is right in itself; together they name what is not there."""
    other, tried = other_ids(world), 0
    for name, keys in arguments().items():
        if name not in ROUTES or len(keys) < 2:
            continue
        for key in set(keys) & set(other):
            known = {one: world.ids.get(f"{name}.{one}", world.ids[one]) for one in keys}
            where = reverse(name, kwargs=known | {key: other[key]})
            client = world.caller(ROUTES[name].holder)
            for answer in (client.get(where), client.post(where, {"act_id": "a1"})):
                assert answer.status_code in {NOTHING, NO_METHOD}, f"{name} with another {key}"
            tried += 1
    assert tried >= 4


@pytest.mark.django_db
def test_a_patient_reaches_nothing_of_staff_not_even_about_themselves(world: World) -> None:
    for who in ("patient", "other_patient"):
        client = world.caller(who)
        for name in ROUTES.keys() - OF_PATIENTS:
            for answer in (get(client, world, name), post(client, world, name)):
                assert answer in {NO_ROLE, NO_METHOD}, f"{name} as {who}: {answer}"


@pytest.mark.django_db
def test_a_patient_does_not_see_what_is_another_patients(world: World) -> None:
    client = world.caller("other_patient")
    for name in OF_PATIENTS:
        assert get(client, world, name) == NOTHING, name
        assert post(client, world, name) == NOTHING, name


@pytest.mark.django_db
def test_a_patient_reaches_no_page_without_an_argument_but_their_own(world: World) -> None:
    client = world.caller("patient")
    allowed = {"home", "kit", "own", "own_ready", "own_questions", "own_help", "own_choices"}
    allowed |= {"own_decide", "evidence", "api_evidence"}
    allowed |= {"own_prepare", "own_journal"}
    allowed |= {"own_privacy", "own_ask", "own_contact", "own_download", "own_download_file"}
    allowed |= {"own_complain", "complain", "complain_answer"}
    allowed |= {
        "library",
        "second_factor",
        "unlock",
        "own_sign_in",
        "demo_sign_in",
        "account_login",
    }
    for path, entry in our_routes():
        if entry.pattern.converters or "(" in path or entry.name in allowed:
            continue
        if str(entry.name).startswith("account_") or entry.name in {None, "mfa_index"}:
            continue
        for answer in (client.get(f"/{path}"), client.post(f"/{path}")):
            assert answer.status_code in {NO_ROLE, NO_METHOD}, f"{path}: {answer.status_code}"


@pytest.mark.django_db
def test_no_secret_no_page(world: World) -> None:
    for name in LINKS:
        for client in (Client(), world.caller("patient"), world.caller("administrator")):
            where = reverse(name, args=["x" * 43])
            assert client.get(where).status_code == NOTHING, name
            assert client.post(where).status_code == NOTHING, name


@pytest.mark.django_db
def test_what_was_refused_elsewhere_left_no_trace_but_the_refusal(world: World) -> None:
    client = world.caller("elsewhere")
    before = ChainEntry.objects.order_by("-position").values_list("position", flat=True).first()
    for name in ROUTES:
        post(client, world, name)
    entries = ChainEntry.objects.filter(position__gt=before)
    assert entries.exists()
    assert not entries.exclude(outcome="refused").exists()


@pytest.mark.django_db
def test_an_opened_record_is_a_reading_in_the_log(world: World) -> None:
    shows_a_person = [
        name
        for name, row in ROUTES.items()
        if row.shown == 200
        and not name.startswith(
            # a group is no person: its page is written down as the group's
            ("setup_", "protocol", "program_", "forecast_", "acting_", "stock_", "group")
        )
        and not name.endswith(("credential", "credential_enter"))
        # a complaint is no part of anybody's record, a site is no person, a bundle shows nobody
        and name not in {"plan_figures", "complaint", "rems_site", "inspection_state"}
    ]
    for name in shows_a_person:
        newest = ChainEntry.objects.order_by("-position").values_list("position", flat=True)[0]
        get(world.caller(ROUTES[name].holder), world, name)
        read = ChainEntry.objects.filter(
            position__gt=newest, action__startswith="read ", patient_id=world.ids["patient_id"]
        )
        assert read.exists(), f"{name} was shown and nobody wrote it down"
