"""Signing a protocol, after showing once more who one is; and taking one out of force."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from evenkeel.clinic.people.pages.confirming import (
    confirm_first,
    is_to_confirm,
    way_confirmed,
)
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.protocols.actions.sign_version import (
    meaning_of,
    retire_version,
    sign_version,
)
from evenkeel.clinic.protocols.models import ProtocolState, ProtocolVersion
from evenkeel.clinic.protocols.pages.frame import (
    changes_from_shipped,
    local_start,
    loud_first,
    open_version,
    version_frame,
)
from evenkeel.clinic.protocols.queries import document_of, in_force_among
from evenkeel.clinic.record.errors import Conflict, DomainError, Forbidden, Invalid, Refused
from evenkeel.clinic.record.routes import page
from evenkeel.protocol.comparing import changes

_SHOWN_HERE = (Invalid, Refused, Conflict, Forbidden)


@page("protocol.sign")
def protocol_sign(request: HttpRequest, version_id: Any) -> HttpResponse:
    """What is signed, what it changes, from when; asked only of who just showed who they are."""
    row = open_version(request, version_id, "protocol.sign", "protocol to be signed")
    if row.state != ProtocolState.DRAFT:
        return HttpResponseRedirect(reverse("protocol", args=[row.pk]))
    if is_to_confirm(request):
        return _confirm_first(request, row)
    error: DomainError | None = None
    if request.method == "POST":
        try:
            act_once(request, lambda: _sign(request, row))
        except _SHOWN_HERE as refused:
            error = refused
        else:
            messages.success(request, f"Version {row.number} is signed.")
            return HttpResponseRedirect(reverse("protocol", args=[row.pk]))
    shown = version_frame(request, row)
    current = in_force_among([one for one, _ in shown["versions"]], shown["now"])
    found = (
        changes(document_of(ProtocolVersion.objects.get(pk=current.pk).text), shown["document"])
        if current
        else changes_from_shipped(shown["document"])
    )
    asked = request.POST if request.method == "POST" else request.GET
    shown |= {
        "current": current,
        "found": loud_first(found),
        "loud": sum(change.is_loud for change in found),
        "meaning": meaning_of(row),
        "error": error,
        "typed_start": asked.get("in_force_from", ""),
        "starts": "later" if asked.get("starts") == "later" else "now",
        "agreed": asked.get("agreed") == "on",
        "zone": row.site.timezone,
        "earliest": timezone.localtime(shown["now"]),
    }
    return render(request, "protocols/sign.html", shown, status=error.status if error else 200)


def _sign(request: HttpRequest, row: ProtocolVersion) -> dict[str, str]:
    said = request.POST
    signed = sign_version(
        request.ctx,  # type: ignore[attr-defined]
        version_id=row.pk,
        read_hash=said.get("read_hash", ""),
        agreed=said.get("agreed") == "on",
        in_force_from=_start(row, said.get("starts", ""), said.get("in_force_from", "")),
        confirmed_by=way_confirmed(request),
    )
    return {"id": str(signed.pk)}


def _start(row: ProtocolVersion, starts: str, typed: str) -> datetime | None:
    if starts != "later":
        return None
    start = local_start(typed, row.site.timezone)
    if start is None:
        raise Invalid(
            "The protocol is not signed yet.",
            fields={"in_force_from": "Enter the day and time from which it holds."},
        )
    return start


def _confirm_first(request: HttpRequest, row: ProtocolVersion) -> HttpResponse:
    """To the page that asks for the second factor, and back with what was chosen."""
    kept = {
        name: request.POST[name] for name in ("starts", "in_force_from") if name in request.POST
    }
    back = reverse("protocol_sign", args=[row.pk]) + (f"?{urlencode(kept)}" if kept else "")
    return confirm_first(request, back)


@page("protocol.sign")
def protocol_retire(request: HttpRequest, version_id: Any) -> HttpResponse:
    """Take a signed version out of force, with the reason."""
    row = open_version(request, version_id, "protocol.sign", "protocol to be retired")
    error: DomainError | None = None
    if request.method == "POST":
        try:
            act_once(request, lambda: _retire(request, row))
        except _SHOWN_HERE as refused:
            error = refused
        else:
            messages.success(request, f"Version {row.number} is retired.")
            return HttpResponseRedirect(reverse("protocol", args=[row.pk]))
    shown = version_frame(request, row) | {
        "error": error,
        "typed_reason": request.POST.get("retire_reason", ""),
    }
    return render(request, "protocols/retire.html", shown, status=error.status if error else 200)


def _retire(request: HttpRequest, row: ProtocolVersion) -> dict[str, str]:
    done = retire_version(
        request.ctx,  # type: ignore[attr-defined]
        version_id=row.pk,
        reason=request.POST.get("retire_reason", ""),
    )
    return {"id": str(done.pk)}
