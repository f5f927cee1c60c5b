"""Who is calling: from a signed-in account to the actor that acts know."""

from __future__ import annotations

import uuid

from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.act import Actor, Context
from evenkeel.clinic.record.clock import Clock, system_clock
from evenkeel.clinic.record.permissions import Role


def actor_of(account: Account) -> Actor:
    """The account with the roles it holds now, each at its site."""
    if account.patient_id is not None:
        site_id = account.patient.site_id
        return Actor(
            id=str(account.pk),
            name=account.full_name,
            grants=frozenset({(site_id, Role.PATIENT)}),
            patient_id=account.patient_id,
        )
    grants: frozenset[tuple[uuid.UUID | None, Role]] = frozenset(
        (site_id, Role(role))
        for site_id, role in account.memberships.filter(ended_at=None).values_list(
            "site_id", "role"
        )
    )
    return Actor(id=str(account.pk), name=account.shown_name, grants=grants)


def context_for(account: Account, clock: Clock | None = None, via: str = "screen") -> Context:
    """What an act needs to know about this account as its caller."""
    return Context(actor=actor_of(account), clock=clock or system_clock(), via=via)
