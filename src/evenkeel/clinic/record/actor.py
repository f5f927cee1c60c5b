"""Who acts: the roles held, what stands against using them, and access opened in an emergency."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from evenkeel.clinic.record.errors import Forbidden
from evenkeel.clinic.record.permissions import IN_EMERGENCY, WITHHOLDABLE, Role, roles_for

if TYPE_CHECKING:
    from evenkeel.clinic.record.models import Appended, Record

RENEW: Final = (
    "Enter it under My credentials and let a colleague see the document. What concerns somebody "
    "who was dosed already stays open to you."
)


class Withheld(Protocol):
    """What may not be done although a role allows it: a credential is missing."""

    def why(self, role: Role, permission: str, site_id: uuid.UUID | None, product: str = "") -> str:
        """In words, which credential stands against it; empty where none does."""
        ...


@dataclass(frozen=True, slots=True)
class Emergency:
    """One person's record, opened in an emergency for a limited time and with a reason."""

    id: uuid.UUID
    site_id: uuid.UUID
    patient_id: uuid.UUID
    patient: str
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account, a patient or a part of the system.

    ``grants`` are pairs (site id or ``None`` for every site, role). ``withheld`` says which of
    the acts those roles allow are taken away now; ``emergencies`` which single records are open
    beyond them.
    """

    id: str
    name: str
    grants: frozenset[tuple[uuid.UUID | None, Role]]
    patient_id: uuid.UUID | None = None
    withheld: Withheld | None = field(default=None, compare=False, repr=False)
    emergencies: tuple[Emergency, ...] = ()

    def may(self, permission: str, site_id: uuid.UUID | None = None) -> bool:
        """Whether this actor may ``permission``: at ``site_id`` if one is given, else anywhere.

        Anywhere counts one person's record that is open in an emergency; of a site it never
        speaks, because whose row it is decides :meth:`may_for`.
        """
        if self.holds(permission, site_id):
            return True
        return site_id is None and bool(self.emergencies) and permission in IN_EMERGENCY

    def holds(self, permission: str, site_id: uuid.UUID | None = None) -> bool:
        """Whether a role of this actor allows it and no credential stands against it."""
        roles = roles_for(permission)
        return any(
            role in roles
            and (site_id is None or site is None or site == site_id)
            and not self._why(role, permission, site)
            for site, role in self.grants
        )

    def may_for(self, permission: str, row: Record | Appended) -> bool:
        """Whether this actor may do it to this very row."""
        return (
            self.holds(permission, row.site_id) or self.emergency_for(permission, row) is not None
        )

    def emergency_for(self, permission: str, row: Record | Appended) -> Emergency | None:
        """The access opened in an emergency under which the row may be touched, if any."""
        if permission not in IN_EMERGENCY or row.patient_ref is None:
            return None
        return next(
            (
                one
                for one in self.emergencies
                if one.patient_id == row.patient_ref and one.site_id == row.site_id
            ),
            None,
        )

    def why_not(self, permission: str, site_id: uuid.UUID | None = None, product: str = "") -> str:
        """Which credential keeps this actor from what a role allows; empty where none does."""
        found = ""
        roles = roles_for(permission)
        for site, role in sorted(self.grants, key=str):
            if role in roles and (site_id is None or site is None or site == site_id):
                words = self._why(role, permission, site, product)
                if not words:
                    return ""
                found = found or words
        return found

    def _why(self, role: Role, permission: str, site: uuid.UUID | None, product: str = "") -> str:
        if self.withheld is None or permission not in WITHHOLDABLE:
            return ""
        return self.withheld.why(role, permission, site, product)

    def refusal(
        self, permission: str, site_id: uuid.UUID | None = None, what: str = ""
    ) -> Forbidden:
        """Why this actor may not, as the error to raise."""
        words = self.why_not(permission, site_id)
        if words:
            return Forbidden(words, what_to_do=RENEW, code="credential")
        return Forbidden(
            what or "Your role does not allow this.", what_to_do="Ask a colleague whose role does."
        )

    def works_at(self, site_id: uuid.UUID) -> bool:
        """Whether any grant of this actor covers the site."""
        return any(site is None or site == site_id for site, _ in self.grants)

    def sites(self, permission: str) -> set[uuid.UUID] | None:
        """The sites where this actor holds ``permission``; ``None`` means every site."""
        roles = roles_for(permission)
        sites = {
            site
            for site, role in self.grants
            if role in roles and not self._why(role, permission, site)
        }
        return None if None in sites else {s for s in sites if s is not None}

    def has_role(self, role: Role) -> bool:
        """Whether this actor holds ``role`` anywhere."""
        return any(r == role for _, r in self.grants)


def system_actor(name: str) -> Actor:
    """A part of the system that acts by itself: the monitor listener, the watcher, an import."""
    return Actor(id=f"system:{name}", name=name, grants=frozenset({(None, Role.SYSTEM)}))


__all__ = ["RENEW", "Actor", "Emergency", "Withheld", "system_actor"]
