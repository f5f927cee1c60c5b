"""What is to be settled before the next session, each in the alarm grammar and with its source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.urls import reverse

from evenkeel.clinic.course.pages.frame import address
from evenkeel.clinic.course.queries import UNSIGNED_PROTOCOL, against_dosing
from evenkeel.clinic.outcome.actions.record_watch import HOLD_KIND as WATCH_HOLD
from evenkeel.clinic.outcome.actions.record_watch import choice_of
from evenkeel.clinic.outcome.course_story import CourseStory
from evenkeel.clinic.outcome.filing import HOLD_KIND
from evenkeel.clinic.outcome.queries import alarm_level
from evenkeel.clinic.programs.queries import NO_TOUCH_AGREEMENT, against_first_dose
from evenkeel.clinic.session.models import AppointmentStatus
from evenkeel.protocol.long_term_items import watch_questions
from evenkeel.protocol.products import PRODUCTS

#: A consent that ends within this time is worth a word. Clinic policy.
_SOON: Final = timedelta(days=60)
_ORDER: Final = ("emergency", "hold", "review", "inform")
#: Which page settles what a course says against a dose, by the refusal's code.
_SETTLED_ON: Final[dict[str, str]] = {
    "no_product": "screening",
    "no_screening": "screening",
    "not_eligible": "screening",
    "screening_old": "screening",
    "no_consent": "consent",
    "consent_old_document": "consent",
    "consent_expired": "consent",
    "consent_withdrawn": "consent",
    "no_document": "consent",
    "no_plan": "plan",
    "not_treating": "course_move",
    NO_TOUCH_AGREEMENT: "touch",
}


@dataclass(frozen=True, slots=True)
class Open:
    """One thing to settle: its alarm level, what it is, what to do, and where that comes from."""

    level: str
    title: str
    todo: str = ""
    url: str = ""
    mark: str = ""
    source: str = ""


def to_resolve(story: CourseStory) -> list[Open]:
    """Everything that stands before the next session, the gravest first; empty once closed."""
    if story.summary.course.state == "closed":
        return []
    found = [
        *_signals(story),
        *_course(story),
        *_weight(story),
        *_consent(story),
        *_asks(story),
        *_questions(story),
        *_left_early(story),
        *_long_term(story),
    ]
    return sorted(found, key=lambda o: _ORDER.index(o.level))


def _signals(story: CourseStory) -> list[Open]:
    found = [
        Open(
            alarm_level(signal.urgency),
            signal.statement,
            f"{signal.get_urgency_display()}. A named clinician closes it.",
            address("safety_signal", signal_id=signal.pk),
            "clinic policy",
            "no dose while it is open",
        )
        for signal in story.signals
        if signal.closed_at is None
    ]
    known = {str(signal.pk) for signal in story.signals}
    found += [
        Open("hold", str(hold.get("statement", "A hold")), "A named clinician must close it.")
        for hold in story.summary.course.dose_holds
        if hold.get("kind") not in (HOLD_KIND, WATCH_HOLD)
        or (hold.get("kind") == HOLD_KIND and hold.get("id") not in known)
    ]
    return found


def _long_term(story: CourseStory) -> list[Open]:
    """Answers nobody has reviewed, and what the sessions show; what is only due is not here."""
    url = address("long_term", course_id=story.summary.course.pk)
    found = []
    open_items = set()
    for entry in story.watch.open_entries:
        choice, question = choice_of(entry), watch_questions()[entry.item]
        assert choice is not None
        open_items.add(entry.item)
        title = f"{question.label}: {choice.label}"
        found.append(Open(choice.level, title, "A named clinician reviews it.", url))
    for item in story.watch.items:
        if item.id in watch_questions() and watch_questions()[item.id].answers:
            continue  # an answer is open until it is reviewed, and then it is not
        if item.state in ("drifting", "concerning"):
            title = f"{item.label}: {item.statement}"
            mark = item.source.mark
            found.append(Open(item.level, title, item.todo, url, mark, "long-term watch"))
    return found


def _left_early(story: CourseStory) -> list[Open]:
    """Sessions that somebody left before they were ready, until the call after them is done."""
    called = {
        visit.follows_id
        for visit in story.appointments
        if visit.kind == "follow_up_call" and visit.status == AppointmentStatus.DONE
    }
    due = {
        visit.follows_id: visit
        for visit in story.appointments
        if visit.kind == "follow_up_call" and visit.status == AppointmentStatus.BOOKED
    }
    found = []
    for session in story.given:
        missing = session.summary.get("left_early")
        if missing is None or session.appointment_id in called:
            continue
        call = due.get(session.appointment_id)
        found.append(
            Open(
                "review",
                f"Left session {session.number} before ready",
                "Call, and ask how the night was.",
                address("follow_up", appointment_id=call.pk) if call else "",
                "clinic policy",
                "not settled: " + (", ".join(missing).lower() or "nobody had declared it"),
            )
        )
    return found


def _course(story: CourseStory) -> list[Open]:
    """What the course itself says: holds where it is being treated, the next steps before that."""
    summary = story.summary
    treating = summary.course.state in ("induction", "maintenance")
    level = "hold" if treating else "inform"
    found = []
    said_elsewhere = {"dose_hold", "not_treating"}
    if not summary.course.product:
        # consent and plan are about a product: until one is chosen they are not the next step
        said_elsewhere |= {"no_document", "no_consent", "no_plan"}
    open_now = against_dosing(summary)
    if treating or summary.course.state == "consented":
        open_now += against_first_dose(summary.course.pk, summary.touch)
    for refusal in open_now:
        if refusal.code in said_elsewhere:
            continue
        route = _SETTLED_ON.get(refusal.code, "")
        url = address(route, course_id=summary.course.pk) if route else ""
        if refusal.code == UNSIGNED_PROTOCOL:
            url = address("protocols")
        found.append(Open(level, refusal.message, refusal.what_to_do, url))
    return found


def _weight(story: CourseStory) -> list[Open]:
    course, plan = story.summary.course, story.summary.plan
    product = PRODUCTS.get(course.product)
    if plan is None or product is None or not product.by_weight:
        return []
    protocol = story.summary.held.protocol if story.summary.held else None
    limit = protocol.find("weight.max_age_days") if protocol else None
    if limit is None or isinstance(limit.value, tuple):
        return []
    facts = address("patient_facts", patient_id=course.patient_id)
    source = f"{limit.value:g} days"
    if story.weight is None or story.weight.as_of is None:
        return [
            Open(
                "hold",
                "No dated weight is known",
                "Weigh the person.",
                facts,
                limit.source.mark,
                source,
            )
        ]
    age = story.summary.now - story.weight.as_of
    if age <= timedelta(days=float(limit.value)):
        return []
    title = f"The weight is {age.days} days old"
    return [Open("hold", title, "Weigh again before the dose.", facts, limit.source.mark, source)]


def _consent(story: CourseStory) -> list[Open]:
    summary = story.summary
    if summary.consent is None or summary.consent_standing != "current":
        return []
    protocol = summary.held.protocol if summary.held else None
    limit = protocol.find("consent.renew_after_days") if protocol else None
    if limit is None or isinstance(limit.value, tuple):
        return []
    ends = summary.consent.signed_at + timedelta(days=float(limit.value))
    if ends - summary.now > _SOON:
        return []
    return [
        Open(
            "inform",
            f"Consent is renewed every {limit.value:g} days",
            f"Next by {ends:%-d %b %Y}.",
            address("consent", course_id=summary.course.pk),
            limit.source.mark,
            f"{limit.value:g} days",
        )
    ]


def _questions(story: CourseStory) -> list[Open]:
    """What the person asked and nobody has answered."""
    words = f"“{story.questions[0].text[:60]}”" if story.questions else ""
    count = len(story.questions)
    if not count:
        return []
    title = "A question to the team waits" if count == 1 else f"{count} questions to the team wait"
    return [Open("inform", f"{title}: {words}", "Answer it.", reverse("team_questions"))]


def _asks(story: CourseStory) -> list[Open]:
    url = address("questionnaires", course_id=story.summary.course.pk)
    late = [
        Open(
            "review",
            f"{line.instrument.title} is overdue",
            "Ask again, or enter the answers from paper.",
            url,
        )
        for line in story.asks
        if line.standing == "overdue"
    ]
    newest: dict[str, str] = {}
    for line in story.asks:  # the newest first
        newest.setdefault(line.instrument.title, line.standing)
    late += [
        Open("review", f"{title} expired unanswered", "Ask again.", url)
        for title, standing in newest.items()
        if standing == "expired"
    ]
    return late
