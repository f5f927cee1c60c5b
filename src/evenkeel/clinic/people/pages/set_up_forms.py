"""Forms of the set-up: organization, sites, chairs, invitations."""

from __future__ import annotations

from typing import Any

from django import forms

from evenkeel.clinic.people.pages.posting import ROLE_CHOICES
from evenkeel.clinic.people.pages.sign_in_forms import time_zone_choices

#: Whose rules a site follows; the packs of the protocol carry these codes.
JURISDICTIONS = (
    ("US", "United States"),
    ("EU", "European Union"),
    ("UK", "United Kingdom"),
)


class OrganisationForm(forms.Form):
    """The name of the organization."""

    organisation = forms.CharField(label="Name of the organization", max_length=200)


class SiteForm(forms.Form):
    """A place where people are treated."""

    name = forms.CharField(label="Name", max_length=120)
    phone = forms.CharField(label="Phone", max_length=40, required=False)
    address = forms.CharField(
        label="Address",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    crisis_line = forms.CharField(
        label="Crisis line",
        max_length=120,
        required=False,
        help_text="Shown to patients at once when an answer speaks of suicide. Name and number.",
    )
    timezone = forms.ChoiceField(label="Time zone")
    jurisdiction = forms.ChoiceField(
        label="Jurisdiction", choices=JURISDICTIONS, help_text="Whose rules hold at this site."
    )
    mrn_prefix = forms.RegexField(
        r"^[A-Za-z]{1,6}$",
        label="Prefix of record numbers",
        initial="EK",
        help_text="One to six letters, such as EK in EK-00001.",
        error_messages={"invalid": "Enter one to six letters."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["timezone"].choices = time_zone_choices()  # type: ignore[attr-defined]

    def clean_mrn_prefix(self) -> str:
        """In capital letters."""
        return str(self.cleaned_data["mrn_prefix"]).upper()


class ChairForm(forms.Form):
    """A chair, bed or couch."""

    name = forms.CharField(label="Name", max_length=60, help_text="Such as Chair 1.")
    room = forms.CharField(label="Room", max_length=60, required=False)
    bed_label = forms.CharField(
        label="Bed label of its monitor",
        max_length=60,
        required=False,
        help_text="Exactly as the bedside monitor sends it.",
    )
    order = forms.IntegerField(
        label="Place on the board", min_value=0, max_value=999, required=False, initial=0
    )

    def clean_order(self) -> int:
        """Nothing entered is first."""
        return int(self.cleaned_data.get("order") or 0)


class InviteForm(forms.Form):
    """Somebody to invite, and what they are to be."""

    full_name = forms.CharField(label="Name", max_length=120)
    credentials = forms.CharField(
        label="Credentials", max_length=40, required=False, help_text="Such as MD or RN."
    )
    email = forms.EmailField(label="E-mail address", max_length=254)
    site = forms.ChoiceField(label="Site")
    roles = forms.MultipleChoiceField(
        label="Roles at this site", choices=ROLE_CHOICES, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, sites: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].choices = sites  # type: ignore[attr-defined]
        if len(sites) == 1:
            self.fields["site"].widget = forms.HiddenInput()
            self.fields["site"].initial = sites[0][0]


class RoleForm(forms.Form):
    """One more role for somebody."""

    site = forms.ChoiceField(label="Site")
    role = forms.ChoiceField(label="Role", choices=ROLE_CHOICES)

    def __init__(self, *args: Any, sites: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].choices = sites  # type: ignore[attr-defined]
