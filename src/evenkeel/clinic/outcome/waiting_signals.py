"""Open safety signals in the bar of a person's own alarms, beside those of live sessions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.urls import reverse

from evenkeel.clinic.outcome.models import SafetySignal
from evenkeel.clinic.outcome.signal_calls import EVERYBODY_AFTER, ladder_of
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import visible

#: How often the bar looks again while nothing else makes it. Clinic policy.
LOOK_AGAIN: Final = timedelta(seconds=60)
#: Seconds between two soundings of a signal that asks to act now. Clinic policy.
REPEAT_S: Final = 60.0


def waiting_signals(ctx: Context, now: datetime) -> list[dict[str, Any]]:
    """Signals that call this person now: of their own courses, and unanswered ones of the site.

    What asks to act now sounds like a hold; what is for today is shown and does not sound. Who has
    taken a signal, and everybody else while it is taken, is left in peace. One query.
    """
    rows = visible(
        ctx,
        SafetySignal.objects.filter(closed_at=None, urgency__in=list(EVERYBODY_AFTER)),
        "safety.take",
    ).select_related("patient", "course")
    found = []
    for signal in rows.order_by("raised_at"):
        mine = ctx.actor.id in (str(signal.course.prescriber_id), str(signal.course.therapist_id))
        team = bool(signal.course.prescriber_id or signal.course.therapist_id)
        steps = ladder_of(signal, has_team=team).due(now)
        everybody = "everybody" in steps
        if not steps or not (mine or everybody):
            continue
        loud = signal.urgency == "now"
        found.append(
            {
                "level": "hold" if loud else "review",
                "name": signal.patient.name,
                "statement": signal.statement,
                "since": signal.raised_at,
                "called": "Nobody has taken it. Everybody who may is called."
                if everybody
                else "You are called.",
                "sounds": loud,
                "repeat_s": REPEAT_S,
                "url": reverse("safety_signal", args=[signal.pk]),
            }
        )
    return found
