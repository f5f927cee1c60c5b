"""The complaints box: from a person's own pages, and open to anybody without a sign-in.

No address and no log holds a word of what is posted, nor who posted it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac

from evenkeel.clinic.outcome.crisis import contacts_of
from evenkeel.clinic.outcome.pages.own import own_frame, own_record
from evenkeel.clinic.oversight.actions.file_complaint import LONGEST, box_context, file_complaint
from evenkeel.clinic.oversight.complaints import READERS, by_code, new_code, readers_for
from evenkeel.clinic.oversight.models import Complaint
from evenkeel.clinic.oversight.terms import complaint_terms
from evenkeel.clinic.people.models import Patient, Site
from evenkeel.clinic.people.pages.posting import posted
from evenkeel.clinic.people.throttle import Throttle, caller_address
from evenkeel.clinic.record.clock import system_clock
from evenkeel.clinic.record.errors import DomainError, Invalid
from evenkeel.clinic.record.idempotency import once
from evenkeel.clinic.record.routes import page

#: Complaints and looked-up codes from one network address. Clinic policy, assumed.
FILED: Final = Throttle("complaint", 6, timedelta(hours=1))
LOOKED_UP: Final = Throttle("complaint_code", 12, timedelta(hours=1))
#: What a person says it is about, in their words.
ABOUT: Final = (
    ("team", "Somebody who treats me"),
    ("place", "The place, or how things are run"),
    ("medical_director", "The medical director"),
    ("administrator", "The administrator"),
    ("unsaid", "I would rather not say"),
)


@page("own.view")
def own_complain(request: HttpRequest) -> HttpResponse:
    """A complaint from one's own pages; the reading is noted like that of any own page."""
    me = own_record(request, "own page")
    return _box(request, [me.patient.site], own_frame(me, ""), "own", me.patient)


@page("public")
def complain(request: HttpRequest) -> HttpResponse:
    """A complaint from anybody, without a sign-in."""
    sites = list(Site.objects.filter(active=True).order_by("name"))
    return _box(request, sites, {}, "public", None)


@page("public")
def complain_answer(request: HttpRequest) -> HttpResponse:
    """What became of a complaint, for whoever has its code; the code is posted."""
    found: Complaint | None = None
    error: DomainError | None = None
    if request.method == "POST":
        now, subject = system_clock().now(), _subject(request)
        try:
            LOOKED_UP.refuse_if_exceeded(subject, now)
            found = by_code(request.POST.get("code", ""))
            if found is None:
                LOOKED_UP.count(subject, now)
                raise Invalid(
                    "No complaint has this code.", what_to_do="Look at each letter again."
                )
            timezone.activate(found.site.timezone)
        except DomainError as refused:
            error = refused
    shown = {"found": found, "error": error}
    return _private(
        render(
            request, "oversight/complain_answer.html", shown, status=error.status if error else 200
        )
    )


def complaint_said(request: HttpRequest) -> dict[str, Any]:
    """What was posted of a complaint, as the action takes it."""
    post = request.POST
    names = ("text", "wish", "happened", "about", "from_name", "from_contact")
    found: dict[str, Any] = {name: post.get(name, "") for name in names}
    return found | {
        "readers": post.getlist("readers"),
        "anonymous": post.get("anonymous") == "yes",
    }


def _box(
    request: HttpRequest, sites: list[Site], frame: dict[str, Any], via: str, who: Patient | None
) -> HttpResponse:
    error: DomainError | None = None
    if request.method == "POST":
        try:
            row_id, code = _drop(request, sites, via, who)
        except DomainError as refused:
            error = refused
        else:
            row = Complaint.objects.select_related("site").get(pk=row_id)
            timezone.activate(row.site.timezone)
            done = frame | {"complaint": row, "code": code, "own": who is not None}
            return _private(render(request, "oversight/complain_done.html", done))
    site = sites[0] if sites else None
    shown = frame | {
        "sites": sites,
        "own": who is not None,
        "about": ABOUT,
        "readers": READERS.items(),
        "somebody": any(readers_for(one.pk, "unsaid") for one in sites),
        "terms": complaint_terms(site.jurisdiction if site else ""),
        "contacts": contacts_of(site) if site else [],
        "longest": LONGEST,
        "error": error,
        "typed": request.POST,
        "chosen_readers": request.POST.getlist("readers"),
    }
    status = error.status if error else 200
    return _private(render(request, "oversight/complain.html", shown, status=status))


def _drop(
    request: HttpRequest, sites: list[Site], via: str, who: Patient | None
) -> tuple[str, str]:
    """File what was posted, once; returns its id and the code. Counted against the caller."""
    now = system_clock().now()
    subject = _subject(request)
    FILED.refuse_if_exceeded(subject, now)
    site = sites[0] if len(sites) == 1 else None
    site = site or next((s for s in sites if str(s.pk) == request.POST.get("site", "")), None)
    if site is None:
        raise Invalid("Choose the place.", fields={"site": "Choose the place it is about."})
    form_id = request.POST.get("act_id", "")

    def do() -> dict[str, str]:
        row, _ = file_complaint(
            box_context(),
            site_id=site.pk,
            via=via,
            said=complaint_said(request),
            patient_id=who.pk if who else None,
            form_id=form_id,
        )
        return {"id": str(row.pk)}

    reply, replayed = once(box_context(), form_id, posted(request), do)
    if not replayed:
        FILED.count(subject, now)
    return reply["id"], new_code(form_id)[0]


def _subject(request: HttpRequest) -> str:
    """Stands for the caller's address in the counts, without being it."""
    address = caller_address(request)
    return str(salted_hmac("evenkeel.complaint.caller", address).hexdigest())


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store, private"
    return response
