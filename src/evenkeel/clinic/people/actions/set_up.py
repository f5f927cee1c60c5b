"""Setting up an installation: its organisation, its first administrator, sites and chairs."""

from __future__ import annotations

import re
import uuid
import zoneinfo
from datetime import timedelta
from typing import Any, Final

from evenkeel.clinic.people.acting_policy import GRACE_DAYS
from evenkeel.clinic.people.models import Account, Chair, Membership, Site
from evenkeel.clinic.record.act import Act, Actor, Context, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.record.models import Installation
from evenkeel.clinic.record.permissions import STAFF_ROLES, Role, roles_for

#: How long there is to enter and see credentials before a missing one takes acts away.
GRACE: Final = timedelta(days=GRACE_DAYS)


@action("installation.found", permission="audit.verify")
def found_installation(act: Act, *, organisation: str, demo: bool, seed: str = "") -> Installation:
    """Write the installation's one row. Raises ``Refused`` where there is one already."""
    if Installation.objects.exists():
        raise Refused("This installation has been founded already.")
    row = Installation(
        organisation=organisation.strip(), demo=demo, demo_seed=seed, created_at=act.now
    )
    row.save(force_insert=True)
    act.note(organisation=row.organisation, demo=demo)
    return row


@action("site.open", permission="setup.manage")
def open_site(act: Act, **fields: Any) -> Site:
    """Open a site. ``fields`` are those of :class:`Site`; the time zone must be a known one.

    Whoever opens it holds there the roles by which they may: otherwise nobody could go on.
    Credentials are asked for once the days of grace are over.
    """
    fields.setdefault("credentials_from", act.now + GRACE)
    site = Site(**fields)
    check_site(site)
    site.site_id = site.id
    account = Account.objects.filter(pk=_account_key(act)).first()
    if account is None:
        return act.write(site)
    roles = sorted({role for _, role in act.actor.grants if role in roles_for(act.permission)})
    grants = act.actor.grants | {(site.id, role) for role in roles}
    actor = Actor(act.actor.id, act.actor.name, grants)
    # built anew: a request's context is lazy, and a lazy one cannot be copied with a change
    act.ctx = Context(actor, act.ctx.clock, act.ctx.via, act.ctx.reason)
    act.write(site)
    for role in roles:
        act.write(Membership(site=site, account=account, role=role))
    return site


def _account_key(act: Act) -> uuid.UUID | None:
    try:
        return uuid.UUID(act.actor.id)
    except ValueError:
        return None


def check_site(site: Site) -> None:
    """Raise ``Invalid`` unless the site has a name, a known time zone and a sound prefix."""
    check_timezone(site.timezone)
    if not site.name.strip():
        raise Invalid("A site needs a name.", fields={"name": "Enter the name of the site."})
    if not re.fullmatch(r"[A-Z]{1,6}", site.mrn_prefix):
        raise Invalid(
            "The prefix of record numbers is one to six capital letters.",
            fields={"mrn_prefix": "Enter one to six capital letters."},
        )


def check_timezone(name: str) -> None:
    """Raise ``Invalid`` unless ``name`` is an IANA time zone."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(
            f"{name!r} is not a time zone.",
            fields={"timezone": "Use a name such as Europe/London or America/New_York."},
        ) from None


@action("chair.add", permission="setup.manage")
def add_chair(
    act: Act, *, site_id: Any, name: str, room: str = "", bed_label: str = "", order: int = 0
) -> Chair:
    """Add a chair to a site. ``bed_label`` is how the bedside monitor names the place."""
    site = act.open(Site, site_id)
    if not site.active:
        raise Refused("The site is closed.", what_to_do="Open the site again first.")
    if not name.strip():
        raise Invalid("A chair needs a name.", fields={"name": "Enter a name, such as Chair 1."})
    if site_has_chair(site, name):
        raise Invalid(f"{site.name} has a chair of that name.", fields={"name": "Choose another."})
    return act.write(
        Chair(site=site, name=name.strip(), room=room, bed_label=bed_label, order=order)
    )


def site_has_chair(site: Site, name: str) -> bool:
    """Whether an active chair of the site bears this name."""
    return Chair.objects.filter(site=site, name__iexact=name.strip(), active=True).exists()


@action("role.grant", permission="staff.manage")
def grant_role(act: Act, *, account_id: Any, site_id: Any, role: str) -> Membership:
    """Give an account a role at a site; granting a role that is held changes nothing."""
    site = act.open(Site, site_id)
    if role not in {r.value for r in STAFF_ROLES}:
        raise Invalid(f"{role!r} is not a role of staff.", fields={"role": "Choose a role."})
    account = Account.objects.filter(pk=account_id, patient=None).first()
    if account is None:
        raise Invalid("There is no such member of staff.")
    held = Membership.objects.filter(account=account, site=site, role=role, ended_at=None).first()
    if held:
        return held
    act.note(account=account.pk, role=role)
    return act.write(Membership(site=site, account=account, role=Role(role)))


@action("role.end", permission="staff.manage")
def end_role(act: Act, *, membership_id: Any) -> Membership:
    """End a role. The last administrator of an installation keeps theirs."""
    held = act.open(Membership, membership_id)
    if held.ended_at is not None:
        return held
    others = Membership.objects.filter(role=held.role, ended_at=None).exclude(pk=held.pk)
    if held.role == Role.ADMINISTRATOR and not others.exists():
        raise Refused(
            "This is the last administrator.",
            what_to_do="Give somebody else the role of administrator first.",
        )
    held.ended_at = act.now
    return act.write(held)
