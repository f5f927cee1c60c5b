"""The course on one page: the whole story from referral to the last score."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from evenkeel.clinic.course.pages.frame import address, course_frame, open_course_page
from evenkeel.clinic.outcome.ahead.standing import standing_of
from evenkeel.clinic.outcome.course_story import (
    CourseStory,
    chart_of,
    events_in_words,
    gather,
    proposed_next,
)
from evenkeel.clinic.outcome.pages.coming_back_shown import band_of, shown_standing
from evenkeel.clinic.outcome.to_resolve import to_resolve
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.follow_up import called_words
from evenkeel.clinic.therapy.card import therapy_card
from evenkeel.protocol.products import PRODUCTS
from evenkeel.web.svg import course_chart

#: The step that a course in each state waits for: state -> (label, route, permission).
_NEXT_STEP = {
    "referred": ("Screen", "screening", "screening.sign"),
    "screening": ("Screen", "screening", "screening.sign"),
    "consented": ("Plan", "plan", "plan.draft"),
    "paused": ("Resume or close", "course_move", "course.move"),
}
_SCORES_SHOWN = 14
_TALKS = ("preparation", "integration", "follow_up_call")


@page("course.view")
def course(request: HttpRequest, course_id: Any) -> HttpResponse:
    """Everything of one course at a glance."""
    summary = open_course_page(request, course_id, permission="course.view", what="course page")
    story = gather(summary)
    standing = standing_of(story)
    frame = course_frame(request, summary, "course")
    context = (
        frame
        | shown_standing(story, standing)
        | {
            "story": story,
            "chart": course_chart(chart_of(story, band_of(story, standing))),
            "events": events_in_words(story),
            "next": next_card(request, story),
            "open_matters": to_resolve(story),
            "session_rows": [session_row(s) for s in reversed(story.sessions)],
            "score_rows": list(reversed(story.scores))[:_SCORES_SHOWN],
            "earlier_scores": max(0, len(story.scores) - _SCORES_SHOWN),
            "waiting": [line for line in story.asks if line.waits],
            "talks": talks_of(story),
            "watch_lines": [
                {"item": item, "level": "inform" if item.state == "due" else item.level}
                for item in story.watch.telling
            ],
            "signed": signed_things(story),
            "plan_words": plan_words(story),
            "card": therapy_card(summary.course)
            if request.ctx.actor.may("therapy.view", summary.course.site_id)  # type: ignore[attr-defined]
            else None,
            "may_book": request.ctx.actor.may("appointment.manage", summary.course.site_id),  # type: ignore[attr-defined]
        }
    )
    return render(request, "outcome/course.html", context)


def next_card(request: HttpRequest, story: CourseStory) -> dict[str, Any]:
    """What comes next: the live session, the appointment, the plan's proposal, or a step."""
    ctx = request.ctx  # type: ignore[attr-defined]
    summary = story.summary
    course = summary.course
    number = max((s.number for s in story.sessions), default=0) + 1
    planned = summary.plan.sessions_planned if summary.plan else 0
    buttons: list[dict[str, Any]] = []

    def button(label: str, route: str, permission: str, **keys: Any) -> None:
        url = address(route, **keys)
        if url and ctx.actor.may_for(permission, course):
            buttons.append({"label": label, "url": url, "go": not buttons})

    if course.state == "closed":
        return {"kind": "closed", "buttons": buttons}
    kind = "none"
    if story.live is not None:
        kind = "live"
        button("Open the session", "session", "session.view", session_id=story.live.pk)
    elif story.ahead:
        kind = "booked"
        button("See the day", "day", "appointment.view")
    step = _NEXT_STEP.get(course.state)
    if step is not None and not (course.state == "consented" and summary.plan is not None):
        button(step[0], step[1], step[2], course_id=course.pk)
    proposed = proposed_next(story) if kind == "none" else None
    if kind != "live" and not summary.course.patient.deceased:
        button("Book", "appointment_new", "appointment.manage", course_id=course.pk)
    button("Ask a questionnaire", "questionnaires", "outcome.ask", course_id=course.pk)
    return {
        "kind": "proposed" if proposed else kind,
        "number": number,
        "of": planned if planned >= number else None,
        "appointment": story.ahead[0] if story.ahead else None,
        "proposed": proposed,
        "overdue": proposed is not None and proposed.date() < summary.now.date(),
        "spacing": f"{float(summary.plan.spacing_days):g}" if summary.plan else "",
        "buttons": buttons,
    }


def session_row(session: Any) -> dict[str, Any]:
    """One session of the table. What its summary does not say stays unknown: nothing is computed
    here from events, so that the table can never disagree with the signed note."""
    said = session.summary
    rises = None
    if all(
        isinstance(said.get(key), int | float)
        for key in ("baseline_sbp", "baseline_dbp", "peak_sbp", "peak_dbp")
    ):
        rises = (
            said["peak_sbp"] - said["baseline_sbp"],
            said["peak_dbp"] - said["baseline_dbp"],
        )
    words = said.get("words") or ""
    if isinstance(words, list | tuple):
        words = " · ".join(str(word) for word in words)
    return {
        "session": session,
        "at": session.first_dose_at or session.opened_at,
        "given": session.first_dose_at is not None,
        "rises": rises,
        "dissociation": said.get("peak_dissociation"),
        "spo2": said.get("lowest_spo2"),
        "ready_min": said.get("ready_after_min"),
        "total_mg": said.get("total_mg"),
        "left_early": said.get("left_early"),
        "words": str(words)[:300],
        "url": address("session", session_id=session.pk),
    }


def talks_of(story: CourseStory) -> list[dict[str, Any]]:
    """What was noted at the talks around the sessions, the newest first."""
    found = []
    for each in reversed(story.appointments):
        outcome = each.outcome if isinstance(each.outcome, dict) else {}
        called = [f"{label}: {words}" for label, words in called_words(outcome)[:3]]
        note = "; ".join(called) or each.note or str(outcome.get("note", ""))
        if each.kind in _TALKS and each.status == "done" and note:
            found.append({"kind": each.get_kind_display(), "at": each.starts_at, "note": note})
    return found[:6]


def plan_words(story: CourseStory) -> str:
    """The signed plan in a line."""
    plan = story.summary.plan
    if plan is None:
        return ""
    product = PRODUCTS.get(plan.product)
    dose = f"{plan.dose_mg.normalize():f} mg"
    if plan.dose_mg_per_kg is not None:
        dose = f"{plan.dose_mg_per_kg.normalize():f} mg/kg, {dose}"
    over = f" over {plan.duration_min.normalize():f} min" if plan.duration_min else ""
    every = f", every {float(plan.spacing_days):g} days"
    return f"{product.label if product else plan.product}, {dose}{over}{every}"


def signed_things(story: CourseStory) -> list[dict[str, Any]]:
    """Everything signed on the course, the newest first: what, by whom, when, what is special."""
    found = [
        {
            "what": each.document.title,
            "who": f"{each.signed_name}, with {each.taken_by.shown_name}",
            "at": each.signed_at,
            "note": "withdrawn" if each.withdrawn_at else "",
        }
        for each in story.consents
    ]
    found += [
        {
            "what": f"Screening: {each.decision.replace('_', ' ')}",
            "who": each.signed_by.shown_name,
            "at": each.signed_at,
            "note": f"override: {each.reason}" if each.overrides else "",
        }
        for each in story.summary.screenings
    ]
    found += [
        {
            "what": f"Plan {each.number}",
            "who": each.signed_by.shown_name,
            "at": each.signed_at,
            "note": f"override: {each.override_reason}" if each.override_reason else "",
        }
        for each in story.summary.plans
        if each.signed_by is not None
    ]
    found += [
        {
            "what": f"Touch: {each.get_level_display().lower()}, stop word “{each.stop_word}”",
            "who": f"{each.signed_name}, with {each.taken_by.shown_name}",
            "at": each.signed_at,
            "note": "taken back" if each.withdrawn_at else "",
        }
        for each in story.touches
    ]
    found += [
        {
            "what": "Safety signal closed",
            "who": each.closed_by.shown_name if each.closed_by else "",
            "at": each.closed_at,
            "note": each.close_note,
        }
        for each in story.signals
        if each.closed_at is not None
    ]
    return sorted(found, key=lambda each: each["at"], reverse=True)
