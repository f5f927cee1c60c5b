"""Recording an answer of the long-term watch, correcting it, and reviewing what it asks for."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.queries import open_course_of
from evenkeel.clinic.course.signing import signer
from evenkeel.clinic.outcome.models import WatchEntry
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.protocol.errors import FactsError
from evenkeel.protocol.long_term import REQUEST, TALKED_OVER
from evenkeel.protocol.long_term_items import AnswerChoice, watch_questions

#: The kind of hold that an answer puts on ``Course.dose_holds``.
HOLD_KIND: Final = "long_term"
LONGEST_NOTE: Final = 2000


@action("watch.record", permission="watch.record")
def record_watch(
    act: Act,
    *,
    course_id: Any,
    item: str,
    value: str = "",
    note: str = "",
    asked_at: datetime | None = None,
) -> WatchEntry:
    """Write down one answer, a request for a higher dose, or a talk about what the sessions showed.

    A talk needs a note. An answer that the protocol's lists mark so holds the next dose in the same
    act, until it is reviewed. Raises ``Invalid`` by field, ``Refused`` on a closed course.
    """
    course = act.open(Course, course_id, "patient")
    if course.state == "closed":
        raise Refused("This course is closed.", what_to_do="Open a new one.", code="closed")
    row = WatchEntry(
        site_id=course.site_id,
        patient=course.patient,
        course=course,
        item=item,
        value=_value(item, value),
        note=_note(note, needed=item in TALKED_OVER),
        asked_at=_moment(asked_at, act.now, course),
        entered_by=act.actor.name,
    )
    act.write(row)
    _hold(act, course, row)
    return row


def note_complaint(act: Act, course: Course, *, item: str, value: str, note: str) -> WatchEntry:
    """Put what somebody complained of elsewhere among the answers of the watch, in the same act.

    Also on a course that has been closed since: a complaint is no less true for that. The actor
    needs the act's own permission only.
    """
    row = WatchEntry(
        site_id=course.site_id,
        patient_id=course.patient_id,
        course=course,
        item=item,
        value=_value(item, value),
        note=_note(note),
        asked_at=act.now,
        entered_by=act.actor.name,
    )
    act.write(row)
    _hold(act, course, row)
    return row


@action("watch.correct", permission="watch.record")
def correct_watch(
    act: Act,
    *,
    entry_id: Any,
    reason: str,
    value: str = "",
    note: str = "",
    taken_back: bool = False,
) -> WatchEntry:
    """Put a corrected entry in the place of one, or take it back; both stay on the record.

    A hold that the old entry raised falls with it. Raises ``Conflict`` where it was corrected
    before, ``Invalid`` without a reason.
    """
    old = act.open(WatchEntry, entry_id, "course", "patient")
    if old.taken_back or WatchEntry.objects.filter(corrects=old).exists():
        raise Conflict(
            "This entry was corrected meanwhile.", what_to_do="Look at the newest and correct that."
        )
    if not reason.strip():
        raise Invalid("Say why it is corrected.", fields={"reason": "Enter a reason."})
    act.reason = _note(reason)
    new = WatchEntry(
        site_id=old.site_id,
        patient=old.patient,
        course=old.course,
        item=old.item,
        value=old.value if taken_back else _value(old.item, value),
        note=_note(note),
        asked_at=old.asked_at,
        entered_by=act.actor.name,
        corrects=old,
        reason=act.reason,
        taken_back=taken_back,
    )
    act.write(new)
    _lift(act, old)
    if not taken_back:
        _hold(act, old.course, new)
    return new


REVIEWED: Final = "I have reviewed this entry and answer for what follows from it."


@action("watch.review", permission="watch.review")
def review_watch(act: Act, *, entry_id: Any, note: str) -> WatchEntry:
    """Say what was done about an answer; a hold it put on the next dose is lifted.

    Raises ``Invalid`` without a note, ``Refused`` where the answer asks for nothing, was corrected
    or was reviewed before.
    """
    entry = act.open(WatchEntry, entry_id, "course", "patient")
    if choice_of(entry) is None:
        raise Refused("This answer asks for nothing.", code="nothing_to_review")
    if entry.reviewed_at is not None:
        raise Refused("This was reviewed before.", code="reviewed")
    if entry.taken_back or WatchEntry.objects.filter(corrects=entry).exists():
        raise Refused("This entry was corrected; review the newest.", code="corrected")
    entry.review_note = _note(note, needed=True)
    entry.reviewed_by = signer(act)
    entry.reviewed_at = act.now
    entry.meaning = REVIEWED
    act.write(entry)
    _lift(act, entry)
    return entry


def choice_of(entry: WatchEntry) -> AnswerChoice | None:
    """What an entry's answer asks for; ``None`` where it asks for nothing or is on a scale."""
    question = watch_questions().get(entry.item)
    choice = question.choice(entry.value) if question else None
    return choice if choice is not None and choice.state != "fine" else None


def _value(item: str, value: str) -> str:
    question = watch_questions().get(item)
    if question is None:
        if item not in (*TALKED_OVER, REQUEST):
            raise Invalid("There is no such item.", fields={"item": "Choose one of the list."})
        return "said"
    try:
        return question.read(value)
    except FactsError:
        words = "Choose an answer."
        if question.scale is not None:
            words = f"Enter a whole number from {question.scale[0]} to {question.scale[1]}."
        raise Invalid("This answer cannot be given.", fields={"value": words}) from None


def _note(note: str, *, needed: bool = False) -> str:
    text = note.strip()
    if len(text) > LONGEST_NOTE or "\x00" in text:
        raise Invalid("The note is too long.", fields={"note": f"At most {LONGEST_NOTE} letters."})
    if needed and not text:
        raise Invalid("Write what was said.", fields={"note": "Write what was said and agreed."})
    return text


def _moment(asked_at: datetime | None, now: datetime, course: Course) -> datetime:
    if asked_at is None:
        return now
    if asked_at > now:
        raise Invalid("This has not happened yet.", fields={"asked_at": "Not later than now."})
    if asked_at < course.opened_at:
        raise Invalid(
            "This is before the course began.",
            fields={"asked_at": "Not before the course was opened."},
        )
    return asked_at


def _hold(act: Act, course: Course, entry: WatchEntry) -> None:
    choice = choice_of(entry)
    if choice is None or choice.level != "hold":
        return
    course = open_course_of(course.patient_id) or course
    question = watch_questions()[entry.item]
    hold = {
        "kind": HOLD_KIND,
        "id": str(entry.pk),
        "statement": f"{question.label}: {choice.label}",
        "since": act.now.isoformat(),
    }
    course.dose_holds = [*course.dose_holds, hold]
    act.write(course)


def _lift(act: Act, entry: WatchEntry) -> None:
    for course in Course.objects.filter(patient_id=entry.patient_id).exclude(dose_holds=[]):
        kept = [
            hold
            for hold in course.dose_holds
            if (hold.get("kind"), hold.get("id")) != (HOLD_KIND, str(entry.pk))
        ]
        if len(kept) != len(course.dose_holds):
            course.dose_holds = kept
            act.write(course)
