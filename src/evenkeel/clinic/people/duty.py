"""Who is on duty at a site on a day: from the roster, with the roles they hold there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from evenkeel.clinic.people.models import Account, Duty, Membership
from evenkeel.clinic.record.permissions import ROLE_LABELS, Role


@dataclass(frozen=True, slots=True)
class OnDuty:
    """One member of staff who is here on a day, and in which roles."""

    account: Account
    roles: tuple[str, ...]

    @property
    def words(self) -> str:
        """The roles in words."""
        return ", ".join(ROLE_LABELS[role] for role in self.roles)

    def as_document(self) -> dict[str, Any]:
        """The form in which a session keeps who was there."""
        return {
            "id": str(self.account.pk),
            "name": self.account.shown_name,
            "roles": list(self.roles),
        }


def staff_of(site_id: Any) -> list[OnDuty]:
    """Everybody who works at a site, by name. One query."""
    held = (
        Membership.objects.filter(site_id=site_id, ended_at=None, account__is_active=True)
        .select_related("account")
        .order_by("account__full_name", "account_id")
    )
    found: dict[uuid.UUID, tuple[Account, set[str]]] = {}
    for one in held:
        found.setdefault(one.account_id, (one.account, set()))[1].add(one.role)
    order = [role.value for role in Role]
    return [
        OnDuty(account, tuple(sorted(roles, key=order.index))) for account, roles in found.values()
    ]


def rostered(site_id: Any, day: date) -> set[uuid.UUID]:
    """The accounts on the roster of a day. One query."""
    rows = Duty.objects.filter(site_id=site_id, day=day, ended_at=None)
    return set(rows.values_list("account_id", flat=True))


def here_of(site_id: Any, *account_ids: Any) -> list[OnDuty]:
    """Those of these accounts who work at a site, with their roles. One query."""
    here = {str(key) for key in account_ids if key}
    return [one for one in staff_of(site_id) if str(one.account.pk) in here]


def on_duty(site_id: Any, day: date, *also: Any) -> list[OnDuty]:
    """Who is here on a day: the roster, and ``also`` who was named otherwise. Two queries."""
    return here_of(site_id, *rostered(site_id, day), *also)


__all__ = ["OnDuty", "here_of", "on_duty", "rostered", "staff_of"]
