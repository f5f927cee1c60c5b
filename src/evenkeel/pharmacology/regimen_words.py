"""Regimens in plain words.

The words, in small letters or capitals, parts parted by ``;`` or by lines::

    regimen  = part {";" part}
    part     = dose | change
    dose     = [COUNT "x"] amount [drug] route {clause}
    amount   = NUMBER ("mg" | "mg/kg" | "mcg/kg" | "g"), or a rate: the same with "/min" or "/h"
    drug     = "ketamine" | "racemic" | "esketamine" | "s-ketamine"
    route    = "iv" | "im" | "sc" | "nasal" | "sublingual" | "oral" | "film", or longer
    clause   = "bolus" | "over" TIME | "for" TIME | "at" TIME
             | "x" COUNT | "every" TIME | "on days" LIST
             | ("once" | "twice" | COUNT "times") ("daily" | "weekly") | "daily" | "weekly"
             | "for" COUNT ("days" | "weeks")                          (with a schedule)
    change   = "pause at" TIME "for" TIME | "stop at" TIME
             | ("halve" | "double") "the rate at" TIME | "rate x" NUMBER "at" TIME
    TIME     = NUMBER ("s" | "min" | "h" | "days" | "weeks") {NUMBER unit}

``at`` counts from the start; ``on days 0,3`` from day 0. ``84 mg nasal`` is three devices of 28 mg,
5 min apart. A change acts on all that the text gives, whichever part it stands behind.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .choice import Drug
from .errors import RegimenError
from .regimen import NASAL, NASAL_DEVICE_MG, Dose, Regimen, Unit
from .regimen_tokens import COUNTS, EXAMPLE, PER_HOUR, Words

LONGEST_TEXT = 20_000
MOST_DOSES = 2_000
MOST_CHANGES = 50
ROUTES: dict[str, str] = {
    **dict.fromkeys(("iv", "intravenous", "intravenously"), "iv"),
    **dict.fromkeys(("im", "intramuscular", "intramuscularly"), "im"),
    **dict.fromkeys(("sc", "subcutaneous", "subcutaneously"), "sc"),
    **dict.fromkeys(("nasal", "nasally", "intranasal"), NASAL),
    **dict.fromkeys(("sublingual", "sublingually", "sl"), "sublingual"),
    **dict.fromkeys(("oral", "orally", "po"), "oral"),
    **dict.fromkeys(("film",), "oral_film"),
}
DRUGS: dict[str, Drug | None] = {
    "ketamine": None,
    "racemic": "racemic",
    "racemate": "racemic",
    "esketamine": "s_ketamine",
    "s-ketamine": "s_ketamine",
}
_AT_ONCE = ("im", NASAL, "sublingual", "oral", "oral_film")
_DEVICES_APART_H = 5.0 / 60.0
_TIMES_SIGN = ("x", "×")
_MASS = {"mg": 1.0, "g": 1000.0, "mcg": 0.001, "ug": 0.001, "µg": 0.001, "μg": 0.001}
#: Days of the week's sessions, as clinics space them.
_WEEK: dict[int, tuple[int, ...]] = {
    1: (0,), 2: (0, 3), 3: (0, 2, 4), 4: (0, 2, 4, 6), 5: (0, 1, 2, 3, 4), 6: (0, 1, 2, 3, 4, 5),
    7: (0, 1, 2, 3, 4, 5, 6),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said: the regimen, and the drug where the words name one."""

    regimen: Regimen
    drug: Drug | None


def parse_regimen(text: str) -> Regimen:
    """The regimen that plain words describe. The grammar stands at the top of this module.

    Raises ``RegimenError``, which names the word that was not understood and shows an example, or
    says what is impossible about the regimen.
    """
    return read_words(text).regimen


def read_words(text: str) -> Spoken:
    """The same, with the drug where one is named."""
    if not isinstance(text, str) or not text.strip():
        raise RegimenError(f"a regimen in words is needed, for example: {EXAMPLE}")
    if len(text) > LONGEST_TEXT:
        raise RegimenError(f"a regimen in words may have {LONGEST_TEXT} characters")
    doses: list[Dose] = []
    changes: list[Callable[[Regimen], Regimen]] = []
    drugs: set[Drug] = set()
    for part in re.split(r"[;\n]", text):
        words = Words(part)
        if words.done:
            continue
        if words.next in _CHANGES:
            changes.append(_CHANGES[words.take()](words))
            words.end()
        else:
            doses += _dose(words, drugs)
        if len(doses) > MOST_DOSES or len(changes) > MOST_CHANGES:
            raise RegimenError(f"a regimen may have {MOST_DOSES} doses and {MOST_CHANGES} changes")
    if not doses:
        raise RegimenError(f"no dose is given, for example: {EXAMPLE}")
    if len(drugs) > 1:
        raise RegimenError("a regimen is of one drug: racemic ketamine or esketamine")
    regimen = Regimen.of(doses)
    for change in changes:
        regimen = change(regimen)
    return Spoken(regimen, drugs.pop() if drugs else None)


# --- doses ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Said:
    """What was said about one dose."""

    amount: float
    unit: Unit
    per_h: float | None
    route: str
    over_h: float | None = None
    at_h: float = 0.0
    repeats: int | None = None
    every_h: float | None = None
    bolus: bool = False
    days: list[float] | None = None
    week: tuple[int, ...] | None = None
    step_h: float | None = None
    for_h: float | None = None
    clauses: set[str] = field(default_factory=set)


def _dose(words: Words, drugs: set[Drug]) -> list[Dose]:
    repeats = None
    if words.at + 1 < len(words.words) and words.words[words.at + 1] in _TIMES_SIGN:
        repeats = words.count("how often", MOST_DOSES)
        words.take()
    said = _Said(*_amount(words), _route(words, drugs), repeats=repeats)
    while not words.done:
        _clause(words, said)
    _settle(words, said)
    starts, (count, dose) = _starts(words, said), _sitting(words, said)
    if len(starts) * count > MOST_DOSES:
        raise RegimenError(f"a regimen may have {MOST_DOSES} doses; {words.part[:60]!r} has more")
    apart_h = said.every_h or (_DEVICES_APART_H if said.route == NASAL else 0.0)
    return [
        replace(dose, at_h=start + (said.at_h + i * apart_h))
        for start in starts
        for i in range(count)
    ]


def _amount(words: Words) -> tuple[float, Unit, float | None]:
    """Amount in mg or mg/kg, and for a rate the hours it is per."""
    value = words.number("a dose")
    if words.next not in _MASS:
        raise words.wrong("a dose needs its unit: mg or mg/kg")
    value *= _MASS[words.take()]
    unit: Unit = "mg"
    per_h: float | None = None
    while words.took("/"):
        if words.took("kg") and unit == "mg" and per_h is None:
            unit = "mg/kg"
        elif words.next in PER_HOUR and per_h is None:
            per_h = 1.0 / PER_HOUR[words.take()]
        else:
            raise words.wrong("the units are mg, mg/kg, mg/h and mg/kg/h")
    return value, unit, per_h


def _route(words: Words, drugs: set[Drug]) -> str:
    while words.next in DRUGS:
        drug = DRUGS[words.take()]
        drugs |= {drug} if drug else set()
    words.took("buccal")
    if words.next not in ROUTES:
        known = "iv, im, sc, nasal, sublingual, oral, film"
        raise words.wrong(f"this is no route; the routes are {known}")
    return ROUTES[words.take()]


def _clause(words: Words, said: _Said) -> None:
    """Take one clause."""
    at = words.at
    word = words.take()
    name = word
    if word == "bolus":
        said.bolus = True
    elif word == "over":
        said.over_h = words.hours()
    elif word == "at":
        said.at_h = words.hours()
    elif word in _TIMES_SIGN:
        name = "x"
        if said.repeats is not None:
            raise words.wrong("'x' is said twice", at)
        said.repeats = words.count("how often", MOST_DOSES)
    elif word == "every":
        said.every_h = 24.0 if words.took("day") else words.hours()
    elif word == "for":
        said.for_h = words.hours()
    elif word in ("on", "days"):
        name = "days"
        if word == "on" and not (words.took("days") or words.took("day")):
            raise words.wrong("expected 'days'", example=f"{EXAMPLE} on days 0,3,7")
        said.days = _days(words)
    else:
        name = "schedule"
        words.at = at
        _schedule(words, said)
    if name in said.clauses:
        raise words.wrong(f"{name!r} is said twice", at)
    said.clauses.add(name)


def _days(words: Words) -> list[float]:
    days = [words.number("a day")]
    while words.took(",") or words.took("and"):
        words.took("and")
        days.append(words.number("a day"))
        if len(days) > MOST_DOSES:
            raise words.wrong(f"at most {MOST_DOSES} days", words.at - 1)
    if len(set(days)) != len(days):
        raise words.wrong("a day stands there twice", words.at - 1)
    return days


def _schedule(words: Words, said: _Said) -> None:
    """``daily``, ``twice weekly``, ``3 times a week`` ..."""
    at, count = words.at, 1
    if words.next in COUNTS or words.is_number():
        count = words.count("how often", 7)
        words.took("times")
    if words.took("daily") or words.took("a", "day"):
        if count != 1:
            raise words.wrong("more than once a day is said with 'x2 every 6 h'", at)
        said.step_h = 24.0
    elif words.took("weekly") or words.took("a", "week"):
        said.week = _WEEK[count]
    else:
        raise words.wrong("this word was not understood", at)


def _settle(words: Words, said: _Said) -> None:
    """What ``every`` and ``for`` mean depends on what else was said."""
    if said.every_h is not None and said.repeats is None and said.for_h is not None:
        if said.week is not None or said.step_h is not None:
            raise words.wrong("'every' and a schedule cannot both be said", 0)
        said.step_h, said.every_h = said.every_h, None
    scheduled = said.week is not None or said.step_h is not None
    if said.per_h is not None:
        if said.over_h is None and not scheduled:
            said.over_h, said.for_h = said.for_h, None
        if said.over_h is None:
            raise words.wrong("a rate needs its duration", 0, "0.2 mg/kg/h iv over 40 min")
        said.amount *= said.over_h / said.per_h
    if scheduled and said.days is not None:
        raise words.wrong("days and a schedule cannot both be said", 0)
    if scheduled and said.for_h is None:
        raise words.wrong("say for how long", 0, f"{EXAMPLE} twice weekly for 4 weeks")
    if said.for_h is not None and not scheduled:
        raise words.wrong("'for' goes with a schedule or a rate; a dose is given 'over' a time", 0)
    if said.every_h is not None and said.repeats is None and said.route != NASAL:
        raise words.wrong("say how often, or for how long", 0, "10 mg im x3 every 30 min")


def _starts(words: Words, said: _Said) -> list[float]:
    """Hours at which sittings begin."""
    if said.days is not None:
        return [24.0 * day for day in said.days]
    if said.for_h is None:
        return [0.0]
    step_h = said.step_h if said.step_h is not None else 168.0
    each = (0,) if said.week is None else said.week
    if step_h <= 0 or said.for_h / step_h * len(each) > MOST_DOSES:
        raise words.wrong(f"a regimen may have {MOST_DOSES} doses, some time apart", 0)
    steps = range(max(1, math.ceil(said.for_h / step_h - 1e-9)))
    found = [i * step_h + 24.0 * day for i in steps for day in each]
    return [start for start in found if start < said.for_h or start == 0]


def _sitting(words: Words, said: _Said) -> tuple[int, Dose]:
    """How many doses make a sitting, and one of them."""
    if said.over_h is not None and (said.bolus or said.over_h <= 0):
        raise words.wrong("an infusion takes some time and is no bolus", 0)
    if said.over_h is not None and said.route in _AT_ONCE:
        raise words.wrong(f"a dose by the route {said.route} is given at once", 0)
    dose = Dose(0.0, said.route, said.amount, said.unit, said.over_h or 0.0)
    if said.repeats is not None:
        if said.repeats > 1 and said.every_h is None and said.route != NASAL:
            raise words.wrong("say how far apart", 0, "10 mg im x3 every 30 min")
        return said.repeats, dose
    if said.route != NASAL:
        return 1, dose
    count = said.amount / NASAL_DEVICE_MG
    if said.unit != "mg" or not 1 <= count <= 12 or count != int(count):
        wanted = f"a nasal dose is a number of devices of {NASAL_DEVICE_MG:g} mg"
        raise words.wrong(wanted, 0, "84 mg nasal")
    return int(count), replace(dose, amount=NASAL_DEVICE_MG)


# --- changes -------------------------------------------------------------------------------------


def _pause(words: Words) -> Callable[[Regimen], Regimen]:
    example = "pause at 20 min for 10 min"
    words.need("at")
    at_h = words.hours(example)
    words.need("for")
    for_h = words.hours(example)
    return lambda regimen: regimen.paused(at_h, for_h)


def _stop(words: Words) -> Callable[[Regimen], Regimen]:
    words.need("at")
    at_h = words.hours("stop at 25 min")
    return lambda regimen: regimen.stopped(at_h)


def _rate_times(factor: float) -> Callable[[Words], Callable[[Regimen], Regimen]]:
    def change(words: Words) -> Callable[[Regimen], Regimen]:
        words.took("the")
        words.need("rate")
        words.need("at")
        at_h = words.hours("halve the rate at 20 min")
        return lambda regimen: regimen.slowed(at_h, factor)

    return change


def _rate(words: Words) -> Callable[[Regimen], Regimen]:
    if words.next not in _TIMES_SIGN:
        raise words.wrong("expected 'x' and a number", example="rate x 0.75 at 20 min")
    words.take()
    factor = words.number("a rate's factor")
    words.need("at")
    at_h = words.hours("rate x 0.75 at 20 min")
    return lambda regimen: regimen.slowed(at_h, factor)


_CHANGES: dict[str, Callable[[Words], Callable[[Regimen], Regimen]]] = {
    "pause": _pause,
    "stop": _stop,
    "halve": _rate_times(0.5),
    "double": _rate_times(2.0),
    "rate": _rate,
}
