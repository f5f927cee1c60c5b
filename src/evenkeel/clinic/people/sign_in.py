"""How people come in: no open sign-up, a PIN to act again after an idle time, one-time tokens."""

from __future__ import annotations

import hashlib
import secrets

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.hashers import check_password, make_password
from django.http import HttpRequest

from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.errors import Invalid

MIN_PIN_LENGTH = 6


class ClosedDoors(DefaultAccountAdapter):
    """Accounts are made by invitation; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False


def new_token() -> tuple[str, str]:
    """A token for a one-time link, and the hash under which it is stored."""
    token = secrets.token_urlsafe(32)
    return token, token_hash(token)


def token_hash(token: str) -> str:
    """The stored form of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def hash_pin(pin: str) -> str:
    """The stored form of a PIN. Raises ``Invalid`` for one that is too easy to guess."""
    if not pin.isdigit() or len(pin) < MIN_PIN_LENGTH or len(set(pin)) < 3:
        raise Invalid(
            f"A PIN is at least {MIN_PIN_LENGTH} digits, with three different ones among them.",
            fields={"pin": "Choose a longer or less regular PIN."},
        )
    return make_password(pin)


def pin_matches(account: Account, pin: str) -> bool:
    """Whether ``pin`` is the account's PIN, or its password where it has set no PIN."""
    if account.pin_hash:
        return check_password(pin, account.pin_hash)
    return account.check_password(pin)
