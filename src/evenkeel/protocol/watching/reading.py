"""From the events so far to the alarms of the newest reading: one pure function."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from ..alarms import Alarm, Reading, one_louder, rank, symptom_code
from ..pack import Protocol
from .breathing import breathing
from .heart import heart_rate
from .oxygen import oxygen
from .plausible import believed, doubtful, implausible
from .pressure import WITH_PRESSURE, is_high, pressure
from .scene import Scene
from .sedation import sedation
from .symptoms import dissociation, symptom_alarms

_TOGETHER: Final = ("sedation", "oxygen", "breathing")


def alarms_for(
    reading: Reading,
    baseline: Reading | None,
    history: Sequence[Reading],
    protocol: Protocol,
    conditions: Collection[str] = (),
    *,
    started_at: datetime | None = None,
) -> tuple[Alarm, ...]:
    """Return the alarms of one reading, worst first.

    ``baseline`` is the last full reading before the drug; ``history`` other readings in any
    order (those after ``reading`` are ignored, so that a late one replays the same; one of the
    same moment counts); ``conditions`` the person's condition codes or names. A rise counts
    within the protocol's window from ``started_at``; without it, always.
    """
    others = [old for old in history if old.at <= reading.at and old is not reading]
    others.sort(key=lambda old: old.at)
    before = [old for old in others if old.at < reading.at]
    scene = Scene(
        protocol=protocol,
        baseline=None if baseline is None else believed(baseline, protocol),
        earlier=[_coded(believed(old, protocol)) for old in others],
        doubted=_doubted(before, protocol) if doubtful(reading, protocol) else frozenset(),
        conditions=frozenset(conditions),
        started_at=started_at,
    )
    read = _coded(believed(reading, protocol))
    symptoms = frozenset(read.symptoms)
    found = [
        *implausible(reading, scene),
        *pressure(read, symptoms, scene),
        *oxygen(read, scene),
        *sedation(read, scene),
        *breathing(read, scene),
        *heart_rate(read, symptoms, scene),
        *symptom_alarms(read.symptoms),
        *dissociation(read, scene),
    ]
    found = _together(read, found, scene)
    return tuple(sorted(found, key=lambda alarm: -rank(alarm.level)))


def _coded(reading: Reading) -> Reading:
    if not reading.symptoms:
        return reading
    codes = tuple(dict.fromkeys(symptom_code(name) for name in reading.symptoms))
    return replace(reading, symptoms=codes)


def _doubted(before: Sequence[Reading], protocol: Protocol) -> frozenset[str]:
    """The quantities whose newest value before this reading could not be true."""
    found: set[str] = set()
    seen: set[str] = set()
    for old in reversed(before[-_LOOKED_BACK:]):
        doubted = doubtful(old, protocol)
        for name in _QUANTITIES:
            if name not in seen and getattr(old, name) is not None:
                seen.add(name)
                found |= {name} & doubted
    return frozenset(found)


#: How many earlier readings of a quantity are looked at for one that could not be true.
_LOOKED_BACK: Final = 20
#: How many earlier readings of those asked for are looked at, at most.
LOOK_BACK: Final = 120
_QUANTITIES: Final = (
    "sbp_mmhg",
    "dbp_mmhg",
    "heart_rate_bpm",
    "spo2_percent",
    "respiratory_rate_per_min",
    "moaas",
)


def _together(reading: Reading, found: list[Alarm], scene: Scene) -> list[Alarm]:
    """Sedation, low oxygen and slow breathing near each other: each one level louder."""
    window = scene.minutes("alarm.together_min")
    moaas = scene.newest(reading, window, lambda one: one.moaas)
    spo2 = scene.newest(reading, window, lambda one: one.spo2_percent)
    rate = scene.newest(reading, window, lambda one: one.respiratory_rate_per_min)
    present = {}
    if moaas is not None and moaas <= scene.number("alarm.moaas_review"):
        present["sedation"] = "marked sedation"
    if _below(spo2, scene.number("alarm.spo2_review_percent")):
        present["oxygen"] = "low oxygen"
    if _below(rate, scene.number("alarm.respiratory_rate_review_per_min")):
        present["breathing"] = "slow breathing"
    sick = "vomiting" in reading.symptoms and "sedation" in present
    return [_louder(alarm, present, sick) for alarm in found]


def _louder(alarm: Alarm, present: dict[str, str], sick: bool) -> Alarm:
    others = [text for subject, text in present.items() if subject != alarm.subject]
    if alarm.subject in _TOGETHER and others:
        told = " and ".join(others)
    elif alarm.subject == "symptom.vomiting" and sick:
        told = "marked sedation"
    else:
        return alarm
    if alarm.level == "emergency":
        return replace(alarm, statement=f"{alarm.statement}, with {told}")
    level = one_louder(alarm.level)
    look = "Stop the drug, open the airway, give oxygen, call the emergency team."
    if level == "hold":
        look = "Pause the drug; a clinician comes. " + alarm.look_at
    return replace(
        alarm,
        id=f"{alarm.subject}.{level}" if alarm.subject in _TOGETHER else alarm.id,
        level=level,
        statement=f"{alarm.statement}, with {told}",
        look_at=look,
        why=f"{alarm.why} With {told} it is one level louder.",
    )


@dataclass(frozen=True, slots=True)
class Asks:
    """Which earlier readings could change what a reading sounds."""

    pressure: bool
    oxygen: bool
    heart_rate: bool = False

    def keys(self) -> tuple[str, ...]:
        """The names of the values of which a reading must hold one to matter; empty: none does."""
        pressure = ("sbp_mmhg", "dbp_mmhg", "symptoms") if self.pressure else ()
        oxygen = ("spo2_percent", "moaas", "respiratory_rate_per_min") if self.oxygen else ()
        doubt = ("heart_rate_bpm",) if self.heart_rate else ()
        return pressure + oxygen + doubt


def asks_history(reading: Reading, protocol: Protocol, *, informs: bool = False) -> Asks:
    """Return which earlier readings ``alarms_for`` needs, so that a caller fetches no others.

    With ``informs`` also those that only what is never sounded rests on. ``pressure``: readings
    with a pressure or symptoms; ``oxygen``: those with saturation, sedation or breathing.
    """
    read = _coded(believed(reading, protocol))
    number = protocol.number
    bare = Scene(protocol, None, (), frozenset(), frozenset(), None)
    sbp = read.sbp_mmhg
    measured = sbp is not None or read.dbp_mmhg is not None
    climbing = sbp is not None and (
        sbp + number("alarm.sbp_climb_mmhg") > number("alarm.sbp_hold_mmhg")
    )
    doubt = doubtful(reading, protocol)
    return Asks(
        pressure="sbp_mmhg" in doubt
        or "dbp_mmhg" in doubt
        or bool(is_high(read, bare))
        or climbing
        or (informs and measured)
        or bool(set(read.symptoms) & WITH_PRESSURE),
        oxygen=bool(doubt & {"spo2_percent", "moaas", "respiratory_rate_per_min"})
        or _below(read.spo2_percent, number("alarm.spo2_fall_below_percent"))
        or _below(read.respiratory_rate_per_min, number("alarm.respiratory_rate_review_per_min"))
        or (read.moaas is not None and read.moaas <= number("alarm.moaas_review"))
        or "vomiting" in read.symptoms,
        heart_rate="heart_rate_bpm" in doubt,
    )


def _below(value: float | None, limit: float) -> bool:
    return value is not None and value < limit
