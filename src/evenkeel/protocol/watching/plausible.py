"""Values that can hardly be true: set aside, and asked for again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from ..alarms import Alarm, AlarmLevel, Reading
from ..pack import Protocol
from .scene import HIGHEST_MOAAS, MEASURED, Said, Scene, by_policy, over, shown

_NAMED: Final = {
    "sbp_mmhg": ("Systolic pressure", "mmHg", "pressure.implausible"),
    "dbp_mmhg": ("Diastolic pressure", "mmHg", "pressure.implausible"),
    "heart_rate_bpm": ("Heart rate", "a minute", "heart_rate.implausible"),
    "spo2_percent": ("Oxygen saturation", "%", "oxygen.implausible"),
    "respiratory_rate_per_min": ("Breathing rate", "a minute", "breathing.implausible"),
    "moaas": ("MOAA/S", "of 5", "sedation.implausible"),
}
_PRESSURE: Final = ("sbp_mmhg", "dbp_mmhg")


def doubtful(reading: Reading, protocol: Protocol) -> frozenset[str]:
    """Return the names of the values of ``reading`` that can hardly be true.

    Both pressures are doubted together where one is beyond its range or the systolic is not
    above the diastolic. A heart rate of 0 is doubted where the same reading shows a living
    circulation; alone it is taken as said.
    """
    found = set()
    for name in MEASURED:
        value = getattr(reading, name)
        low, high = protocol.numbers(f"plausible.{name}")
        if value is not None and not low <= value <= high:
            found.add(name)
    sbp, dbp = reading.sbp_mmhg, reading.dbp_mmhg
    if found & set(_PRESSURE) or (sbp is not None and dbp is not None and sbp <= dbp):
        found |= set(_PRESSURE)
    if reading.moaas is not None and not 0 <= reading.moaas <= HIGHEST_MOAAS:
        found.add("moaas")
    if reading.heart_rate_bpm == 0 and _is_alive(reading, found, protocol):
        found.add("heart_rate_bpm")
    if reading.respiratory_rate_per_min == 0 and _talks(reading):
        found.add("respiratory_rate_per_min")
    return frozenset(name for name in found if getattr(reading, name) is not None)


def _is_alive(reading: Reading, doubted: set[str], protocol: Protocol) -> bool:
    measured = reading.sbp_mmhg is not None and "sbp_mmhg" not in doubted
    oxygen = reading.spo2_percent
    breathes = oxygen is not None and oxygen >= protocol.number("alarm.spo2_review_percent")
    return measured or breathes or _talks(reading)


def _talks(reading: Reading) -> bool:
    return reading.moaas == HIGHEST_MOAAS


def believed(reading: Reading, protocol: Protocol) -> Reading:
    """Return ``reading`` without the values that can hardly be true."""
    gone: dict[str, Any] = dict.fromkeys(doubtful(reading, protocol))
    return replace(reading, **gone) if gone else reading


def implausible(reading: Reading, scene: Scene) -> list[Alarm]:
    """A review of each value that can hardly be true; a hold where it comes twice in a row."""
    found: dict[str, Alarm] = {}
    for name in sorted(doubtful(reading, scene.protocol), key=tuple(_NAMED).index):
        label, unit, alarm_id = _NAMED[name]
        if alarm_id in found:
            continue
        again = name in scene.doubted
        level: AlarmLevel = "hold" if again else "review"
        value = f"{shown(getattr(reading, name))} {unit}"
        if name in _PRESSURE:
            label = "Blood pressure"
            value = f"{shown(reading.sbp_mmhg)}/{shown(reading.dbp_mmhg)} mmHg"
        said = Said(
            f"{label} reading is not plausible" + (", twice in a row" if again else ""),
            value,
            "Look at the person, then measure again. Do not act on this number by itself.",
            _why(name, scene.protocol),
        )
        if name == "moaas":
            found[alarm_id] = by_policy(alarm_id, level, said)
        else:
            found[alarm_id] = over(scene, alarm_id, level, f"plausible.{name}", said)
    return list(found.values())


def _why(name: str, protocol: Protocol) -> str:
    if name == "moaas":
        return "The scale runs from 0 to 5."
    low, high = protocol.numbers(f"plausible.{name}")
    if name in _PRESSURE:
        return (
            f"The systolic must lie between {low:g} and {high:g} mmHg and above the diastolic, or "
            "a value was mistyped or mismeasured."
            if name == "sbp_mmhg"
            else f"The diastolic must lie between {low:g} and {high:g} mmHg and below the "
            "systolic, or a value was mistyped or mismeasured."
        )
    if name == "heart_rate_bpm":
        return f"Beyond {high:g}, or 0 in a person whose circulation shows, it is a slip or a lead."
    if name == "respiratory_rate_per_min":
        return f"Beyond {high:g}, or 0 in a person who is awake, it is a slip or a sensor."
    return f"Outside {low:g} to {high:g} it is likelier a slip or a loose probe than the person."
