"""Forms of sign-in: PIN, password, invitation, first administrator."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms

from evenkeel.clinic.people.account_fields import MAX_PASSWORD_CHARS
from evenkeel.clinic.people.sign_in import MAX_PIN_LENGTH, MIN_PIN_LENGTH

PASSWORD_HELP = "At least 12 characters. A sentence is easier to remember than signs."  # noqa: S105
PIN_HELP = (
    f"{MIN_PIN_LENGTH} to {MAX_PIN_LENGTH} digits. It lets you act again after the screen was idle."
)


def _password(label: str, use: str, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=MAX_PASSWORD_CHARS,
        strip=False,
        help_text=help_text,
        widget=forms.PasswordInput(attrs={"autocomplete": use}),
    )


def _pin(label: str, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=MAX_PIN_LENGTH,
        help_text=help_text,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )


class UnlockForm(forms.Form):
    """The PIN, or the password, of the person who is shown."""

    pin = forms.CharField(
        label="PIN or password",
        max_length=MAX_PASSWORD_CHARS,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "autofocus": True}),
    )


class NewSecretsForm(forms.Form):
    """A new password and a new PIN, each twice."""

    password = _password("Password", "new-password", PASSWORD_HELP)
    password_again = _password("Password again", "new-password")
    pin = _pin("PIN", PIN_HELP)
    pin_again = _pin("PIN again")

    def clean(self) -> dict[str, Any]:
        """Both must be typed the same twice."""
        given = super().clean() or {}
        for name, said in (("password", "passwords"), ("pin", "PINs")):
            again = f"{name}_again"
            if name in given and again in given and given[name] != given[again]:
                self.add_error(again, f"The two {said} are not the same.")
        return given


class FirstAdministratorForm(NewSecretsForm):
    """The organisation, its first site and the administrator's account."""

    organisation = forms.CharField(label="Name of the organization", max_length=200)
    site_name = forms.CharField(
        label="Name of the first site",
        max_length=120,
        help_text="Where people are treated. Its address and more come in the next step.",
    )
    timezone = forms.ChoiceField(label="Time zone of the site")
    full_name = forms.CharField(label="Your name", max_length=120)
    credentials = forms.CharField(
        label="Credentials", max_length=40, required=False, help_text="Such as MD or RN."
    )
    email = forms.EmailField(
        label="Your e-mail address", max_length=254, help_text="Your name at sign-in."
    )
    field_order = (
        "organisation",
        "site_name",
        "timezone",
        "full_name",
        "credentials",
        "email",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["timezone"].choices = time_zone_choices()  # type: ignore[attr-defined]
        self.fields["timezone"].initial = "UTC"


class OwnPinForm(forms.Form):
    """A new PIN for oneself, confirmed by the password."""

    password = _password("Present password", "current-password")
    pin = _pin("New PIN", PIN_HELP)
    pin_again = _pin("New PIN again")
    prefix_id = "pin"

    def clean(self) -> dict[str, Any]:
        """The PIN must be typed the same twice."""
        given = super().clean() or {}
        if given.get("pin") != given.get("pin_again"):
            self.add_error("pin_again", "The two PINs are not the same.")
        return given


class OwnPasswordForm(forms.Form):
    """A new password for oneself, confirmed by the present one."""

    password = _password("Present password", "current-password")
    new_password = _password("New password", "new-password", PASSWORD_HELP)
    password_again = _password("New password again", "new-password")

    def clean(self) -> dict[str, Any]:
        """The new password must be typed the same twice."""
        given = super().clean() or {}
        if given.get("new_password") != given.get("password_again"):
            self.add_error("password_again", "The two passwords are not the same.")
        return given


def time_zone_choices() -> list[tuple[str, str]]:
    """Every place of the time zone list, by name; UTC first."""
    places = sorted(z for z in zoneinfo.available_timezones() if "/" in z and z[0].isupper())
    kept = [z for z in places if not z.startswith(("Etc/", "SystemV/", "US/", "Brazil/", "Chile/"))]
    return [("UTC", "UTC"), *((z, z.replace("_", " ")) for z in kept)]
