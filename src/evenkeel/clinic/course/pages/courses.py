"""Opening a course, and moving it on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.course.actions.move_course import close_course, move_course
from evenkeel.clinic.course.actions.open_course import colleagues, open_course
from evenkeel.clinic.course.pages.frame import address, course_frame, open_course_page
from evenkeel.clinic.course.queries import open_course_of
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.people.pages.posting import act_once, submit
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.clinic.record.permissions import Role
from evenkeel.clinic.record.routes import page


class CourseForm(forms.Form):
    """What opens a course."""

    indication = forms.CharField(
        label="What the treatment is for",
        max_length=200,
        help_text="As in the referral, such as: depression after two adequate treatments",
    )
    referred_by = forms.CharField(label="Referred by", max_length=160, required=False)
    referral_note = forms.CharField(
        label="From the referral", required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    goal = forms.CharField(
        label="What the person hopes for, in their own words",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    prescriber_id = forms.ChoiceField(label="Prescriber", required=False)
    therapist_id = forms.ChoiceField(label="Therapist", required=False)

    def __init__(self, *args: Any, site_id: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, role in (
            ("prescriber_id", Role.PRESCRIBER),
            ("therapist_id", Role.THERAPIST),
        ):
            staff = [(str(a.pk), a.shown_name) for a in colleagues(site_id, role)]
            self.fields[name].choices = [("", "not chosen yet"), *staff]  # type: ignore[attr-defined]


@page("course.open")
def course_new(request: HttpRequest, patient_id: Any) -> HttpResponse:
    """Open a course for a person."""
    ctx = request.ctx  # type: ignore[attr-defined]
    patient = open_record(
        ctx, Patient, patient_id, "site", permission="course.open", what="person, to open a course"
    )
    form = CourseForm(request.POST or None, site_id=patient.site_id)
    if request.method == "POST":
        reply = submit(
            request,
            form,
            lambda given: {"id": str(open_course(ctx, patient_id=patient.pk, **given).pk)},
        )
        if reply is not None:
            messages.success(request, "The course is open. Screening is next.")
            # the front desk may open a course but not look into it
            name = "screening" if ctx.actor.may("screening.view", patient.site_id) else "patient"
            key = reply["id"] if name == "screening" else str(patient.pk)
            return HttpResponseRedirect(address(name, key=key) or "/")
    shown = {
        "form": form,
        "patient": patient,
        "deceased": patient.deceased,
        "standing": open_course_of(patient.pk),
        "patient_url": address("patient", patient_id=patient.pk),
    }
    return render(request, "course/course_new.html", shown, status=422 if form.errors else 200)


@page("course.view")
def course_move(request: HttpRequest, course_id: Any) -> HttpResponse:
    """Where the course stands, every step from here, and why a step is not open."""
    summary = open_course_page(
        request, course_id, permission="course.view", what="where a course stands"
    )
    ctx = request.ctx  # type: ignore[attr-defined]
    course, target = summary.course, request.POST.get("to", "")
    reason, refusal = request.POST.get("reason", ""), None
    if request.method == "POST":
        try:
            act_once(request, lambda: _move(ctx, course.pk, target, reason))
        except (Invalid, Refused, Conflict) as error:
            refusal = error
        else:
            messages.success(request, "Done.")
            return HttpResponseRedirect(reverse("course_move", args=[course.pk]))
    shown = {
        **course_frame(request, summary, "course_move"),
        "may_move": ctx.actor.may("course.move", course.site_id),
        "moves": summary.moves,
        "refusal": refusal,
        "refused_target": target,
        "reason": reason,
    }
    status = refusal.status if refusal else 200
    return render(request, "course/course_move.html", shown, status=status)


def _move(ctx: Any, course_id: Any, target: str, reason: str) -> dict[str, str]:
    if target == "closed":
        return {"state": close_course(ctx, course_id=course_id, reason=reason).state}
    return {"state": move_course(ctx, course_id=course_id, to=target, reason=reason).state}
