"""A person's next appointment in plain words: when, what first, what then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.utils import timezone
from django.utils.dateformat import format as format_date

from evenkeel.clinic.session.models import Appointment
from evenkeel.protocol.pack import Protocol
from evenkeel.protocol.products import PRODUCTS
from evenkeel.web.wording import patient_clock_text

#: Where no protocol is known, what the shipped ones say: no food for two hours and no drink for
#: half an hour before the dose, nasal medicines an hour before the spray.
_USUAL: Final = {"fasting.food_h": 2.0, "fasting.fluids_min": 30.0, "screen.nasal_gap_min": 60.0}


@dataclass(frozen=True, slots=True)
class DayRules:
    """What the protocol in force asks of the person before a dose, with the standing of the rule.

    ``nasal_gap`` is ``None`` for what is not sprayed into the nose.
    """

    no_food_for: timedelta
    no_drink_for: timedelta
    nasal_gap: timedelta | None
    mark: str
    source: str


def day_rules(protocol: Protocol | None, product: str) -> DayRules:
    """The rules of the day from a protocol; the shipped values where it is not known."""

    def number(key: str) -> float:
        found = protocol.find(key) if protocol is not None else None
        value = found.value if found is not None else None
        return _USUAL[key] if value is None or isinstance(value, tuple) else float(value)

    food = protocol.find("fasting.food_h") if protocol is not None else None
    spray = product in PRODUCTS and PRODUCTS[product].route == "nasal"
    return DayRules(
        no_food_for=timedelta(hours=number("fasting.food_h")),
        no_drink_for=timedelta(minutes=number("fasting.fluids_min")),
        nasal_gap=timedelta(minutes=number("screen.nasal_gap_min")) if spray else None,
        mark=food.source.mark if food is not None else "clinic policy",
        source=food.source.title if food is not None else "the clinic",
    )


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


def heading(appointment: Appointment, today: date, *, with_group: bool = False) -> str:
    """ "Your next session is tomorrow", "Your next talk with your group is tomorrow"."""
    kind = _KIND_WORDS.get(appointment.kind, "visit")
    day = timezone.localtime(appointment.starts_at).date()
    away = (day - today).days
    when = {0: "today", 1: "tomorrow"}.get(away, f"in {away} days" if away > 0 else "now")
    group = " with your group" if with_group else ""
    return f"Your next {kind}{group} is {when}"


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


def steps_of(
    appointment: Appointment, plan: Any, rules: DayRules, *, today: date, waiting: int
) -> list[Step]:
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
            f"{day}, from {_clock(starts - rules.no_food_for)}",
            f"No food. Water is fine until {_clock(starts - rules.no_drink_for)}.",
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


def to_bring(
    appointment: Appointment, rules: DayRules, medicines: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """What to see to before the day: (what, a word more). ``medicines`` are those known here."""
    if appointment.kind == "follow_up_call":
        return [("Keep your phone near you", "We call at about the time shown")]
    if appointment.kind != "dosing":
        return [
            ("A list of your medicines", "Also those you buy without a prescription"),
            ("Anything you want to ask", "One line on paper is enough"),
        ]
    starts = appointment.starts_at
    evening = format_date(timezone.localtime(starts), "l")
    nasal = []
    if rules.nasal_gap is not None:
        at = _clock(starts - rules.nasal_gap)
        nasal = [(f"Nose sprays before {at}, not after", "For a cold or hay fever, if you use one")]
    known = (
        "We know of: " + ", ".join(medicines) if medicines else "Also those without prescription"
    )
    return [
        ("Somebody to take me home", "You may not drive, cycle or go alone"),
        (
            f"No food from {_clock(starts - rules.no_food_for)}",
            "Take your usual morning medicine, unless told not to",
        ),
        (f"No drink from {_clock(starts - rules.no_drink_for)}", "From then on not even water"),
        *nasal,
        ("Is your list of medicines right?", f"{known}. Tell us what is new or stopped"),
        ("Tell us about alcohol", "Also if you are ill, or may be pregnant"),
        ("Your ID", "We ask for your name and date of birth"),
        ("Soft clothes and your music", "No words in the music is often easier"),
        (
            f"Keep {evening} evening free",
            "No driving until you have slept a night; no big decisions",
        ),
    ]


def _clock(moment: datetime) -> str:
    return patient_clock_text(moment)


def _day_word(moment: datetime, today: date) -> str:
    away = (timezone.localtime(moment).date() - today).days
    named = format_date(timezone.localtime(moment), "l")
    return {0: "Today", 1: "Tomorrow"}.get(away, named)
