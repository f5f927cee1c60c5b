"""Credentials of staff: how each stands, what a missing one takes away, who lacks what.

Read by other rooms through :func:`credentials_of` and :func:`gated`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from evenkeel.clinic.people.acting_policy import (
    REMIND_DAYS,
    ActingPolicy,
    kinds,
    policy_of,
)
from evenkeel.clinic.people.models import Account, Credential, Membership, Site
from evenkeel.clinic.record.act import Actor
from evenkeel.clinic.record.clock import Clock
from evenkeel.clinic.record.permissions import Role


class Stands(StrEnum):
    """How a credential stands on a day."""

    MISSING = "missing"
    UNSEEN = "unseen"
    EXPIRED = "expired"
    SOON = "soon"
    VALID = "valid"
    ENDED = "ended"


STANDS_WORDS: dict[Stands, str] = {
    Stands.MISSING: "missing",
    Stands.UNSEEN: "waits for a second person",
    Stands.EXPIRED: "expired",
    Stands.SOON: "expires soon",
    Stands.VALID: "valid",
    Stands.ENDED: "taken back",
}


def stands(row: Credential, on: date) -> Stands:
    """How a credential stands on a day of its site."""
    if row.ended_at is not None:
        return Stands.ENDED
    if row.expires_on is not None and row.expires_on < on:
        return Stands.EXPIRED
    if row.seen_at is None:
        return Stands.UNSEEN
    if row.expires_on is not None and (row.expires_on - on).days <= REMIND_DAYS[0]:
        return Stands.SOON
    return Stands.VALID


@dataclass(frozen=True, slots=True)
class CredentialLine:
    """One credential, or the lack of one, of one person at one site.

    ``acts``: the permissions that need it in the roles held. ``row`` is ``None`` where it is
    missing. ``entered_by`` and ``seen_by`` are names; ``days_left`` counts to the last day.
    """

    site_id: uuid.UUID
    account_id: uuid.UUID
    holder: str
    kind: str
    label: str
    stands: Stands
    acts: tuple[str, ...]
    row: Credential | None = None
    number: str = ""
    issuer: str = ""
    issued_on: date | None = None
    expires_on: date | None = None
    seen_by: str = ""
    seen_at: datetime | None = None
    days_left: int | None = None

    @property
    def counts(self) -> bool:
        """Whether it may be relied on that day."""
        return self.stands in (Stands.VALID, Stands.SOON)

    @property
    def words(self) -> str:
        """How it stands, in a few words."""
        return STANDS_WORDS[self.stands]


def credentials_of(
    site_ids: Iterable[Any] | None, on: date, *, account_id: Any = None
) -> list[CredentialLine]:
    """Every credential of staff at these sites on a day, and every one a role needs and lacks.

    ``site_ids`` ``None``: every site. Three queries. Sorted by site, name and kind; what was
    ended is told too.
    """
    held = Membership.objects.filter(ended_at=None, account__is_active=True)
    rows = Credential.objects.select_related("account", "seen_by")
    if site_ids is not None:
        wanted = set(site_ids)
        held, rows = held.filter(site_id__in=wanted), rows.filter(site_id__in=wanted)
    if account_id is not None:
        held, rows = held.filter(account_id=account_id), rows.filter(account_id=account_id)
    roles: dict[tuple[uuid.UUID, uuid.UUID], set[str]] = {}
    names: dict[uuid.UUID, str] = {}
    policies: dict[uuid.UUID, ActingPolicy] = {}
    for one in held.select_related("account", "site"):
        roles.setdefault((one.site_id, one.account_id), set()).add(one.role)
        names[one.account_id] = one.account.shown_name
        policies.setdefault(one.site_id, policy_of(one.site.acting_policy))
    needed = {
        key: policies[key[0]].kinds_of(sorted(found))
        for key, found in sorted(roles.items(), key=str)
    }
    lines, there = [], set()
    for row in rows.order_by("kind", "-expires_on", "-created_at"):
        acts = needed.get((row.site_id, row.account_id), {}).get(row.kind, [])
        line = _line(row, on, tuple(acts))
        lines.append(line)
        if line.stands is not Stands.ENDED:
            there.add((row.site_id, row.account_id, row.kind))
    for (site_id, holder_id), asked in needed.items():
        lines += [
            CredentialLine(
                site_id,
                holder_id,
                names[holder_id],
                kind,
                kinds()[kind].label,
                Stands.MISSING,
                tuple(acts),
            )
            for kind, acts in asked.items()
            if (site_id, holder_id, kind) not in there
        ]
    order = list(kinds())
    return sorted(lines, key=lambda x: (str(x.site_id), x.holder, order.index(x.kind)))


def _line(row: Credential, on: date, acts: tuple[str, ...]) -> CredentialLine:
    return CredentialLine(
        row.site_id,
        row.account_id,
        row.account.shown_name,
        row.kind,
        kinds()[row.kind].label,
        stands(row, on),
        acts,
        row,
        row.number,
        row.issuer,
        row.issued_on,
        row.expires_on,
        row.seen_by.shown_name if row.seen_by else "",
        row.seen_at,
        None if row.expires_on is None else (row.expires_on - on).days,
    )


def gated(
    actor: Actor, permission: str, site_id: uuid.UUID | None = None, product: str = ""
) -> str | None:
    """Which credential keeps this actor from what a role allows, in words; ``None``: none does."""
    return actor.why_not(permission, site_id, product) or None


@dataclass(frozen=True, slots=True)
class SiteAsks:
    """What a site asks of who acts there: its policy, from when on, and its days."""

    document: Mapping[str, Any] | None
    since: datetime | None
    zone: str


class Standing:
    """What the credentials of one account leave open; asked for only where an act needs one."""

    def __init__(self, account_id: uuid.UUID, asks: Mapping[uuid.UUID, SiteAsks], clock: Clock):
        self.account_id, self.asks, self.clock = account_id, asks, clock
        self._rows: list[Credential] | None = None

    def why(self, role: Role, permission: str, site_id: uuid.UUID | None, product: str = "") -> str:
        """Which credential stands against it, in words; empty where none does."""
        asked = None if site_id is None else self.asks.get(site_id)
        now = self.clock.now()
        if asked is None or asked.since is None or now < asked.since:
            return ""
        on = now.astimezone(_zone(asked.zone)).date()
        for kind in policy_of(asked.document).kinds_for(role.value, permission):
            products = kinds()[kind].products
            if products and product not in products:
                continue
            words = self._against(kind, site_id, on)
            if words:
                return words
        return ""

    def _against(self, kind: str, site_id: uuid.UUID | None, on: date) -> str:
        if self._rows is None:
            self._rows = list(
                Credential.objects.filter(account_id=self.account_id, ended_at=None).order_by(
                    "created_at"
                )
            )
        here = [row for row in self._rows if row.kind == kind and row.site_id == site_id]
        return against(kind, here, on)


def against(kind: str, rows: Iterable[Credential], on: date) -> str:
    """Why none of these credentials of one kind counts on a day; empty where one does."""
    label, found = kinds()[kind].label, {stands(row, on): row for row in rows}
    if Stands.VALID in found or Stands.SOON in found:
        return ""
    if Stands.UNSEEN in found:
        return f"Nobody has seen the document of your {label} yet."
    if Stands.EXPIRED in found:
        last = found[Stands.EXPIRED].expires_on
        return f"Your {label} expired on {last:%d %b %Y}.".replace(" 0", " ")
    return f"Your {label} is not on record here."


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def counts_at(site: Site, kind: str, on: date, account_ids: Iterable[Any]) -> list[Account]:
    """Which of these people hold a credential of this kind that counts at a site on a day."""
    rows = Credential.objects.filter(
        site=site, kind=kind, ended_at=None, account_id__in=set(account_ids)
    ).select_related("account")
    good = (Stands.VALID, Stands.SOON)
    return [row.account for row in rows if stands(row, on) in good]


__all__ = [
    "CredentialLine",
    "SiteAsks",
    "Standing",
    "Stands",
    "against",
    "counts_at",
    "credentials_of",
    "gated",
    "stands",
]
