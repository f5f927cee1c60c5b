"""What a site asks of who acts: credentials by role and act, and who must be there for a session.

What ships is ``acting_policy.json``; a site's own stands on the site, signed by its medical
director. Both have the same form, and both pass :func:`checked`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from evenkeel.clinic.record.errors import Invalid
from evenkeel.clinic.record.permissions import PERMISSIONS, STAFF_ROLES, WITHHOLDABLE

SHIPPED_AT: Final = Path(__file__).with_name("acting_policy.json")
#: A credential is told of this many days before its last day (clinic policy, assumed).
REMIND_DAYS: Final = (60, 30, 7)
#: How long a new installation, or one that is upgraded, has to enter credentials (clinic policy).
GRACE_DAYS: Final = 90
#: For how long a record may be open in an emergency, in minutes.
LONGEST_EMERGENCY_MIN: Final = 24 * 60
EFFECTS: Final = {"refuse": "Do not open", "warn": "Say so", "off": "Do not ask"}
STAFFING_LABELS: Final = {
    "prescriber_on_site": "A prescriber is on site (nasal esketamine)",
    "prescriber_here": "A prescriber is on site (every product)",
    "nurse_ratio": "One nurse for each so many live sessions",
    "life_support_here": "Somebody with life support is on site",
}
ACT_LABELS: Final[Mapping[str, str]] = {
    "screening.sign": "Sign a screening",
    "plan.draft": "Draft a dose plan",
    "plan.sign": "Sign a dose plan",
    "protocol.sign": "Sign a protocol",
    "program.choose": "Choose a program",
    "program.sign": "Sign a program",
    "consent.take": "Take consent",
    "touch.agree": "Agree on touch",
    "session.start": "Open a session",
    "session.check_dose": "Check a dose as second person",
    "session.dose": "Start a dose or give more",
    "spacing.decide": "Decide on spacing",
    "watch.review": "Review the long-term watch",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of credential. ``products``: the only ones it is asked for; empty for all."""

    id: str
    label: str
    help: str
    numbered: bool
    products: tuple[str, ...]
    mark: str
    source: str


@dataclass(frozen=True, slots=True)
class StaffingRule:
    """Who must be there when a session opens, and whether its absence refuses or only warns."""

    id: str
    effect: str
    products: tuple[str, ...]
    mark: str
    source: str
    url: str = ""
    sessions_a_nurse: int = 0

    @property
    def label(self) -> str:
        """The rule in words."""
        return STAFFING_LABELS[self.id]

    def is_for(self, product: str) -> bool:
        """Whether sessions with this product are asked."""
        return self.effect != "off" and (not self.products or product in self.products)


@dataclass(frozen=True, slots=True)
class ActingPolicy:
    """What a site asks. ``needs``: role -> permission -> kinds of credential."""

    needs: Mapping[str, Mapping[str, tuple[str, ...]]]
    staffing: tuple[StaffingRule, ...]
    emergency_min: int
    is_shipped: bool

    def kinds_for(self, role: str, permission: str) -> tuple[str, ...]:
        """The credentials a role needs for an act."""
        return self.needs.get(role, {}).get(permission, ())

    def kinds_of(self, roles: Any) -> dict[str, list[str]]:
        """Every kind these roles need, with the acts it is needed for."""
        found: dict[str, list[str]] = {}
        for role in roles:
            for permission, kinds in self.needs.get(role, {}).items():
                for kind in kinds:
                    acts = found.setdefault(kind, [])
                    if permission not in acts:
                        acts.append(permission)
        return found


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(SHIPPED_AT.read_text("utf-8"))
    return document


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind of credential there is, in the order shown."""
    return {
        key: Kind(
            key,
            row["label"],
            row["help"],
            row["numbered"],
            tuple(row.get("products", ())),
            row["mark"],
            row["source"],
        )
        for key, row in _document()["kinds"].items()
    }


@cache
def shipped() -> ActingPolicy:
    """What holds where a site has decided nothing."""
    document = _document()
    return _read({k: document[k] for k in ("needs", "staffing", "emergency_min")}, True)


def policy_of(document: Mapping[str, Any] | None) -> ActingPolicy:
    """A site's policy: its own document, or what ships."""
    return shipped() if document is None else _read(document, False)


def as_document(policy: ActingPolicy) -> dict[str, Any]:
    """The policy as it is stored on a site."""
    return {
        "needs": {
            role: {permission: list(found) for permission, found in acts.items() if found}
            for role, acts in policy.needs.items()
        },
        "staffing": [
            {
                "id": rule.id,
                "effect": rule.effect,
                "products": list(rule.products),
                "mark": rule.mark,
                "source": rule.source,
                "url": rule.url,
                "sessions_a_nurse": rule.sessions_a_nurse,
            }
            for rule in policy.staffing
        ],
        "emergency_min": policy.emergency_min,
    }


def checked(document: Mapping[str, Any]) -> ActingPolicy:
    """The policy a document describes.

    Raises ``Invalid`` for a role, act or kind that is none, for an act that no credential may take
    away, and for numbers that cannot be.
    """
    try:
        policy = _read(document, False)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Invalid("This is not a policy.", code="not_a_policy") from None
    roles = {role.value for role in STAFF_ROLES}
    for role, acts in policy.needs.items():
        for permission, asked in acts.items():
            if role not in roles or permission not in WITHHOLDABLE or set(asked) - set(kinds()):
                raise Invalid(
                    f"{role}: {permission} cannot be made to depend on {', '.join(asked)}.",
                    what_to_do="Watching, alarms, recording, pausing and stopping stay with all.",
                    code="not_withholdable",
                )
            if role not in PERMISSIONS[permission]:
                raise Invalid(f"{role} does not hold {permission}.", code="not_a_policy")
    if {rule.id for rule in policy.staffing} != set(STAFFING_LABELS) or any(
        rule.effect not in EFFECTS or not 0 <= rule.sessions_a_nurse <= 20
        for rule in policy.staffing
    ):
        raise Invalid("These rules of staffing cannot be.", code="not_a_policy")
    if not 5 <= policy.emergency_min <= LONGEST_EMERGENCY_MIN:
        raise Invalid(
            "A record can be open in an emergency for 5 minutes to 24 hours.",
            fields={"emergency_min": "Enter 5 to 1440 minutes."},
        )
    return policy


def _read(document: Mapping[str, Any], is_shipped: bool) -> ActingPolicy:
    return ActingPolicy(
        needs={
            str(role): {str(p): tuple(found) for p, found in acts.items()}
            for role, acts in document["needs"].items()
        },
        staffing=tuple(
            StaffingRule(
                row["id"],
                row["effect"],
                tuple(row["products"]),
                row["mark"],
                row["source"],
                row.get("url", ""),
                int(row.get("sessions_a_nurse", 0)),
            )
            for row in document["staffing"]
        ),
        emergency_min=int(document["emergency_min"]),
        is_shipped=is_shipped,
    )
