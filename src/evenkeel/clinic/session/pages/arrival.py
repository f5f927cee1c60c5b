"""Checking somebody in."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.course.models import Plan
from evenkeel.clinic.course.queries import protocol_for
from evenkeel.clinic.people.fact_item import list_name
from evenkeel.clinic.people.facts import assemble_facts, facts_of
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.errors import Refused
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.actions.check_in import check_in as check_in_person
from evenkeel.clinic.session.actions.check_in import complete_check_in
from evenkeel.clinic.session.arriving import (
    Arrival,
    fasting_limits,
    moment,
    needs_pregnancy_test,
    span_words,
)
from evenkeel.clinic.session.booking import BY_TELEPHONE
from evenkeel.clinic.session.models import Appointment, AppointmentStatus
from evenkeel.clinic.session.pages.appointment import submit_once
from evenkeel.clinic.session.pages.day_forms import ArrivalForm, IdentityForm

_RELATED = ("patient__site", "course__site", "course__patient", "chair", "nurse", "site")
#: Asked in this order, under these headings.
_PARTS = (
    ("fasting", "Food and drink", ("last_food_at", "last_fluids_at")),
    ("escort", "Going home", ("escort", "escort_name", "escort_phone", "escort_until")),
    ("allergies", "Allergies", ("allergies", "allergies_note")),
    (
        "medicines",
        "Taken today",
        ("benzodiazepine", "stimulant", "maoi", "medicines_note", "changes", "changes_note"),
    ),
    ("measured", "Measured now", ("weight_kg", "pregnancy_test")),
)
_RIGHT = frozenset({"medicines", "measured"})


@page("appointment.check_in")
def check_in(request: HttpRequest, appointment_id: Any) -> HttpResponse:
    """Check a person in, or add to a check-in before the dose."""
    ctx = request.ctx  # type: ignore[attr-defined]
    row = open_record(
        ctx,
        Appointment,
        appointment_id,
        *_RELATED,
        permission="appointment.check_in",
        what="check-in page",
    )
    timezone.activate(row.site.timezone)
    if row.kind in BY_TELEPHONE:
        raise Refused("Nobody arrives for a call.", code="no_such_step")
    zone, now = ZoneInfo(row.site.timezone), ctx.clock.now()
    again = row.status == AppointmentStatus.CHECKED_IN
    clinical = ctx.actor.may("facts.record", row.site_id)
    facts = assemble_facts(row.patient, now=now, product=row.course.product or None)
    about = {
        "dosing": row.kind == "dosing",
        "clinical": clinical and row.kind == "dosing",
        "pregnancy": needs_pregnancy_test(facts),
    }
    identity = IdentityForm(request.POST or None) if not again else None
    form = ArrivalForm(request.POST or None, initial=_said_before(row), **about)
    if request.method == "POST":
        reply = _store(request, row, identity, form, now, zone)
        if reply is not None:
            said = "The check-in is completed." if again else "Checked in."
            messages.success(request, said)
            return HttpResponseRedirect(reverse("appointment", args=[row.pk]))
    shown = {
        "appointment": row,
        "patient": row.patient,
        "identity": identity,
        "form": form,
        "columns": _columns(form),
        "again": again,
        "allergies": _allergies(row) if ctx.actor.may("appointment.check_in") else [],
        "limits": [
            {"words": words, "least": span_words(least), "source": source}
            for _, words, least, source in fasting_limits(protocol_for(row.course, at=now))
        ],
        "plan": Plan.objects.filter(course_id=row.course_id, state="signed").first()
        if ctx.actor.may("plan.view", row.site_id)
        else None,
        "weight": facts["weight_kg"] if about["clinical"] else None,
        "now": now,
        "wrong": bool(form.errors or (identity is not None and identity.errors)),
    }
    status = 422 if shown["wrong"] else 200
    return render(request, "session/day/check_in.html", shown, status=status)


def _store(
    request: HttpRequest,
    row: Appointment,
    identity: IdentityForm | None,
    form: ArrivalForm,
    now: Any,
    zone: ZoneInfo,
) -> Any:
    ctx = request.ctx  # type: ignore[attr-defined]
    sound = form.is_valid()
    if identity is None:
        return submit_once(
            request,
            form,
            lambda: {
                "id": str(
                    complete_check_in(
                        ctx, appointment_id=row.pk, arrival=Arrival(**form.arrival(now, zone))
                    ).pk
                )
            },
        )
    if not identity.is_valid() or not sound:
        return None

    def do() -> dict[str, str]:
        done = check_in_person(
            ctx,
            appointment_id=row.pk,
            arrival=Arrival(**form.arrival(now, zone)),
            **identity.cleaned_data,
        )
        return {"id": str(done.pk)}

    reply = submit_once(request, form, do)
    if reply is None:
        _hand_to_identity(identity, form)
    return reply


def _hand_to_identity(identity: IdentityForm, form: ArrivalForm) -> None:
    """What an act says of who is here stands beside the questions about it."""
    refusal = getattr(form, "refusal", None)
    if refusal is None:
        return
    for name in identity.fields:
        if name in refusal.fields:
            identity.add_error(name, refusal.fields[name])


def _said_before(row: Appointment) -> dict[str, Any]:
    said = dict((row.check_in or {}).get("said", {}))
    for name in ("last_food_at", "last_fluids_at", "escort_until"):
        at = moment(said.get(name))
        if at is not None:
            said[name] = timezone.localtime(at).time()
    said.pop("weight_kg", None)
    return said


def _columns(form: ArrivalForm) -> list[list[dict[str, Any]]]:
    """The parts in two columns of about equal height."""
    columns: list[list[dict[str, Any]]] = [[], []]
    for key, heading, names in _PARTS:
        fields = [form[name] for name in names if name in form.fields]
        if fields:
            side = 1 if key in _RIGHT else 0
            columns[side].append({"key": key, "heading": heading, "fields": fields})
    return [column for column in columns if column]


def _allergies(row: Appointment) -> list[str]:
    """The allergies on record, to be read back."""
    return [
        list_name(fact.value)
        for fact in facts_of(row.patient)
        if fact.key == "allergy" and fact.state == "known" and fact.status == "active"
    ]
