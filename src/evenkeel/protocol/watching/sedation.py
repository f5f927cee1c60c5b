"""Sedation on the MOAA/S scale, from 5 (alert) to 0."""

from __future__ import annotations

from typing import Final

from ..alarms import Alarm, AlarmLevel, Reading
from .scene import Said, Scene, over

_STEPS: Final[tuple[tuple[str, AlarmLevel, str, str], ...]] = (
    (
        "alarm.moaas_emergency",
        "emergency",
        "Deep sedation or loss of consciousness",
        "Stop the drug, open the airway, call the emergency team.",
    ),
    (
        "alarm.moaas_hold",
        "hold",
        "Heavy sedation",
        "Pause the drug; a clinician comes. Watch airway, breathing and oxygen. No further dose.",
    ),
    (
        "alarm.moaas_review",
        "review",
        "Marked sedation",
        "A clinician looks; no further dose until then.",
    ),
)


def sedation(reading: Reading, scene: Scene) -> list[Alarm]:
    """The alarm about sedation that this reading sets off, if any."""
    level = reading.moaas
    if level is None:
        return []
    for key, loud, text, look in _STEPS:
        if level <= scene.number(key):
            said = Said(text, f"MOAA/S {level:g}", look, f"It is {scene.number(key):g} or less.")
            return [over(scene, f"sedation.{loud}", loud, key, said, "sedation")]
    return []
