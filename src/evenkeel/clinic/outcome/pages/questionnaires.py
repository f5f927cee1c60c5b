"""What was asked of a person and what came back; asking anew; entering answers from paper."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.course.pages.frame import course_frame, open_course_page
from evenkeel.clinic.course.queries import CourseSummary
from evenkeel.clinic.outcome.actions.answer_question import is_open
from evenkeel.clinic.outcome.actions.ask_questionnaire import (
    OPEN_FOR,
    Asked,
    ask_questionnaire,
    withdraw_ask,
)
from evenkeel.clinic.outcome.actions.choose_contact import choose_contact
from evenkeel.clinic.outcome.actions.enter_answers import enter_answers, enter_total
from evenkeel.clinic.outcome.links import can_be_linked, path_of
from evenkeel.clinic.outcome.message_text import languages
from evenkeel.clinic.outcome.models import Ask, ContactChoice, SafetySignal
from evenkeel.clinic.outcome.offering import offered, totals_enterable
from evenkeel.clinic.outcome.queries import (
    STANDING_WORDS,
    ask_lines,
    responses_of,
    score_lines,
)
from evenkeel.clinic.outcome.schedule_view import schedule_view
from evenkeel.clinic.outcome.senders import deliver, senders_for
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.door import log_read
from evenkeel.clinic.record.errors import Conflict, DomainError, Forbidden, Invalid, Refused
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.models import Session
from evenkeel.instruments import follow_up_questions, for_a_person


@page("outcome.view")
def questionnaires(request: HttpRequest, course_id: Any) -> HttpResponse:
    """The questionnaires of one course. A fresh link is shown once, in the answer to asking."""
    ctx = request.ctx  # type: ignore[attr-defined]
    summary = open_course_page(request, course_id, permission="outcome.view", what="questionnaires")
    extra: dict[str, Any] = {}
    if request.method == "POST":
        do = _VERBS.get(request.POST.get("do", ""))
        try:
            answer = do(request, summary) if do else None
        except (Invalid, Refused, Conflict) as error:
            extra = {"error": error, "typed": request.POST, "again": request.POST.get("do")}
        else:
            if answer is None:
                return HttpResponseRedirect(
                    reverse("questionnaires", args=[summary.course.pk]), status=303
                )
            extra = answer
    context = _context(request, summary) | extra
    if extra.get("error"):
        context |= _typed_answers(request, summary)
    may = ctx.actor.may
    site_id = summary.course.site_id
    context |= {
        "may_ask": may("outcome.ask", site_id) and not summary.course.patient.deceased,
        "may_enter": may("outcome.enter", site_id),
    }
    return render(request, "outcome/questionnaires.html", context, status=_status(extra))


def _show_link(request: HttpRequest, summary: CourseSummary) -> dict[str, Any]:
    """The link of a scheduled questionnaire, for whoever hands it over; the showing is logged."""
    ctx = request.ctx  # type: ignore[attr-defined]
    if not ctx.actor.may("outcome.ask", summary.course.site_id):
        raise Forbidden("Your role does not allow this.")
    ask = Ask.objects.filter(pk=_uuid(request.POST.get("ask")), course=summary.course).first()
    if ask is None or not is_open(ask, summary.now) or not can_be_linked(ask):
        raise Refused("This link cannot be shown.", what_to_do="Ask again for a new one.")
    log_read(
        ctx,
        "link of a questionnaire",
        patient_id=ask.patient_id,
        site_id=ask.site_id,
        subject=f"ask:{ask.pk}",
    )
    link = request.build_absolute_uri(path_of(ask))
    return {"link": link, "link_words": "Show or read out this link.", "link_ask": ask}


def _total(request: HttpRequest, summary: CourseSummary) -> None:
    ctx = request.ctx  # type: ignore[attr-defined]
    if not ctx.actor.may("outcome.enter", summary.course.site_id):
        raise Forbidden("Your role does not allow this.")
    text = request.POST.get("total", "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise Invalid("This total cannot be read.", fields={"total": "Enter a whole number."})
    at = _moment(request.POST.get("answered_at", ""))

    def do() -> dict[str, str]:
        response = enter_total(
            ctx,
            course_id=summary.course.pk,
            instrument_id=request.POST.get("instrument", ""),
            total=int(text),
            answered_at=at,
        )
        return {"response": str(response.pk)}

    act_once(request, do)
    messages.success(request, "The total is filed under your name.")


def _contact(request: HttpRequest, summary: CourseSummary) -> None:
    """The person's own choice of messages, as they said it to a member of staff."""
    ctx = request.ctx  # type: ignore[attr-defined]
    row = ContactChoice.objects.filter(patient_id=summary.course.patient_id).first()

    def do() -> dict[str, str]:
        chosen = choose_contact(
            ctx,
            patient_id=summary.course.patient_id,
            channel=request.POST.get("channel", ""),
            language=request.POST.get("language") or None,
            quiet_from=row.quiet_from if row else "",
            quiet_until=row.quiet_until if row else "",
        )
        return {"id": str(chosen.pk)}

    act_once(request, do)
    messages.success(request, "Kept, as they said it.")


def _status(extra: dict[str, Any]) -> int:
    error = extra.get("error")
    return error.status if isinstance(error, DomainError) else 200


def _context(request: HttpRequest, summary: CourseSummary) -> dict[str, Any]:
    course = summary.course
    first = (
        Session.objects.filter(course=course, first_dose_at__isnull=False)
        .order_by("number")
        .values_list("first_dose_at", flat=True)
        .first()
    )
    chosen = request.GET.get("paper", "")
    every = offered(course.site_id)
    paper = next((each for each in every if each.id == chosen), None)
    asks = ask_lines(course, summary.now)
    view = schedule_view(summary, asks)
    return course_frame(request, summary, "questionnaires") | {
        "asks": [{"line": line, "words": STANDING_WORDS[line.standing]} for line in asks],
        "scores": list(reversed(score_lines(responses_of(course), first))),
        "signals": SafetySignal.objects.filter(course=course)
        .select_related("closed_by")
        .order_by("-raised_at"),
        "instruments": every,
        "sendable": [each for each in every if for_a_person(each)],
        "totals": [each for each in totals_enterable() if each.id not in {e.id for e in every}],
        "view": view,
        "channels": ContactChoice.CHANNELS,
        "languages": languages(),
        "senders": senders_for(course.patient),
        "open_for_days": OPEN_FOR.days,
        "paper": _paper(paper, {}) if paper else None,
    }


def _ask(request: HttpRequest, summary: CourseSummary) -> dict[str, Any] | None:
    """Ask, and hand the link over. Only what cannot open the link goes into the stored reply."""
    ctx = request.ctx  # type: ignore[attr-defined]
    made: list[Asked] = []

    def do() -> dict[str, str]:
        asked = ask_questionnaire(
            ctx,
            course_id=summary.course.pk,
            instrument_id=request.POST.get("instrument", ""),
            occasion=request.POST.get("occasion", ""),
            sender=request.POST.get("sender", "show"),
        )
        made.append(asked)
        return {"ask": str(asked.ask.pk)}

    act_once(request, do)
    if not made:  # the same form came twice: its link was shown with the first answer
        messages.info(request, "This was asked already. Ask again for a new link.")
        return None
    asked = made[0]
    link = request.build_absolute_uri(reverse("answer", args=[asked.token]))
    delivery = deliver(asked.ask, link)
    if not delivery.show:
        messages.success(request, delivery.words)
        return None
    return {"link": link, "link_words": delivery.words, "link_ask": asked.ask}


def _withdraw(request: HttpRequest, summary: CourseSummary) -> None:
    ctx = request.ctx  # type: ignore[attr-defined]
    ask = Ask.objects.filter(pk=_uuid(request.POST.get("ask")), course=summary.course).first()
    if ask is None:
        raise Invalid("There is no such link.")
    act_once(request, lambda: {"ask": str(withdraw_ask(ctx, ask_id=ask.pk).pk)})
    messages.success(request, "The link was withdrawn.")


def _uuid(text: str | None) -> str:
    try:
        return str(UUID(text or ""))
    except ValueError:
        raise Invalid("There is no such link.") from None


def _enter(request: HttpRequest, summary: CourseSummary) -> None:
    ctx = request.ctx  # type: ignore[attr-defined]
    if not ctx.actor.may("outcome.enter", summary.course.site_id):
        raise Forbidden("Your role does not allow this.")
    name = request.POST.get("instrument", "")
    found = next((each for each in offered(summary.course.site_id) if each.id == name), None)
    if found is None:
        raise Invalid("There is no such questionnaire.")
    answers = _answers(request, [item.link_id for item in found.items])
    follow_up = _answers(request, [item.link_id for item in follow_up_questions().items])
    at = _moment(request.POST.get("answered_at", ""))

    def do() -> dict[str, str]:
        response = enter_answers(
            ctx,
            course_id=summary.course.pk,
            instrument_id=name,
            answers=answers,
            follow_up=follow_up,
            answered_at=at,
        )
        return {"response": str(response.pk)}

    act_once(request, do)
    messages.success(request, "The answers are filed under your name.")


def _answers(request: HttpRequest, link_ids: list[str]) -> dict[str, int]:
    given = {}
    for link_id in link_ids:
        text = request.POST.get(link_id, "")
        if text == "":
            continue
        if not (text.isascii() and text.isdigit() and len(text) < 4):
            raise Invalid("One of the answers cannot be used.", fields={link_id: "Choose one."})
        given[link_id] = int(text)
    return given


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(
            "The time cannot be read.", fields={"answered_at": "Enter a day and a time."}
        ) from None
    aware = local if timezone.is_aware(local) else timezone.make_aware(local)
    return aware.astimezone(UTC)


def _paper(instrument: Any, typed: Any) -> dict[str, Any]:
    """The paper form: every question at once, with what was typed kept."""

    def rows(items: Any) -> list[dict[str, Any]]:
        return [
            {
                "item": item,
                "options": [
                    (value, text, typed.get(item.link_id) == str(value))
                    for value, text in item.options
                ],
            }
            for item in items
        ]

    safety = {rule.link_id for rule in instrument.scoring.safety if rule.follow_up}
    numbers = [item.number for item in instrument.items if item.link_id in safety]
    return {
        "instrument": instrument,
        "rows": rows(instrument.items),
        "follow_up": rows(follow_up_questions().items) if safety else [],
        "follow_up_after": ", ".join(numbers),
    }


def _typed_answers(request: HttpRequest, summary: CourseSummary) -> dict[str, Any]:
    name = request.POST.get("instrument", "")
    found = next((each for each in offered(summary.course.site_id) if each.id == name), None)
    if request.POST.get("do") != "enter" or found is None:
        return {}
    return {"paper": _paper(found, request.POST)}


_VERBS = {
    "ask": _ask,
    "withdraw": _withdraw,
    "enter": _enter,
    "total": _total,
    "link": _show_link,
    "contact": _contact,
}
