"""What a site asks of who acts: decided by its medical director, and from when on it holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from evenkeel.clinic.people.acting_policy import GRACE_DAYS, as_document, checked
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.act import Act, Context, action
from evenkeel.clinic.record.chain import canonical, digest
from evenkeel.clinic.record.errors import Conflict, Invalid

#: How far the beginning may be put off, counted from the day it is put off (clinic policy).
LONGEST_GRACE = timedelta(days=365)


def policy_hash(site: Site) -> str:
    """The SHA-256 of what a site asks now, so that nobody decides on what changed meanwhile."""
    return digest(canonical([site.acting_policy, site.credentials_from]))


@action("acting.decide", permission="acting.decide")
def decide_policy(
    act: Act,
    *,
    site_id: Any,
    document: Mapping[str, Any],
    reason: str,
    seen_hash: str,
    confirmed_by: str,
) -> Site:
    """Set what the site asks. Raises ``Invalid`` for what is no policy, ``Conflict`` where it was
    changed meanwhile."""
    site = _open(act, site_id, reason, seen_hash)
    site.acting_policy = as_document(checked(document))
    act.note(confirmed_by=confirmed_by)
    return act.write(site)


@action("acting.ship", permission="acting.decide")
def back_to_shipped(
    act: Act, *, site_id: Any, reason: str, seen_hash: str, confirmed_by: str
) -> Site:
    """Ask again what ships."""
    site = _open(act, site_id, reason, seen_hash)
    site.acting_policy = None
    act.note(confirmed_by=confirmed_by)
    return act.write(site)


@action("acting.set_begin", permission="acting.decide")
def set_begin(
    act: Act,
    *,
    site_id: Any,
    begins_at: datetime,
    reason: str,
    seen_hash: str,
    confirmed_by: str,
) -> Site:
    """Set from when on a missing credential takes acts away; at most a year ahead."""
    site = _open(act, site_id, reason, seen_hash)
    if begins_at > act.now + LONGEST_GRACE:
        raise Invalid(
            "This is too far ahead.",
            fields={"begins_on": "Choose a day within a year."},
        )
    site.credentials_from = begins_at
    act.note(confirmed_by=confirmed_by)
    return act.write(site)


@action("acting.begin", permission="acting.begin")
def give_grace(act: Act, *, site_id: Any) -> Site:
    """Give a site that was there before credentials were asked for its days of grace."""
    site = act.open(Site, site_id)
    if site.credentials_from is not None:
        return site
    site.credentials_from = act.now + timedelta(days=GRACE_DAYS)
    return act.write(site)


def give_grace_where_missing(ctx: Context) -> int:
    """After an upgrade: every site without a beginning gets one; how many did."""
    sites = list(Site.objects.filter(credentials_from=None))
    for site in sites:
        give_grace(ctx, site_id=site.pk)
    return len(sites)


def _open(act: Act, site_id: Any, reason: str, seen_hash: str) -> Site:
    site = act.open(Site, site_id)
    if policy_hash(site) != seen_hash:
        raise Conflict(
            "What the site asks was changed meanwhile.", what_to_do="Look at it again, then decide."
        )
    words = reason.strip()
    if len(words) < 3 or len(words) > 1000:
        raise Invalid("Say why.", fields={"reason": "Write in a few words why."})
    act.reason = words
    return site
