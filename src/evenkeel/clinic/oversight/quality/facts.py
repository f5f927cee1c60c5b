"""What was recorded in a scope, read once: a fixed number of queries, however much there is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from evenkeel.clinic.course.models import Screening
from evenkeel.clinic.outcome.models import Ask
from evenkeel.clinic.oversight.harms import IncidentLine, incidents_between
from evenkeel.clinic.oversight.quality.scope import Scope
from evenkeel.clinic.session.alarm_story import shown_alarms
from evenkeel.clinic.session.models import Appointment, AppointmentStatus, Session, SessionEvent
from evenkeel.clinic.session.moments import Event, ShownAlarm

#: Levels of alarm that stop a dose or call for help.
LOUD: Final = ("hold", "emergency")
#: A call is made in time within so long of its time. Clinic policy.
CALL_GRACE: Final = timedelta(days=1)
_OVER: Final = ("done", "no_show", "checked_in")


@dataclass(frozen=True, slots=True)
class LoudAlarm:
    """A hold or an emergency with its session."""

    session: Session
    alarm: ShownAlarm


@dataclass(frozen=True, slots=True)
class Facts:
    """The rows of a scope, each in order of time.

    ``sessions`` are those that are over; ``visits`` dosing appointments whose time is over;
    ``asks`` questionnaires of a schedule that were answered or can be no more; ``calls``
    follow-up calls that were made or are late.
    """

    scope: Scope
    sessions: tuple[Session, ...]
    alarms: tuple[LoudAlarm, ...]
    said_ready: dict[UUID, SessionEvent]
    visits: tuple[Appointment, ...]
    screenings: tuple[Screening, ...]
    asks: tuple[Ask, ...]
    calls: tuple[Appointment, ...]
    incidents: tuple[IncidentLine, ...]

    @property
    def given(self) -> list[Session]:
        """The sessions in which drug was given."""
        return [one for one in self.sessions if one.first_dose_at is not None]


def read_facts(scope: Scope) -> Facts:
    """Read everything the figures are made of. Eight queries."""
    sessions = tuple(_sessions(scope))
    alarms, ready = _events(sessions)
    return Facts(
        scope=scope,
        sessions=sessions,
        alarms=alarms,
        said_ready=ready,
        visits=tuple(_visits(scope)),
        screenings=tuple(_screenings(scope)),
        asks=tuple(_asks(scope)),
        calls=tuple(_calls(scope)),
        incidents=tuple(
            one
            for one in incidents_between(scope.site_ids, scope.start, scope.end)
            if scope.product in ("", one.product)
        ),
    )


def _sessions(scope: Scope) -> Any:
    rows = Session.objects.filter(
        site_id__in=scope.site_ids,
        opened_at__gte=scope.start,
        opened_at__lt=scope.end,
        state__in=["closed", "abandoned"],
    )
    if scope.product:
        rows = rows.filter(product=scope.product)
    return rows.select_related("patient", "nurse").order_by("opened_at", "pk")


def _events(
    sessions: tuple[Session, ...],
) -> tuple[tuple[LoudAlarm, ...], dict[UUID, SessionEvent]]:
    """The loud alarms of the sessions with their answers, and each word that somebody is ready."""
    by_id = {one.pk: one for one in sessions}
    wanted = Q(kind="alarm_raised", body__level__in=LOUD) | Q(
        kind__in=["alarm_acknowledged", "alarm_escalated", "void", "ready", "discharged"]
    )
    of: dict[UUID, list[SessionEvent]] = defaultdict(list)
    for keys in _in_parts(list(by_id)):
        for row in SessionEvent.objects.filter(wanted, session_id__in=keys).order_by("position"):
            of[row.session_id].append(row)
    alarms: list[LoudAlarm] = []
    ready: dict[UUID, SessionEvent] = {}
    for key, rows in of.items():
        for row in rows:
            if row.kind in ("ready", "discharged") and row.body.get("override_reason"):
                ready.setdefault(key, row)
        raised = [Event.of(row) for row in rows if row.kind == "alarm_raised"]
        if raised:
            every = [Event.of(row) for row in rows if row.kind not in ("ready", "discharged")]
            alarms += [LoudAlarm(by_id[key], one) for one in shown_alarms(raised, every)]
    alarms.sort(key=lambda one: (one.alarm.raised_at, one.alarm.event_id))
    return tuple(alarms), ready


def _in_parts(keys: list[UUID], size: int = 20_000) -> list[list[UUID]]:
    """A database takes only so many keys at once."""
    return [keys[i : i + size] for i in range(0, len(keys), size)]


def _visits(scope: Scope) -> Any:
    rows = Appointment.objects.filter(
        site_id__in=scope.site_ids,
        kind="dosing",
        starts_at__gte=scope.start,
        starts_at__lt=scope.end,
        status__in=_OVER,
    )
    return _of_product(scope, rows).select_related("patient").order_by("starts_at", "pk")


def _of_product(scope: Scope, rows: Any) -> Any:
    return rows.filter(course__product=scope.product) if scope.product else rows


def _screenings(scope: Scope) -> Any:
    rows = Screening.objects.filter(
        site_id__in=scope.site_ids, signed_at__gte=scope.start, signed_at__lt=scope.end
    )
    if scope.product:
        rows = rows.filter(product=scope.product)
    return (
        rows.select_related("patient", "signed_by").defer("facts").order_by("signed_at", "number")
    )


def _asks(scope: Scope) -> Any:
    rows = Ask.objects.filter(
        Q(state="answered") | Q(expires_at__lte=scope.now),
        site_id__in=scope.site_ids,
        occasion_key__isnull=False,
        due_at__gte=scope.start,
        due_at__lt=scope.end,
    ).exclude(state="withdrawn")
    return (
        _of_product(scope, rows).select_related("patient").defer("partial").order_by("due_at", "pk")
    )


def _calls(scope: Scope) -> Any:
    rows = Appointment.objects.filter(
        site_id__in=scope.site_ids,
        kind="follow_up_call",
        starts_at__gte=scope.start,
        starts_at__lt=min(scope.end, scope.now - CALL_GRACE),
    ).exclude(status__in=[AppointmentStatus.CANCELLED, AppointmentStatus.MOVED])
    return _of_product(scope, rows).select_related("patient").order_by("starts_at", "pk")


def was_called(call: Appointment) -> bool:
    """Whether a call was made, and not later than a day after its time."""
    return call.status == AppointmentStatus.DONE and (
        call.updated_at <= call.starts_at + CALL_GRACE
    )
