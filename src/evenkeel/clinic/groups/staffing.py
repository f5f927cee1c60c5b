"""Who is there for a group, against what its program asks for. Said, never refused."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from evenkeel.clinic.people.duty import OnDuty, rostered, staff_of
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.programs.edits import KIND_WORDS, ROLE_WORDS
from evenkeel.clinic.programs.parts import Program, Staffing
from evenkeel.clinic.record.permissions import Role

#: Who may stand for a role of a program.
_STANDS_FOR: Final[dict[str, frozenset[str]]] = {
    "prescriber": frozenset({Role.PRESCRIBER.value, Role.MEDICAL_DIRECTOR.value}),
    "session_nurse": frozenset({Role.SESSION_NURSE.value}),
    "therapist": frozenset({Role.THERAPIST.value}),
}


def staff_missing(
    program: Program, kind: str, site: Site, at: datetime, named: Iterable[Any]
) -> list[str]:
    """What is missing of the staff a program asks for at a kind of visit, in words; two queries.

    ``named`` are the accounts named for the visit: its therapists, the nurses of its places. In the
    room count those named; on site the roster of the day counts too. Where the site makes a roster
    for the day, who is named and not on it does not count, and that is said.
    """
    day = at.astimezone(ZoneInfo(site.timezone)).date()
    roster = rostered(site.pk, day)
    keys = {key for key in named if key}
    staff = staff_of(site.pk)
    in_room = [one for one in staff if one.account.pk in keys]
    found = []
    if roster:
        absent = [one for one in in_room if one.account.pk not in roster]
        found = [f"{one.account.shown_name} is not on the roster of that day." for one in absent]
        in_room = [one for one in in_room if one.account.pk in roster]
    on_site = [one for one in staff if one.account.pk in roster or one in in_room]
    for rule in program.staffing:
        if rule.at == kind:
            found += _missing(rule, in_room if rule.where == "room" else on_site, bool(roster))
    return found


def _missing(rule: Staffing, here: list[OnDuty], has_roster: bool) -> list[str]:
    count = sum(bool(_STANDS_FOR[rule.role] & set(one.roles)) for one in here)
    if count >= rule.count:
        return []
    role = ROLE_WORDS[rule.role] + ("" if rule.count == 1 else "s")
    if rule.where == "site" and not has_roster:
        return [
            f"No roster is made for that day: whether {rule.count} {role} will be on site is "
            "not known."
        ]
    where = "named for the room" if rule.where == "room" else "on the roster"
    return [
        f"The program asks for {rule.count} {role} at a {KIND_WORDS[rule.at]}; "
        f"{count or 'nobody'} {'is' if count <= 1 else 'are'} {where}."
    ]
