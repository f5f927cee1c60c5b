"""Changing what was set up: the organisation's name, sites and chairs."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.people.actions.set_up import check_site, site_has_chair
from evenkeel.clinic.people.models import Chair, Membership, Site
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused
from evenkeel.clinic.record.models import Installation

SITE_FIELDS = (
    "name",
    "address",
    "phone",
    "crisis_line",
    "timezone",
    "jurisdiction",
    "mrn_prefix",
)
CHAIR_FIELDS = ("name", "room", "bed_label", "order")


@action("installation.rename", permission="setup.manage")
def rename_organisation(act: Act, *, organisation: str) -> Installation:
    """Change the organisation's name. Raises ``Invalid`` for an empty one."""
    name = organisation.strip()
    if not name or len(name) > 200:
        raise Invalid(
            "The organisation needs a name.",
            fields={"organisation": "Enter a name of at most 200 characters."},
        )
    row = Installation.objects.get(pk=1)
    act.note(before=row.organisation, organisation=name)
    row.organisation = name
    row.save(update_fields=["organisation"])
    return row


@action("installation.set_up", permission="setup.manage")
def finish_set_up(act: Act) -> Installation:
    """Note that the set-up is complete. Raises ``Refused`` while a site, chair or role lacks."""
    if not Site.objects.filter(active=True).exists():
        raise Refused("There is no open site yet.", what_to_do="Open a site first.")
    if not Chair.objects.filter(active=True).exists():
        raise Refused("There is no chair yet.", what_to_do="Add a chair first.")
    if not Membership.objects.filter(
        role__in=("prescriber", "medical_director"), ended_at=None
    ).exists():
        raise Refused(
            "Nobody can prescribe yet.",
            what_to_do="Invite a prescriber or a medical director, or give somebody that role.",
        )
    row = Installation.objects.get(pk=1)
    if row.set_up_at is None:
        row.set_up_at = act.now
        row.save(update_fields=["set_up_at"])
    return row


@action("site.edit", permission="setup.manage")
def edit_site(act: Act, *, site_id: Any, **fields: Any) -> Site:
    """Change a site. ``fields`` are some of :data:`SITE_FIELDS`."""
    site = act.open(Site, site_id)
    _fill(site, fields, SITE_FIELDS)
    check_site(site)
    return act.write(site)


@action("chair.edit", permission="setup.manage")
def edit_chair(act: Act, *, chair_id: Any, **fields: Any) -> Chair:
    """Change a chair. ``fields`` are some of :data:`CHAIR_FIELDS`."""
    chair = act.open(Chair, chair_id, "site")
    before = chair.name
    _fill(chair, fields, CHAIR_FIELDS)
    if not chair.name.strip():
        raise Invalid("A chair needs a name.", fields={"name": "Enter a name, such as Chair 1."})
    if chair.name.lower() != before.lower() and site_has_chair(chair.site, chair.name):
        raise Invalid("The site has a chair of that name.", fields={"name": "Choose another."})
    return act.write(chair)


@action("chair.retire", permission="setup.manage")
def retire_chair(act: Act, *, chair_id: Any, active: bool = False) -> Chair:
    """Take a chair out of use, or back into it; what was done on it stays."""
    chair = act.open(Chair, chair_id, "site")
    if chair.active == active:
        return chair
    if active and site_has_chair(chair.site, chair.name):
        raise Invalid("The site has a chair of that name.", fields={"name": "Rename the other."})
    chair.active = active
    return act.write(chair)


def _fill(row: Site | Chair, fields: dict[str, Any], allowed: tuple[str, ...]) -> None:
    unknown = set(fields) - set(allowed)
    if unknown:
        raise TypeError(f"cannot be changed here: {sorted(unknown)}")
    for name, value in fields.items():
        setattr(row, name, value.strip() if isinstance(value, str) else value)
