"""What may have been done about an alarm: short choices by kind of alarm. Clinic policy."""

from __future__ import annotations

from typing import Any, Final

#: What was done, in the words of the person who did it.
DONE: Final[dict[str, str]] = {
    "looked": "Looked at the person: well",
    "repeated": "Measured again: in range",
    "probe": "Probe or cuff put right",
    "roused": "Roused the person",
    "airway": "Opened the airway",
    "oxygen": "Gave oxygen",
    "laid_flat": "Laid the person flat",
    "paused": "Paused the drug",
    "stopped": "Stopped the drug",
    "medicine": "Gave a medicine",
    "vitals": "Took the vitals",
    "monitor": "Put the monitor right",
    "prescriber": "Called the prescriber",
    "emergency_team": "Called the emergency team",
}
_DRUG_AND_HELP: Final = ("paused", "stopped", "medicine", "prescriber", "emergency_team")
_BREATH: Final = ("roused", "airway", "oxygen", "paused", "stopped", "prescriber", "emergency_team")
#: Subject of an alarm (the part of its key before the first dot, or the whole) -> choices.
_BY_SUBJECT: Final[dict[str, tuple[str, ...]]] = {
    "pressure": ("looked", "repeated", "probe", *_DRUG_AND_HELP),
    "pressure.low": ("laid_flat", "repeated", "probe", *_DRUG_AND_HELP),
    "oxygen": ("looked", "probe", *_BREATH),
    "breathing": ("repeated", *_BREATH),
    "sedation": _BREATH,
    "heart_rate": ("looked", "repeated", "probe", *_DRUG_AND_HELP),
    "vitals": ("vitals", "looked"),
    "monitor": ("monitor", "vitals", "looked"),
}
_OTHERWISE: Final = ("looked", "vitals", "laid_flat", *_DRUG_AND_HELP)
#: Levels whose acknowledgment must say what was done.
MUST_SAY: Final = frozenset({"hold", "emergency"})


def choices_for(key: str) -> list[tuple[str, str]]:
    """(code, words) of what may be done about alarms of this key."""
    codes = _BY_SUBJECT.get(key) or _BY_SUBJECT.get(key.split(".")[0], _OTHERWISE)
    return [(code, DONE[code]) for code in codes]


def choices_by_subject() -> dict[str, list[tuple[str, str]]]:
    """The same for every subject; ``""`` is for all others."""
    return {key: choices_for(key) for key in _BY_SUBJECT} | {"": choices_for("")}


def done_words(body: dict[str, Any]) -> str:
    """What an acknowledgment says was done, in one line; empty where it says nothing."""
    said = [DONE.get(code, code) for code in body.get("done", ())]
    return "; ".join([*said, body["note"]] if body.get("note") else said)


__all__ = ["DONE", "MUST_SAY", "choices_by_subject", "choices_for", "done_words"]
