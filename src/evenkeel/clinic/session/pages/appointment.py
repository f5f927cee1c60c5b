"""Booking an appointment, looking at one, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.course.models import Course, Plan
from evenkeel.clinic.course.pages.frame import address
from evenkeel.clinic.course.queries import has_signed_protocol, held_for
from evenkeel.clinic.people.pages.posting import act_once, show_refusal
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.actions.book_appointment import book_appointment
from evenkeel.clinic.session.actions.book_follow_up import book_follow_up
from evenkeel.clinic.session.actions.cancel_appointment import cancel_appointment
from evenkeel.clinic.session.actions.finish_visit import TALKS, finish_visit
from evenkeel.clinic.session.actions.mark_no_show import mark_no_show
from evenkeel.clinic.session.actions.move_appointment import move_appointment
from evenkeel.clinic.session.actions.open_session import open_session
from evenkeel.clinic.session.booking import MINUTES, TRANSITIONS, minutes_for
from evenkeel.clinic.session.calling import answering_staff, usual_second
from evenkeel.clinic.session.day_queries import entry_of, history_of
from evenkeel.clinic.session.follow_up import call_worry, called_words
from evenkeel.clinic.session.ledger_lines import not_begun
from evenkeel.clinic.session.models import Appointment, AppointmentStatus
from evenkeel.clinic.session.pages.day_forms import (
    AbsenceForm,
    BookingForm,
    DoneForm,
    MovingForm,
    ReasonForm,
    rename_times,
)
from evenkeel.clinic.session.slots import propose_slots
from evenkeel.clinic.session.staffing import not_met

#: What those above know of an appointment: a label, words and an address. Filled at start.
ALSO_SEE: list[Callable[[Any, Appointment], dict[str, str] | None]] = []
_RELATED = (
    "patient__site",
    "course__site",
    "course__patient",
    "chair",
    "nurse",
    "therapist",
    "site",
    "follows",
    "moved_to",
)


def submit_once(request: HttpRequest, form: forms.Form, do: Callable[[], Any]) -> Any:
    """Run ``do`` once for a valid form; ``None`` where the form must be shown again."""
    if not form.is_valid():
        return None
    try:
        return act_once(request, do)
    except (Invalid, Refused, Conflict) as refusal:
        form.refusal = refusal  # type: ignore[attr-defined]
        show_refusal(form, rename_times(refusal))
        return None


@page("appointment.manage")
def appointment_new(request: HttpRequest, course_id: Any) -> HttpResponse:
    """Book an appointment of a course; times that fit the plan are proposed."""
    ctx = request.ctx  # type: ignore[attr-defined]
    course = open_record(
        ctx,
        Course,
        course_id,
        "patient__site",
        "site",
        permission="appointment.manage",
        what="booking page",
    )
    timezone.activate(course.site.timezone)
    zone, now = ZoneInfo(course.site.timezone), ctx.clock.now()
    plan = Plan.objects.filter(course=course, state="signed").first()
    if request.method == "POST":
        form = BookingForm(request.POST, site_id=course.site_id)
        reply = submit_once(request, form, lambda: _book(ctx, course, form, zone))
        if reply is not None:
            messages.success(request, "Booked.")
            return HttpResponseRedirect(reverse("appointment", args=[reply["id"]]))
    else:
        form = BookingForm(site_id=course.site_id, initial=_initial(request, course, plan, now))
    shown = {
        "course": course,
        "patient": course.patient,
        "form": form,
        "plan": plan,
        "proposals": propose_slots(course, plan, now),
        "booked": Appointment.objects.filter(
            course=course, status=AppointmentStatus.BOOKED, ends_at__gte=now
        )
        .select_related("chair")
        .order_by("starts_at"),
        "course_url": address("course", course_id=course.pk),
    }
    status = 422 if form.errors else 200
    return render(request, "session/day/book.html", shown, status=status)


def _initial(request: HttpRequest, course: Course, plan: Plan | None, now: Any) -> dict[str, Any]:
    """What the form starts from: a proposal that was pressed, or the usual for the kind."""
    kind = request.GET.get("kind", "")
    if kind not in MINUTES:
        kind = "dosing" if plan else "screening"
    start: dict[str, Any] = {"kind": kind, "minutes": minutes_for(kind, course, plan, at=now)}
    for name in ("on", "at", "chair_id"):
        if request.GET.get(name):
            start[name] = request.GET[name]
    start.setdefault("on", timezone.localtime(now).date())
    return start


def _book(ctx: Any, course: Course, form: BookingForm, zone: ZoneInfo) -> dict[str, str]:
    row = book_appointment(
        ctx,
        course_id=course.pk,
        kind=form.cleaned_data["kind"],
        note=form.cleaned_data["note"],
        **form.place(zone),
    )
    return {"id": str(row.pk)}


@page("appointment.view")
def appointment(request: HttpRequest, appointment_id: Any) -> HttpResponse:
    """One appointment: how it stands, what may be done with it, and what it was before."""
    ctx = request.ctx  # type: ignore[attr-defined]
    row = open_record(
        ctx,
        Appointment,
        appointment_id,
        *_RELATED,
        permission="appointment.view",
        what="appointment page",
    )
    timezone.activate(row.site.timezone)
    forms_shown = _forms(row)
    status = 200
    if request.method == "POST":
        done = _act(request, row, forms_shown)
        if done is not None:
            return done
        status = 422
    return render(
        request, "session/day/appointment.html", _shown(request, row, forms_shown), status=status
    )


def _forms(row: Appointment, data: Any = None, only: str = "") -> dict[str, forms.Form]:
    local = timezone.localtime(row.starts_at)
    start = {
        "on": local.date(),
        "at": local.time(),
        "minutes": int((row.ends_at - row.starts_at).total_seconds() // 60),
        "chair_id": str(row.chair_id or ""),
        "nurse_id": str(row.nurse_id or ""),
        "therapist_id": str(row.therapist_id or ""),
    }
    makers: dict[str, Callable[[Any], forms.Form]] = {
        "move": lambda d: MovingForm(d, site_id=row.site_id, initial=start, prefix=None),
        "cancel": lambda d: ReasonForm(d, auto_id="id_cancel_%s"),
        "no_show": lambda d: AbsenceForm(d, auto_id="id_absence_%s"),
        "finish": lambda d: DoneForm(d, auto_id="id_done_%s"),
    }
    return {name: make(data if name == only else None) for name, make in makers.items()}


def _act(
    request: HttpRequest, row: Appointment, shown: dict[str, forms.Form]
) -> HttpResponse | None:
    """Do what was asked; ``None`` where a form must be shown again."""
    ctx, what = request.ctx, request.POST.get("do", "")  # type: ignore[attr-defined]
    if what in ("open_session", "book_call"):
        return _plain_act(request, row, what)
    if what not in shown:
        raise Invalid("There is nothing of that name to do.")
    form = _forms(row, request.POST, what)[what]
    shown[what] = form

    def do() -> dict[str, str]:
        said = form.cleaned_data
        if what == "move":
            zone = ZoneInfo(row.site.timezone)
            place = form.place(zone)  # type: ignore[attr-defined]
            new = move_appointment(ctx, appointment_id=row.pk, reason=said["reason"], **place)
            return {"id": str(new.pk), "said": "Moved."}
        if what == "cancel":
            cancel_appointment(ctx, appointment_id=row.pk, reason=said["reason"])
            return {"id": str(row.pk), "said": "Cancelled."}
        if what == "no_show":
            mark_no_show(ctx, appointment_id=row.pk, reason=said["reason"], call=said["call"])
            booked = " A call is booked." if said["call"] else ""
            return {"id": str(row.pk), "said": f"Noted.{booked}"}
        finish_visit(ctx, appointment_id=row.pk, note=said["note"])
        return {"id": str(row.pk), "said": "Done."}

    reply = submit_once(request, form, do)
    if reply is None:
        return None
    messages.success(request, reply["said"])
    return HttpResponseRedirect(reverse("appointment", args=[reply["id"]]))


def _plain_act(request: HttpRequest, row: Appointment, what: str) -> HttpResponse:
    """An act without a form of its own. Raises what the act refuses, as a page."""
    ctx = request.ctx  # type: ignore[attr-defined]
    if what == "open_session":
        second = request.POST.get("second_id")

        def do() -> dict[str, str]:
            opened = open_session(ctx, appointment_id=row.pk, second_id=second)
            return {"id": str(opened.pk)}

        reply = act_once(request, do)
        for words in not_met(reply["id"]):
            messages.warning(request, words)
        return HttpResponseRedirect(reverse("session", args=[reply["id"]]))
    reply = act_once(request, lambda: {"id": str(book_follow_up(ctx, appointment_id=row.pk).pk)})
    messages.success(request, "The call is booked.")
    return HttpResponseRedirect(reverse("appointment", args=[reply["id"]]))


def _seconds(row: Appointment) -> list[dict[str, Any]]:
    """Who may be named as second person, the usual one chosen. Two queries."""
    staff = answering_staff(row.site_id)
    staff.pop(str(row.nurse_id), None)
    plan = Plan.objects.filter(course=row.course_id, state="signed").first()
    usual = usual_second(row.course, plan, staff)
    return [
        {"id": key, "name": account.shown_name, "chosen": account is usual}
        for key, account in staff.items()
    ]


def _signal_url(row: Appointment) -> str:
    """Where what a call left open is closed; empty once it is."""
    for hold in row.course.dose_holds:
        if hold.get("call") == str(row.pk):
            return address("safety_signal", signal_id=hold["id"])
    return ""


def _unsigned(row: Appointment, now: Any) -> Any:
    """Why no session of a dose about to be given can start for want of a signed protocol."""
    if row.kind != "dosing" or row.status != AppointmentStatus.CHECKED_IN:
        return None
    return has_signed_protocol(row.course, held_for(row.course, at=now))


def _shown(request: HttpRequest, row: Appointment, shown: dict[str, forms.Form]) -> dict[str, Any]:
    ctx = request.ctx  # type: ignore[attr-defined]
    now, actor = ctx.clock.now(), ctx.actor
    session = getattr(row, "session", None)
    entry = entry_of(row, now)
    begun = row.starts_at <= now
    targets = TRANSITIONS[row.status]
    manages = actor.may("appointment.manage", row.site_id)
    is_call = row.kind == "follow_up_call"
    today = timezone.localtime(now).date() == timezone.localtime(row.starts_at).date()
    calls = list(row.follow_ups.order_by("starts_at"))
    checks_in = actor.may("appointment.check_in", row.site_id) and not is_call
    arrived = row.status == AppointmentStatus.CHECKED_IN
    starts = (
        row.kind == "dosing"
        and row.status == AppointmentStatus.CHECKED_IN
        and session is None
        and actor.may("session.start", row.site_id)
    )
    seconds = _seconds(row) if starts else []
    return {
        "seconds": seconds,
        "second_chosen": any(one["chosen"] for one in seconds),
        "appointment": row,
        "patient": row.patient,
        "entry": entry,
        "session": session,
        "forms": shown,
        "open_form": next((name for name, form in shown.items() if form.errors), ""),
        "can": {
            "check_in": checks_in and today and "checked_in" in targets,
            "complete": checks_in
            and arrived
            and (session is None or session.first_dose_at is None),
            "move": manages and "moved" in targets,
            "cancel": manages and "cancelled" in targets and session is None,
            "no_show": manages and "no_show" in targets and begun and not is_call,
            "finish": manages and "done" in targets and row.kind in TALKS and begun,
            "call": is_call
            and row.status == AppointmentStatus.BOOKED
            and actor.may("follow_up.record", row.site_id),
            "start": starts,
            "see_session": session is not None and actor.may("session.view", row.site_id),
            "book_call": manages and row.kind == "dosing" and not calls and session is not None,
            "book_again": manages
            and row.status in ("no_show", "cancelled")
            and row.course.state != "closed",
            "facts": actor.may("facts.view", row.site_id),
        },
        "unsigned": _unsigned(row, now),
        "not_begun": not_begun(row.site) if starts else "",
        "ledger_url": f"{address('stock_begin')}?site={row.site_id}"
        if actor.may("stock.begin", row.site_id)
        else "",
        "protocols_url": address("protocols") if actor.may("protocol.view", row.site_id) else "",
        "talk_url": address("integration", course_id=row.course_id)
        if row.kind in ("preparation", "integration") and actor.may("therapy.view", row.site_id)
        else "",
        "history": [entry_of(one, now) for one in history_of(row)],
        "also_see": [found for look in ALSO_SEE if (found := look(ctx, row))],
        "calls": calls,
        "called": called_words(row.outcome or {}) if is_call else [],
        "worry": call_worry(row.outcome) if is_call else None,
        "signal_url": _signal_url(row) if is_call else "",
        "questionnaires_url": address("questionnaires", course_id=row.course_id),
        "course_url": address("course", course_id=row.course_id)
        if actor.may("course.view", row.site_id)
        else "",
        "patient_url": address("patient", patient_id=row.patient_id),
        "session_url": address("session", session_id=session.pk) if session else "",
        "now": now,
    }
