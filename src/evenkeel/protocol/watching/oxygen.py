"""Oxygen saturation: low, staying low, very low, falling."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ..alarms import Alarm, Reading
from .scene import Said, Scene, minutes_between, over

_STEPS: Final = 2


def oxygen(reading: Reading, scene: Scene) -> list[Alarm]:
    """Every alarm about oxygen that this reading sets off."""
    spo2 = reading.spo2_percent
    if spo2 is None:
        return []
    value = f"{spo2:g} %"
    review = "alarm.spo2_review_percent"
    if spo2 >= scene.number(review):
        return _falling(reading, scene)
    floor = "alarm.spo2_emergency_percent"
    if spo2 >= scene.number(floor):
        said = Said(
            "Oxygen saturation is low",
            value,
            "Look at breathing and the finger probe; rouse the person.",
            f"It is below {scene.number(review):g} %.",
        )
        return [over(scene, "oxygen.review", "review", review, said, "oxygen")]
    return [_very_low(reading, scene) or _below_floor(reading, scene)]


def _very_low(reading: Reading, scene: Scene) -> Alarm | None:
    key = "alarm.spo2_very_low_percent"
    if reading.spo2_percent is None or reading.spo2_percent >= scene.number(key):
        return None
    said = Said(
        "Oxygen saturation is very low",
        f"{reading.spo2_percent:g} %",
        "Stop the drug, open the airway, give oxygen, call the emergency team.",
        f"Below {scene.number(key):g} % nobody waits for a second reading.",
    )
    return over(scene, "oxygen.emergency", "emergency", key, said, "oxygen")


def _below_floor(reading: Reading, scene: Scene) -> Alarm:
    key = "alarm.spo2_emergency_percent"
    floor = scene.number(key)
    value = f"{reading.spo2_percent:g} %"
    low_since = reading.at
    for old in reversed(scene.earlier):
        if old.spo2_percent is None:
            continue
        if old.spo2_percent >= floor:
            break
        low_since = old.at
    sustained_s = scene.number("alarm.spo2_sustained_s")
    if low_since < reading.at and reading.at - low_since >= timedelta(seconds=sustained_s):
        said = Said(
            f"Oxygen saturation stays below {floor:g} %",
            value,
            "Stop the drug, open the airway, give oxygen, call the emergency team.",
            f"It has been below {floor:g} % since {minutes_between(reading.at, low_since)} "
            f"before, with no better reading between; {sustained_s:g} s are the limit.",
        )
        return over(scene, "oxygen.emergency", "emergency", key, said, "oxygen")
    said = Said(
        f"Oxygen saturation is below {floor:g} %",
        value,
        "Pause the drug. Rouse the person, look at breathing and the probe, measure again at once.",
        f"It is below {floor:g} %; still so after {sustained_s:g} s it is an emergency.",
    )
    return over(scene, "oxygen.hold", "hold", key, said, "oxygen")


def _falling(reading: Reading, scene: Scene) -> list[Alarm]:
    key, spo2 = "alarm.spo2_fall_percent", reading.spo2_percent
    if spo2 is None or spo2 >= scene.number("alarm.spo2_fall_below_percent"):
        return []
    near = scene.within(reading.at, scene.minutes("alarm.spo2_fall_within_min"))
    best, at, steps = spo2, reading.at, 0
    for old in reversed(near):
        if old.spo2_percent is None or old.at == at:
            continue
        if old.spo2_percent <= best:
            break
        best, at, steps = old.spo2_percent, old.at, steps + 1
    # One step down may be the probe; two in a row are a trend.
    if steps < _STEPS or best - spo2 < scene.number(key):
        return []
    said = Said(
        "Oxygen saturation is falling",
        f"{best:g} to {spo2:g} % in {minutes_between(reading.at, at)}",
        "Look at breathing and the finger probe; measure again soon.",
        f"{steps + 1} readings, each lower: {scene.number(key):g} points or more within "
        f"{scene.number('alarm.spo2_fall_within_min'):g} min, to below "
        f"{scene.number('alarm.spo2_fall_below_percent'):g} %.",
    )
    return [over(scene, "oxygen.falling", "review", key, said, "oxygen.falling")]
