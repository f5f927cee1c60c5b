"""(method, route) -> who may; walked for every role."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from evenkeel.clinic.people.actions.emergency_access import open_in_emergency
from evenkeel.clinic.people.actions.invite_staff import invite_staff
from evenkeel.clinic.people.actions.manage_credential import enter_credential
from evenkeel.clinic.people.actions.record_fact import record_fact
from evenkeel.clinic.people.actions.register_patient import register_patient
from evenkeel.clinic.people.actions.set_up import grant_role
from evenkeel.clinic.people.caller import context_for
from evenkeel.clinic.people.pages.urls import urlpatterns
from evenkeel.clinic.record.permissions import PUBLIC, SIGNED_IN, STAFF_ROLES, roles_for
from tests.clinic_factory import Clinic, make_account, sign_in
from tests.security.world import founder

pytestmark = pytest.mark.django_db

#: route name -> (permission, what GET and an empty POST answer to those who may)
TABLE: dict[str, tuple[str, int, int]] = {
    "people": ("people.view", 200, 200),
    "patient_new": ("people.register", 200, 422),
    "patient": ("people.view", 200, 200),
    "patient_edit": ("people.edit", 200, 422),
    "patient_deceased": ("people.edit", 200, 302),
    "patient_invite": ("people.edit", 302, 302),
    "patient_facts": ("facts.view", 200, 200),
    "fact_correct": ("facts.record", 200, 422),
    "fact_read": ("facts.read", 200, 422),
    "setup": ("setup.manage", 200, 422),
    "setup_sites": ("setup.manage", 200, 422),
    "setup_site": ("setup.manage", 200, 422),
    "setup_chairs": ("setup.manage", 200, 422),
    "setup_chair": ("setup.manage", 200, 422),
    "setup_staff": ("staff.manage", 200, 422),
    "setup_person": ("staff.manage", 200, 200),
    "setup_invitation": ("staff.manage", 302, 302),
    "own_credentials": ("credential.own", 200, 422),
    "credentials": ("credential.view", 200, 200),
    "own_credential": ("credential.own", 404, 404),
    "credential": ("credential.view", 200, 200),
    "credential_enter": ("credential.enter", 200, 422),
    "acting_policy": ("credential.view", 200, 405),
    "acting_decide": ("acting.decide", 200, 422),
    "duty": ("duty.view", 200, 405),
    "duty_plan": ("duty.manage", 302, 302),
    "emergency_open": ("emergency.open", 200, 422),
    "emergency_end": ("emergency.open", 302, 404),
    "emergencies": ("emergency.review", 200, 200),
    "emergency_review": ("emergency.review", 200, 422),
    "own_sign_in": (SIGNED_IN, 200, 200),
    "second_factor": (SIGNED_IN, 302, 200),
    "mfa_index": (SIGNED_IN, 302, 302),
    "account_change_password": (SIGNED_IN, 302, 302),
    "unlock": (PUBLIC, 200, 422),
    "demo_sign_in": (PUBLIC, 403, 403),
    "account_login": (PUBLIC, 302, 302),
    "account_reset_password": (PUBLIC, 200, 200),
    "invitation": (PUBLIC, 404, 404),
    "first_administrator": (PUBLIC, 404, 404),
}


def paths(clinic: Clinic) -> dict[str, str]:
    """An address of each route, of things that exist."""
    ada = register_patient(
        clinic.as_("front_desk"),
        site_id=clinic.site.pk,
        given_name="Ada",
        family_name="Sample",
        birth_date=date(1980, 2, 2),
    )
    fact = record_fact(clinic.as_("prescriber"), patient_id=ada.pk, key="weight_kg", value=72)
    unread = record_fact(
        clinic.as_("prescriber"), patient_id=ada.pk, key="condition", value={"label": "Quux fever"}
    )
    invitation, _ = invite_staff(
        clinic.as_("administrator"),
        site_id=clinic.site.pk,
        email="new@harbour.invalid",
        full_name="New",
        roles=["auditor"],
    )
    holder = make_account("holder@harbour.invalid", "Test holder", clinic.clock)
    grant_role(founder(clinic), account_id=holder.pk, site_id=clinic.site.pk, role="front_desk")
    held = enter_credential(
        clinic.as_("administrator"),
        site_id=clinic.site.pk,
        account_id=holder.pk,
        kind="life_support",
        issuer="Synthetic trainers",
    )
    access = open_in_emergency(
        context_for(holder, clinic.clock),
        mrn=ada.mrn,
        birth_year=1980,
        reason="Found on the floor of the waiting room",
        confirmed_by="test",
    )
    given = {
        "credential_id": held.pk,
        "access_id": access.pk,
        "patient_id": ada.pk,
        "fact_id": fact.pk,
        "site_id": clinic.site.pk,
        "chair_id": clinic.chairs[0].pk,
        "account_id": clinic.staff["auditor"].pk,
        "invitation_id": invitation.pk,
        "token": "nonsense",
    }
    found = {}
    for pattern in urlpatterns:
        if pattern.name:
            wanted = pattern.pattern.converters
            kwargs = {k: given[k] for k in wanted}
            if pattern.name == "fact_read":
                kwargs["fact_id"] = unread.pk
            found[pattern.name] = reverse(pattern.name, kwargs=kwargs)
    return found


def test_the_table_covers_every_route() -> None:
    assert {p.name for p in urlpatterns if p.name} == set(TABLE)
    for pattern in urlpatterns:
        if pattern.name:
            assert pattern.callback.permission == TABLE[pattern.name][0]


@pytest.mark.parametrize("role", [r.value for r in STAFF_ROLES])
def test_each_role_gets_what_the_table_says(clinic: Clinic, role: str) -> None:
    for name, path in paths(clinic).items():
        permission, on_get, on_post = TABLE[name]
        may = permission in {PUBLIC, SIGNED_IN} or role in roles_for(permission)
        client = sign_in(Client(), clinic.staff[role])
        posted = (
            {"act_id": str(uuid4()), "do": "revoke"}
            if name == "setup_invitation"
            else {"act_id": str(uuid4())}
        )
        assert client.get(path).status_code == (on_get if may else 403), ("GET", name)
        assert client.post(path, posted).status_code == (on_post if may else 403), ("POST", name)


def test_another_sites_things_look_like_nothing(clinic: Clinic) -> None:
    client = sign_in(Client(), clinic.staff["prescriber_elsewhere"])
    for name, path in paths(clinic).items():
        if (name.startswith("patient") and name != "patient_new") or name.startswith("fact_"):
            assert client.get(path).status_code == 404, name
            assert client.post(path, {"act_id": "x"}).status_code == 404, name


def test_nobody_gets_anywhere_without_signing_in(clinic: Clinic) -> None:
    client = Client()
    for name, path in paths(clinic).items():
        if TABLE[name][0] == PUBLIC:
            continue
        for answer in (client.get(path), client.post(path)):
            assert answer.status_code == 302, name
            assert answer["Location"].startswith("/accounts/login/"), name
        told = client.get(path, HTTP_ACCEPT="application/json")
        assert (told.status_code, told.json()["code"]) == (401, "sign_in")
