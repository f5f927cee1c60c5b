"""Whom an open safety signal calls, and when: the ladder of an unanswered alarm, slower.

First the care team of the course; unanswered, everybody at the site who may close it. Who takes
the signal stops the ladder for a while; it starts again where it is still open then. A signal that
waits for the next dose calls nobody: it stands on the pages. The calls go on after hours, since
they go out as messages and not only to open screens.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import timezone

from evenkeel.clinic.outcome.models import SafetySignal, SignalCall
from evenkeel.clinic.outcome.senders import mail_is_set_up
from evenkeel.clinic.people.models import Account, Membership
from evenkeel.clinic.record.act import Act, Context, action, system_actor
from evenkeel.clinic.record.clock import Clock
from evenkeel.clinic.record.permissions import roles_for

log = logging.getLogger("evenkeel.outcome")

#: The team is called so long after a signal was raised: what is for today waits until the person
#: has had time to answer the questions that follow, which may make it urgent. Clinic policy.
TEAM_AFTER: Final = {"now": timedelta(0), "today": timedelta(minutes=5)}
#: Unanswered for so long, everybody at the site is called. Clinic policy: nobody states the times.
EVERYBODY_AFTER: Final = {"now": timedelta(minutes=10), "today": timedelta(hours=4)}
#: Who takes a signal has so long before the ladder starts again. Clinic policy.
TAKEN_FOR: Final = {"now": timedelta(hours=1), "today": timedelta(hours=12)}


@dataclass(frozen=True, slots=True)
class Ladder:
    """The steps of an open signal with the moment each falls due, and since when they count."""

    since: datetime
    steps: tuple[tuple[str, datetime], ...]

    def due(self, now: datetime) -> tuple[str, ...]:
        """The steps due at ``now``, in order."""
        return tuple(step for step, at in self.steps if at <= now)


def ladder_of(signal: SafetySignal, *, has_team: bool) -> Ladder:
    """The ladder of an open signal. Without a care team everybody is called in its place."""
    wait = EVERYBODY_AFTER.get(signal.urgency)
    since = signal.raised_at
    if wait is None:
        return Ladder(since, ())
    if signal.taken_at is not None:
        since = max(since, signal.taken_at + TAKEN_FOR[signal.urgency])
    first = since + TEAM_AFTER[signal.urgency]
    if not has_team:
        return Ladder(since, (("everybody", first),))
    return Ladder(since, (("team", first), ("everybody", since + wait)))


def closers_at(site_ids: set[Any]) -> dict[Any, dict[Any, Account]]:
    """By site everybody who may close a signal there, by key. One query."""
    found: dict[Any, dict[Any, Account]] = {site_id: {} for site_id in site_ids}
    held = Membership.objects.filter(
        site_id__in=site_ids,
        ended_at=None,
        account__is_active=True,
        account__patient=None,
        role__in=[role.value for role in roles_for("safety.close")],
    ).select_related("account")
    for membership in held.order_by("account__full_name"):
        found[membership.site_id][membership.account_id] = membership.account
    return found


def team_of(signal: SafetySignal, closers: dict[Any, Account]) -> list[Account]:
    """The prescriber and therapist of the course, as far as they may close it here."""
    wanted = (signal.course.prescriber_id, signal.course.therapist_id)
    return [closers[key] for key in dict.fromkeys(wanted) if key in closers]


def call_for_signals(clock: Clock) -> int:
    """Make every call that is due; returns how many were new. Asked again it calls nobody twice."""
    now = clock.now()
    signals = list(
        SafetySignal.objects.filter(closed_at=None, urgency__in=list(EVERYBODY_AFTER))
        .select_related("course", "patient", "site")
        .order_by("raised_at")
    )
    if not signals:
        return 0
    closers = closers_at({signal.site_id for signal in signals})
    rows = SignalCall.objects.filter(signal__in=signals)
    made = {(call.signal_id, call.step, call.since) for call in rows}
    ctx = Context(system_actor("reminders"), clock, via="system")
    count = 0
    for signal in signals:
        able = closers[signal.site_id]
        team = team_of(signal, able)
        ladder = ladder_of(signal, has_team=bool(team))
        for step in ladder.due(now):
            if (signal.pk, step, ladder.since) in made:
                continue
            called = team if step == "team" else list(able.values())
            row = write_call(ctx, signal_id=signal.pk, step=step, since=ladder.since, to=called)
            if row is not None:
                reached = _send(signal, called)
                settle_call(ctx, call_id=row.pk, reached=reached, unreached=len(called) - reached)
                count += 1
    return count


@action("safety.call", permission="safety.watch")
def write_call(
    act: Act, *, signal_id: Any, step: str, since: datetime, to: Sequence[Account]
) -> SignalCall | None:
    """Write down that these people are called; ``None`` where it was done or the signal closed."""
    signal = act.open(SafetySignal, signal_id, "site", "patient")
    done = SignalCall.objects.filter(signal=signal, step=step, since=since).exists()
    if done or signal.closed_at is not None:
        return None
    return act.write(
        SignalCall(
            site=signal.site,
            patient=signal.patient,
            signal=signal,
            step=step,
            since=since,
            called_at=act.now,
            names=[account.shown_name for account in to],
        )
    )


@action("safety.call_settled", permission="safety.watch")
def settle_call(act: Act, *, call_id: Any, reached: int, unreached: int) -> SignalCall:
    """Write down to how many of them a message could be handed over."""
    row = act.open(SignalCall, call_id, "signal", "patient", "site")
    row.reached, row.unreached = reached, unreached
    return act.write(row)


def _send(signal: SafetySignal, accounts: Sequence[Account]) -> int:
    """Hand a message to each; no name of the person, no answer. Returns to how many it went."""
    if not mail_is_set_up():
        return 0
    when = timezone.localtime(signal.raised_at)
    soon = "act now" if signal.urgency == "now" else "speak today"
    base = str(settings.PUBLIC_ADDRESS).rstrip("/")
    where = f"{base}/safety/{signal.pk}" if base else "the page of safety signals"
    sent = 0
    for account in accounts:
        message = EmailMessage(
            subject=f"evenkeel: somebody is needed ({soon})",
            body=(
                f"A safety signal of {when:%d %B, %H:%M} is open: {soon}.\n\n"
                f"Sign in and open {where}\n\n"
                "Take it there, so that nobody further is called.\n"
            ),
            to=[account.email],
        )
        try:
            message.send()
            sent += 1
        except OSError as error:
            log.warning("a call for a safety signal failed: %s", type(error).__name__)
    return sent


__all__ = ["Ladder", "call_for_signals", "closers_at", "ladder_of", "settle_call", "team_of"]
