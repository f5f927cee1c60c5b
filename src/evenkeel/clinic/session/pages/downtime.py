"""When the system is away: today's list and blank sheets to print, and taking them up after."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.course.dose_sheet import as_document, measured_weight, sheet_for
from evenkeel.clinic.course.models import Course, Plan, TouchAgreement
from evenkeel.clinic.course.queries import protocol_for
from evenkeel.clinic.people.fact_item import list_name
from evenkeel.clinic.people.models import Fact, Site
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.act import together
from evenkeel.clinic.record.door import log_read, open_record
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.clinic.record.installation import installation
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session import paper
from evenkeel.clinic.session.actions.enter_downtime import enter_downtime
from evenkeel.clinic.session.day_queries import appointments_on, bounds
from evenkeel.clinic.session.events import checks_for
from evenkeel.clinic.session.models import Appointment, AppointmentStatus, SessionState
from evenkeel.clinic.session.pages.day import chosen_day, chosen_site
from evenkeel.protocol.products import PRODUCTS
from evenkeel.web.pdf import PdfUnavailable, pdf_from_html

#: How far back a session that was kept on paper is looked for. Assumed.
BACK = timedelta(days=14)
_OPEN = (AppointmentStatus.BOOKED, AppointmentStatus.CHECKED_IN, AppointmentStatus.NO_SHOW)

#: Lines on the blank sheet for what is drawn, wasted and put back.
_LINE_ROWS = 3


@page("downtime.print")
def downtime(request: HttpRequest) -> HttpResponse:
    """The day on paper: the list of people, and a blank sheet for every dose."""
    return render(request, "session/day/downtime.html", _paper(request))


@page("downtime.print")
def downtime_pdf(request: HttpRequest) -> HttpResponse:
    """The same as a PDF; without the PDF maker's libraries the page is printed instead."""
    shown = {**_paper(request), "for_pdf": True}
    try:
        document = pdf_from_html(render_to_string("session/day/downtime.html", shown, request))
    except PdfUnavailable:
        messages.warning(request, "No PDF can be made here; print this page instead.")
        return HttpResponseRedirect(f"{reverse('downtime')}?{request.GET.urlencode()}")
    response = HttpResponse(document, content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="downtime.pdf"'
    return response


def _paper(request: HttpRequest) -> dict[str, Any]:
    ctx = request.ctx  # type: ignore[attr-defined]
    site, _ = chosen_site(request, "downtime.print")
    on, now = chosen_day(request), ctx.clock.now()
    rows = [
        row
        for row in appointments_on(site, on)
        if row.status not in (AppointmentStatus.MOVED, AppointmentStatus.CANCELLED)
    ]
    with_doses = ctx.actor.may("plan.view", site.pk)
    with together():
        for row in rows:
            log_read(
                ctx,
                "downtime sheet",
                patient_id=row.patient_id,
                site_id=site.pk,
                subject=f"appointment:{row.pk}",
            )
    doses = [row for row in rows if row.kind == "dosing" and row.status != AppointmentStatus.DONE]
    founded = installation()
    return {
        "site": site,
        "day": on,
        "rows": rows,
        "sheets": [_blank(row, site, now, with_doses) for row in doses],
        "organization": founded.organisation if founded else "",
        "printed_at": timezone.localtime(now),
        "printed_by": ctx.actor.name,
        "query": request.GET.urlencode(),
        "drug_rows": range(paper.DRUG_ROWS - 1),
        "line_rows": range(_LINE_ROWS),
        "note_rows": range(3),
    }


def _blank(row: Appointment, site: Site, now: Any, with_doses: bool) -> dict[str, Any]:
    """What is printed on a sheet before anybody writes on it."""
    course = Course.objects.select_related("patient__site", "site").get(pk=row.course_id)
    product = course.product if course.product in PRODUCTS else ""
    protocol = protocol_for(course, at=row.starts_at)
    plan = Plan.objects.filter(course=course, state="signed").first()
    dose: dict[str, Any] = {}
    if plan is not None and protocol is not None:
        weight = measured_weight(course.patient, now=now, product=product)
        known = weight if weight.weight_kg is not None else None
        dose = as_document(sheet_for(plan, weight=known, now=now, protocol=protocol))
    minutes = (
        paper.planned_minutes(protocol, paper.drug_minutes(product, dose, protocol))
        if (protocol is not None)
        else []
    )
    allergies = Fact.objects.filter(patient_id=row.patient_id, key="allergy", replaced_by=None)
    touch = TouchAgreement.objects.filter(course=course, withdrawn_at=None).first()
    return {
        "appointment": row,
        "patient": row.patient,
        "product": PRODUCTS[product].label if product else "",
        "dose": dose if with_doses else {},
        "plan": plan if with_doses else None,
        "minutes": minutes,
        "spare": range(max(2, paper.VITALS_ROWS - 2 - len(minutes))),
        "checks": checks_for(product) if product else [],
        "allergies": [list_name(f.value) for f in allergies if f.state == "known"]
        if with_doses
        else [],
        "touch": touch if with_doses else None,
        "drug_words": list(paper.drug_choices(product).values()) if product else [],
        "leaving": [
            {"label": label, "words": [word for _, word in choices]}
            for label, choices in paper.LEAVING.values()
        ],
    }


@page("downtime.enter")
def downtime_enter(request: HttpRequest) -> HttpResponse:
    """Choose the appointment whose paper is to be entered."""
    ctx = request.ctx  # type: ignore[attr-defined]
    site, sites = chosen_site(request, "downtime.enter")
    now = ctx.clock.now()
    start, end = bounds(timezone.localtime(now).date(), ZoneInfo(site.timezone))
    rows = (
        Appointment.objects.filter(
            site=site,
            kind="dosing",
            status__in=_OPEN,
            starts_at__gte=start - BACK,
            starts_at__lt=end,
            session__closed_at=None,
        )
        .select_related("patient", "chair", "session")
        .order_by("-starts_at")
    )
    log_read(ctx, "list of sheets to enter", site_id=site.pk)
    shown = {"site": site, "sites": sites, "rows": rows}
    return render(request, "session/day/downtime_enter.html", shown)


@page("downtime.enter")
def downtime_sheet(request: HttpRequest, appointment_id: Any) -> HttpResponse:
    """Take up one paper sheet, all of it or nothing."""
    ctx = request.ctx  # type: ignore[attr-defined]
    row = open_record(
        ctx,
        Appointment,
        appointment_id,
        "patient__site",
        "course__site",
        "course__patient",
        "site",
        "chair",
        "session",
        permission="downtime.enter",
        what="paper entry",
    )
    timezone.activate(row.site.timezone)
    product = row.course.product
    if row.kind != "dosing" or product not in PRODUCTS:
        raise Refused(
            "Only a dosing session with a product is entered from paper.", code="not_a_dose"
        )
    typed = {k: v for k, v in request.POST.items() if isinstance(v, str)}
    error: Invalid | Refused | Conflict | None = None
    if request.method == "POST":
        try:
            reply = act_once(request, lambda: _enter(request, row, typed))
        except (Invalid, Refused, Conflict) as refusal:
            error = refusal
        else:
            messages.success(request, _entered(reply))
            return HttpResponseRedirect(reverse("session", args=[reply["id"]]))
    wrong = error.fields if error else {}
    local = timezone.localtime(row.starts_at)
    shown = {
        "appointment": row,
        "patient": row.patient,
        "session": getattr(row, "session", None),
        "product": PRODUCTS[product].label,
        "typed": typed,
        "on": typed.get("on", f"{local:%Y-%m-%d}"),
        "opened": typed.get("opened", f"{local:%H:%M}"),
        "error": error,
        "error_lines": [(_line_words(key), said, key) for key, said in wrong.items()],
        "wrong": wrong,
        "checks": _checks(product, typed),
        "second": [
            ("dose_mg", "Dose", "mg", typed.get("second-dose_mg", "")),
            ("volume_ml", "Volume", "mL", typed.get("second-volume_ml", "")),
            ("rate_ml_per_h", "Pump", "mL/h", typed.get("second-rate_ml_per_h", "")),
        ],
        "second_by": typed.get("second-by_name", ""),
        "vitals_heads": paper.VITALS.values(),
        "vitals": _lines("vitals", paper.VITALS_ROWS, list(paper.VITALS), typed, wrong),
        "drug_heads": paper.DRUG.values(),
        "drug": _lines("drug", paper.DRUG_ROWS, list(paper.DRUG), typed, wrong),
        "drug_choices": paper.drug_choices(product).items(),
        "notes": _lines("notes", paper.NOTE_ROWS, [], typed, wrong),
        "leaving": [
            (f"leaving-{name}", label, choices, typed.get(f"leaving-{name}", ""))
            for name, (label, choices) in paper.LEAVING.items()
        ],
        "leaving_typed": {
            name: typed.get(f"leaving-{name}", "")
            for name in ("aldrete", "symptoms", "ready", "left", "escort", "override_reason")
        },
    }
    status = error.status if error else 200
    return render(request, "session/day/downtime_sheet.html", shown, status=status)


def _enter(request: HttpRequest, row: Appointment, typed: dict[str, str]) -> dict[str, Any]:
    ctx = request.ctx  # type: ignore[attr-defined]
    plan = Plan.objects.filter(course_id=row.course_id, state="signed").first()
    vial = (plan.diluted_mg_ml or plan.concentration_mg_ml) if plan else None
    opened_at, rows = paper.read_sheet(
        typed,
        product=row.course.product,
        zone=ZoneInfo(row.site.timezone),
        now=ctx.clock.now(),
        concentration_mg_ml=float(vial) if vial else None,
    )
    session = enter_downtime(
        ctx,
        appointment_id=row.pk,
        opened_at=opened_at,
        rows=rows,
        batch=uuid.uuid5(row.pk, request.POST.get("act_id", "")),
        kept_by=typed.get("kept_by", ""),
    )
    waits = session.state == SessionState.ACCOUNTING
    return {"id": str(session.pk), "rows": len(rows), "waits": waits}


def _entered(reply: dict[str, Any]) -> str:
    said = f"Entered: {reply['rows']} lines with their true times."
    if reply["waits"]:
        said += " Now enter here what was drawn and wasted, each before its witness."
    return said


def _checks(product: str, typed: dict[str, str]) -> list[tuple[str, str, str]]:
    return [
        (f"check-{name}", label, typed.get(f"check-{name}", ""))
        for name, label in checks_for(product)
    ]


def _lines(
    table: str, count: int, names: list[str], typed: dict[str, str], wrong: dict[str, str]
) -> list[dict[str, Any]]:
    """The rows of a table of the form, with what was typed and what is wrong."""
    found = []
    for n in range(1, count + 1):
        key = f"{table}-{n}"
        found.append(
            {
                "n": n,
                "key": key,
                "time": typed.get(f"{key}-time", ""),
                "what": typed.get(f"{key}-what", ""),
                "words": typed.get(f"{key}-words", ""),
                "note": typed.get(f"{key}-note", ""),
                "text": typed.get(f"{key}-text", ""),
                "cells": [(name, typed.get(f"{key}-{name}", "")) for name in names],
                "error": wrong.get(key, ""),
            }
        )
    return found


_TABLES = {"vitals": "Vital signs", "drug": "Drug", "notes": "Notes"}
_PLACES = {
    "on": "Day",
    "opened": "Begun",
    "kept_by": "Kept by",
    "second": "Second person",
    "checked": "Checked at",
    "leaving": "Leaving",
    "ready": "Ready",
    "left": "Left",
}


def _line_words(key: str) -> str:
    """A line of the form as people call it: "Vital signs, line 3"."""
    table, _, n = key.rpartition("-")
    if table in _TABLES:
        return f"{_TABLES[table]}, line {n}"
    return "Checks" if key.startswith("check-") else _PLACES.get(key, key)
