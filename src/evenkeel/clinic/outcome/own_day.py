"""A person's next appointment in plain words: when, what first, what then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.utils import timezone
from django.utils.dateformat import format as format_date

from evenkeel.clinic.session.models import Appointment
from evenkeel.protocol.products import PRODUCTS
from evenkeel.web.wording import patient_clock_text

#: No food for two hours and no drink for half an hour before esketamine nasal spray: the US label's
#: advice to patients, [sourced]; for other products the same, by clinic policy.
NO_FOOD_FOR: Final = timedelta(hours=2)
NO_DRINK_FOR: Final = timedelta(minutes=30)

_KIND_WORDS: Final[dict[str, str]] = {
    "screening": "visit",
    "preparation": "talk to get ready",
    "dosing": "session",
    "integration": "talk",
    "follow_up_call": "phone call",
}
_ROUTE_WORDS: Final[dict[str, str]] = {
    "nasal": "The nasal spray",
    "intravenous": "The drip",
    "intramuscular": "The injection",
    "subcutaneous": "The injection",
    "oral": "The dose by mouth",
    "sublingual": "The dose under your tongue",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing on the way to the appointment and after; ``now`` marks what can be done already."""

    when: str
    what: str
    now: bool = False


def heading(appointment: Appointment, today: date) -> str:
    """ "Your next session is tomorrow"."""
    kind = _KIND_WORDS.get(appointment.kind, "visit")
    day = timezone.localtime(appointment.starts_at).date()
    away = (day - today).days
    when = {0: "today", 1: "tomorrow"}.get(away, f"in {away} days" if away > 0 else "now")
    return f"Your next {kind} is {when}"


def long_day(moment: datetime) -> str:
    """Friday 27 November."""
    return format_date(timezone.localtime(moment), "l j F")


def place_of(appointment: Appointment) -> str:
    """Where in the building: "room 2", or the room's own name; empty where nothing is said."""
    chair = appointment.chair
    if chair is None:
        return ""
    room = chair.room or chair.name
    return f"room {room}" if room.isdigit() else str(room)


def steps_of(appointment: Appointment, plan: Any, *, today: date, waiting: int) -> list[Step]:
    """What happens when, for somebody who reads it once on a phone."""
    starts = appointment.starts_at
    found = []
    if waiting:
        questions = "A few short questions" if waiting == 1 else f"{waiting} sets of questions"
        found.append(Step("Today", f"{questions}, about 2 minutes", now=True))
    if appointment.kind != "dosing":
        place = "We call you" if appointment.kind == "follow_up_call" else "You come to us"
        found.append(Step(_clock(starts), place, now=not waiting))
        return found
    day = _day_word(starts, today)
    found.append(
        Step(
            f"{day}, from {_clock(starts - NO_FOOD_FOR)}",
            f"No food. Water is fine until {_clock(starts - NO_DRINK_FOR)}.",
            now=not waiting,
        )
    )
    nurse = f" with {appointment.nurse.full_name.split()[0]}" if appointment.nurse else ""
    found.append(Step(_clock(starts), f"Check-in{nurse}"))
    product = PRODUCTS.get(plan.product) if plan is not None else None
    if product is not None:
        how_long = f", {plan.duration_min.normalize():f} minutes" if plan.duration_min else ""
        found.append(Step("Then", f"{_ROUTE_WORDS[product.route]}{how_long}, then rest"))
    if appointment.ends_at:
        found.append(Step(f"At about {_clock(appointment.ends_at)}", "Somebody takes you home"))
    found.append(Step("The next day", "You can drive again after a night’s sleep"))
    return found


def to_bring(appointment: Appointment) -> list[tuple[str, str]]:
    """What to see to before the day: (what, a word more)."""
    if appointment.kind == "follow_up_call":
        return [("Keep your phone near you", "We call at about the time shown")]
    if appointment.kind != "dosing":
        return [
            ("A list of your medicines", "Also those you buy without a prescription"),
            ("Anything you want to ask", "One line on paper is enough"),
        ]
    starts = appointment.starts_at
    evening = format_date(timezone.localtime(starts), "l")
    return [
        ("Somebody to take me home", "You may not drive, cycle or go alone"),
        (
            f"No food from {_clock(starts - NO_FOOD_FOR)}",
            "Take your usual morning medicine, unless told not to",
        ),
        (f"No drink from {_clock(starts - NO_DRINK_FOR)}", "Not even water in the last half hour"),
        ("Tell us about new medicines", "Also about alcohol, and if you may be pregnant"),
        ("A list of your medicines, and your ID", "We ask for your name and date of birth"),
        ("Soft clothes and your music", "No words in the music is often easier"),
        (f"Keep {evening} evening free", "No driving, no big decisions"),
    ]


def _clock(moment: datetime) -> str:
    return patient_clock_text(moment)


def _day_word(moment: datetime, today: date) -> str:
    away = (timezone.localtime(moment).date() - today).days
    named = format_date(timezone.localtime(moment), "l")
    return {0: "Today", 1: "Tomorrow"}.get(away, named)
