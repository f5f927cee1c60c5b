"""The telephone call: question by question, stored as its outcome."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.course.pages.frame import address
from evenkeel.clinic.outcome.actions.record_follow_up import record_follow_up
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.arriving import moment
from evenkeel.clinic.session.models import Appointment, AppointmentStatus
from evenkeel.clinic.session.pages.appointment import submit_once
from evenkeel.clinic.session.pages.day_forms import CallForm


@page("follow_up.record")
def follow_up(request: HttpRequest, appointment_id: Any) -> HttpResponse:
    """The call: question by question, stored as its outcome."""
    ctx = request.ctx  # type: ignore[attr-defined]
    row = open_record(
        ctx,
        Appointment,
        appointment_id,
        "patient",
        "course",
        "site",
        "follows__session",
        permission="follow_up.record",
        what="follow-up call",
    )
    timezone.activate(row.site.timezone)
    if row.kind != "follow_up_call" or row.status != AppointmentStatus.BOOKED:
        return HttpResponseRedirect(reverse("appointment", args=[row.pk]))
    form = CallForm(request.POST or None)
    if request.method == "POST":
        reply = submit_once(request, form, lambda: _record(ctx, row, form))
        if reply is not None:
            messages.success(request, reply["said"])
            if reply["signal"]:
                return HttpResponseRedirect(reverse("safety_signal", args=[reply["signal"]]))
            return HttpResponseRedirect(reverse("appointment", args=[row.pk]))
    session = getattr(row.follows, "session", None) if row.follows else None
    shown = {
        "appointment": row,
        "patient": row.patient,
        "form": form,
        "session": session if ctx.actor.may("session.view", row.site_id) else None,
        "attempts": [
            {**attempt, "at": moment(attempt["at"])}
            for attempt in (row.outcome or {}).get("attempts", [])
        ],
        "questionnaires_url": address("questionnaires", course_id=row.course_id),
        "crisis_line": row.site.crisis_line,
        "now": ctx.clock.now(),
    }
    status = 422 if form.errors else 200
    return render(request, "outcome/call.html", shown, status=status)


def _record(ctx: Any, row: Appointment, form: CallForm) -> dict[str, str]:
    said = dict(form.cleaned_data)
    reached = said.pop("reached") == "yes"
    done = record_follow_up(ctx, appointment_id=row.pk, reached=reached, answers=said)
    signal = getattr(done, "safety_signal", None)
    words = "The call is recorded." if reached else "Noted. The call stays on the list."
    if signal is not None:
        words += " No dose starts until a named clinician has closed what was said."
    return {"id": str(done.pk), "said": words, "signal": str(signal.pk) if signal else ""}
