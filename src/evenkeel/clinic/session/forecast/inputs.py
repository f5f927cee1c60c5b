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
from evenkeel.clinic.session.phases import DRUG, Drug, fold, standing
from evenkeel.pharmacology import Dose, Model, PharmacologyError, Regimen
from evenkeel.pharmacology.forecast import Observation
from evenkeel.protocol.products import PRODUCTS

#: The forecast's clock begins so long before the session; older readings teach it nothing.
#: [assumed]
LEAD: Final = timedelta(hours=1)
#: A monitor's readings of one sign within so many minutes say the same thing again: the first of
#: them counts. Of those entered by hand the first two of a minute do: a reading and its repeat.
#: [assumed]
THINNED_MIN: Final = 5.0
BY_HAND: Final = 2
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

    def regimen(self, supposed: Iterable[Event] = ()) -> Regimen:
        """What was given and what is still to come, with events that are only supposed."""
        return regimen_of([*self.drug, *supposed], self.given, self.zero)


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
        return refusal.reason
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
        steps.append(Step(at_h, regimen_of(known, given, zero), readings))
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


def regimen_of(events: Sequence[Event], given: Given, zero: datetime) -> Regimen:
    """What these events gave, and what goes on after the last of them if nobody changes it.

    A running pump goes on until it has given what it was set to; nasal devices follow each other
    at the protocol's gap until the planned number is reached.
    """
    drug = fold(list(events))
    doses = [
        Dose((at - zero).total_seconds() / 3600.0, given.route, mg) for at, mg, _ in drug.doses
    ]
    stopped = any(event.kind == "infusion_stop" for event in events)
    to_come = [] if stopped else _devices_to_come(drug, given, zero)
    return Regimen.of(doses, _infused(drug, given, zero), to_come)


def _infused(drug: Drug, given: Given, zero: datetime) -> list[Dose]:
    """The pump's stretches; it stops by itself when it has given what it was set to."""
    left_mg = drug.planned_mg if drug.planned_mg is not None else given.dose_mg
    parts: list[tuple[datetime, datetime | None, float]] = [
        (s.start, s.end, s.rate_mg_per_h) for s in drug.stretches
    ]
    if drug.running_since is not None:
        parts.append((drug.running_since, None, drug.rate_mg_per_h))
    found = []
    for start, end, rate in parts:
        if rate <= 0 or (left_mg is not None and left_mg <= 0):
            continue
        runs_h = None if end is None else (end - start).total_seconds() / 3600.0
        lasts_h = None if left_mg is None else left_mg / rate
        over_h = min(h for h in (runs_h, lasts_h, _LONGEST_H) if h is not None)
        if over_h <= 0:
            continue
        at_h = (start - zero).total_seconds() / 3600.0
        found.append(Dose(at_h, given.route, rate * over_h, over_h=over_h))
        left_mg = None if left_mg is None else left_mg - rate * over_h
    return found


def _devices_to_come(drug: Drug, given: Given, zero: datetime) -> list[Dose]:
    if not drug.devices or not given.devices or len(drug.devices) >= given.devices:
        return []
    last, _ = drug.devices[-1]
    device_mg = PRODUCTS[given.product].device_mg or 0.0
    return [
        Dose(
            (last - zero).total_seconds() / 3600.0 + k * given.device_gap_min / 60.0,
            given.route,
            float(device_mg),
        )
        for k in range(1, given.devices - len(drug.devices) + 1)
    ]
