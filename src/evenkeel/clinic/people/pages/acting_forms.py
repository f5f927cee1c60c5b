"""Forms about who may act: a credential, a colleague's document, a record in an emergency."""

from __future__ import annotations

from typing import Any

from django import forms

from evenkeel.clinic.people.acting_policy import kinds


def _date(label: str, help_text: str, required: bool = False) -> forms.DateField:
    return forms.DateField(
        label=label,
        help_text=help_text,
        required=required,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class CredentialForm(forms.Form):
    """One credential as it stands on its document."""

    kind = forms.ChoiceField(label="What it is")
    title = forms.CharField(
        label="As it is called",
        max_length=80,
        required=False,
        help_text="Such as: registered nurse, BLS.",
    )
    number = forms.CharField(
        label="Number", max_length=60, required=False, help_text="Needed for a license."
    )
    issuer = forms.CharField(
        label="Issued by", max_length=120, help_text="The board, the authority, the trainer."
    )
    issued_on = _date("Issued on", "Leave it empty where the document does not say.")
    expires_on = _date("Valid through", "Its last day. Empty: it does not expire.")

    def __init__(self, *args: Any, sites: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [  # type: ignore[attr-defined]
            (key, kind.label.capitalize() if kind.label.islower() else kind.label)
            for key, kind in kinds().items()
        ]
        self.fields["site"] = forms.ChoiceField(
            label="Counts at",
            choices=sites,
            initial=sites[0][0] if sites else None,
            help_text="One entry a site: licenses and registrations hold where they were given.",
            widget=forms.Select() if len(sites) > 1 else forms.HiddenInput(),
        )


class SeenForm(forms.Form):
    """What was seen of a colleague's credential."""

    seen_what = forms.CharField(
        label="What I saw",
        max_length=200,
        help_text="Such as: the card itself; the public register of the board, today.",
    )


class ReasonForm(forms.Form):
    """Why a credential no longer counts."""

    reason = forms.CharField(label="Why it no longer counts", max_length=300)


class EmergencyForm(forms.Form):
    """Whose record, and why."""

    mrn = forms.CharField(
        label="Record number", max_length=20, help_text="On the wristband, the referral, the bag."
    )
    birth_year = forms.IntegerField(
        label="Year of birth",
        min_value=1880,
        max_value=2200,
        help_text="So that it is the right person.",
    )
    reason = forms.CharField(
        label="What the emergency is",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The medical director reads it, and so does the person concerned.",
    )


class EmergencyReviewForm(forms.Form):
    """Whether it was right."""

    verdict = forms.ChoiceField(
        label="The access was",
        choices=(("justified", "Justified"), ("not_justified", "Not justified")),
        widget=forms.RadioSelect,
    )
    review_words = forms.CharField(
        label="In words",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What you looked at, and what follows. The person concerned can read it.",
    )
