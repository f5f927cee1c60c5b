"""The first page: each role lands where its work is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from evenkeel.clinic.record.permissions import SIGNED_IN
from evenkeel.clinic.record.routes import page

#: The first permission held decides.
LANDINGS: tuple[tuple[str, str], ...] = (
    ("own.view", "own"),
    ("board.view", "board"),
    ("appointment.view", "day"),
    ("setup.manage", "setup"),
    ("oversight.view", "oversight"),
)


@page(SIGNED_IN)
def home(request: HttpRequest) -> HttpResponse:
    """Send the caller to the page of their work."""
    for permission, route in LANDINGS:
        if request.ctx.actor.may(permission):  # type: ignore[attr-defined]
            return HttpResponseRedirect(reverse(route))
    return HttpResponseRedirect(reverse("own_sign_in"))
