"""What somebody is to do about an incident: asked of a person, by a day, until it is done."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from evenkeel.clinic.oversight.models import Incident, IncidentAction
from evenkeel.clinic.oversight.terms import end_of_day
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Forbidden, Invalid, Refused
from evenkeel.clinic.record.permissions import roles_for


@action("incident.ask_action", permission="incident.act")
def ask_action(
    act: Act, *, incident_id: Any, what: str, owner_id: Any, due_on: date | None
) -> IncidentAction:
    """Ask somebody who works at the site to do something by a day.

    Raises ``Invalid`` by field, ``Refused`` on a closed incident.
    """
    incident = act.open(Incident, incident_id, "site")
    if incident.closed_at is not None:
        raise Refused("This incident is closed.", what_to_do="Open it again first.", code="closed")
    wrong: dict[str, str] = {}
    what = what.strip()
    if not what or len(what) > 400 or "\x00" in what:
        wrong["what"] = "Say what is to be done, in at most 400 letters."
    owner = owner_at(incident.site_id, owner_id)
    if owner is None:
        wrong["owner"] = "Choose who sees to it."
    today = act.now.astimezone(ZoneInfo(incident.site.timezone)).date()
    if due_on is None or due_on < today:
        wrong["due_on"] = "Choose a day, today or later."
    if wrong or owner is None or due_on is None:
        raise Invalid("The action is not complete yet.", fields=wrong)
    return act.write(
        IncidentAction(
            site=incident.site,
            incident=incident,
            patient_id=incident.patient_id,
            what=what,
            owner=owner,
            due_on=due_on,
            due_at=end_of_day(due_on, incident.site.timezone),
            asked_at=act.now,
            asked_by=act.actor.name,
        )
    )


@action("incident.close_action", permission="incident.act")
def close_action(act: Act, *, action_id: Any, note: str) -> IncidentAction:
    """Close an action with what was done: by its owner, or by who reviews incidents.

    Raises ``Forbidden`` for anybody else, ``Invalid`` without words.
    """
    row = act.open(IncidentAction, action_id, "owner", "incident")
    if row.done_at is not None:
        raise Refused("This action was closed before.", code="closed")
    own = str(row.owner_id) == act.actor.id
    if not own and not act.actor.may("incident.review", row.site_id):
        raise Forbidden(
            f"This action is {row.owner.full_name}’s.",
            what_to_do="They close it, or the medical director does.",
        )
    note = note.strip()
    if not note or len(note) > 4000 or "\x00" in note:
        raise Invalid("Say what was done.", fields={"done_note": "Say what was done."})
    row.done_at, row.done_by, row.done_note = act.now, act.actor.name, note
    return act.write(row)


def owner_at(site_id: Any, account_id: Any) -> Account | None:
    """Somebody who may be asked to do something about an incident at a site."""
    return next((one for one in owners_at(site_id) if str(one.pk) == str(account_id)), None)


def owners_at(site_id: Any) -> list[Account]:
    """Who may be asked, by name."""
    roles = [role.value for role in roles_for("incident.act")]
    rows = Account.objects.filter(
        is_active=True,
        memberships__site_id=site_id,
        memberships__ended_at=None,
        memberships__role__in=roles,
    )
    return list(rows.distinct().order_by("full_name"))
