"""Codes of an authenticator app, with a limit on wrong ones that holds across processes."""

from __future__ import annotations

from typing import Any

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from django import forms

from evenkeel.clinic.people.throttle import CODES, TooMany
from evenkeel.clinic.record.clock import SystemClock


class _Counted:
    """Counts wrong codes by account. Codes follow the machine's own time, and so does the limit."""

    user: Any

    def clean_code(self) -> str:
        """The code, if it is right and the account has not been tried too often."""
        subject, now = str(self.user.pk), SystemClock().now()
        try:
            CODES.refuse_if_exceeded(subject, now)
        except TooMany as refusal:
            raise forms.ValidationError(f"{refusal.message} {refusal.what_to_do}") from None
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except forms.ValidationError:
            CODES.count(subject, now)
            raise
        CODES.clear(subject)
        return code


class CountedCode(_Counted, AuthenticateForm):
    """The code asked for at sign-in."""


class CountedCodeAgain(_Counted, ReauthenticateForm):
    """The code asked for before the sign-in itself is changed."""
