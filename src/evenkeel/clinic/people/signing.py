"""Who signs, and in which role."""

from __future__ import annotations

from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.act import Act
from evenkeel.clinic.record.errors import Refused
from evenkeel.clinic.record.permissions import PERMISSIONS, Role


def signer(act: Act) -> Account:
    """The account that acts. Raises ``Refused`` where a part of the system tries to sign."""
    account = None
    if not act.actor.id.startswith("system:"):
        account = Account.objects.filter(pk=act.actor.id, is_active=True).first()
    if account is None:
        raise Refused("Only a person can sign.", code="no_signer")
    return account


def role_at(act: Act, site_id: object) -> str:
    """The role under which the actor does this act at a site; the first that allows it."""
    allowed = PERMISSIONS[act.permission]
    held = {role for site, role in act.actor.grants if site in (None, site_id)}
    for role in (Role.PRESCRIBER, *Role):
        if role in held and role in allowed:
            return role.value
    return ""
