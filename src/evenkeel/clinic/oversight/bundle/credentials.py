"""Who worked here in the time, in which role, and by which credentials."""

from __future__ import annotations

from django.db.models import Q

from evenkeel.clinic.oversight.bundle.asked import Asked, Table, when
from evenkeel.clinic.oversight.bundle.pseudonyms import People
from evenkeel.clinic.people.models import Credential, Membership
from evenkeel.clinic.record.permissions import ROLE_LABELS


def tables(asked: Asked, people: People) -> list[Table]:
    """Two tables: roles that were held, and credentials that counted, at some moment of it."""
    return [_roles(asked), _credentials(asked)]


def _roles(asked: Asked) -> Table:
    held = (
        Membership.objects.filter(site_id__in=asked.site_ids, created_at__lt=asked.until)
        .filter(Q(ended_at=None) | Q(ended_at__gt=asked.since))
        .select_related("account", "site")
        .order_by("site__name", "account__full_name", "role", "pk")
    )
    rows = [
        {
            "site": row.site.name,
            "name": row.account.shown_name,
            "role": ROLE_LABELS.get(row.role, row.role),
            "from": when(row.created_at),
            "until": when(row.ended_at),
        }
        for row in held
    ]
    return Table(
        "roles",
        "Who worked here",
        "Every role that somebody held at some moment of this time.",
        [
            ("site", "Site"),
            ("name", "Name"),
            ("role", "Role"),
            ("from", "From (UTC)"),
            ("until", "Until (UTC)"),
        ],
        rows,
    )


def _credentials(asked: Asked) -> Table:
    held = (
        Credential.objects.filter(site_id__in=asked.site_ids, created_at__lt=asked.until)
        .filter(Q(expires_on=None) | Q(expires_on__gte=asked.first_day))
        .filter(Q(ended_at=None) | Q(ended_at__gt=asked.since))
        .select_related("account", "site", "seen_by")
        .order_by("site__name", "account__full_name", "kind", "issued_on", "pk")
    )
    rows = [
        {
            "site": row.site.name,
            "name": row.account.shown_name,
            "kind": row.kind,
            "title": row.title,
            "number": row.number,
            "issuer": row.issuer,
            "issued_on": row.issued_on.isoformat() if row.issued_on else "",
            "expires_on": row.expires_on.isoformat() if row.expires_on else "",
            "seen_by": row.seen_by.shown_name if row.seen_by else "",
            "seen_at": when(row.seen_at),
            "seen_what": row.seen_what,
            "ended_at": when(row.ended_at),
            "ended_reason": row.ended_reason,
        }
        for row in held
    ]
    return Table(
        "credentials",
        "Credentials",
        "Licenses, registrations and training that counted at some moment of this time, and which "
        "second person saw them. One that nobody saw did not count.",
        [
            ("site", "Site"),
            ("name", "Name"),
            ("kind", "Kind"),
            ("title", "Title"),
            ("number", "Number"),
            ("issuer", "Issued by"),
            ("issued_on", "Issued"),
            ("expires_on", "Last day"),
            ("seen_by", "Seen by"),
            ("seen_at", "Seen (UTC)"),
            ("seen_what", "What was seen"),
            ("ended_at", "Ended (UTC)"),
            ("ended_reason", "Why"),
        ],
        rows,
    )
