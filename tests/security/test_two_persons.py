"""Every act that two people do is refused to one, whatever they are signed in on."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.clinic.oversight.actions.erase_person import ask_erasure, erase_person
from evenkeel.clinic.people.actions.emergency_access import review_emergency
from evenkeel.clinic.people.actions.manage_credential import (
    enter_own_credential,
    verify_credential,
)
from evenkeel.clinic.people.actions.set_up import grant_role
from evenkeel.clinic.people.caller import context_for
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.act import ACTIONS
from evenkeel.clinic.record.errors import Invalid
from evenkeel.clinic.record.permissions import PERMISSIONS, STAFF_ROLES
from evenkeel.clinic.record.two_persons import TWO_PERSONS
from tests.clinic_factory import PASSWORD, Clinic, sign_in
from tests.kept import kept
from tests.security.world import World, build_world, founder

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(clinic: Clinic) -> World:
    return kept("world", clinic.clock, lambda: build_world(clinic), clinic)


def everything(world: World, account: Account) -> None:
    """Every role there is: what is refused then is refused for being the same person."""
    for role in STAFF_ROLES:
        grant_role(
            founder(world.clinic),
            account_id=account.pk,
            site_id=world.clinic.site.pk,
            role=role.value,
        )


def check_dose(world: World) -> str:
    """Signed in on this screen, and typing their own address and PIN as the second person."""
    nurse = world.clinic.staff["session_nurse"]
    dose_mg = float(world.stage.session.dose_sheet["dose_mg"])
    answer = sign_in(Client(), nurse).post(
        reverse("session_dose_check", args=[world.stage.session.pk]),
        json.dumps(
            {
                "id": str(uuid.uuid4()),
                "kind": "dose_check",
                "happened_at": world.clinic.clock.now().isoformat(),
                "body": {"dose_mg": dose_mg, "agrees": True},
                "email": nurse.email.upper(),
                "pin": PASSWORD,
            }
        ),
        content_type="application/json",
        HTTP_ACCEPT="application/json",
    )
    return str(answer.json()["code"])


def verify_own(world: World) -> str:
    account = world.clinic.staff["prescriber"]
    everything(world, account)
    ctx = world.clinic.as_("prescriber")
    row = enter_own_credential(
        ctx, site_id=world.clinic.site.pk, kind="licence", number="1", issuer="Board"
    )
    with pytest.raises(Invalid) as refused:
        verify_credential(ctx, credential_id=row.pk, seen_what="it is mine")
    # the same account, signed in a second time
    client = sign_in(Client(), account)
    again = client.post(
        reverse("credential", args=[row.pk]),
        {"do": "verify", "seen_what": "it is mine", "act_id": str(uuid.uuid4())},
    )
    assert again.status_code == 422
    row.refresh_from_db()
    assert row.seen_at is None
    return refused.value.code


def review_own(world: World) -> str:
    everything(world, world.helper)
    with pytest.raises(Invalid) as refused:
        review_emergency(
            context_for(world.helper, world.clinic.clock),
            access_id=world.ids["access_id"],
            verdict="justified",
            review_words="I was right",
        )
    return refused.value.code


def witness_oneself(world: World) -> str:
    """Wasting what was drawn, with one's own address and PIN as the witness."""
    nurse = world.clinic.staff["session_nurse"]
    answer = sign_in(Client(), nurse).post(
        reverse("session_ledger", args=[world.stage.session.pk]),
        json.dumps(
            {
                "id": str(uuid.uuid4()),
                "kind": "wasted",
                "happened_at": world.clinic.clock.now().isoformat(),
                "body": {
                    "container_id": str(uuid.uuid4()),
                    "amount_mg": 1,
                    "method": "Disposal container",
                },
                "email": nurse.email,
                "pin": PASSWORD,
            }
        ),
        content_type="application/json",
        HTTP_ACCEPT="application/json",
    )
    return str(answer.json()["code"])


def erase_alone(world: World) -> str:
    """Asking for an erasure, and then being the second person as well."""
    ctx = world.clinic.as_("medical_director")
    patient = world.other_patient.patient
    request = ask_erasure(ctx, patient_id=patient.pk, basis="court", law="§ 1", reason="ordered")
    with pytest.raises(Invalid) as refused:
        erase_person(ctx, request_id=request.pk)
    return refused.value.code


#: How one person tries to be both, for each act of the table.
ATTEMPTS: dict[str, Callable[[World], str]] = {
    "session.check_dose": check_dose,
    "credential.verify": verify_own,
    "emergency.review": review_own,
    "stock.witness": witness_oneself,
    "person.erase": erase_alone,
}


def test_every_act_of_the_table_is_an_action_and_is_attempted() -> None:
    assert set(ATTEMPTS) == set(TWO_PERSONS)
    assert set(TWO_PERSONS) <= set(ACTIONS) | set(PERMISSIONS)


@pytest.mark.parametrize("act", sorted(TWO_PERSONS))
def test_one_person_is_never_both(world: World, act: str) -> None:
    assert ATTEMPTS[act](world) == "same_person"
