"""How people come in: no open sign-up, a PIN to act again after an idle time, one-time tokens."""

from __future__ import annotations

import hashlib
import itertools
import secrets
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.contrib.auth.hashers import check_password, make_password
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from evenkeel.clinic.people.models import Account
from evenkeel.clinic.people.sign_ins import keep_sign_in
from evenkeel.clinic.record.errors import Invalid
from evenkeel.clinic.record.routes import LAST_ACT

MIN_PIN_LENGTH = 6
MAX_PIN_LENGTH = 12
#: Session key: when this session was signed in, in seconds of the machine's clock.
SIGNED_IN_AT = "signed_in_at_s"
#: How long after signing in one may change how one signs in without confirming again; the time
#: the sign-in library itself takes after a confirmation.
FRESH_SIGN_IN_S = 300
_UNSAID = frozenset({"account/messages/logged_in.txt", "account/messages/logged_out.txt"})


class ClosedDoors(DefaultAccountAdapter):
    """Accounts are made by invitation; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def is_reauthentication_required(self, **which: Any) -> bool:
        """Whether one must confirm who one is again before changing how one signs in.

        Not right after signing in, in this very session: all was typed just now.
        """
        since = context.request.session.get(SIGNED_IN_AT)
        return since is None or time.time() - since > FRESH_SIGN_IN_S

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *rest: Any,
        **named: Any,
    ) -> None:
        """Pass messages on, but for those that say what the page itself shows."""
        if message_template not in _UNSAID:
            super().add_message(request, level, message_template, *rest, **named)


def new_token() -> tuple[str, str]:
    """A token for a one-time link, and the hash under which it is stored."""
    token = secrets.token_urlsafe(32)
    return token, token_hash(token)


def token_hash(token: str) -> str:
    """The stored form of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def hash_pin(pin: str) -> str:
    """The stored form of a PIN. Raises ``Invalid`` for one that is too easy to guess."""
    digits = pin.isascii() and pin.isdigit() and MIN_PIN_LENGTH <= len(pin) <= MAX_PIN_LENGTH
    if not digits or len(set(pin)) < 3 or _runs(pin):
        raise Invalid(
            f"A PIN is {MIN_PIN_LENGTH} to {MAX_PIN_LENGTH} digits, with three different ones "
            "among them, and no plain run such as 123456.",
            fields={"pin": "Choose a longer or less regular PIN."},
        )
    return make_password(pin)


def _runs(pin: str) -> bool:
    """Whether the digits only count up or down."""
    steps = {int(b) - int(a) for a, b in itertools.pairwise(pin)}
    return steps in ({1}, {-1})


def pin_matches(account: Account, typed: str) -> bool:
    """Whether ``typed`` is the account's PIN or its password."""
    if account.pin_hash and check_password(typed, account.pin_hash):
        return True
    return account.check_password(typed)


def login_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str | None:
    """The address a sign-in was tried with, in lower case; the lock-out counts by it."""
    given = credentials or {}
    name = given.get("email") or given.get("username") or given.get("login")
    if not name and request is not None:
        name = request.POST.get("login")
    return str(name).strip().lower()[:254] if name else None


def safe_next(request: HttpRequest, fallback: str) -> str:
    """Where to go on: the ``next`` that was asked for if it is a path of this very site."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    local = asked.startswith("/") and url_has_allowed_host_and_scheme(
        asked, allowed_hosts=None, require_https=False
    )
    return asked if local else fallback


def note_sign_in(*, request: HttpRequest | None, user: Any = None, **_: Any) -> None:
    """Receiver of Django's signal: note in the session when it was signed in, and on what.

    Signing in is an act: the idle time runs from here, also for who goes straight to a display.
    """
    if request is None or not hasattr(request, "session"):
        return
    request.session[SIGNED_IN_AT] = request.session[LAST_ACT] = time.time()
    if isinstance(user, Account) and request.method is not None:  # a browser, not a program
        keep_sign_in(request, user)
