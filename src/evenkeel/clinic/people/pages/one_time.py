"""Pages behind one-time links: taking up an invitation, and the first administrator."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.people.actions.first_administrator import (
    create_first_administrator,
    find_setup_token,
    has_administrator,
)
from evenkeel.clinic.people.actions.invite_staff import accept_invitation, find_invitation
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.people.pages.posting import show_refusal
from evenkeel.clinic.people.pages.sign_in import BACKEND
from evenkeel.clinic.people.pages.sign_in_forms import FirstAdministratorForm, NewSecretsForm
from evenkeel.clinic.people.throttle import LINKS, caller_address
from evenkeel.clinic.record.clock import system_clock
from evenkeel.clinic.record.errors import Conflict, Invalid, NotFound, Refused
from evenkeel.clinic.record.installation import installation
from evenkeel.clinic.record.permissions import PUBLIC, ROLE_LABELS
from evenkeel.clinic.record.routes import page


def _found(request: HttpRequest, find: Any) -> Any:
    """What the link stands for; wrong links are counted by address and then refused.

    A right one always opens: nobody guesses 256 bits, and whoever shares an address with somebody
    who tries is not to be shut out.
    """
    now = system_clock().now()
    try:
        return find()
    except NotFound:
        LINKS.refuse_if_exceeded(caller_address(request), now)
        LINKS.count(caller_address(request), now)
        raise


def _enter(request: HttpRequest, account: Account, said: str) -> HttpResponse:
    login(request, account, backend=BACKEND)
    messages.success(request, said)
    return HttpResponseRedirect(reverse("home"))


@page(PUBLIC)
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Set a password and a PIN, and be in."""
    clock = system_clock()
    row = _found(request, lambda: find_invitation(token, clock.now()))
    form = NewSecretsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            account = accept_invitation(
                token,
                password=form.cleaned_data["password"],
                pin=form.cleaned_data["pin"],
                clock=clock,
            )
        except (Invalid, Refused, Conflict) as refusal:
            show_refusal(form, refusal)
        else:
            return _enter(request, account, "Your account is ready.")
    organisation = installation()
    shown = {
        "form": form,
        "row": row,
        "roles": [ROLE_LABELS[role] for role in row.roles],
        "organisation": organisation.organisation if organisation else "",
        "nav": None,
        "who": None,
    }
    return render(request, "people/invitation.html", shown, status=422 if form.errors else 200)


@page(PUBLIC)
def first_administrator(request: HttpRequest, token: str) -> HttpResponse:
    """The first account of an installation."""
    clock = system_clock()
    _found(request, lambda: find_setup_token(token, clock))
    if has_administrator():
        raise Refused(
            "This installation has an administrator.", what_to_do="Ask them for an invitation."
        )
    row = installation()
    form = FirstAdministratorForm(
        request.POST or None, initial={"organisation": row.organisation if row else ""}
    )
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        given.pop("password_again")
        given.pop("pin_again")
        try:
            account = create_first_administrator(token, clock=clock, **given)
        except (Invalid, Refused, Conflict) as refusal:
            show_refusal(form, refusal)
        else:
            return _enter(request, account, "Your account is ready. Add a second factor next.")
    shown = {"form": form, "nav": None, "who": None}
    return render(
        request, "people/first_administrator.html", shown, status=422 if form.errors else 200
    )
