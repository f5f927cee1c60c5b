"""Who is calling: from a signed-in account to the actor that acts know."""

from __future__ import annotations

import uuid

from evenkeel.clinic.people.credentials import SiteAsks, Standing
from evenkeel.clinic.people.models import Account, EmergencyAccess, Membership
from evenkeel.clinic.record.act import Actor, Context
from evenkeel.clinic.record.actor import Emergency
from evenkeel.clinic.record.clock import Clock, system_clock
from evenkeel.clinic.record.permissions import Role
from evenkeel.clinic.record.prepared import Prepared


def actor_of(account: Account, clock: Clock | None = None) -> Actor:
    """The account with the roles it holds now, each at its site.

    Leaves the time zone of the account's first site on it as ``zone_name``. Credentials are looked
    up where an act first asks for one, by ``clock``.
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
    clock = clock or system_clock()
    held = _HELD.all(account.pk)
    grants: frozenset[tuple[uuid.UUID | None, Role]] = frozenset(
        (site_id, Role(role)) for site_id, role, *_ in held
    )
    asks = {row[0]: SiteAsks(row[3], row[4], row[2]) for row in held}
    account.zone_name = held[0][2] if held else "UTC"
    return Actor(
        id=str(account.pk),
        name=account.shown_name,
        grants=grants,
        withheld=Standing(account.pk, asks, clock),
        emergencies=_emergencies(account, clock),
    )


#: Asked by every request.
_HELD = Prepared(
    lambda account_id: (
        Membership.objects.filter(account_id=account_id, ended_at=None)
        .order_by("created_at")
        .values_list(
            "site_id", "role", "site__timezone", "site__acting_policy", "site__credentials_from"
        )
    ),
    lambda: [Account._meta.pk],
)


def _emergencies(account: Account, clock: Clock) -> tuple[Emergency, ...]:
    """The records open to this account in an emergency; asked only while there is one."""
    now = clock.now()
    if account.emergency_until is None or account.emergency_until <= now:
        return ()
    rows = EmergencyAccess.objects.filter(account=account, until__gt=now, ended_at=None)
    return tuple(
        Emergency(
            row.pk,
            row.site_id,
            row.patient_id,
            f"{row.patient.name}, {row.patient.mrn}",
            row.until,
            row.reason,
        )
        for row in rows.select_related("patient").order_by("opened_at")
    )


def context_for(account: Account, clock: Clock | None = None, via: str = "screen") -> Context:
    """What an act needs to know about this account as its caller."""
    clock = clock or system_clock()
    return Context(actor=actor_of(account, clock), clock=clock, via=via)
