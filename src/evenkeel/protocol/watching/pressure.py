"""Blood pressure: too high, too low, far from the baseline, climbing fast."""

from __future__ import annotations

from typing import Final

from ..alarms import Alarm, AlarmLevel, Reading, known_symptoms
from ..conditions import recognize_condition
from .scene import Said, Scene, minutes_between, over, shown, words

#: Signs that make a very high pressure an emergency: those of the source, and by clinic policy
#: whatever else clouds the mind or takes consciousness.
WITH_PRESSURE: Final = frozenset(
    {code for code, symptom in known_symptoms().items() if symptom.organ}
    | {"confusion", "syncope", "unresponsive", "cardiac_arrest"}
)
#: Conditions in which a rise weighs more.
FRAGILE: Final = frozenset(
    {
        "hypertensive_encephalopathy",
        "cardiovascular_event",
        "stroke",
        "serious_cardiac_disease",
        "poorly_controlled_cardiovascular_disease",
        "aneurysmal_vascular_disease",
        "arteriovenous_malformation",
        "intracerebral_hemorrhage",
        "raised_intracranial_pressure",
        "intracranial_mass",
    }
)
_LOW: Final = {"dizziness", "confusion", "nausea", "vomiting", "syncope"}


def fragile(conditions: frozenset[str]) -> list[str]:
    """Return those of ``conditions`` (codes or names) in which a rise weighs more, as codes."""
    found = set()
    for name in conditions:
        recognized = None if name in FRAGILE else recognize_condition(name)
        code = name if recognized is None else recognized[0].code
        found |= {code} & FRAGILE
    return sorted(found)


def pressure(reading: Reading, symptoms: frozenset[str], scene: Scene) -> list[Alarm]:
    """Every alarm about blood pressure that this reading, or a symptom in it, sets off."""
    if reading.sbp_mmhg is None and reading.dbp_mmhg is None:
        return _symptom_after_high(reading, symptoms, scene)
    high = _high(reading, symptoms, scene)
    rise = _rise(reading, scene)
    found = [*high, *rise, *_low(reading, symptoms, scene)]
    if not high and not any(alarm.level != "inform" for alarm in rise):
        found += _climb(reading, scene)
    if not high:
        found += _not_confirmed(reading, scene)
    return found


def is_high(reading: Reading, scene: Scene) -> str:
    """Return the key of the passed limit, systolic before diastolic; empty when none is."""
    for key, value in (
        ("alarm.sbp_hold_mmhg", reading.sbp_mmhg),
        ("alarm.dbp_hold_mmhg", reading.dbp_mmhg),
    ):
        if value is not None and value > scene.number(key):
            return key
    return ""


def _value(reading: Reading) -> str:
    return f"{shown(reading.sbp_mmhg)}/{shown(reading.dbp_mmhg)} mmHg"


def _has_pressure(reading: Reading) -> bool:
    return reading.sbp_mmhg is not None or reading.dbp_mmhg is not None


def _limit(key: str, scene: Scene) -> str:
    side = "systolic" if "sbp" in key else "diastolic"
    return f"The {side} is above {scene.number(key):g} mmHg"


def _high(reading: Reading, symptoms: frozenset[str], scene: Scene) -> list[Alarm]:
    key = is_high(reading, scene)
    if not key:
        return []
    near = scene.within(reading.at, scene.minutes("alarm.symptom_window_min"))
    signs = dict.fromkeys(sorted(symptoms & WITH_PRESSURE), "")
    for old in near:
        for name in sorted(set(old.symptoms) & WITH_PRESSURE):
            signs.setdefault(name, f" {minutes_between(reading.at, old.at)} before")
    if signs:
        return [_emergency(_value(reading), signs, key, scene)]
    repeat = _repeat(reading, scene)
    within = scene.number("alarm.repeat_within_min")
    said = Said(
        f"Very high blood pressure, no symptoms noted{repeat}",
        _value(reading),
        "Pause the drug while a clinician looks. Ask about chest pain, breath, headache and "
        f"sight; repeat the reading within {within:g} min. Do not treat the number by itself.",
        f"{_limit(key, scene)}; without signs of organ damage this is no emergency by definition.",
    )
    return [over(scene, "pressure.hold", "hold", key, said, "pressure.high")]


def _emergency(value: str, signs: dict[str, str], key: str, scene: Scene) -> Alarm:
    told = ", ".join(words(name) + when for name, when in signs.items())
    said = Said(
        f"Very high blood pressure with {told}",
        value,
        "Call the emergency team. Pause the drug, stay with the person, repeat the reading.",
        f"{_limit(key, scene)}, with a sign of organ damage: that is a hypertensive emergency.",
    )
    return over(scene, "pressure.emergency", "emergency", key, said, "pressure.high")


def _symptom_after_high(reading: Reading, symptoms: frozenset[str], scene: Scene) -> list[Alarm]:
    signs = sorted(symptoms & WITH_PRESSURE)
    if not signs:
        return []
    window = scene.minutes("alarm.symptom_window_min")
    for old in reversed(scene.within(reading.at, window)):
        key = is_high(old, scene)
        if key:
            value = f"{_value(old)} {minutes_between(reading.at, old.at)} before"
            return [_emergency(value, dict.fromkeys(signs, ""), key, scene)]
    return []


def _repeat(reading: Reading, scene: Scene) -> str:
    """Whether a high reading repeats one before it, in words."""
    before = [old for old in scene.earlier if _has_pressure(old)]
    if not before or not is_high(before[-1], scene):
        return ""
    first = before[-1]
    for old in reversed(before):
        if not is_high(old, scene):
            break
        first = old
    within = scene.minutes("alarm.repeat_within_min")
    if reading.at - first.at > within:
        return f"; it persists for {minutes_between(reading.at, first.at)}"
    return f"; confirmed by a second reading after {minutes_between(reading.at, first.at)}"


def _not_confirmed(reading: Reading, scene: Scene) -> list[Alarm]:
    before = [old for old in scene.earlier if _has_pressure(old)]
    key = is_high(before[-1], scene) if before else ""
    if not key:
        return []
    repeated = len(before) > 1 and is_high(before[-2], scene)
    said = Said(
        f"The very high blood pressure of {_value(before[-1])} "
        + ("is over" if repeated else "was not confirmed"),
        f"{_value(reading)} {minutes_between(reading.at, before[-1].at)} later",
        "Go on watching; measure again at the next set at the latest.",
        f"The repeated reading is not above {scene.number(key):g} mmHg.",
    )
    alarm_id = "pressure.settled" if repeated else "pressure.not_confirmed"
    return [over(scene, alarm_id, "inform", key, said)]


def _rise(reading: Reading, scene: Scene) -> list[Alarm]:
    baseline, since = scene.baseline, scene.started_at
    if baseline is None:
        return []
    window = scene.number("alarm.rise_window_min")
    late = since is not None and reading.at - since > scene.minutes("alarm.rise_window_min")
    for key, now, before in (
        ("alarm.sbp_rise_mmhg", reading.sbp_mmhg, baseline.sbp_mmhg),
        ("alarm.dbp_rise_mmhg", reading.dbp_mmhg, baseline.dbp_mmhg),
    ):
        if now is None or before is None or now - before < scene.number(key):
            continue
        weak = fragile(scene.conditions)
        side = "Systolic" if "sbp" in key else "Diastolic"
        text = f"{side} pressure has risen by {now - before:g} mmHg"
        if weak:
            text += " in a person with " + ", ".join(words(name) for name in weak)
        level: AlarmLevel = "inform" if late else "hold" if weak else "review"
        why = f"A rise of {scene.number(key):g} mmHg or more over the reading before the drug"
        why += f", later than the first {window:g} min." if late else f" within {window:g} min."
        look = "Look at the person; repeat the reading in a few minutes."
        if level == "hold":
            look = "Pause the drug; a clinician looks. Repeat the reading in a few minutes."
        said = Said(text, f"{before:g} to {now:g} mmHg", look, why)
        alarm_id = "pressure.rise_late" if late else "pressure.rise"
        return [over(scene, alarm_id, level, key, said, "pressure.rise")]
    return []


def _low(reading: Reading, symptoms: frozenset[str], scene: Scene) -> list[Alarm]:
    sbp = reading.sbp_mmhg
    if sbp is None:
        return []
    signs = sorted(symptoms & _LOW)
    for key, level in (
        ("alarm.sbp_low_emergency_mmhg", "emergency"),
        ("alarm.sbp_low_hold_mmhg", "hold"),
        ("alarm.sbp_low_mmhg", "hold" if signs else "review"),
    ):
        if sbp >= scene.number(key):
            continue
        loud: AlarmLevel = level  # type: ignore[assignment]
        look = "Lay the person flat, raise the legs; repeat the reading."
        if loud == "hold":
            look = "Pause the drug; a clinician comes. " + look
        if loud == "emergency":
            look = "Stop the drug, call the emergency team. " + look
        text = "Low blood pressure" + (" with " + ", ".join(map(words, signs)) if signs else "")
        why = f"The systolic is below {scene.number(key):g} mmHg."
        said = Said(text, _value(reading), look, why)
        return [over(scene, "pressure.low", loud, key, said)]
    return _fall(reading, scene)


def _fall(reading: Reading, scene: Scene) -> list[Alarm]:
    key, baseline, sbp = "alarm.sbp_fall_mmhg", scene.baseline, reading.sbp_mmhg
    if baseline is None or baseline.sbp_mmhg is None or sbp is None:
        return []
    fallen = baseline.sbp_mmhg - sbp
    if fallen < scene.number(key):
        return []
    said = Said(
        f"Systolic pressure has fallen by {fallen:g} mmHg",
        f"{baseline.sbp_mmhg:g} to {sbp:g} mmHg",
        "Look at the person; let them lie down; repeat the reading.",
        f"A fall of {scene.number(key):g} mmHg or more below the reading before the drug.",
    )
    return [over(scene, "pressure.fall", "review", key, said)]


def _climb(reading: Reading, scene: Scene) -> list[Alarm]:
    """A fast climb between two readings under the drug; another such would pass the limit."""
    key, sbp, since = "alarm.sbp_climb_mmhg", reading.sbp_mmhg, scene.started_at
    limit, much = scene.number("alarm.sbp_hold_mmhg"), scene.number(key)
    if sbp is None or since is None or sbp + much <= limit:
        return []
    for old in scene.within(reading.at, scene.minutes("alarm.climb_within_min")):
        if old.sbp_mmhg is None or old.at <= since or sbp - old.sbp_mmhg < much:
            continue
        said = Said(
            f"Systolic pressure climbs fast: {sbp - old.sbp_mmhg:g} mmHg in "
            f"{minutes_between(reading.at, old.at)}",
            f"{old.sbp_mmhg:g} to {sbp:g} mmHg",
            "Repeat the reading now; look at the person.",
            f"{much:g} mmHg or more between these two readings; another such climb passes "
            f"{limit:g} mmHg.",
        )
        return [over(scene, "pressure.climb", "review", key, said)]
    return []
