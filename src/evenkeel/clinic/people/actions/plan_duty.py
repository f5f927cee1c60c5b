"""The roster of a day: who is on duty at a site."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, Final

from evenkeel.clinic.people.duty import rostered, staff_of
from evenkeel.clinic.people.models import Duty, Site
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid

#: How far ahead a roster is made.
AHEAD: Final = timedelta(days=366)


@action("duty.plan", permission="duty.manage")
def plan_duty(act: Act, *, site_id: Any, day: date, account_ids: Iterable[Any]) -> list[Duty]:
    """Set who is on duty at a site on a day; who is no longer named is taken off.

    What is the same already is not written again. Raises ``Invalid`` for somebody who does not
    work there, and for a day too far away.
    """
    site = act.open(Site, site_id)
    if abs(day - act.now.date()) > AHEAD:
        raise Invalid("This day is too far away.", fields={"day": "Choose a day within a year."})
    wanted = {str(key) for key in account_ids}
    staff = {str(one.account.pk): one.account for one in staff_of(site.pk)}
    if wanted - staff.keys():
        raise Invalid("Somebody named does not work at this site.", code="not_here")
    before = {str(key) for key in rostered(site.pk, day)}
    act.note(day=day)
    for row in Duty.objects.filter(site=site, day=day, ended_at=None):
        if str(row.account_id) not in wanted:
            row.ended_at = act.now
            act.write(row)
    return [
        act.write(Duty(site=site, account=staff[key], day=day)) for key in sorted(wanted - before)
    ]
