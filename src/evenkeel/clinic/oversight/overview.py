"""What the oversight page shows: each room that the caller may enter, and how it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.oversight.backup_port import standing_of_backups
from evenkeel.clinic.oversight.complaints import my_complaints, next_due
from evenkeel.clinic.oversight.harms import Owed, owed_forms
from evenkeel.clinic.oversight.models import ErasureRequest, Incident
from evenkeel.clinic.oversight.privacy_queries import waiting_requests
from evenkeel.clinic.people.credentials import Stands, credentials_of
from evenkeel.clinic.people.duty import rostered
from evenkeel.clinic.people.models import EmergencyAccess
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import visible
from evenkeel.clinic.record.exporting import standing
from evenkeel.clinic.record.installation import is_demo
from evenkeel.clinic.session.models import Session, SessionState
from evenkeel.clinic.stock.queries import sites_with, standing_of


@dataclass(frozen=True, slots=True)
class State:
    """How something stands, in words. ``late``: somebody must do something now."""

    words: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One place to go to, and how it stands there."""

    label: str
    url: str
    state: State


@dataclass(frozen=True, slots=True)
class Group:
    """Places that belong together; ``late`` counts those where something must be done."""

    title: str
    lines: tuple[Line, ...]

    @property
    def late(self) -> int:
        """How many of its places ask for somebody."""
        return sum(line.state.late for line in self.lines)


_Reader = Callable[[Context, datetime], State]


def overview(ctx: Context, now: datetime) -> list[Group]:
    """The groups with what the caller may see; a group without anything is left out."""
    found = []
    for title, places in _GROUPS:
        lines = tuple(
            Line(label, reverse(route), read(ctx, now))
            for label, route, permission, read in places
            if ctx.actor.may(permission)
        )
        if lines:
            found.append(Group(title, lines))
    return found


def _counted(*parts: tuple[int, str]) -> str:
    """ "2 open, 1 overdue"; what is none is left out."""
    return ", ".join(f"{count} {words}" for count, words in parts if count)


def _still(words: str) -> _Reader:
    return lambda ctx, now: State(words)


def _shelves(ctx: Context, now: datetime) -> State:
    told, late = [], False
    sites = sites_with(ctx, "stock.view")
    for site in sites:
        found = standing_of(site)
        line = found.line(now)
        told.append(f"{site.name}: {line}" if len(sites) > 1 else line)
        late = late or found.is_late(now)
    return State(" ".join(told) or "No site keeps a ledger.", late)


def _to_account(ctx: Context, now: datetime) -> State:
    rows = visible(ctx, Session.objects.filter(state=SessionState.ACCOUNTING), "session.view")
    count = rows.count()
    if not count:
        return State("Every session's drug is accounted for.")
    return State(f"{count} session{'s wait' if count > 1 else ' waits'}", late=True)


def _owed(ctx: Context, now: datetime, permission: str, *kinds: str) -> Iterator[Owed]:
    sites = ctx.actor.sites(permission)
    return (one for one in owed_forms(sites, now) if one.kind in kinds)


def _incidents(ctx: Context, now: datetime) -> State:
    open_now = visible(ctx, Incident.objects.filter(closed_at=None), "incident.view").count()
    owed = list(_owed(ctx, now, "incident.view", "report", "review", "action"))
    late = sum(one.due_at < now for one in owed)
    words = _counted((open_now, "open"), (len(owed) - late, "owed"), (late, "overdue"))
    return State(words or "None is open.", late > 0)


def _rems(ctx: Context, now: datetime) -> State:
    owed = list(_owed(ctx, now, "rems.view", "rems_form"))
    late = sum(one.due_at < now for one in owed)
    words = _counted((len(owed) - late, "due within seven days"), (late, "overdue"))
    return State(words or "No form is owed.", late > 0)


def _complaints(ctx: Context, now: datetime) -> State:
    due = [at for at in map(next_due, my_complaints(ctx)) if at is not None]
    late = sum(at < now for at in due)
    words = _counted((len(due) - late, "to answer"), (late, "overdue"))
    return State(words or "None waits for you.", late > 0)


def _credentials(ctx: Context, now: datetime) -> State:
    lines = credentials_of(ctx.actor.sites("credential.view"), timezone.localdate(now))
    count = {state: sum(line.stands is state for line in lines) for state in Stands}
    words = _counted(
        (count[Stands.MISSING], "missing"),
        (count[Stands.EXPIRED], "expired"),
        (count[Stands.UNSEEN], "to be seen by a second person"),
        (count[Stands.SOON], "to renew soon"),
    )
    return State(words or "All that are needed are here.", count[Stands.EXPIRED] > 0)


def _duty(ctx: Context, now: datetime) -> State:
    day = timezone.localdate(now)
    here = {key for site in sites_with(ctx, "duty.view") for key in rostered(site.pk, day)}
    return State(f"{len(here)} on the roster today" if here else "Nobody is on the roster today.")


def _emergencies(ctx: Context, now: datetime) -> State:
    rows = visible(ctx, EmergencyAccess.objects.filter(reviewed_at=None), "emergency.review")
    count = rows.count()
    words = f"{count} wait{'s' if count == 1 else ''} for a review"
    return State(words, late=True) if count else State("All are reviewed.")


def _heads(ctx: Context, now: datetime) -> State:
    found = standing(now)
    if found.problem:
        return State("No head of the record was signed.", late=True)
    if found.at is None:
        # of a demonstration, which is thrown away, none is kept elsewhere
        return State("No head has left this database yet.", late=found.late and not is_demo())
    at = timezone.localtime(found.at)
    return State(f"Last head {at:%d %b %H:%M}, over {found.size} entries", late=found.late)


def _erasures(ctx: Context, now: datetime) -> State:
    waiting = visible(ctx, ErasureRequest.objects.filter(state="open"), "audit.view").count()
    if not waiting:
        return State("By person, patient, act and day.")
    return State(f"{waiting} erasure{'s wait' if waiting > 1 else ' waits'} for a second person")


def _requests(ctx: Context, now: datetime) -> State:
    waiting = waiting_requests(ctx, now)
    late = sum(one.days_left < 0 for one in waiting)
    words = _counted((len(waiting) - late, "waiting"), (late, "late"))
    return State(words or "None waits.", late > 0)


def _backups(ctx: Context, now: datetime) -> State:
    found = standing_of_backups(now)
    # a demonstration is thrown away, so nothing is late there
    return State(found.words, late=found.state != "ok" and not is_demo())


_GROUPS: tuple[tuple[str, tuple[tuple[str, str, str, _Reader], ...]], ...] = (
    (
        "Every milligram",
        (
            ("Shelves", "stock", "stock.view", _shelves),
            ("Drug to account for", "sessions_to_account", "session.view", _to_account),
            (
                "Discrepancies",
                "stock_discrepancies",
                "stock.view",
                _still("What did not add up, and the clocks of a loss."),
            ),
            (
                "Registers and inventories",
                "stock_papers",
                "stock.view",
                _still("As the law of the place asks, on paper or as a file."),
            ),
        ),
    ),
    (
        "Every harm",
        (
            ("Incidents", "incidents", "incident.view", _incidents),
            ("Monitoring forms (REMS)", "rems", "rems.view", _rems),
            ("Complaints", "complaints", "complaint.handle", _complaints),
        ),
    ),
    (
        "Every hand",
        (
            ("Credentials", "credentials", "credential.view", _credentials),
            ("Who is on duty", "duty", "duty.view", _duty),
            ("Emergency access", "emergencies", "emergency.review", _emergencies),
            ("Who did what", "audit", "audit.view", _erasures),
            ("Check the record", "verify", "audit.verify", _heads),
        ),
    ),
    (
        "How well it goes",
        (
            ("Quality", "quality", "quality.view", _still("Over time: what chance makes of it.")),
            (
                "How the forecast does",
                "forecast_calibration",
                "forecast.view",
                _still("Each reading against what was forecast of it."),
            ),
        ),
    ),
    (
        "To answer for it",
        (
            ("Requests about records", "privacy_requests", "privacy.view", _requests),
            (
                "Inspection bundle",
                "inspection",
                "inspection.make",
                _still("One signed file that a stranger can check."),
            ),
            ("Backups", "backups", "backup.view", _backups),
            (
                "How long records are kept",
                "retention",
                "retention.view",
                _still("By country, and until when for a person."),
            ),
        ),
    ),
)
