"""Forms about a person: search, registration, death."""

from __future__ import annotations

from typing import Any

from django import forms

from evenkeel.clinic.people.models import Patient


def _date(label: str, help_text: str = "", required: bool = True) -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=help_text,
        required=required,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d.%m.%Y", "%d %b %Y", "%d %B %Y"],
    )


class PatientForm(forms.Form):
    """A person's particulars."""

    given_name = forms.CharField(label="Given name", max_length=80)
    family_name = forms.CharField(label="Family name", max_length=80)
    called = forms.CharField(
        label="Likes to be called", max_length=80, required=False, help_text="If not as above."
    )
    pronouns = forms.CharField(label="Pronouns", max_length=40, required=False)
    birth_date = _date("Date of birth")
    sex = forms.ChoiceField(
        label="Sex",
        choices=Patient.SEXES,
        initial="unknown",
        help_text="As far as dosing and pregnancy questions turn on it.",
    )
    phone = forms.CharField(label="Phone", max_length=40, required=False)
    email = forms.EmailField(label="E-mail address", max_length=254, required=False)
    address = forms.CharField(
        label="Address",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    emergency_contact = forms.CharField(
        label="Whom to call in an emergency",
        max_length=160,
        required=False,
        help_text="Name, relation and number.",
    )

    def __init__(
        self, *args: Any, sites: list[tuple[str, str]] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if sites is not None:
            self.fields["site"] = forms.ChoiceField(
                label="Site",
                choices=sites,
                initial=sites[0][0] if sites else None,
                widget=forms.Select() if len(sites) > 1 else forms.HiddenInput(),
            )


class DeceasedForm(forms.Form):
    """The day of a death, as far as it is known."""

    deceased_on = _date("Date of death", "Leave it empty where it is not known.", required=False)


class TakeBackForm(forms.Form):
    """Why a death that was noted is taken back."""

    reason = forms.CharField(label="Why it was wrong", max_length=500)
