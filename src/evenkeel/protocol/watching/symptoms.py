"""Symptoms: which are emergencies, which a look, which are only charted; and dissociation."""

from __future__ import annotations

from typing import Final

from ..alarms import Alarm, AlarmLevel, Reading, Symptom, known_symptoms
from ..sources import CLINIC_POLICY, SOURCED, cite
from .scene import Scene, words

_LOOK: Final[dict[AlarmLevel, str]] = {
    "emergency": "Stop the drug. Emergency evaluation now.",
    "hold": "Pause the drug, stay with the person; a clinician comes.",
    "review": "Look at the person.",
    "inform": "Chart it and comfort.",
}
_ORGAN: Final = (
    "The source asks for emergency evaluation of it when blood pressure is out of control; acting "
    "at any blood pressure is clinic policy."
)
_OWN_WORDS: Final = {
    "visual_disturbance": " Blurred vision is also common under ketamine; only a clinician can "
    "tell them apart.",
}
_OWN_LOOK: Final = {
    "suicidal_intent": "Stay with the person, do not leave them alone; a clinician asks now.",
    "vomiting": "Turn the person on the side, clear the mouth; look at sedation and breathing.",
    "urinary_symptoms": "Ask since when; the clinician looks into it before the next session.",
}


def symptom_alarms(symptoms: tuple[str, ...]) -> list[Alarm]:
    """One alarm a symptom (codes as ``symptom_code`` gives them); unlisted ones are a review."""
    table = known_symptoms()
    return [_known(table[name]) if name in table else _unlisted(name) for name in symptoms]


def _known(symptom: Symptom) -> Alarm:
    text = words(symptom.code).capitalize()
    level = symptom.level
    source = cite("organ_damage" if symptom.organ else "clinic", CLINIC_POLICY)
    if symptom.organ:
        why = _ORGAN + _OWN_WORDS.get(symptom.code, "")
    elif symptom.code == "dissociation":
        source = cite("us_label", SOURCED, "seen in 61 to 75 % of people in trials")
        why = "An expected effect: it is charted and followed, never sounded."
    else:
        why = f"Listed at the level {level} by clinic policy."
    look = _OWN_LOOK.get(symptom.code, _LOOK[level])
    return Alarm(f"symptom.{symptom.code}", level, text, text, look, "", source, why)


def _unlisted(name: str) -> Alarm:
    text = words(name).capitalize()[:120] or "A symptom without a name"
    source = cite("clinic", CLINIC_POLICY)
    look = "Not a listed symptom: please read."
    why = "It is kept as written; only a person can say what it means."
    return Alarm("symptom.unlisted", "review", text, text, look, "", source, why)


def dissociation(reading: Reading, scene: Scene) -> list[Alarm]:
    """Strong dissociation, for the record alone, however strong."""
    level, key = reading.dissociation_0_10, "alarm.dissociation_strong"
    if level is None or level < scene.number(key):
        return []
    return [
        Alarm(
            id="dissociation.strong",
            level="inform",
            statement="Strong dissociation, an expected effect",
            value=f"{level:g} of 10",
            look_at="Stay near and calm; chart it.",
            threshold=key,
            source=cite("us_label", SOURCED, "seen in 61 to 75 % of people in trials"),
            why="It is charted and followed, never sounded on its presence.",
        )
    ]
