"""Who may read a complaint, and what is asked of them. Never the team that treats the person."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils.crypto import salted_hmac

from evenkeel.clinic.oversight.models import Complaint
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.act import Actor, Context
from evenkeel.clinic.record.door import log_read, open_record, visible
from evenkeel.clinic.record.errors import NotFound
from evenkeel.clinic.record.permissions import Role

#: Who reads complaints, in the order in which they are offered.
READERS: Final[dict[str, str]] = {
    Role.MEDICAL_DIRECTOR.value: "The medical director",
    Role.ADMINISTRATOR.value: "The administrator",
}
#: Letters that are not mistaken for one another when a code is copied by hand.
_LETTERS: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_CODE_LENGTH: Final = 16
PERMISSION: Final = "complaint.handle"


@dataclass(frozen=True, slots=True)
class ComplaintCounts:
    """How many complaints there were, without a word of what they say."""

    received: int
    acknowledged_late: int
    answered: int
    answered_late: int
    open: int


def may_read(actor: Actor, complaint: Complaint) -> bool:
    """Whether the caller is one of those this complaint goes to, and it is not about them.

    Somebody who also holds the role it is about is left out, whatever else they are.
    """
    held = {role.value for site, role in actor.grants if site in (None, complaint.site_id)}
    if complaint.about in held or actor.id in complaint.excluded:
        return False
    return bool(held & set(complaint.recipients))


def open_complaint(ctx: Context, complaint_id: Any) -> Complaint:
    """A complaint, for whoever it goes to; the opening is in the audit, and so is a refusal.

    Raises ``NotFound`` for everybody else, as if there were none.
    """
    row = open_record(ctx, Complaint, complaint_id, "site", permission=PERMISSION, what="complaint")
    if not may_read(ctx.actor, row):
        log_read(ctx, "complaint", site_id=row.site_id, subject=f"complaint:{row.pk}", refused=True)
        raise NotFound("There is nothing here with that address.")
    return row


def my_complaints(ctx: Context) -> list[Complaint]:
    """Those the caller may read, the ones that wait first."""
    rows = visible(ctx, Complaint.objects.select_related("site"), PERMISSION)
    mine = [row for row in rows.order_by("received_at") if may_read(ctx.actor, row)]
    return sorted(mine, key=lambda row: (row.answered_at is not None, row.received_at))


def next_due(row: Complaint) -> datetime | None:
    """By when the next step of a complaint is due; ``None`` once it is answered."""
    if row.answered_at is not None:
        return None
    return row.acknowledge_by if row.acknowledged_at is None else row.answer_by


def readers_for(
    site_id: Any, about: str, wanted: Iterable[str] = (), *, without: Iterable[str] = ()
) -> list[str]:
    """The roles a complaint goes to: those wanted, else both; never the one it is about.

    ``without`` are ids of accounts that may not read it whatever they are.

    Only roles that somebody holds who does not also hold the one it is about; none where there is
    nobody, and then only a place outside is left.
    """
    asked = [role for role in READERS if role in set(wanted)] or list(READERS)
    people = Account.objects.filter(
        is_active=True, memberships__site_id=site_id, memberships__ended_at=None
    )
    held: dict[UUID, set[str]] = {}
    for pk, role in people.values_list("pk", "memberships__role"):
        held.setdefault(pk, set()).add(role)
    gone = set(without)
    free = [roles for pk, roles in held.items() if about not in roles and str(pk) not in gone]
    return [role for role in asked if role != about and any(role in roles for roles in free)]


def new_code(form_id: str = "") -> tuple[str, str]:
    """A code by which an answer can be read, and the hash that is kept of it.

    With ``form_id``, the secret id of a posted form, it follows from that id and the
    installation's key: a form sent twice shows the same code twice, and no table holds it.
    """
    raw = salted_hmac("evenkeel.complaint", form_id, algorithm="sha256").digest()
    source = raw if form_id else secrets.token_bytes(_CODE_LENGTH)
    code = "".join(_LETTERS[byte % len(_LETTERS)] for byte in source[:_CODE_LENGTH])
    return "-".join(code[n : n + 4] for n in range(0, _CODE_LENGTH, 4)), hash_of(code)


def hash_of(code: str) -> str:
    """What is kept of a code; case, blanks and hyphens do not matter."""
    plain = "".join(c for c in code.upper() if c.isalnum())
    return hashlib.sha256(f"evenkeel.complaint:{plain}".encode()).hexdigest()


def by_code(code: str) -> Complaint | None:
    """The complaint behind a code."""
    rows = Complaint.objects.filter(code_hash=hash_of(code)).select_related("site")
    return rows.first()  # type: ignore[no-any-return]


def complaint_counts(
    site_ids: Iterable[UUID] | None, start: datetime, end: datetime, now: datetime
) -> ComplaintCounts:
    """Counts of the complaints received from ``start`` until before ``end``; one query.

    For pages and files that must not tell more. ``site_ids`` of ``None`` means every site.
    """
    rows = Complaint.objects.filter(received_at__gte=start, received_at__lt=end)
    if site_ids is not None:
        rows = rows.filter(site_id__in=list(site_ids))
    every = list(rows)
    return ComplaintCounts(
        received=len(every),
        acknowledged_late=sum(_late(r.acknowledged_at, r.acknowledge_by, now) for r in every),
        answered=sum(r.answered_at is not None for r in every),
        answered_late=sum(_late(r.answered_at, r.answer_by, now) for r in every),
        open=sum(r.answered_at is None for r in every),
    )


def _late(done: datetime | None, due: datetime | None, now: datetime) -> bool:
    return due is not None and (done or now) > due
