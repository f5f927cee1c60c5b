"""Gives every request its caller."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from evenkeel.clinic.people.caller import context_for
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.people.sign_ins import carry_device
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.installation import is_demo
from evenkeel.clinic.record.prepared import Prepared


class CallerMiddleware:
    """Adds ``request.ctx`` (or ``None``) and ``request.needs_second_factor``, both lazily."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on with its caller."""
        timezone.deactivate()  # a worker thread still has the zone of the request before
        request.ctx = SimpleLazyObject(lambda: _context(request))  # type: ignore[attr-defined]
        request.needs_second_factor = SimpleLazyObject(  # type: ignore[attr-defined]
            lambda: _needs_second_factor(request)
        )
        response = self.get_response(request)
        carry_device(request, response)
        # Pages hold clinical data: no cache, shared or the browser's own, may keep them.
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def _context(request: HttpRequest) -> Context | None:
    user = request.user
    if not (user.is_authenticated and user.is_active):
        return None
    ctx = context_for(user)
    timezone.activate(user.zone_name)
    return ctx


def _needs_second_factor(request: HttpRequest) -> bool:
    """Whether this is staff without a second factor, where one is required."""
    user = request.user
    return user.is_staff_member and not is_demo() and not _FACTORS.all(user.pk)


#: The second factors of an account. Recovery codes alone are none: they stand in for a lost one.
_FACTORS = Prepared(
    lambda account_id: (
        Authenticator.objects.filter(user_id=account_id)
        .exclude(type=Authenticator.Type.RECOVERY_CODES)
        .values_list("pk")[:1]
    ),
    lambda: [Account._meta.pk],
)
