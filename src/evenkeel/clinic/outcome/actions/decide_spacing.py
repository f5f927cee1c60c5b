"""Deciding about coming back: when, or that it ends; a proposal is never followed by itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.queries import protocol_for
from evenkeel.clinic.course.signing import signer
from evenkeel.clinic.outcome.models import SpacingDecision
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.clinic.session.models import Session

LONGEST_REASON: Final = 2000
#: Further ahead than this a day is a slip of the pen. [assumed]
_FURTHEST: Final = timedelta(days=366)
_WITH_A_DAY: Final = frozenset({"earlier", "later"})


@action("spacing.decide", permission="spacing.decide")
def decide_spacing(
    act: Act,
    *,
    course_id: Any,
    decision: str,
    reason: str,
    proposed: Mapping[str, Any],
    on_day: date | None = None,
    seen: str = "",
) -> SpacingDecision:
    """Write down what was decided and why; an earlier decision is revised and stays on the record.

    ``proposed`` is what was shown, ``seen`` the key of the decision that stood then. Nothing is
    booked or closed by this. Raises ``Invalid`` by field, ``Refused`` for a closed course or a
    person who has died, ``Conflict`` where somebody decided meanwhile.
    """
    course = act.open(Course, course_id, "patient", "site")
    if course.state == "closed":
        raise Refused("This course is closed.", what_to_do="Open a new one.", code="closed")
    if course.patient.deceased:
        raise Refused("This person has died.", code="deceased")
    standing = (
        SpacingDecision.objects.filter(course=course).order_by("-decided_at", "-created_at").first()
    )
    if (str(standing.pk) if standing else "") != seen:
        raise Conflict(
            "Somebody decided this meanwhile.",
            what_to_do="Read what was decided, then decide anew if it is still needed.",
            code="decided",
        )
    act.reason = _checked(act, course, decision, reason, on_day)
    return act.write(
        SpacingDecision(
            site_id=course.site_id,
            patient=course.patient,
            course=course,
            decision=decision,
            on_day=on_day if decision in _WITH_A_DAY else None,
            reason=act.reason,
            proposed=dict(proposed),
            revises=standing,
            decided_by=signer(act),
            decided_at=act.now,
            meaning=_meaning(decision, on_day if decision in _WITH_A_DAY else None),
        )
    )


def _meaning(decision: str, on_day: date | None) -> str:
    what = dict(SpacingDecision.DECISIONS)[decision].lower()
    day = f", on {on_day:%-d %B %Y}" if on_day else ""
    return f"I have seen what the scores lead to expect and decide about coming back: {what}{day}."


def _checked(act: Act, course: Course, decision: str, reason: str, on_day: date | None) -> str:
    """The reason, tidied, where everything is in order. Raises ``Invalid`` naming each field."""
    wrong: dict[str, str] = {}
    if decision not in dict(SpacingDecision.DECISIONS):
        wrong["decision"] = "Choose one of the five."
    text = reason.strip()
    if not text:
        wrong["reason"] = "Write why, in a sentence."
    elif len(text) > LONGEST_REASON or "\x00" in text:
        wrong["reason"] = f"At most {LONGEST_REASON} letters."
    if decision in _WITH_A_DAY:
        said = _about_day(act, course, on_day)
        if said:
            wrong["on_day"] = said
    if wrong:
        raise Invalid("The decision is not complete yet.", fields=wrong)
    return text


def _about_day(act: Act, course: Course, on_day: date | None) -> str:
    """What is wrong with a day; empty where nothing is."""
    zone = ZoneInfo(course.site.timezone)
    today = act.now.astimezone(zone).date()
    if on_day is None:
        return "Choose the day."
    if not today <= on_day <= today + _FURTHEST:
        return "Choose a day from today on, within a year."
    last = (
        Session.objects.filter(course=course, first_dose_at__isnull=False)
        .order_by("-first_dose_at")
        .values_list("first_dose_at", flat=True)
        .first()
    )
    protocol = protocol_for(course, at=act.now)
    if last is None or protocol is None:
        return ""
    gap_h = protocol.number("session.min_interval_h")
    first = last.astimezone(zone).date() + timedelta(days=math.ceil(gap_h / 24.0))
    if on_day < first:
        return f"The protocol asks for {gap_h:g} hours between sessions: from {first:%-d %b} on."
    return ""
