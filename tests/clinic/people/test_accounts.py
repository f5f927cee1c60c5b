"""Invitations, accounts, roles and the first administrator."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.contrib.sessions.models import Session

from evenkeel.clinic.people.actions.change_set_up import finish_set_up
from evenkeel.clinic.people.actions.first_administrator import (
    create_first_administrator,
    make_setup_token,
)
from evenkeel.clinic.people.actions.invite_staff import (
    accept_invitation,
    invite_patient,
    invite_staff,
    reissue_invitation,
    reset_sign_in,
    revoke_invitation,
)
from evenkeel.clinic.people.actions.manage_account import (
    deactivate_account,
    reactivate_account,
    set_own_password,
    set_own_pin,
)
from evenkeel.clinic.people.actions.register_patient import register_patient
from evenkeel.clinic.people.actions.set_up import add_chair, end_role, grant_role, open_site
from evenkeel.clinic.people.caller import actor_of, context_for
from evenkeel.clinic.people.models import Account, Invitation, Membership, SetupToken, Site
from evenkeel.clinic.people.sign_in import pin_matches
from evenkeel.clinic.record.chain import verify_links
from evenkeel.clinic.record.clock import FixedClock
from evenkeel.clinic.record.errors import Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.models import ChainEntry, ChainPayload, IdempotentReply, Installation
from tests.clinic_factory import PASSWORD, Clinic, sign_in

pytestmark = pytest.mark.django_db
PIN = "739152"
STRONG = "seven-quiet-otters-float"


def invite(clinic: Clinic, email: str = "new@harbour.invalid") -> tuple[Invitation, str]:
    return invite_staff(
        clinic.as_("administrator"),
        site_id=clinic.site.pk,
        email=email,
        full_name="New Nurse",
        roles=["session_nurse", "therapist"],
    )


def accept(clinic: Clinic, token: str, password: str = STRONG, pin: str = PIN) -> Account:
    return accept_invitation(token, password=password, pin=pin, clock=clinic.clock)


def test_an_invitation_makes_one_account_with_its_roles(clinic: Clinic) -> None:
    row, token = invite(clinic)
    account = accept(clinic, token)
    assert account.check_password(STRONG)
    assert pin_matches(account, PIN)
    assert {role for _, role in actor_of(account).grants} == {"session_nurse", "therapist"}
    with pytest.raises(NotFound):
        accept(clinic, token)
    entry = ChainEntry.objects.latest("position")
    assert (entry.action, entry.actor_id) == ("invitation.accept", f"invitation:{row.pk}")
    assert verify_links().whole


def test_the_token_stands_nowhere(clinic: Clinic) -> None:
    _, token = invite(clinic)
    accept(clinic, token)
    for text in ChainPayload.objects.values_list("body", flat=True):
        assert token not in text
        assert STRONG not in text
        assert PIN not in text
    assert not IdempotentReply.objects.filter(reply__icontains=token).exists()


def test_a_link_expires_and_can_be_revoked_and_made_anew(clinic: Clinic) -> None:
    row, token = invite(clinic)
    ctx = clinic.as_("administrator")
    revoke_invitation(ctx, invitation_id=row.pk)
    with pytest.raises(NotFound):
        accept(clinic, token)
    _, second = reissue_invitation(ctx, invitation_id=row.pk)
    with pytest.raises(NotFound):
        accept(clinic, token)
    clinic.clock.advance(timedelta(days=8))  # type: ignore[attr-defined]
    with pytest.raises(NotFound):
        accept(clinic, second)
    _, third = reissue_invitation(ctx, invitation_id=row.pk)
    accept(clinic, third)
    with pytest.raises(Refused):
        reissue_invitation(ctx, invitation_id=row.pk)
    with pytest.raises(Refused):
        revoke_invitation(ctx, invitation_id=row.pk)


@pytest.mark.parametrize(
    ("password", "pin", "field"),
    [
        ("short", PIN, "password"),
        ("8675309867530", PIN, "password"),
        ("a" * 300, PIN, "password"),
        (STRONG, "12345", "pin"),
        (STRONG, "123456", "pin"),
        (STRONG, "987654", "pin"),
        (STRONG, "111111", "pin"),
        (STRONG, "12ab56", "pin"),
        (STRONG, "\u0661\u0662\u0669\u0664\u0665\u0667", "pin"),
    ],
)
def test_an_easy_password_or_pin_leaves_the_link_unused(
    clinic: Clinic, password: str, pin: str, field: str
) -> None:
    _, token = invite(clinic)
    with pytest.raises(Invalid) as raised:
        accept(clinic, token, password, pin)
    assert field in raised.value.fields
    assert not Account.objects.filter(email="new@harbour.invalid").exists()
    accept(clinic, token)


def test_who_has_an_account_is_not_invited_again(clinic: Clinic) -> None:
    with pytest.raises(Invalid) as raised:
        invite(clinic, "PRESCRIBER@harbour.invalid")
    assert "email" in raised.value.fields
    with pytest.raises(Forbidden):
        invite_staff(
            clinic.as_("prescriber"),
            site_id=clinic.site.pk,
            email="x@harbour.invalid",
            full_name="X",
            roles=["administrator"],
        )
    with pytest.raises(NotFound):
        invite_staff(
            clinic.as_("administrator"),
            site_id=clinic.other_site.pk,
            email="x@harbour.invalid",
            full_name="X",
            roles=["administrator"],
        )


def test_a_reset_sets_a_new_password_and_ends_every_sign_in(clinic: Clinic, client: object) -> None:
    nurse = clinic.staff["session_nurse"]
    sign_in(client, nurse)
    _, token = reset_sign_in(
        clinic.as_("administrator"), account_id=nurse.pk, site_id=clinic.site.pk
    )
    assert Account.objects.get(pk=nurse.pk).check_password(PASSWORD)
    accept(clinic, token)
    nurse.refresh_from_db()
    assert nurse.check_password(STRONG)
    assert not nurse.authenticator_set.exists()
    assert client.get("/sign-in/own").status_code == 302  # type: ignore[attr-defined]
    assert Membership.objects.filter(account=nurse, ended_at=None).count() == 1


def test_closing_an_account_ends_its_sign_ins_at_once(clinic: Clinic, client: object) -> None:
    nurse = clinic.staff["session_nurse"]
    sign_in(client, nurse)
    assert client.get("/sign-in/own").status_code == 200  # type: ignore[attr-defined]
    deactivate_account(clinic.as_("administrator"), account_id=nurse.pk, reason="left")
    assert client.get("/sign-in/own").status_code == 302  # type: ignore[attr-defined]
    assert Session.objects.count() >= 1
    reactivate_account(clinic.as_("administrator"), account_id=nurse.pk)
    assert Account.objects.get(pk=nurse.pk).is_active


def test_nobody_closes_their_own_account_or_one_of_another_site(clinic: Clinic) -> None:
    ctx = clinic.as_("administrator")
    with pytest.raises(Refused):
        deactivate_account(ctx, account_id=clinic.staff["administrator"].pk)
    with pytest.raises(NotFound):
        deactivate_account(ctx, account_id=clinic.staff["prescriber_elsewhere"].pk)
    with pytest.raises(Refused):
        deactivate_account(
            clinic.as_("medical_director"), account_id=clinic.staff["administrator"].pk
        )


def test_who_opens_a_site_can_go_on_there(clinic: Clinic) -> None:
    site = open_site(clinic.as_("administrator"), name="Third", mrn_prefix="TH")
    ctx = clinic.as_("administrator")
    add_chair(ctx, site_id=site.pk, name="Chair 1")
    grant_role(ctx, account_id=clinic.staff["prescriber"].pk, site_id=site.pk, role="prescriber")
    with pytest.raises(NotFound):
        add_chair(clinic.as_("medical_director"), site_id=site.pk, name="Chair 2")


def test_the_last_administrator_stays(clinic: Clinic) -> None:
    held = Membership.objects.get(account=clinic.staff["administrator"], role="administrator")
    with pytest.raises(Refused):
        end_role(clinic.as_("medical_director"), membership_id=held.pk)


def test_ones_own_pin_and_password_ask_for_the_password(clinic: Clinic) -> None:
    ctx = clinic.as_("therapist")
    with pytest.raises(Invalid):
        set_own_pin(ctx, password="wrong", pin=PIN)
    set_own_pin(ctx, password=PASSWORD, pin=PIN)
    with pytest.raises(Invalid):
        set_own_password(ctx, password=PASSWORD, new_password="easy")
    account = set_own_password(ctx, password=PASSWORD, new_password=STRONG)
    assert account.check_password(STRONG)
    assert pin_matches(account, PIN)
    assert not pin_matches(account, "739153")


def test_a_patient_gets_pages_of_their_own(clinic: Clinic) -> None:
    desk = clinic.as_("front_desk")
    ada = register_patient(
        desk,
        site_id=clinic.site.pk,
        given_name="Ada",
        family_name="Sample",
        birth_date=date(1980, 2, 2),
    )
    with pytest.raises(Refused):
        invite_patient(desk, patient_id=ada.pk)
    bo = register_patient(
        desk,
        site_id=clinic.site.pk,
        given_name="Bo",
        family_name="Sample",
        birth_date=date(1980, 2, 2),
        email="bo@patients.invalid",
    )
    _, token = invite_patient(desk, patient_id=bo.pk)
    account = accept(clinic, token)
    assert (account.patient_id, account.is_staff_member) == (bo.pk, False)
    assert not context_for(account, clinic.clock).actor.may("people.view")


FIRST = {
    "organisation": "Quay Clinic (synthetic)",
    "site_name": "Quay",
    "full_name": "Ola Beispiel",
    "email": "ola@quay.invalid",
    "password": STRONG,
    "pin": PIN,
    "timezone": "Europe/Berlin",
}


def test_the_token_makes_the_first_administrator_once(db: None, clock: FixedClock) -> None:
    token = make_setup_token(clock)
    assert token not in str(list(SetupToken.objects.values()))
    account = create_first_administrator(token, clock=clock, **FIRST)
    site = Site.objects.get()
    assert (site.name, site.timezone, site.site_id) == ("Quay", "Europe/Berlin", site.pk)
    assert actor_of(account).grants == {(site.pk, "administrator")}
    assert Installation.objects.get().organisation == FIRST["organisation"]
    with pytest.raises(NotFound):
        create_first_administrator(token, clock=clock, **{**FIRST, "email": "two@quay.invalid"})
    with pytest.raises(Refused):
        make_setup_token(clock)
    ctx = context_for(account, clock)
    with pytest.raises(Refused):
        finish_set_up(ctx)
    assert verify_links().whole


def test_a_setup_token_dies_after_a_day_and_with_the_next_one(db: None, clock: FixedClock) -> None:
    first = make_setup_token(clock)
    second = make_setup_token(clock)
    with pytest.raises(NotFound):
        create_first_administrator(first, clock=clock, **FIRST)
    clock.advance(timedelta(hours=24))
    with pytest.raises(NotFound):
        create_first_administrator(second, clock=clock, **FIRST)
    assert not Account.objects.exists()


def test_a_refused_first_administrator_leaves_nothing(db: None, clock: FixedClock) -> None:
    token = make_setup_token(clock)
    for wrong in ({"timezone": "Mars/Base"}, {"password": "easy"}, {"site_name": " "}):
        with pytest.raises(Invalid):
            create_first_administrator(token, clock=clock, **{**FIRST, **wrong})
    assert not Account.objects.exists()
    assert not Site.objects.exists()
    assert not Installation.objects.exists()
    create_first_administrator(token, clock=clock, **FIRST)
