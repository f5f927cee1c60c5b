"""Heart rate: none, slow, fast; louder with symptoms."""

from __future__ import annotations

from typing import Final

from ..alarms import Alarm, AlarmLevel, Reading, one_louder
from .scene import Said, Scene, by_policy, over, words

_STEPS: Final[tuple[tuple[str, int, AlarmLevel, str], ...]] = (
    ("alarm.heart_rate_low_hold_bpm", -1, "hold", "Heart rate is very low"),
    ("alarm.heart_rate_high_hold_bpm", 1, "hold", "Heart rate is very high"),
    ("alarm.heart_rate_low_review_bpm", -1, "review", "Heart rate is low"),
    ("alarm.heart_rate_high_review_bpm", 1, "review", "Heart rate is high"),
)
#: Symptoms with which a slow or fast heart is looked at now. Clinic policy.
_WITH: Final = frozenset({"palpitations", "dizziness", "confusion", "syncope", "chest_pain"})


def heart_rate(reading: Reading, symptoms: frozenset[str], scene: Scene) -> list[Alarm]:
    """The alarm about the heart rate that this reading sets off, if any."""
    rate = reading.heart_rate_bpm
    if rate is None:
        return []
    value = f"{rate:g} a minute"
    if rate == 0:
        said = Said(
            "No heartbeat is counted",
            value,
            "Feel the pulse now. Stop the drug and call the emergency team if there is none.",
            "Nothing in the same reading shows a circulation.",
        )
        return [by_policy("heart_rate.emergency", "emergency", said, "heart_rate.low")]
    for key, beyond, level, text in _STEPS:
        limit = scene.number(key)
        if (rate - limit) * beyond <= 0:
            continue
        signs = sorted(symptoms & _WITH)
        faint = reading.sbp_mmhg is not None and reading.sbp_mmhg < scene.number(
            "alarm.sbp_low_mmhg"
        )
        loud = "hold" if signs and level == "review" else level
        if faint:
            loud = one_louder(loud)
            signs.append("low blood pressure")
        if signs:
            text += " with " + ", ".join(words(name) for name in signs)
        look = "Feel the pulse; look at the rhythm and the pressure."
        if loud != "review":
            look = "Pause the drug; a clinician comes. " + look
        why = f"It is {'below' if beyond < 0 else 'above'} {limit:g} a minute."
        about = "heart_rate.low" if beyond < 0 else "heart_rate.high"
        said = Said(text, value, look, why)
        return [over(scene, f"heart_rate.{loud}", loud, key, said, about)]
    return []
