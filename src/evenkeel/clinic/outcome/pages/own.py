"""A patient's own pages: what is next, how to get ready, the questions, help, and their choices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.course.actions.agree_touch import withdraw_touch
from evenkeel.clinic.course.actions.withdraw_consent import withdraw_consent
from evenkeel.clinic.course.models import Consent, Course, Plan, TouchAgreement
from evenkeel.clinic.course.queries import protocol_for
from evenkeel.clinic.groups.actions.join_group import withdraw_group_consent
from evenkeel.clinic.groups.queries import own_meeting, standing_consent
from evenkeel.clinic.outcome import own_day
from evenkeel.clinic.outcome.actions.answer_question import is_open
from evenkeel.clinic.outcome.crisis import contacts_of
from evenkeel.clinic.outcome.models import Ask
from evenkeel.clinic.outcome.pages import answering
from evenkeel.clinic.outcome.queries import waiting_asks
from evenkeel.clinic.people.fact_item import list_name
from evenkeel.clinic.people.models import Fact, Patient
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.errors import NotFound, Refused
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.models import Appointment

_TABS = (
    ("own", "Next", "calendar"),
    ("own_ready", "Get ready", "tick"),
    ("own_questions", "Questions", "talk"),
    ("own_help", "Help", "heart"),
)


@dataclass(frozen=True)
class Own:
    """The signed-in person and what concerns them."""

    patient: Patient
    course: Course | None
    now: Any


def own_record(request: HttpRequest, what: str) -> Own:
    """The caller's own record and no other; the reading is logged like any."""
    ctx = request.ctx  # type: ignore[attr-defined]
    if ctx.actor.patient_id is None:
        raise NotFound("There is nothing here with that address.")
    patient = open_record(
        ctx, Patient, ctx.actor.patient_id, "site", permission="own.view", what=what
    )
    course = Course.objects.filter(patient=patient).order_by("-opened_at").first()
    return Own(patient, course, ctx.clock.now())


def own_frame(own: Own, current: str) -> dict[str, Any]:
    """What every page of their own shows."""
    return {
        "patient": own.patient,
        "called": own.patient.called or own.patient.given_name,
        "course": own.course,
        "now": own.now,
        "today": timezone.localtime(own.now),
        "help_url": reverse("own_help"),
        "tabs": [
            {"label": label, "url": reverse(name), "icon": icon, "current": name == current}
            for name, label, icon in _TABS
        ],
    }


def _next(own: Own) -> Appointment | None:
    if own.course is None:
        return None
    found: Appointment | None = (
        Appointment.objects.filter(
            patient=own.patient,
            status__in=("booked", "checked_in"),
            starts_at__gte=own.now - timedelta(hours=4),
        )
        .select_related("chair", "nurse", "therapist")
        .order_by("starts_at")
        .first()
    )
    return found


def _rules(me: Own) -> own_day.DayRules:
    """What the protocol in force for the course says of the day."""
    course = me.course
    protocol = protocol_for(course, at=me.now) if course is not None else None
    return own_day.day_rules(protocol, course.product if course is not None else "")


def _medicines(me: Own) -> list[str]:
    """The names of the medicines the clinic knows of, in order of name."""
    rows = Fact.objects.filter(
        patient=me.patient, key="medicine", state="known", replaced_by=None
    ).exclude(status__in=("entered_in_error", "resolved", "inactive", "history", "refuted"))
    return sorted({list_name(row.value) for row in rows}, key=str.lower)


@page("own.view")
def own(request: HttpRequest) -> HttpResponse:
    """What is next, in plain words."""
    me = own_record(request, "own page")
    appointment = _next(me)
    waiting = waiting_asks(me.patient.pk, me.now)
    context = own_frame(me, "own") | {"appointment": appointment, "waiting": waiting}
    if appointment is not None:
        plan = Plan.objects.filter(course=me.course, state="signed").first()
        today = timezone.localtime(me.now).date()
        meeting = own_meeting(appointment)
        context |= {
            "heading": own_day.heading(appointment, today, with_group=meeting is not None),
            "day": own_day.long_day(appointment.starts_at),
            "place": meeting.room
            if meeting is not None and meeting.room
            else own_day.place_of(appointment),
            "steps": own_day.steps_of(
                appointment, plan, _rules(me), today=today, waiting=len(waiting)
            ),
        }
    return render(request, "outcome/own.html", context)


@page("own.view")
def own_ready(request: HttpRequest) -> HttpResponse:
    """What to see to before the next appointment."""
    me = own_record(request, "own page: get ready")
    appointment = _next(me)
    context = own_frame(me, "own_ready") | {"appointment": appointment}
    if appointment is not None:
        rules = _rules(me)
        context |= {
            "day": own_day.long_day(appointment.starts_at),
            "bring": own_day.to_bring(appointment, rules, _medicines(me)),
            "rules": rules,
            "waiting": waiting_asks(me.patient.pk, me.now),
        }
    return render(request, "outcome/own_ready.html", context)


@page("own.view")
def own_questions(request: HttpRequest) -> HttpResponse:
    """The questionnaires that wait."""
    me = own_record(request, "own page: questions")
    context = own_frame(me, "own_questions") | {"waiting": waiting_asks(me.patient.pk, me.now)}
    return render(request, "outcome/own_questions.html", context)


@page("own.answer")
def own_answer(request: HttpRequest, ask_id: Any) -> HttpResponse:
    """One screen of a questionnaire, for somebody who is signed in."""
    ctx = request.ctx  # type: ignore[attr-defined]
    ask = open_record(
        ctx,
        Ask,
        ask_id,
        "patient",
        "site",
        "course",
        permission="own.answer",
        what="own questionnaire",
    )
    here = reverse("own_answer", args=[ask.pk])
    if not is_open(ask, ctx.clock.now()):
        if ask.finished_at is not None:
            return answering.thanks(request, ask, here)
        raise Refused(
            "These questions are closed.", what_to_do="Ask your clinic to send them again."
        )
    if request.method == "POST":
        return answering.take(ctx, ask, request, here)
    if request.GET.get("q") == "help":
        return answering.help_page(request, ask, here)
    return answering.show(request, ask, here)


@page("own.view")
def own_help(request: HttpRequest) -> HttpResponse:
    """Whom to call."""
    me = own_record(request, "own page: help")
    context = own_frame(me, "own_help") | {"contacts": contacts_of(me.patient.site)}
    return render(request, "outcome/own_help.html", context)


@page("own.view")
def own_choices(request: HttpRequest) -> HttpResponse:
    """What was agreed to, each with a way to take it back; always possible."""
    me = own_record(request, "own page: choices")
    ctx = request.ctx  # type: ignore[attr-defined]
    consent, touch = _agreed(me)
    group = standing_consent(me.course.pk) if me.course is not None else None
    if request.method == "POST":
        do = request.POST.get("do")
        if do == "consent" and consent is not None:
            act_once(request, lambda: {"id": str(withdraw_consent(ctx, consent_id=consent.pk).pk)})
            messages.success(request, "You have taken back your consent. Nothing will be given.")
        elif do == "touch" and touch is not None:
            act_once(request, lambda: {"id": str(withdraw_touch(ctx, agreement_id=touch.pk).pk)})
            messages.success(request, "Noted: no touch.")
        elif do == "group" and group is not None:
            act_once(
                request,
                lambda: {"id": str(withdraw_group_consent(ctx, group_consent_id=group.pk).pk)},
            )
            messages.success(request, "You have left your group. Your other care goes on.")
        return HttpResponseRedirect(reverse("own_choices"), status=303)
    context = own_frame(me, "") | {"consent": consent, "touch": touch, "group": group}
    return render(request, "outcome/own_choices.html", context)


def _agreed(me: Own) -> tuple[Consent | None, TouchAgreement | None]:
    """The consent and the touch agreement that stand."""
    if me.course is None:
        return None, None
    standing = {"course": me.course, "withdrawn_at": None}
    consent = (
        Consent.objects.filter(**standing)
        .select_related("document")
        .defer("document__body")
        .order_by("-signed_at")
        .first()
    )
    return consent, TouchAgreement.objects.filter(**standing).order_by("-signed_at").first()
