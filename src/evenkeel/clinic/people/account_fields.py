"""Checks on what an account is made of: name, address, password."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.errors import Invalid

MAX_PASSWORD_CHARS = 256


def checked_email(text: str) -> str:
    """The address in lower case. Raises ``Invalid`` for what is none."""
    email = text.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        email = ""
    if not email or len(email) > 254:
        raise Invalid(
            "This is not an e-mail address.", fields={"email": "Enter an address: name@place."}
        )
    return email


def checked_name(text: str, field: str = "full_name", longest: int = 120) -> str:
    """The name without blanks around it. Raises ``Invalid`` for an empty or too long one."""
    name = " ".join(text.split())
    if not name or len(name) > longest or not name.isprintable():
        raise Invalid(
            "A name is missing or too long.",
            fields={field: f"Enter a name of at most {longest} characters."},
        )
    return name


def check_password_strength(password: str, account: Account) -> None:
    """Raise ``Invalid`` with the reasons for a password that is too easy."""
    if len(password) > MAX_PASSWORD_CHARS:
        raise Invalid(
            "The password is too long.",
            fields={"password": f"At most {MAX_PASSWORD_CHARS} characters."},
        )
    try:
        validate_password(password, account)
    except ValidationError as error:
        reason = " ".join(error.messages)
        raise Invalid("This password is too easy to guess.", fields={"password": reason}) from None
