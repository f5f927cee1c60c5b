"""What is to be settled before the next session, each in the alarm grammar and with its source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from evenkeel.clinic.course.pages.frame import address
from evenkeel.clinic.course.queries import UNSIGNED_PROTOCOL, against_dosing
from evenkeel.clinic.outcome.course_story import CourseStory
from evenkeel.clinic.outcome.filing import HOLD_KIND
from evenkeel.clinic.outcome.queries import alarm_level
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
    found = [*_signals(story), *_course(story), *_weight(story), *_consent(story), *_asks(story)]
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
        if hold.get("kind") != HOLD_KIND or hold.get("id") not in known
    ]
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
    for refusal in against_dosing(summary):
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
