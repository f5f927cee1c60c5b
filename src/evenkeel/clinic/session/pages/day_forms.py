"""The forms of the day: booking, moving, reasons, check-in and the telephone call."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from evenkeel.clinic.people.models import Account, Chair
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.clinic.session.arriving import ALLERGIES, MEDICINES, PREGNANCY, YES_NO
from evenkeel.clinic.session.booking import (
    KINDS,
    LONGEST_MIN,
    NURSES,
    THERAPISTS,
    NeedsConfirmation,
    staff_of,
)
from evenkeel.clinic.session.follow_up import DROVE, MOOD, SIDE_EFFECTS, SLEEP, SUICIDAL, WELLBEING


def _date() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _time() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


def _rows(count: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": count})


class PlaceForm(forms.Form):
    """When, where and with whom; for booking and for moving."""

    on = forms.DateField(label="Day", widget=_date())
    at = forms.TimeField(label="Time", widget=_time())
    minutes = forms.IntegerField(label="Minutes", min_value=5, max_value=LONGEST_MIN)
    chair_id = forms.ChoiceField(label="Chair", required=False)
    nurse_id = forms.ChoiceField(label="Nurse", required=False)
    therapist_id = forms.ChoiceField(label="Therapist", required=False)
    confirmed = forms.BooleanField(label="This is meant", required=False)

    def __init__(self, *args: Any, site_id: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chairs = Chair.objects.filter(site_id=site_id, active=True).order_by("order", "name")
        self.fields["chair_id"].choices = [("", "None"), *((str(c.pk), c.name) for c in chairs)]
        self.fields["nurse_id"].choices = _people(staff_of(site_id, NURSES))
        self.fields["therapist_id"].choices = _people(staff_of(site_id, THERAPISTS))

    @property
    def asks_to_confirm(self) -> bool:
        """Whether something should be confirmed before this is booked."""
        return self.is_bound and "confirmed" in self.errors

    def place(self, zone: ZoneInfo) -> dict[str, Any]:
        """The arguments of an action; only for a valid form."""
        data = self.cleaned_data
        return {
            "starts_at": datetime.combine(data["on"], data["at"], tzinfo=zone),
            "minutes": data["minutes"],
            "chair_id": data["chair_id"] or None,
            "nurse_id": data["nurse_id"] or None,
            "therapist_id": data["therapist_id"] or None,
            "confirmed": data["confirmed"],
        }


class BookingForm(PlaceForm):
    """A new appointment."""

    kind = forms.ChoiceField(label="For", choices=list(KINDS.items()))
    note = forms.CharField(label="Note", widget=_rows(2), required=False, max_length=2000)
    field_order = ("kind", "on", "at", "minutes", "chair_id", "nurse_id", "therapist_id", "note")


class MovingForm(PlaceForm):
    """Another time for an appointment."""

    reason = forms.CharField(label="Reason", required=False, max_length=500)


class ReasonForm(forms.Form):
    """Why; for cancelling."""

    reason = forms.CharField(label="Reason", max_length=500)


class AbsenceForm(ReasonForm):
    """Why somebody did not come, as far as is known."""

    call = forms.BooleanField(
        label="Book a call to ask how they are",
        help_text="Within the half hour; it stands on the day's list until somebody was reached.",
        required=False,
        initial=True,
    )


class DoneForm(forms.Form):
    """A talk that took place."""

    note = forms.CharField(label="Note", widget=_rows(2), required=False, max_length=2000)


def _people(accounts: Iterable[Account]) -> list[tuple[str, str]]:
    return [("", "None"), *((str(a.pk), a.shown_name) for a in accounts)]


def rename_times(refusal: Invalid | Refused | Conflict) -> Invalid | Refused | Conflict:
    """The refusal with what it says of ``starts_at`` beside the field for the time."""
    if "starts_at" in refusal.fields:
        refusal.fields["at"] = refusal.fields.pop("starts_at")
    if isinstance(refusal, NeedsConfirmation):
        refusal.message = " ".join(refusal.warnings)
    return refusal


def _choice(label: str, choices: dict[str, str], **more: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        choices=list(choices.items()),
        widget=forms.RadioSelect,
        required=False,
        **more,
    )


class IdentityForm(forms.Form):
    """Who is here, as they say themselves."""

    said_name = forms.CharField(
        label="Name they said",
        max_length=160,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    said_birth_date = forms.DateField(label="Date of birth they said", widget=_date())


class ArrivalForm(forms.Form):
    """What is asked and measured on arrival. ``facts``: with weight and test; ``dosing``: all."""

    last_food_at = forms.TimeField(label="Last food", widget=_time(), required=False)
    last_fluids_at = forms.TimeField(label="Last drink", widget=_time(), required=False)
    escort = _choice("Somebody takes them home", YES_NO)
    escort_name = forms.CharField(label="Their name", required=False, max_length=160)
    escort_phone = forms.CharField(
        label="Telephone",
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    escort_until = forms.TimeField(label="Can come until", widget=_time(), required=False)
    allergies = _choice("Read back to them", ALLERGIES)
    allergies_note = forms.CharField(label="What is new", required=False, max_length=500)
    benzodiazepine = _choice(MEDICINES["benzodiazepine"][0], YES_NO)
    stimulant = _choice(MEDICINES["stimulant"][0], YES_NO)
    maoi = _choice(MEDICINES["maoi"][0], YES_NO)
    medicines_note = forms.CharField(label="What and when", required=False, max_length=500)
    changes = _choice("Medicines changed since last time", YES_NO)
    changes_note = forms.CharField(label="What has changed", required=False, max_length=500)
    weight_kg = forms.FloatField(
        label="Weight measured now", min_value=1, max_value=500, required=False
    )
    pregnancy_test = _choice("Pregnancy test today", {**PREGNANCY, "": "Not asked"})

    ASKED_OF_ALL = ("allergies", "allergies_note", "changes", "changes_note")
    CLINICAL = ("weight_kg", "pregnancy_test")

    def __init__(
        self, *args: Any, dosing: bool, clinical: bool, pregnancy: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name in list(self.fields):
            left_out = (
                (not dosing and name not in self.ASKED_OF_ALL)
                or (name in self.CLINICAL and not clinical)
                or (name == "pregnancy_test" and not pregnancy)
            )
            if left_out and name not in (self.data if name in self.CLINICAL else ()):
                del self.fields[name]

    def arrival(self, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
        """What was entered as :class:`~evenkeel.clinic.session.arriving.Arrival` takes it.

        A time later than now was yesterday; the escort's is the next to come.
        """
        found = {k: v for k, v in self.cleaned_data.items() if v not in ("", None)}
        for name in ("last_food_at", "last_fluids_at"):
            if name in found:
                found[name] = _before(found[name], now, zone)
        if "escort_until" in found:
            at = datetime.combine(now.astimezone(zone).date(), found["escort_until"], tzinfo=zone)
            found["escort_until"] = at if at >= now else at + timedelta(days=1)
        return found


def _before(at: time, now: datetime, zone: ZoneInfo) -> datetime:
    moment = datetime.combine(now.astimezone(zone).date(), at, tzinfo=zone)
    return moment if moment <= now + timedelta(minutes=1) else moment - timedelta(days=1)


class CallForm(forms.Form):
    """A telephone call the day after, question by question."""

    reached = forms.ChoiceField(
        label="Did you reach them?",
        choices=[("yes", "Yes, we spoke"), ("no", "No answer")],
        widget=forms.RadioSelect,
    )
    attempt_note = forms.CharField(label="Note on the attempt", required=False, max_length=500)
    wellbeing = _choice("How are they since the session?", WELLBEING)
    side_effects = forms.MultipleChoiceField(
        label="Anything unpleasant?",
        choices=list(SIDE_EFFECTS.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    side_effects_note = forms.CharField(label="What exactly", required=False, max_length=2000)
    sleep = _choice("How did they sleep?", SLEEP)
    mood = _choice("And the mood?", MOOD)
    suicidal_thoughts = _choice(
        "Thoughts of being better off dead, or of suicide?",
        SUICIDAL,
        help_text="Ask in these words. If yes: stay on the line, and open the safety questions.",
    )
    drove = _choice("Did they drive since?", DROVE)
    questions = forms.CharField(
        label="Their questions", widget=_rows(2), required=False, max_length=2000
    )
    agreed_next = forms.CharField(
        label="What was agreed", widget=_rows(2), required=False, max_length=2000
    )
