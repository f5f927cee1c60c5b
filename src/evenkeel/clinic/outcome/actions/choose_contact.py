"""How a person wants to be reminded: chosen by themselves, or by staff as they said."""

from __future__ import annotations

from datetime import time
from typing import Any

from evenkeel.clinic.outcome.answer_words import USUAL
from evenkeel.clinic.outcome.message_text import languages
from evenkeel.clinic.outcome.models import Ask, ContactChoice
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid

CHANNELS = tuple(code for code, _ in ContactChoice.CHANNELS)


@action("contact.choose", permission="contact.choose")
def choose_contact(
    act: Act,
    *,
    patient_id: Any,
    channel: str,
    language: str | None = None,
    quiet_from: str = "",
    quiet_until: str = "",
) -> ContactChoice:
    """Keep the choice. ``none`` stops every message; another channel starts them again.

    Without a ``language`` the one that stands holds. Links not
    opened yet take a new language along. ``quiet_from`` and ``quiet_until`` are times of the
    clinic's clock, "21:00"; empty: as usual. Raises ``Invalid`` by field.
    """
    patient = act.open(Patient, patient_id, "site")
    if channel not in CHANNELS:
        raise Invalid("There is no such way.", fields={"channel": "Choose one of the list."})
    if channel == "email" and not patient.email:
        raise Invalid(
            "No e-mail address is known.", fields={"channel": "Tell the clinic your address first."}
        )
    if channel == "sms" and not patient.phone:
        raise Invalid(
            "No telephone number is known.",
            fields={"channel": "Tell the clinic your number first."},
        )
    row = ContactChoice.objects.filter(patient=patient).first()
    if language is None:
        language = row.language if row is not None else USUAL
    elif language not in languages():
        raise Invalid("There is no such language.", fields={"language": "Choose one of the list."})
    quiet_from, quiet_until = _time(quiet_from, "quiet_from"), _time(quiet_until, "quiet_until")
    if bool(quiet_from) != bool(quiet_until):
        raise Invalid(
            "The quiet time is half said.",
            fields={"quiet_from": "Enter both times, or neither."},
        )
    if row is None:
        row = ContactChoice(site=patient.site, patient=patient)
    before = (row.channel, row.language, row.quiet_from, row.quiet_until)
    if row.language != language or not row.version:
        _take_along(act, patient, language)
    if row.version and before == (channel, language, quiet_from, quiet_until):
        return row
    row.channel, row.language = channel, language
    row.quiet_from, row.quiet_until = quiet_from, quiet_until
    row.stopped_at = (row.stopped_at or act.now) if channel == "none" else None
    row.chosen_at, row.chosen_by = act.now, act.actor.name[:200]
    return act.write(row)


def _take_along(act: Act, patient: Patient, language: str) -> None:
    """Links that wait unopened are asked in the language now wanted."""
    for ask in Ask.objects.filter(patient=patient, state="sent", expires_at__gt=act.now):
        if (ask.language or USUAL) != language and not ask.partial:
            ask.language = language
            act.write(ask)


def _time(text: str, field: str) -> str:
    """A time as it is kept, "HH:MM"; "" for none. Raises ``Invalid`` for anything else."""
    if not text.strip():
        return ""
    try:
        return time.fromisoformat(text.strip()).strftime("%H:%M")
    except ValueError:
        raise Invalid(
            "The time cannot be read.", fields={field: "Enter a time like 21:00."}
        ) from None
