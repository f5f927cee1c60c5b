"""Closing an account, opening it again, and what a person does to their own sign-in.

An account is no clinical record (signing in writes to it), so these acts note what they changed.
"""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.people.account_fields import check_password_strength
from evenkeel.clinic.people.models import Account, Membership
from evenkeel.clinic.people.sign_in import hash_pin
from evenkeel.clinic.people.sign_ins import end_sign_in
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.permissions import Role


@action("account.deactivate", permission="staff.manage")
def deactivate_account(act: Act, *, account_id: Any, reason: str = "") -> Account:
    """Close an account of staff and end all its sign-ins at once; its roles stay on record.

    Raises ``Refused`` for one's own account, and where it works at a site the actor does not
    manage: there only the role can be ended.
    """
    account = _staff(act, account_id)
    if str(account.pk) == act.actor.id:
        raise Refused("This is your own account.", what_to_do="Ask another administrator.")
    others = Membership.objects.filter(
        role=Role.ADMINISTRATOR, ended_at=None, account__is_active=True
    ).exclude(account=account)
    if not others.exists():
        raise Refused("There would be no administrator left.")
    if account.is_active:
        account.is_active = False
        account.sign_in_epoch += 1
        account.save(update_fields=["is_active", "sign_in_epoch"])
    act.reason = reason.strip()
    act.note(account=account.pk, active=False)
    return account


@action("account.reactivate", permission="staff.manage")
def reactivate_account(act: Act, *, account_id: Any) -> Account:
    """Open a closed account again, with the roles it had."""
    account = _staff(act, account_id)
    account.is_active = True
    account.save(update_fields=["is_active"])
    act.note(account=account.pk, active=True)
    return account


@action("account.set_pin", permission="sign_in.manage")
def set_own_pin(act: Act, *, password: str, pin: str) -> Account:
    """Set one's own PIN; asks for the password. Raises ``Invalid``."""
    account = _own(act)
    _confirm(account, password)
    account.pin_hash = hash_pin(pin)
    account.save(update_fields=["pin_hash"])
    act.note(account=account.pk)
    return account


@action("account.set_password", permission="sign_in.manage")
def set_own_password(act: Act, *, password: str, new_password: str) -> Account:
    """Set one's own password; every other sign-in of the account ends. Raises ``Invalid``."""
    account = _own(act)
    _confirm(account, password)
    check_password_strength(new_password, account)
    account.set_password(new_password)
    account.sign_in_epoch += 1
    account.save(update_fields=["password", "sign_in_epoch"])
    act.note(account=account.pk)
    return account


@action("account.sign_out_everywhere", permission="sign_in.manage")
def sign_out_everywhere(act: Act) -> Account:
    """End every sign-in of one's own account."""
    account = _own(act)
    account.sign_in_epoch += 1
    account.save(update_fields=["sign_in_epoch"])
    act.note(account=account.pk)
    return account


@action("account.end_sign_in", permission="sign_in.manage")
def end_own_sign_in(act: Act, *, sign_in_id: Any) -> Account:
    """End one sign-in of one's own account. Raises ``NotFound`` for another's."""
    account = _own(act)
    text = str(sign_in_id)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NotFound("There is no such sign-in.")
    if not end_sign_in(account, int(text)):
        raise NotFound("There is no such sign-in.")
    act.note(account=account.pk)
    return account


@action("account.know_devices", permission="sign_in.manage")
def know_devices(act: Act) -> Account:
    """Say that the sign-in on a new device was oneself; the notice goes."""
    account = _own(act)
    account.new_device_at = None
    account.save(update_fields=["new_device_at"])
    act.note(account=account.pk)
    return account


def _own(act: Act) -> Account:
    return Account.objects.get(pk=act.actor.id)


def _confirm(account: Account, password: str) -> None:
    if not account.check_password(password):
        raise Invalid(
            "The password is not right.", fields={"password": "Enter your present password."}
        )


def _staff(act: Act, account_id: Any) -> Account:
    account = Account.objects.filter(pk=account_id, patient=None).first()
    if account is None:
        raise NotFound("There is no such member of staff.")
    held = list(Membership.objects.filter(account=account, ended_at=None).select_related("site"))
    if not held:
        held = list(Membership.objects.filter(account=account).select_related("site"))
    sites = act.actor.sites(act.permission)
    if sites is not None and not {m.site_id for m in held} & sites:
        raise NotFound("There is no such member of staff.")
    if sites is not None and {m.site_id for m in held} - sites:
        raise Forbidden(
            "This person also works at a site that is not yours to manage.",
            what_to_do="End their roles at your site instead.",
        )
    for membership in held[:1]:
        act.about(membership)
    return account
