"""Who is calling: from a signed-in account to the actor that acts know."""

from __future__ import annotations

import uuid

from evenkeel.clinic.people.models import Account, Membership
from evenkeel.clinic.record.act import Actor, Context
from evenkeel.clinic.record.clock import Clock, system_clock
from evenkeel.clinic.record.permissions import Role
from evenkeel.clinic.record.prepared import Prepared


def actor_of(account: Account) -> Actor:
    """The account with the roles it holds now, each at its site.

    Leaves the time zone of the account's first site on it as ``zone_name``.
    """
    if account.patient_id is not None:
        site = account.patient.site
        site_id, account.zone_name = site.pk, site.timezone
        return Actor(
            id=str(account.pk),
            name=account.full_name,
            grants=frozenset({(site_id, Role.PATIENT)}),
            patient_id=account.patient_id,
        )
    held = _HELD.all(account.pk)
    grants: frozenset[tuple[uuid.UUID | None, Role]] = frozenset(
        (site_id, Role(role)) for site_id, role, _ in held
    )
    account.zone_name = held[0][2] if held else "UTC"
    return Actor(id=str(account.pk), name=account.shown_name, grants=grants)


#: Asked by every request.
_HELD = Prepared(
    lambda account_id: (
        Membership.objects.filter(account_id=account_id, ended_at=None)
        .order_by("created_at")
        .values_list("site_id", "role", "site__timezone")
    ),
    lambda: [Account._meta.pk],
)


def context_for(account: Account, clock: Clock | None = None, via: str = "screen") -> Context:
    """What an act needs to know about this account as its caller."""
    return Context(actor=actor_of(account), clock=clock or system_clock(), via=via)
