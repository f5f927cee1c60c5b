"""Inviting people to an account by a one-time link, and their taking it up.

The link's token is shown once and stored only as a hash, so nobody can read it from the record.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from evenkeel.clinic.people.account_fields import (
    check_password_strength,
    checked_email,
    checked_name,
)
from evenkeel.clinic.people.models import Account, Invitation, Membership, Patient, Site
from evenkeel.clinic.people.sign_in import hash_pin, new_token, token_hash
from evenkeel.clinic.record.act import Act, Actor, Context, action
from evenkeel.clinic.record.clock import Clock
from evenkeel.clinic.record.errors import Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.permissions import STAFF_ROLES, Role

#: How long a link works (clinic policy, assumed).
INVITATION_LASTS = timedelta(days=7)


@action("staff.invite", permission="staff.manage")
def invite_staff(
    act: Act,
    *,
    site_id: Any,
    email: str,
    full_name: str,
    roles: list[str],
    credentials: str = "",
) -> tuple[Invitation, str]:
    """Invite somebody to work at a site; returns the invitation and the token of its link.

    Raises ``Invalid`` for a role that is none, and for an address that has an account already.
    """
    site = act.open(Site, site_id)
    address = checked_email(email)
    known = {r.value for r in STAFF_ROLES}
    if not roles or set(roles) - known:
        raise Invalid("Choose at least one role.", fields={"roles": "Choose at least one role."})
    if Account.objects.filter(email__iexact=address).exists():
        raise Invalid(
            "Somebody with this address has an account.",
            what_to_do="Give that person the role instead of inviting them again.",
            fields={"email": "There is an account with this address."},
        )
    return _issue(
        act,
        Invitation(
            site=site,
            email=address,
            full_name=checked_name(full_name),
            credentials=credentials.strip()[:40],
            roles=sorted(set(roles)),
        ),
    )


@action("patient.invite", permission="people.edit")
def invite_patient(act: Act, *, patient_id: Any) -> tuple[Invitation, str]:
    """Invite a patient to pages of their own. Raises ``Refused`` without an e-mail address."""
    patient = act.open(Patient, patient_id, "site")
    if patient.deceased:
        raise Refused("This person has died.")
    if not patient.email:
        raise Refused(
            "There is no e-mail address on record.",
            what_to_do="Enter the person's e-mail address first; it is their name at sign-in.",
        )
    address = checked_email(patient.email)
    if Account.objects.filter(email__iexact=address).exists():
        raise Refused("Somebody with this e-mail address has an account already.")
    return _issue(
        act,
        Invitation(site=patient.site, email=address, full_name=patient.name, patient=patient),
    )


@action("staff.reset_sign_in", permission="staff.manage")
def reset_sign_in(act: Act, *, account_id: Any, site_id: Any) -> tuple[Invitation, str]:
    """A link by which a member of staff sets a new password and PIN, their second factor gone.

    It changes nothing until it is taken up.
    """
    site = act.open(Site, site_id)
    account = Account.objects.filter(
        pk=account_id, memberships__site=site, memberships__ended_at=None, is_active=True
    ).first()
    if account is None:
        raise NotFound("There is no such member of staff at this site.")
    sites = act.actor.sites(act.permission)
    held = account.memberships.filter(ended_at=None).values_list("site_id", flat=True)
    if sites is not None and set(held) - sites:
        # whoever holds the link has every role of the account, at every site
        raise Forbidden(
            "This person also works at a site that is not yours to manage.",
            what_to_do="Ask an administrator of that site for the link.",
        )
    return _issue(
        act,
        Invitation(site=site, email=account.email, full_name=account.full_name, account=account),
    )


@action("invitation.revoke", permission="staff.manage")
def revoke_invitation(act: Act, *, invitation_id: Any) -> Invitation:
    """Make a link useless. Raises ``Refused`` where it was taken up."""
    invitation = act.open(Invitation, invitation_id)
    if invitation.accepted_at is not None:
        raise Refused("The invitation was taken up already.")
    if invitation.revoked_at is not None:
        return invitation
    invitation.revoked_at = act.now
    return act.write(invitation)


@action("invitation.reissue", permission="staff.manage")
def reissue_invitation(act: Act, *, invitation_id: Any) -> tuple[Invitation, str]:
    """A new link for the same invitation; the old one no longer works."""
    invitation = act.open(Invitation, invitation_id)
    if invitation.accepted_at is not None:
        raise Refused("The invitation was taken up already.")
    invitation.revoked_at = None
    return _issue(act, invitation)


def _issue(act: Act, invitation: Invitation) -> tuple[Invitation, str]:
    token, invitation.token_hash = new_token()
    invitation.expires_at = act.now + INVITATION_LASTS
    return act.write(invitation), token


def find_invitation(token: str, now: datetime) -> Invitation:
    """The invitation a link stands for.

    Raises ``NotFound``, in the same words, for one that never was, expired, was revoked or used.
    """
    row = (
        Invitation.objects.select_related("site", "patient", "account")
        .filter(token_hash=token_hash(token), accepted_at=None, revoked_at=None, expires_at__gt=now)
        .first()
    )
    if row is None:
        raise NotFound(
            "This link does not work any more.",
            what_to_do="Ask whoever sent it for a new one.",
        )
    return row  # type: ignore[no-any-return]


def accept_invitation(token: str, *, password: str, pin: str, clock: Clock) -> Account:
    """Take up an invitation: set a password and a PIN, and have the account.

    Raises ``NotFound`` where the link does not work, ``Invalid`` for an easy password or PIN.
    """
    invitation = find_invitation(token, clock.now())
    actor = Actor(
        id=f"invitation:{invitation.pk}",
        name=invitation.full_name,
        grants=frozenset({(None, Role.SYSTEM)}),
    )
    ctx = Context(actor, clock)
    return _accept(ctx, token=token, password=password, pin=pin)  # type: ignore[no-any-return]


@action("invitation.accept", permission="invitation.accept")
def _accept(act: Act, *, token: str, password: str, pin: str) -> Account:
    invitation = find_invitation(token, act.now)  # again, now under the writer's lock
    act.about(invitation)
    fresh = invitation.account is None
    account = invitation.account or Account(
        email=invitation.email,
        full_name=invitation.full_name,
        credentials=invitation.credentials,
        is_staff_member=invitation.patient_id is None,
        patient=invitation.patient,
        created_at=act.now,
    )
    if not account.is_active:
        raise Refused("This account is closed.", what_to_do="Ask an administrator.")
    check_password_strength(password, account)
    account.pin_hash = hash_pin(pin)
    account.set_password(password)
    account.sign_in_epoch += 1
    account.save(force_insert=fresh)
    if not fresh:
        removed, _ = account.authenticator_set.all().delete()
        act.note(second_factors_removed=removed)
    act.note(account=account.pk, new=fresh)
    for role in invitation.roles if fresh else ():
        act.write(Membership(site=invitation.site, account=account, role=role))
    invitation.account, invitation.accepted_at = account, act.now
    act.write(invitation)
    return account
