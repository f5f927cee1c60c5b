"""The telephone calls a clinic owes: the day after a dose, and after somebody did not come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from evenkeel.clinic.record.act import Act
from evenkeel.clinic.record.errors import Invalid
from evenkeel.clinic.session.booking import CLOSES, MINUTES
from evenkeel.clinic.session.models import Appointment, AppointmentStatus

#: When the call of the next day is put. Clinic policy.
CALL_AT: Final = time(10)
#: How soon after an absence was noted somebody calls. Clinic policy.
CALL_WITHIN: Final = timedelta(minutes=30)
LONGEST_WORDS: Final = 2000

WELLBEING: Final[dict[str, str]] = {
    "better": "Better than before the session",
    "same": "About the same",
    "worse": "Worse than before the session",
}
SLEEP: Final[dict[str, str]] = {
    "good": "Slept well",
    "poor": "Slept badly",
    "none": "Did not sleep",
}
MOOD: Final[dict[str, str]] = {"brighter": "Brighter", "same": "As before", "lower": "Lower"}
SUICIDAL: Final[dict[str, str]] = {
    "no": "No",
    "passive": "Wishes to be dead, no plan",
    "active": "Thoughts of acting, or a plan",
    "not_asked": "Not asked",
}
DROVE: Final[dict[str, str]] = {
    "no": "No",
    "after_sleep": "Yes, after a night's sleep",
    "same_day": "Yes, on the day of the dose",
}
SIDE_EFFECTS: Final[dict[str, str]] = {
    "none": "None",
    "nausea": "Nausea or vomiting",
    "dizziness": "Dizziness",
    "headache": "Headache",
    "dissociation": "Still feeling detached",
    "anxiety": "Anxiety",
    "sedation": "Very sleepy",
    "bladder": "Bladder pain or urgency",
    "other": "Something else",
}
#: Side effect -> what the long-term watch makes of it: (item, answer). A call asks for pain or
#: urgency, not how often; the graver of the answers that fit is taken. Clinic policy.
WATCHED: Final[dict[str, tuple[str, str]]] = {"bladder": ("urinary", "troublesome")}
_CHOICES: Final = {
    "wellbeing": WELLBEING,
    "sleep": SLEEP,
    "mood": MOOD,
    "suicidal_thoughts": SUICIDAL,
    "drove": DROVE,
}
_WORDS: Final = ("side_effects_note", "questions", "agreed_next")


#: What the caller reads where somebody went before they were ready.
LEFT_EARLY_NOTE: Final = (
    "Left before they were ready, the day before: ask how they got home, how the night was, and "
    "about suicidal thoughts."
)


def propose_follow_up(
    act: Act, appointment: Appointment, *, left_early: bool = False
) -> Appointment | None:
    """Book the call for the day after a dose, once; ``None`` where one stands or none is owed.

    Meant to be called within the act that ends a session. The actor needs that act's own
    permission only.
    """
    if appointment.kind != "dosing":
        return None
    standing = Appointment.objects.filter(follows=appointment, kind="follow_up_call").exclude(
        status=AppointmentStatus.CANCELLED
    )
    if standing.exists():
        return None
    zone = ZoneInfo(appointment.site.timezone)
    day = max(act.now, appointment.starts_at).astimezone(zone).date() + timedelta(days=1)
    if appointment.starts_at < act.now - timedelta(days=1):  # entered afterwards, from paper
        day = act.now.astimezone(zone).date()
    note = LEFT_EARLY_NOTE if left_early else "The day after"
    return _call(act, appointment, datetime.combine(day, CALL_AT, tzinfo=zone), note)


def book_call_after_absence(act: Act, appointment: Appointment) -> Appointment:
    """Book a call to somebody who did not come: soon, and before closing time."""
    zone = ZoneInfo(appointment.site.timezone)
    soon = (act.now + CALL_WITHIN).astimezone(zone)
    soon = soon.replace(minute=soon.minute // 15 * 15, second=0, microsecond=0)
    if soon.time() > CLOSES or soon.date() != act.now.astimezone(zone).date():
        tomorrow = act.now.astimezone(zone).date() + timedelta(days=1)
        soon = datetime.combine(tomorrow, CALL_AT, tzinfo=zone)
    what = appointment.get_kind_display().lower()
    return _call(act, appointment, soon, f"Did not come to the {what}: ask how they are.")


def _call(act: Act, after: Appointment, at: datetime, note: str) -> Appointment:
    return act.write(
        Appointment(
            site_id=after.site_id,
            patient_id=after.patient_id,
            course_id=after.course_id,
            kind="follow_up_call",
            nurse_id=after.nurse_id,
            starts_at=at,
            ends_at=at + timedelta(minutes=MINUTES["follow_up_call"]),
            note=note if note.endswith(".") else f"{note} the {_what(after)}.",
            follows=after,
        )
    )


def _what(after: Appointment) -> str:
    return str(after.get_kind_display()).lower()


def read_answers(answers: dict[str, Any]) -> dict[str, Any]:
    """The answers of a call as they are stored. Raises ``Invalid`` by field.

    Nothing may be left out: what was not asked is said so, for an empty place reads as "no".
    """
    wrong: dict[str, str] = {}
    clean: dict[str, Any] = {}
    for name, choices in _CHOICES.items():
        value = answers.get(name)
        if value not in choices:
            wrong[name] = "Choose an answer."
        else:
            clean[name] = value
    effects = answers.get("side_effects") or []
    if not isinstance(effects, list) or not effects or not set(effects) <= SIDE_EFFECTS.keys():
        wrong["side_effects"] = "Choose what was said, or None."
    elif "none" in effects and len(effects) > 1:
        wrong["side_effects"] = "None and something cannot both be right."
    else:
        clean["side_effects"] = effects
    for name in _WORDS:
        text = str(answers.get(name) or "").strip()
        if len(text) > LONGEST_WORDS or "\x00" in text:
            wrong[name] = f"At most {LONGEST_WORDS} letters."
        clean[name] = text
    if "other" in effects and not clean.get("side_effects_note"):
        wrong["side_effects_note"] = "Say what."
    if wrong:
        raise Invalid("The call is not complete yet.", fields=wrong)
    return clean


@dataclass(frozen=True, slots=True)
class Worry:
    """What a call leaves to a named clinician before the next dose.

    ``level`` is one of a safety signal: "now", "today", "routine".
    """

    level: str
    statement: str
    reasons: tuple[str, ...]


#: (level, what was said, the reason in words) from the gravest on. Clinic policy.
_WORRIES: Final[tuple[tuple[str, Callable[[Mapping[str, Any]], bool], str], ...]] = (
    ("now", lambda o: o["suicidal_thoughts"] == "active", "Thoughts of acting, or a plan"),
    ("today", lambda o: o["suicidal_thoughts"] == "passive", "Wishes to be dead, no plan"),
    (
        "today",
        lambda o: o["suicidal_thoughts"] == "not_asked" and _feels_worse(o),
        "Worse than before, and not asked about suicidal thoughts",
    ),
    ("routine", lambda o: o["wellbeing"] == "worse", "Worse than before the session"),
    ("routine", lambda o: "dissociation" in o["side_effects"], "Still feeling detached"),
    ("routine", lambda o: "bladder" in o["side_effects"], "Bladder pain or urgency"),
)


def _feels_worse(outcome: Mapping[str, Any]) -> bool:
    return outcome["wellbeing"] == "worse" or outcome["mood"] == "lower"


def call_worry(outcome: Mapping[str, Any] | None) -> Worry | None:
    """What of a recorded call is worrying; ``None`` where nothing is, or nobody was reached."""
    if not outcome or not outcome.get("reached"):
        return None
    found = [(level, words) for level, is_said, words in _WORRIES if is_said(outcome)]
    if not found:
        return None
    reasons = tuple(words for _, words in found)
    statement = f"Said on the telephone: {reasons[0][0].lower()}{reasons[0][1:]}"
    return Worry(found[0][0], statement, reasons)


def called_words(outcome: dict[str, Any]) -> list[tuple[str, str]]:
    """A stored outcome as label and words, in the order it was asked."""
    if not outcome.get("reached"):
        return []
    effects = [SIDE_EFFECTS[e] for e in outcome["side_effects"]]
    if outcome.get("side_effects_note"):
        effects.append(outcome["side_effects_note"])
    pairs = [
        ("How they are", WELLBEING[outcome["wellbeing"]]),
        ("Side effects", ", ".join(effects)),
        ("Sleep", SLEEP[outcome["sleep"]]),
        ("Mood", MOOD[outcome["mood"]]),
        ("Suicidal thoughts", SUICIDAL[outcome["suicidal_thoughts"]]),
        ("Drove", DROVE[outcome["drove"]]),
        ("Questions", outcome["questions"]),
        ("Agreed", outcome["agreed_next"]),
    ]
    return [(label, words) for label, words in pairs if words]
