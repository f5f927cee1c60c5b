"""Who is here when a session opens, and what the site's rules of staffing say to that."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from evenkeel.clinic.people.acting_policy import StaffingRule, policy_of
from evenkeel.clinic.people.credentials import counts_at
from evenkeel.clinic.people.duty import OnDuty, here_of, rostered
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.permissions import Role
from evenkeel.clinic.session.models import LIVE_STATES, Session, SessionEvent

_PRESCRIBES: Final = {Role.PRESCRIBER.value, Role.MEDICAL_DIRECTOR.value}


@dataclass(slots=True)
class Staffing:
    """Who is here, and what of the rules is not met: what refuses, and what is only said."""

    here: list[OnDuty]
    refusals: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def as_document(self) -> dict[str, Any]:
        """The form kept in the first event of a session."""
        return {
            "here": [one.as_document() for one in self.here],
            "not_met": [*self.refusals, *self.warnings],
        }


def staffing_for(site: Site, product: str, at: datetime, *also: Any) -> Staffing:
    """What the rules say to one more session with this product at a site.

    ``also``: accounts that are here whatever the roster says, such as who opens the session. A
    site that asks for no credentials yet is asked nothing; in its days of grace what would refuse
    is only said, and nothing while it makes no roster.
    """
    day = at.astimezone(ZoneInfo(site.timezone)).date()
    roster = rostered(site.pk, day)
    found = Staffing(here_of(site.pk, *roster, *also))
    begins = site.credentials_from
    if begins is None or (at < begins and not roster):
        return found
    for rule in policy_of(site.acting_policy).staffing:
        words = _missing(rule, site, day, found.here) if rule.is_for(product) else ""
        if not words:
            continue
        refuses = rule.effect == "refuse" and at >= begins
        (found.refusals if refuses else found.warnings).append(words)
    found.warnings = [w for w in dict.fromkeys(found.warnings) if w not in found.refusals]
    return found


def not_met(session_id: Any) -> list[str]:
    """Which rules of staffing were not met when a session opened, in words."""
    return list(opening_of(session_id).get("not_met", []))


def opening_of(session_id: Any) -> dict[str, Any]:
    """Who was there when a session opened, as it was kept; empty for one from before."""
    body = (
        SessionEvent.objects.filter(session_id=session_id, kind="opened")
        .values_list("body", flat=True)
        .first()
    )
    found: dict[str, Any] = (body or {}).get("staffing", {})
    return found


def _missing(rule: StaffingRule, site: Site, day: Any, here: list[OnDuty]) -> str:
    """What is missing for one rule, in words; empty where nothing is."""
    if rule.id in ("prescriber_on_site", "prescriber_here"):
        if any(_PRESCRIBES & set(one.roles) for one in here):
            return ""
        return "No prescriber is on the roster of today."
    if rule.id == "life_support_here":
        if counts_at(site, "life_support", day, [one.account.pk for one in here]):
            return ""
        return "Nobody on the roster of today holds a life-support certificate that counts."
    nurses = sum(Role.SESSION_NURSE.value in one.roles for one in here)
    live = Session.objects.filter(site=site, state__in=LIVE_STATES).count() + 1
    if live <= nurses * rule.sessions_a_nurse:
        return ""
    return (
        f"This would be live session {live}, with {nurses} session "
        f"nurse{'' if nurses == 1 else 's'} on the roster of today; the site asks for one for "
        f"every {rule.sessions_a_nurse}."
    )


__all__ = ["Staffing", "not_met", "opening_of", "staffing_for"]
