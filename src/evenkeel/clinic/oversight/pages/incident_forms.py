"""The form in which an incident is told and corrected."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString

from evenkeel.clinic.oversight.account import LONGEST
from evenkeel.clinic.oversight.models import IncidentAccount
from evenkeel.clinic.oversight.terms import label_lists, term_lists


def _date() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _time() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


def _text(label: str, rows: int, *, required: bool = False, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=LONGEST,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


def _explained(name: str) -> list[tuple[str, SafeString]]:
    return [
        (one.code, format_html("{}<small>{}</small>", one.label, one.help))
        for one in term_lists()[name].choices
    ]


def _plain(name: str, nothing: str) -> list[tuple[str, str]]:
    return [("", nothing), *((one.code, one.label) for one in term_lists()[name].choices)]


class AccountForm(forms.Form):
    """What happened, whether it was serious, how it ended, and what may have caused it."""

    kind = forms.ChoiceField(
        label="What was it",
        widget=forms.RadioSelect,
        choices=(
            ("adverse_event", "Adverse event: something happened to a person"),
            ("near_miss", "Near miss: it nearly did, or nobody came to harm"),
            ("incident", "Other incident: a fall, equipment, a mix-up, a breach"),
        ),
    )
    title = forms.CharField(label="In a few words", max_length=160)
    happened_on = forms.DateField(label="Day it began", widget=_date())
    happened_at = forms.TimeField(label="Time", widget=_time())
    ended_on = forms.DateField(label="Day it ended", widget=_date(), required=False)
    ended_at = forms.TimeField(label="Time it ended", widget=_time(), required=False)
    narrative = _text(
        "What happened",
        5,
        required=True,
        help_text="What was seen, in which order, and what was done. Facts, not blame.",
    )
    is_serious = forms.ChoiceField(
        label="Was it serious",
        required=False,
        widget=forms.RadioSelect,
        choices=(("yes", "Yes, one of these is met"), ("no", "No, none is met")),
    )
    seriousness = forms.MultipleChoiceField(
        label="What makes it serious", required=False, widget=forms.CheckboxSelectMultiple
    )
    serious_words = forms.CharField(
        label="Why it was an important medical event", required=False, max_length=400
    )
    severity = forms.ChoiceField(label="How severe", required=False, widget=forms.RadioSelect)
    outcome = forms.ChoiceField(label="How it ended", required=False)
    died_on = forms.DateField(label="Day of death", widget=_date(), required=False)
    treatment = _text("What was done for the person", 2)
    action_taken = forms.ChoiceField(label="What was done with the medicine", required=False)
    abated = forms.ChoiceField(label="Did it go when the medicine stopped", required=False)
    reappeared = forms.ChoiceField(label="Did it come back when it was given again", required=False)
    causality = forms.ChoiceField(
        label="Did the medicine cause it",
        required=False,
        widget=forms.RadioSelect,
        help_text="May be left open now; the medical director’s review needs it.",
    )
    expectedness = forms.ChoiceField(label="Is it on the label’s list", required=False)
    listed = forms.ChoiceField(label="Which reaction of the label", required=False)
    tests = _text("Tests and readings that matter, with dates", 2)
    history = _text("History that matters", 2)

    def __init__(self, *args: Any, product: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.product = product
        fields: dict[str, Any] = self.fields
        fields["seriousness"].choices = _explained("seriousness")
        fields["severity"].choices = _explained("severity")
        fields["causality"].choices = _explained("causality")
        fields["outcome"].choices = _plain("outcome", "Choose")
        fields["action_taken"].choices = _plain("action_taken", "Not said")
        fields["expectedness"].choices = _plain("expectedness", "Not said")
        for name in ("abated", "reappeared"):
            fields[name].choices = _plain("abated", "Not known")
        known = label_lists().get(product)
        terms = known.terms if known else ()
        fields["listed"].choices = [("", "None"), *((term, term) for term in terms)]

    def said(self, zone: ZoneInfo) -> dict[str, Any]:
        """What was entered, as an action takes it; only for a valid form."""
        data = dict(self.cleaned_data)
        data["happened_at"] = _moment(data.pop("happened_on"), data["happened_at"], zone)
        data["ended_at"] = _moment(data.pop("ended_on"), data["ended_at"], zone)
        return data


def _moment(day: Any, at: time | None, zone: ZoneInfo) -> datetime | None:
    if day is None:
        return None
    return datetime.combine(day, at or time(0), tzinfo=zone)


def initial_of(account: IncidentAccount, zone: ZoneInfo) -> dict[str, Any]:
    """What the form shows of an account that is to be corrected."""
    same = (
        *("kind", "title", "narrative", "seriousness", "serious_words", "severity", "outcome"),
        *("died_on", "treatment", "action_taken", "abated", "reappeared", "causality"),
        *("expectedness", "listed", "tests", "history"),
    )
    found = {name: getattr(account, name) for name in same}
    if account.kind == "adverse_event":
        found["is_serious"] = "yes" if account.seriousness else "no"
    for name, moment in (("happened", account.happened_at), ("ended", account.ended_at)):
        if moment is not None:
            local = moment.astimezone(zone)
            found |= {f"{name}_on": local.date(), f"{name}_at": local.time()}
    return found
