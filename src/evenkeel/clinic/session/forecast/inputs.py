"""The events of a session as a forecast takes them: a setting, and steps in the order of time.

Pure. Each step holds readings of one moment and the regimen as it was known at that moment, so that
learning step by step and learning all anew are the same sum.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from evenkeel.clinic.course.forecast import Refusal, prepared
from evenkeel.clinic.course.forecast_terms import About, NoForecast, Ordered, Trust
from evenkeel.clinic.session.moments import Event
from evenkeel.clinic.session.phases import DRUG, Drug, Stretch, each_start, fold, standing
from evenkeel.pharmacology import Dose, Model, PharmacologyError, Regimen
from evenkeel.pharmacology.forecast import Observation
from evenkeel.protocol.products import PRODUCTS

#: The forecast's clock begins so long before the session; older readings teach it nothing.
#: [assumed]
LEAD: Final = timedelta(hours=1)
#: A monitor's readings of one sign within so many minutes say the same thing again: the first of
#: them counts. What somebody entered by hand counts, however soon it was repeated: only of more
#: than anybody reads in a minute, a program then, do the first so many. [assumed]
THINNED_MIN: Final = 5.0
BY_HAND: Final = 6
#: What a field of an observation is called as a reading.
READINGS: Final = {
    "sbp_mmhg": "sbp",
    "dbp_mmhg": "dbp",
    "heart_rate_bpm": "hr",
    "dissociation_0_10": "dissociation",
    "moaas": "moaas",
    "cadss": "cadss",
}
_WHOLE: Final = frozenset({"dissociation", "moaas", "cadss"})
#: Flags of readings that nobody should learn from.
_UNSOUND: Final = frozenset({"questionable", "patient_id_unknown"})
#: A pump that was told no amount is taken to run so long. [assumed]
_LONGEST_H: Final = 8.0
#: A nasal device that is overdue is expected so soon, and for so long. [assumed]
_AT_ONCE: Final = timedelta(minutes=1)
_GIVEN_UP: Final = timedelta(minutes=30)
#: What is said of a session where the words for a plan would ask for what nobody can do there.
_IN_A_SESSION: Final = {
    "no_weight": (
        "No weight was on record when this session opened, so nothing can be forecast of it.",
        "Record a weight: the next session begins with it.",
    ),
    "no_dose": ("The order of this session states no dose, so nothing can be forecast of it.", ""),
    "no_duration": (
        "The order of this session states no minutes that can be forecast.",
        "",
    ),
}
#: Route of the product -> route of the model.
_ROUTES: Final = {
    "intravenous": "iv",
    "intramuscular": "im",
    "subcutaneous": "sc",
    "sublingual": "sublingual",
    "oral": "oral",
    "nasal": "nasal",
}


@dataclass(frozen=True, slots=True)
class Given:
    """What was planned to be given in this session: what the plan's last part is taken from."""

    product: str
    dose_mg: float | None
    duration_min: float | None
    devices: int | None
    device_gap_min: float

    @property
    def route(self) -> str:
        """The route as the models call it."""
        return _ROUTES[PRODUCTS[self.product].route]


@dataclass(frozen=True, slots=True)
class Step:
    """Readings of one moment, and the regimen as it was known then."""

    at_h: float
    regimen: Regimen
    readings: tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a forecast of a session stands on; equal inputs give equal forecasts."""

    session_id: str
    model: Model
    covariates: tuple[tuple[str, float], ...]
    session_number: int
    seed: int
    zero: datetime
    steps: tuple[Step, ...]
    drug: tuple[Event, ...]
    given: Given
    trust: Trust
    about: About

    @property
    def readings(self) -> int:
        """How many readings are in it."""
        return sum(len(step.readings) for step in self.steps)

    @property
    def first_dose_h(self) -> float | None:
        """When the first of the drug was given; ``None`` while none was."""
        return self.hours(self.drug[0].happened_at) if self.drug else None

    def hours(self, at: datetime) -> float:
        """A time on the forecast's clock."""
        return (at - self.zero).total_seconds() / 3600.0

    def regimen(self, at_h: float, supposed: Iterable[Event] = ()) -> Regimen:
        """What was given and what is still to come as seen at ``at_h``, with events that are only
        supposed."""
        as_of = self.zero + timedelta(hours=at_h)
        return regimen_of([*self.drug, *supposed], self.given, self.zero, as_of)


def read_inputs(
    events: Iterable[Any], session_id: Any, about: About, given: Given, opened_at: datetime
) -> Inputs | NoForecast:
    """The inputs of a session, or why there are none. Raises nothing for any events."""
    stands = [e if isinstance(e, Event) else Event.of(e) for e in standing(events)]
    drug = tuple(e for e in stands if e.kind in DRUG)
    zero = min([opened_at, *(e.happened_at for e in drug[:1])]) - LEAD
    ordered = Ordered(given.product, given.dose_mg, given.duration_min)
    try:
        model, _, covariates, trust = prepared(ordered, about)
        steps = _steps(stands, drug, given, zero)
    except Refusal as refusal:
        code = refusal.reason.code
        return NoForecast(code, *_IN_A_SESSION[code]) if code in _IN_A_SESSION else refusal.reason
    except PharmacologyError as error:
        words = str(error)
        return NoForecast("engine", f"{words[:1].upper()}{words[1:]}.".replace("..", "."))
    known = {**covariates, "age_years": float(about.age_years or 0.0)}
    if about.sbp_mmhg is not None and about.dbp_mmhg is not None:
        known |= {"sbp_usual_mmhg": about.sbp_mmhg, "dbp_usual_mmhg": about.dbp_mmhg}
    return Inputs(
        session_id=str(session_id),
        model=model,
        covariates=tuple(sorted(known.items())),
        session_number=about.session_number,
        seed=seed_of(session_id),
        zero=zero,
        steps=steps,
        drug=drug,
        given=given,
        trust=trust,
        about=about,
    )


def seed_of(session_id: Any) -> int:
    """The seed of a session: its own, and the same on every machine."""
    return int.from_bytes(hashlib.sha256(str(session_id).encode()).digest()[:4], "big")


def _steps(
    stands: Sequence[Event], drug: Sequence[Event], given: Given, zero: datetime
) -> tuple[Step, ...]:
    moments: dict[float, list[Observation]] = {}
    for one in _thinned(_readings(stands, zero)):
        moments.setdefault(one.time_h, []).append(one)
    steps = []
    for at_h in sorted(moments):
        until = zero + timedelta(hours=at_h)
        known = [e for e in drug if e.happened_at <= until]
        readings = tuple(sorted(moments[at_h]))
        steps.append(Step(at_h, regimen_of(known, given, zero, until), readings))
    return tuple(steps)


def _readings(stands: Iterable[Event], zero: datetime) -> list[tuple[Observation, str]]:
    """Each reading with the way it came."""
    found = []
    for event in stands:
        if event.kind != "observation" or event.happened_at < zero:
            continue
        if _UNSOUND & set(event.body.get("flags", ())):
            continue
        # whole seconds: what was read within one second was read at once
        at_h = round((event.happened_at - zero).total_seconds()) / 3600.0
        for name, kind in READINGS.items():
            value = event.body.get(name)
            if value is None or (kind == "hr" and value <= 0):
                continue
            number = float(round(value)) if kind in _WHOLE else float(value)
            found.append((Observation(at_h, kind, number, event.id), event.via))
    return found


def _thinned(readings: Iterable[tuple[Observation, str]]) -> list[Observation]:
    kept: list[Observation] = []
    seen: Counter[tuple[str, str, int]] = Counter()
    for one, via in sorted(readings):
        monitor = via == "monitor"
        every_min, most = (THINNED_MIN, 1) if monitor else (1.0, BY_HAND)
        place = (one.kind, "monitor" if monitor else "hand", int(one.time_h * 60.0 // every_min))
        seen[place] += 1
        if seen[place] <= most:
            kept.append(one)
    return kept


def regimen_of(events: Sequence[Event], given: Given, zero: datetime, as_of: datetime) -> Regimen:
    """What these events gave, and what goes on after ``as_of`` if nobody changes it.

    A running pump goes on until it has given what it was set to; nasal devices follow each other
    at the protocol's gap until the planned number is reached. Nothing is taken to have been given
    before ``as_of`` that was not recorded: what is learned later then never contradicts it.
    """
    drug = fold(list(events))
    doses = [
        Dose((at - zero).total_seconds() / 3600.0, given.route, mg) for at, mg, _ in drug.doses
    ]
    stopped = any(event.kind == "infusion_stop" for event in events)
    due = [] if stopped else devices_due(drug, given, as_of)
    device_mg = float(PRODUCTS[given.product].device_mg or 0.0)
    to_come = [Dose((at - zero).total_seconds() / 3600.0, given.route, device_mg) for at in due]
    return Regimen.of(doses, _infused(events, given, zero, as_of), to_come)


def _infused(events: Sequence[Event], given: Given, zero: datetime, as_of: datetime) -> list[Dose]:
    """The pump's stretches; it stops by itself when it has given what this start set it to.

    One that was told no amount runs as long as was recorded, and on to the dose that was ordered.
    """
    found: list[Dose] = []
    for pump in each_start(events):
        told = pump.planned_mg is not None
        left_mg = pump.planned_mg
        if left_mg is None and given.dose_mg is not None:
            left_mg = given.dose_mg - sum(dose.amount for dose in found)
        parts = list(pump.stretches)
        if pump.running_since is not None:
            parts.append(Stretch(pump.running_since, None, pump.rate_mg_per_h))
        for part in parts:
            over_h = _lasts_h(part, left_mg, told, as_of)
            if part.rate_mg_per_h <= 0 or over_h <= 0:
                continue
            at_h = (part.start - zero).total_seconds() / 3600.0
            mg = part.rate_mg_per_h * over_h
            found.append(Dose(at_h, given.route, mg, over_h=over_h))
            left_mg = None if left_mg is None else left_mg - mg
    return found


def _lasts_h(part: Stretch, left_mg: float | None, told: bool, as_of: datetime) -> float:
    """How long a stretch of the pump gives drug, hours."""
    runs_h = _LONGEST_H if part.end is None else _hours(part.start, part.end)
    if left_mg is None or part.rate_mg_per_h <= 0:
        return min(runs_h, _LONGEST_H)
    gives_h = left_mg / part.rate_mg_per_h
    if not told:
        gives_h = max(gives_h, _hours(part.start, as_of))
    return min(runs_h, gives_h, _LONGEST_H)


def devices_due(drug: Drug, given: Given, as_of: datetime) -> list[datetime]:
    """When the nasal devices that are still planned are expected. One that is overdue is expected
    now; one that is overdue for long is not expected any more, nor those after it."""
    if not drug.devices or not given.devices or len(drug.devices) >= given.devices:
        return []
    gap = timedelta(minutes=given.device_gap_min)
    due = drug.devices[-1][0] + gap
    if as_of - due > _GIVEN_UP:
        return []
    first = max(due, as_of + _AT_ONCE)
    return [first + k * gap for k in range(given.devices - len(drug.devices))]


def _hours(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 3600.0
