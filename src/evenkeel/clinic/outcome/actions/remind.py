"""Asking what a schedule says, and the messages that carry the links: the system's own acts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.outcome.actions.ask_questionnaire import OPEN_FOR
from evenkeel.clinic.outcome.links import token_of
from evenkeel.clinic.outcome.models import Ask, Message
from evenkeel.clinic.outcome.schedule import Occasion
from evenkeel.clinic.people.sign_in import token_hash
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Refused
from evenkeel.instruments import load

#: A message that failed is tried again so often, so long after. Clinic policy.
MOST_ATTEMPTS: Final = 3
TRY_AGAIN_AFTER: Final = timedelta(minutes=30)
#: A message begun this long ago and not settled was cut short: perhaps it went out, so it is not
#: sent again. The longest a sender may take is far less.
CUT_SHORT_AFTER: Final = timedelta(minutes=10)


@action("questionnaire.ask_scheduled", permission="reminder.send")
def ask_scheduled(
    act: Act, *, course_id: Any, occasions: Sequence[Occasion], channel: str, language: str
) -> list[Ask]:
    """Make the asks of a course that are due and not there yet; returns the new ones.

    One for each occasion, whoever runs it and how often: the occasion's key stands on the ask, and
    the database keeps it the only one. ``channel`` is a sender, or "show" where none can serve.
    """
    course = act.open(Course, course_id, "patient", "site")
    if course.patient.deceased or course.state == "closed":
        raise Refused("Nothing is asked on this course any more.", code="closed")
    known = set(
        Ask.objects.filter(course=course, occasion_key__in=[o.key for o in occasions]).values_list(
            "occasion_key", flat=True
        )
    )
    made = []
    for occasion in occasions:
        if occasion.key in known:
            continue
        ask = Ask(
            site=course.site,
            patient=course.patient,
            course=course,
            instrument=occasion.instrument,
            instrument_version=load(occasion.instrument).version,
            occasion=occasion.label[:60],
            occasion_key=occasion.key,
            language=language,
            sender=channel,
            sent_by="Schedule",
            sent_at=act.now,
            due_at=_due(occasion, act.now),
            expires_at=min(occasion.closes_at, act.now + OPEN_FOR),
        )
        ask.token_hash = token_hash(token_of(ask.pk))
        made.append(act.write(ask))
    return made


def _due(occasion: Occasion, now: datetime) -> datetime:
    """When it is due; asked late, the person still has a day, within the time it is open."""
    return min(max(occasion.due_at, now + timedelta(hours=24)), occasion.closes_at)


@action("message.claim", permission="reminder.send")
def claim_message(
    act: Act, *, ask_id: Any, ask_ids: Sequence[str], number: int, channel: str
) -> Message | None:
    """Write down that this message is about to be sent; ``None`` where somebody was first.

    A message that failed is claimed again, up to ``MOST_ATTEMPTS`` times.
    """
    ask = act.open(Ask, ask_id, "patient", "course", "site")
    row = Message.objects.filter(ask=ask, number=number).first()
    if row is None:
        row = Message(
            site=ask.site,
            patient=ask.patient,
            course=ask.course,
            ask=ask,
            asks=list(ask_ids),
            number=number,
            channel=channel,
            claimed_at=act.now,
        )
        return act.write(row)
    late = act.now - row.claimed_at >= TRY_AGAIN_AFTER
    if row.state != "failed" or row.attempts >= MOST_ATTEMPTS or not late:
        return None
    row.state, row.attempts, row.claimed_at = "sending", row.attempts + 1, act.now
    row.channel, row.asks = channel, list(ask_ids)
    return act.write(row)


@action("message.settle", permission="reminder.send")
def settle_message(act: Act, *, message_id: Any, state: str, error: str = "") -> Message:
    """Write down what became of a message that was claimed; settling again changes nothing."""
    row = act.open(Message, message_id, "patient", "site")
    if row.state != "sending":
        return row
    row.state, row.done_at, row.error = state, act.now, error[:60]
    return act.write(row)
