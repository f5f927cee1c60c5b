"""Signing in, the second factor, acting again after an idle time, and one's own sign-in."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

from allauth.account.views import LoginView
from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.people.actions.manage_account import (
    end_own_sign_in,
    know_devices,
    set_own_password,
    set_own_pin,
    sign_out_everywhere,
)
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.people.pages.posting import act_once, submit
from evenkeel.clinic.people.pages.sign_in_forms import OwnPasswordForm, OwnPinForm, UnlockForm
from evenkeel.clinic.people.sign_in import pin_matches, safe_next
from evenkeel.clinic.people.sign_ins import follow_key, open_sign_ins
from evenkeel.clinic.people.throttle import OWN_PASSWORD, PINS, SIGN_INS, caller_address
from evenkeel.clinic.record.clock import SystemClock
from evenkeel.clinic.record.errors import Forbidden, NotFound
from evenkeel.clinic.record.installation import is_demo
from evenkeel.clinic.record.permissions import PUBLIC, ROLE_LABELS, SIGNED_IN
from evenkeel.clinic.record.routes import LAST_ACT, has_ended, page

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
DEMO_DOMAIN = "@demo.invalid"
WRONG_PINS = "wrong_pins"
#: Wrong PINs after which the sign-in ends (clinic policy, assumed).
MAX_WRONG_PINS = 5


class _SignIn(LoginView):
    """Allauth's sign-in, with the accounts a demonstration offers and a limit by address."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Refuse where too many passwords failed from this address, whatever the account."""
        SIGN_INS.refuse_if_exceeded(caller_address(request), SystemClock().now())
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: Any) -> Any:
        """Count a password that failed."""
        SIGN_INS.count(caller_address(self.request), SystemClock().now())
        return super().form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["demo_accounts"] = demo_accounts() if is_demo() else []
        return context


account_login = page(PUBLIC)(_SignIn.as_view())


def demo_accounts() -> list[dict[str, str]]:
    """The accounts of a demonstration, each with what it is; staff first."""
    accounts = (
        Account.objects.filter(email__endswith=DEMO_DOMAIN, is_active=True)
        .order_by("-is_staff_member", "created_at", "email")
        .prefetch_related("memberships")[:16]
    )
    found = []
    for account in accounts:
        held = {m.role for m in account.memberships.all() if m.ended_at is None}
        role = ", ".join(label for role, label in ROLE_LABELS.items() if role in held)
        found.append(
            {
                "id": str(account.pk),
                "name": account.shown_name,
                "role": role or (ROLE_LABELS["patient"] if account.patient_id else ""),
            }
        )
    return found


@page(PUBLIC)
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """One click into a demonstration; nowhere else."""
    if not is_demo():
        raise Forbidden("This is no demonstration.", what_to_do="Sign in with your account.")
    if request.method != "POST":
        return HttpResponseRedirect(reverse("account_login"))
    wanted = request.POST.get("account", "")
    account = next(
        (
            a
            for a in Account.objects.filter(email__endswith=DEMO_DOMAIN, is_active=True)
            if str(a.pk) == wanted
        ),
        None,
    )
    if account is None:
        raise NotFound("There is no such account in this demonstration.")
    login(request, account, backend=BACKEND)
    return HttpResponseRedirect(safe_next(request, reverse("home")))


@page(SIGNED_IN, without_second_factor=True)
def second_factor(request: HttpRequest) -> HttpResponse:
    """Choose a passkey or an authenticator app."""
    if request.method == "GET" and not request.needs_second_factor and not is_demo():  # type: ignore[attr-defined]
        return HttpResponseRedirect(reverse("home"))
    return render(request, "people/second_factor.html", {"nav": None})


@page(PUBLIC)
def unlock(request: HttpRequest) -> HttpResponse:
    """The PIN after an idle time. Public to the door alone: it asks who is signed in itself."""
    account = request.user
    if not account.is_authenticated:
        return HttpResponseRedirect(reverse("account_login"))
    back = safe_next(request, reverse("home"))
    if has_ended(request, request.ctx):  # type: ignore[attr-defined]
        logout(request)
        return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({'next': back})}")
    if request.method != "POST":
        return _unlock_page(request, UnlockForm(), back)
    form = UnlockForm(request.POST)
    if form.is_valid():
        now = SystemClock().now()
        # counted in the database too: requests side by side do not see each other's session
        PINS.refuse_if_exceeded(str(account.pk), now)
        PINS.count(str(account.pk), now)
        if pin_matches(account, form.cleaned_data["pin"]):
            PINS.clear(str(account.pk))
            request.session.pop(WRONG_PINS, None)
            request.session[LAST_ACT] = time.time()
            return HttpResponseRedirect(back)
        wrong = request.session.get(WRONG_PINS, 0) + 1
        if wrong >= MAX_WRONG_PINS:
            logout(request)
            messages.warning(request, "Too many wrong tries. Sign in again.")
            return HttpResponseRedirect(reverse("account_login"))
        request.session[WRONG_PINS] = wrong
        left = MAX_WRONG_PINS - wrong
        form.add_error("pin", f"That is not right. {left} {'try' if left == 1 else 'tries'} left.")
    return _unlock_page(request, form, back, status=422)


def _unlock_page(
    request: HttpRequest, form: UnlockForm, back: str, status: int = 200
) -> HttpResponse:
    shown = {
        "form": form,
        "next": back,
        "nav": None,
        "account": request.user,
        "idle_min": settings.IDLE_LOCK_S // 60,
    }
    return render(request, "people/unlock.html", shown, status=status)


@page(SIGNED_IN)
def own_sign_in(request: HttpRequest) -> HttpResponse:
    """One's own PIN, password, second factors and sign-ins."""
    account: Account = request.user  # type: ignore[assignment]
    wanted = request.POST.get("change", "")
    pin_form = OwnPinForm(request.POST if wanted == "pin" else None, auto_id="pin_%s")
    password_form = OwnPasswordForm(
        request.POST if wanted == "password" else None, auto_id="password_%s"
    )
    if wanted == "pin" and _changed_pin(request, pin_form):
        messages.success(request, "Your new PIN is set.")
        return HttpResponseRedirect(reverse("own_sign_in"))
    if wanted == "password" and _changed_password(request, password_form):
        messages.success(request, "Your new password is set. Other sign-ins have ended.")
        return HttpResponseRedirect(reverse("own_sign_in"))
    if wanted in ("sign_in", "known"):
        return _change_sign_ins(request, wanted)
    if wanted == "everywhere":
        _keep(request, sign_out_everywhere(request.ctx))  # type: ignore[attr-defined]
        messages.success(request, "Every other sign-in of yours has ended.")
        return HttpResponseRedirect(reverse("own_sign_in"))
    factors = Authenticator.objects.filter(user=account).order_by("created_at")
    shown = {
        "account": account,
        "pin_form": pin_form,
        "password_form": password_form,
        "totp": next((f for f in factors if f.type == Authenticator.Type.TOTP), None),
        "passkeys": [f for f in factors if f.type == Authenticator.Type.WEBAUTHN],
        "sign_ins": open_sign_ins(account, request.session.session_key),
        "recovery": next((f for f in factors if f.type == Authenticator.Type.RECOVERY_CODES), None),
    }
    wrong = pin_form.errors or password_form.errors
    return render(request, "people/own_sign_in.html", shown, status=422 if wrong else 200)


def _change_sign_ins(request: HttpRequest, wanted: str) -> HttpResponse:
    """End one sign-in of one's own, or say that a new device was oneself."""
    ctx = request.ctx  # type: ignore[attr-defined]

    def do() -> dict[str, bool]:
        if wanted == "known":
            know_devices(ctx)
        else:
            end_own_sign_in(ctx, sign_in_id=request.POST.get("sign_in", ""))
        return {"done": True}

    act_once(request, do)
    said = "Good: the notice is gone." if wanted == "known" else "That sign-in has ended."
    messages.success(request, said)
    return HttpResponseRedirect(reverse("own_sign_in") + "#sign-ins")


def _changed_pin(request: HttpRequest, form: OwnPinForm) -> bool:
    _limit_own_password(request, form)

    def do(given: dict[str, Any]) -> dict[str, bool]:
        set_own_pin(request.ctx, password=given["password"], pin=given["pin"])  # type: ignore[attr-defined]
        return {"done": True}

    done = submit(request, form, do) is not None
    if done:
        OWN_PASSWORD.clear(str(request.user.pk))
    return done


def _limit_own_password(request: HttpRequest, form: forms.Form) -> None:
    """Count this try of one's own password before it is looked at. Raises ``TooMany``."""
    if form.is_valid():
        now = SystemClock().now()
        OWN_PASSWORD.refuse_if_exceeded(str(request.user.pk), now)
        OWN_PASSWORD.count(str(request.user.pk), now)


def _changed_password(request: HttpRequest, form: OwnPasswordForm) -> bool:
    changed: list[Account] = []
    _limit_own_password(request, form)

    def do(given: dict[str, Any]) -> dict[str, bool]:
        account = set_own_password(
            request.ctx,  # type: ignore[attr-defined]
            password=given["password"],
            new_password=given["new_password"],
        )
        changed.append(account)
        return {"done": True}

    done = submit(request, form, do) is not None
    if done:
        OWN_PASSWORD.clear(str(request.user.pk))
    if changed:
        _keep(request, changed[0])
    return done


def _keep(request: HttpRequest, account: Account) -> None:
    """Keep this one sign-in, under the account's new epoch."""
    before = request.session.session_key
    update_session_auth_hash(request, account)
    follow_key(before, request)


@page(PUBLIC)
def password_help(request: HttpRequest) -> HttpResponse:
    """What to do where a password is forgotten: there need be no mail server to send a link."""
    return render(request, "people/password_help.html", {"nav": None})


@page(PUBLIC)
def not_offered(request: HttpRequest, **_: Any) -> HttpResponse:
    """An address of the sign-in library that this product does not use."""
    raise NotFound("There is nothing here with that address.")


@page(SIGNED_IN)
def to_own_sign_in(request: HttpRequest) -> HttpResponse:
    """The library's own overview and password page: ours shows the same."""
    return HttpResponseRedirect(reverse("own_sign_in"))
