"""Making an inspection bundle: who asked, for what, with whose names, stands on the chain."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from evenkeel.clinic.oversight.bundle.archive import Progress, Written, write_archive
from evenkeel.clinic.oversight.bundle.asked import Asked
from evenkeel.clinic.oversight.bundle.audit import run_of
from evenkeel.clinic.people.models import Account, Site
from evenkeel.clinic.record.act import Act, Context, action
from evenkeel.clinic.record.errors import Forbidden, Invalid, NotFound

ASKED, WRITTEN = "inspection.make", "inspection.written"
_LONGEST: Final = timedelta(days=5 * 366)


def make_bundle(
    ctx: Context,
    *,
    first_day: date,
    last_day: date,
    to: Path,
    site_id: Any = None,
    identified: bool = False,
    reason: str = "",
    bundle_id: uuid.UUID | None = None,
    progress: Progress = lambda done, of, what: None,
) -> Written:
    """Write a bundle over whole days into the file ``to``; without a site over all the caller's.

    That it was asked for is recorded before anything is read, and what came of it afterwards.
    Raises ``Invalid`` for days that cannot be, ``Forbidden`` where names are asked for by somebody
    who may not allow that, ``Refused`` where no head can be signed or the time holds too much.
    """
    asked = ask_bundle(
        ctx,
        first_day=first_day,
        last_day=last_day,
        site_id=site_id,
        identified=identified,
        reason=reason,
        bundle_id=bundle_id,
    )
    written = write_archive(asked, to, progress)
    _note_written(
        ctx, bundle=str(asked.bundle_id), sha256=written.sha256, key=written.manifest["key"]
    )
    return written


@action(ASKED, permission="inspection.make")
def ask_bundle(
    act: Act,
    *,
    first_day: date,
    last_day: date,
    site_id: Any = None,
    identified: bool = False,
    reason: str = "",
    bundle_id: uuid.UUID | None = None,
) -> Asked:
    """Record that a bundle is made, and say what it shall hold. Raises as :func:`make_bundle`."""
    sites = _sites(act, site_id)
    zone = ZoneInfo(sites[0].timezone)
    since, until = _moment(first_day, zone), _moment(last_day + timedelta(days=1), zone)
    if since >= until:
        raise Invalid("The last day is before the first.", fields={"to": "Not before the first."})
    if until - since > _LONGEST:
        raise Invalid("That is too long a time.", fields={"from": "At most five years."})
    if since > act.now:
        raise Invalid("That time has not come yet.", fields={"from": "Not in the future."})
    reason = reason.strip()[:1000]
    allowed_by = ""
    if identified:
        allowed_by = _who_allows(act, sites)
        if not reason:
            raise Invalid("Say why people are named.", fields={"reason": "Say why."})
    asked = Asked(
        bundle_id=bundle_id or uuid.uuid4(),
        made_at=act.now,
        made_by=act.actor.name,
        first_day=first_day,
        last_day=last_day,
        since=since,
        until=until,
        zone=str(zone),
        sites=sites,
        every_site=site_id is None and act.actor.sites(act.permission) is None,
        identified=identified,
        allowed_by=allowed_by,
        reason=reason,
    )
    run_of(asked)  # too much is refused here, before anybody waits
    act.site_id = sites[0].pk if len(sites) == 1 else None
    act.subject = f"bundle:{asked.bundle_id}"
    act.reason = reason
    act.note(
        bundle=asked.bundle_id,
        first_day=first_day,
        last_day=last_day,
        sites=[site.pk for site in sites],
        identified=identified,
        allowed_by=allowed_by,
    )
    return asked


@action(WRITTEN, permission="inspection.make")
def _note_written(act: Act, *, bundle: str, sha256: str, key: str) -> None:
    act.subject = f"bundle:{bundle}"
    act.note(bundle=bundle, sha256=sha256, key=key)


def _sites(act: Act, site_id: Any) -> list[Site]:
    held = act.actor.sites(act.permission)
    rows = Site.objects.order_by("created_at", "name")
    if site_id is not None:
        return [act.open(Site, site_id)]
    found = list(rows if held is None else rows.filter(pk__in=held))
    if not found:
        raise NotFound("There is no site yet.")
    return found


def _moment(day: date, zone: ZoneInfo) -> datetime:
    """The beginning of a day at the site."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _who_allows(act: Act, sites: list[Site]) -> str:
    """The named person who allows that people are named: the caller, who must hold the right."""
    person = None
    if not act.actor.id.startswith("system:"):
        person = Account.objects.filter(pk=act.actor.id, is_active=True).first()
    if person is None or not all(act.actor.may("inspection.identify", s.pk) for s in sites):
        raise Forbidden(
            "Only a medical director of every site in it may allow that people are named.",
            what_to_do="Ask the medical director to make the bundle.",
        )
    return person.shown_name
