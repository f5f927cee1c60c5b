"""Showing once more who one is, before something is signed or switched."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import (
    get_reauthentication_flows,
    is_reauthentication_required,
)
from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

_WAYS: Final = {
    "totp": "authenticator code",
    "webauthn": "passkey",
    "recovery_codes": "recovery code",
}


def is_to_confirm(request: HttpRequest) -> bool:
    """Whether the caller must show again who they are before they may sign."""
    return bool(is_reauthentication_required(request, app="protocols"))


def confirm_first(request: HttpRequest, back: str) -> HttpResponseRedirect:
    """To the page that asks for the second factor, and then to the address ``back``."""
    kinds = {
        kind for flow in get_reauthentication_flows(request.user) for kind in flow.get("types", ())
    }
    route = "account_reauthenticate"
    if Authenticator.Type.TOTP in kinds:
        route = "mfa_reauthenticate"
    elif Authenticator.Type.WEBAUTHN in kinds:
        route = "mfa_reauthenticate_webauthn"
    return HttpResponseRedirect(f"{reverse(route)}?{urlencode({'next': back})}")


def way_confirmed(request: HttpRequest) -> str:
    """By what the signer last showed who they are, as the sign-in library noted it."""
    records = get_authentication_records(request, request.user)
    if not records:
        return "sign-in just before"
    last = records[-1]
    return _WAYS.get(str(last.get("type", "")), str(last.get("method", "")))
