"""Breathing rate: none, slow, fast."""

from __future__ import annotations

from typing import Final

from ..alarms import Alarm, AlarmLevel, Reading
from .scene import Said, Scene, over

_FAST: Final[tuple[tuple[str, AlarmLevel], ...]] = (
    ("alarm.respiratory_rate_high_hold_per_min", "hold"),
    ("alarm.respiratory_rate_high_review_per_min", "review"),
)


def breathing(reading: Reading, scene: Scene) -> list[Alarm]:
    """The alarm about breathing that this reading sets off, if any."""
    rate = reading.respiratory_rate_per_min
    if rate is None:
        return []
    value = f"{rate:g} a minute"
    key = "alarm.respiratory_rate_emergency_per_min"
    if rate < scene.number(key):
        said = Said(
            "No breathing is counted" if rate == 0 else "Breathing is very slow",
            value,
            "Stop the drug, rouse, open the airway, call the emergency team.",
            f"It is below {scene.number(key):g} a minute.",
        )
        return [over(scene, "breathing.emergency", "emergency", key, said, "breathing")]
    key = "alarm.respiratory_rate_review_per_min"
    if rate < scene.number(key):
        said = Said(
            "Breathing is slow",
            value,
            "Count for a full minute; rouse the person; look at oxygen.",
            f"It is below {scene.number(key):g} a minute.",
        )
        return [over(scene, "breathing.review", "review", key, said, "breathing")]
    for key, level in _FAST:
        if rate > scene.number(key):
            look = "Count for a full minute; look at oxygen and at fear or pain."
            said = Said(
                "Breathing is fast",
                value,
                look if level == "review" else "Pause the drug; a clinician looks. " + look,
                f"It is above {scene.number(key):g} a minute.",
            )
            return [over(scene, "breathing.fast", level, key, said, "breathing.fast")]
    return []
