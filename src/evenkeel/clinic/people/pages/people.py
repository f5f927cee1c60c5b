"""The list of people, registering somebody, and the page of one person."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.people.actions.invite_staff import invite_patient
from evenkeel.clinic.people.actions.mark_deceased import mark_deceased
from evenkeel.clinic.people.actions.register_patient import (
    EDITABLE,
    edit_patient,
    particulars_digest,
    register_patient,
    same_person,
)
from evenkeel.clinic.people.models import Invitation, Patient, Site
from evenkeel.clinic.people.pages.fact_forms import moment_of
from evenkeel.clinic.people.pages.people_forms import DeceasedForm, PatientForm, TakeBackForm
from evenkeel.clinic.people.pages.posting import act_once, submit
from evenkeel.clinic.people.pages.staff import show_link
from evenkeel.clinic.people.queries import (
    as_date,
    courses_of,
    fact_sheet,
    list_people,
    who_looked,
)
from evenkeel.clinic.record.door import open_record, visible
from evenkeel.clinic.record.errors import Refused
from evenkeel.clinic.record.routes import page
from evenkeel.web.wording import clock_text, day_text

SEEN = "seen"


@page("people.view")
def people(request: HttpRequest) -> HttpResponse:
    """The people of one's sites, twenty a page.

    A search is posted, so that no name stands in an address or a log.
    """
    ctx = request.ctx  # type: ignore[attr-defined]
    asked = request.POST if request.method == "POST" else request.GET
    search = request.POST.get("search", "").replace("\x00", "").strip()[:80]
    number = asked.get("page", "1")
    stage = asked.get("stage", "").replace("\x00", "")[:16]
    found = list_people(
        ctx,
        search=search,
        stage=stage,
        number=int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1,
    )
    sites = ctx.actor.sites("people.view")
    now = ctx.clock.now()
    shown = {
        "found": found,
        "rows": [_row(row, reverse("people")) for row in found.rows],
        "search": search,
        "stage": stage,
        "many_sites": sites is None or len(sites) > 1,
        "may_register": ctx.actor.may("people.register"),
        "may_import": ctx.actor.may("people.import"),
        "today": timezone.localtime(now).date(),
    }
    return render(request, "people/people.html", shown)


def _row(row: dict[str, Any], base: str) -> dict[str, Any]:
    """A row of the list in words, for a template that does little: this page is asked for most.

    A person's page stands under the list's own address, ``base``.
    """
    next_at = row["next_at"]
    return {
        "url": f"{base}{row['id']}",
        "name": f"{row['family_name']}, {row['given_name']}",
        "called": row["called"],
        "deceased": row["deceased"],
        "mrn": row["mrn"],
        "born": day_text(row["birth_date"], year=True),
        "site": row["site__name"],
        "stage": row["stage"],
        "next": f"{day_text(next_at, year=True)}, {clock_text(next_at)}" if next_at else "",
    }


def _sites(request: HttpRequest) -> list[tuple[str, str]]:
    ctx = request.ctx  # type: ignore[attr-defined]
    rows = visible(ctx, Site.objects.filter(active=True).order_by("name"), "people.register")
    return [(str(site.pk), site.name) for site in rows]


@page("people.register")
def patient_new(request: HttpRequest) -> HttpResponse:
    """Register somebody; where the name and birth date are known, ask whether it is another."""
    ctx = request.ctx  # type: ignore[attr-defined]
    form = PatientForm(request.POST or None, sites=_sites(request))
    confirmed = request.POST.get("confirm_duplicate") == "yes"

    def do(given: dict[str, Any]) -> dict[str, str]:
        site_id = given.pop("site")
        row = register_patient(ctx, site_id=site_id, confirm_duplicate=confirmed, **given)
        return {"id": str(row.pk)}

    reply = submit(request, form, do) if request.method == "POST" else None
    if reply:
        messages.success(request, "The person is registered.")
        return HttpResponseRedirect(reverse("patient", args=[reply["id"]]))
    twins = _twins(request, form) if request.method == "POST" and not confirmed else []
    return render(
        request,
        "people/patient_form.html",
        {"form": form, "twins": twins, "heading": "Register a person"},
        status=422 if form.errors else 200,
    )


def _twins(request: HttpRequest, form: PatientForm) -> list[Patient]:
    """Who bears this name and birth date already, for the warning above the form."""
    given = getattr(form, "cleaned_data", {})
    born = given.get("birth_date") or as_date(request.POST.get("birth_date", ""))
    if not (given.get("given_name") and given.get("family_name") and born and given.get("site")):
        return []
    someone = Patient(
        given_name=given["given_name"], family_name=given["family_name"], birth_date=born
    )
    ctx = request.ctx  # type: ignore[attr-defined]
    site = visible(ctx, Site.objects.filter(pk=given["site"]), "people.register").first()
    return list(same_person(someone, site)) if site else []


def open_patient(request: HttpRequest, patient_id: Any, permission: str, what: str) -> Patient:
    """The person, through the door, and the page in the time zone of their site."""
    patient = open_record(
        request.ctx,  # type: ignore[attr-defined]
        Patient,
        patient_id,
        "site",
        permission=permission,
        what=what,
    )
    timezone.activate(ZoneInfo(patient.site.timezone))
    return patient


@page("people.view")
def patient(request: HttpRequest, patient_id: Any) -> HttpResponse:
    """One person: who they are, what is known and what is missing, their courses, who looked."""
    ctx = request.ctx  # type: ignore[attr-defined]
    row = open_patient(request, patient_id, "people.view", "page of a person")
    now = ctx.clock.now()
    may = ctx.actor.may
    shown = {
        "patient": row,
        "pairs": _pairs(row, now),
        "sheet": fact_sheet(row, now) if ctx.actor.may_for("facts.view", row) else None,
        "courses": courses_of(row) if ctx.actor.may_for("course.view", row) else [],
        "may_edit": may("people.edit", row.site_id),
        "may_record": may("facts.record", row.site_id),
        "may_read": may("facts.read", row.site_id),
        "may_open_course": may("course.open", row.site_id),
        "may_see_course": ctx.actor.may_for("course.view", row),
        "looked": who_looked(row.pk) if may("audit.view", row.site_id) else None,
        "may_audit": may("audit.view", row.site_id),
        "may_erase": may("record.erase_second", row.site_id),
        "has_account": hasattr(row, "account"),
    }
    return render(request, "people/patient.html", shown)


def _pairs(row: Patient, now: Any) -> list[dict[str, str]]:
    return [
        {"label": "Record number", "value": row.mrn, "strong": "yes"},
        {"label": "Born", "value": f"{row.birth_date:%d %b %Y}".lstrip("0"), "strong": "yes"},
        {"label": "Sex", "value": row.get_sex_display()},
        {"label": "Site", "value": row.site.name},
    ]


@page("people.edit")
def patient_edit(request: HttpRequest, patient_id: Any) -> HttpResponse:
    """Change a person's particulars."""
    ctx = request.ctx  # type: ignore[attr-defined]
    row = open_patient(request, patient_id, "people.edit", "particulars of a person")
    seen = request.POST.get(SEEN) or particulars_digest(row)
    form = PatientForm(request.POST or None, initial={n: getattr(row, n) for n in EDITABLE})

    def do(given: dict[str, Any]) -> dict[str, str]:
        return {"id": str(edit_patient(ctx, patient_id=row.pk, seen=seen, **given).pk)}

    if request.method == "POST" and submit(request, form, do):
        messages.success(request, "The particulars are saved.")
        return HttpResponseRedirect(reverse("patient", args=[row.pk]))
    return render(
        request,
        "people/patient_form.html",
        {"form": form, "patient": row, "seen": seen, "heading": row.name},
        status=422 if form.errors else 200,
    )


@page("people.edit")
def patient_deceased(request: HttpRequest, patient_id: Any) -> HttpResponse:
    """Note that a person has died, or take that back."""
    ctx = request.ctx  # type: ignore[attr-defined]
    row = open_patient(request, patient_id, "people.edit", "note of a death")
    form: DeceasedForm | TakeBackForm
    form = (
        TakeBackForm(request.POST or None) if row.deceased else DeceasedForm(request.POST or None)
    )

    def do(given: dict[str, Any]) -> dict[str, bool]:
        noted = mark_deceased(
            ctx,
            patient_id=row.pk,
            deceased=not row.deceased,
            deceased_at=moment_of(
                given.get("deceased_on"), None, row.site.timezone, ctx.clock.now()
            ),
            reason=given.get("reason", ""),
        )
        return {"deceased": noted.deceased}

    if request.method == "POST" and submit(request, form, do):
        messages.success(request, "It is noted." if not row.deceased else "It is taken back.")
        return HttpResponseRedirect(reverse("patient", args=[row.pk]))
    return render(
        request,
        "people/patient_deceased.html",
        {"form": form, "patient": row},
        status=422 if form.errors else 200,
    )


@page("people.edit")
def patient_invite(request: HttpRequest, patient_id: Any) -> HttpResponse:
    """A link by which a person opens pages of their own."""
    ctx = request.ctx  # type: ignore[attr-defined]
    row = open_patient(request, patient_id, "people.edit", "invitation of a person")
    if request.method != "POST":
        return HttpResponseRedirect(reverse("patient", args=[row.pk]))
    issued: list[tuple[Invitation, str]] = []

    def do() -> dict[str, bool]:
        issued.append(invite_patient(ctx, patient_id=row.pk))
        return {"done": True}

    try:
        act_once(request, do)
    except Refused as refusal:
        messages.warning(request, f"{refusal.message} {refusal.what_to_do}".strip())
        return HttpResponseRedirect(reverse("patient", args=[row.pk]))
    return show_link(request, issued, back=reverse("patient", args=[row.pk]))
