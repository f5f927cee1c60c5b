"""What a reading in a session should sound, and why. Dissociation is charted, never sounded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from .naming import plain
from .pack import Protocol
from .sources import CLINIC_POLICY, SOURCED, Source, cite

AlarmLevel = Literal["inform", "review", "hold", "emergency"]
ALARM_LEVELS: Final[tuple[AlarmLevel, ...]] = ("inform", "review", "hold", "emergency")

SYMPTOMS: Final = (
    "chest_pain",
    "dyspnea",
    "severe_headache",
    "headache",
    "visual_disturbance",
    "confusion",
    "nausea",
    "vomiting",
    "dizziness",
    "agitation",
    "anxiety",
    "palpitations",
    "syncope",
    "seizure",
    "unresponsive",
    "urinary_symptoms",
    "focal_deficit",
)
# The source asks for emergency evaluation of these when blood pressure is out of control; that
# they sound at any blood pressure is clinic policy.
_ORGAN_DAMAGE: Final = frozenset(
    {
        "chest_pain",
        "dyspnea",
        "severe_headache",
        "visual_disturbance",
        "seizure",
        "focal_deficit",
    }
)
_EMERGENCY: Final = _ORGAN_DAMAGE | {"syncope", "unresponsive"}
_WITH_PRESSURE: Final = _ORGAN_DAMAGE | {"confusion", "syncope", "unresponsive"}
_REVIEW: Final = frozenset(
    {"confusion", "vomiting", "agitation", "palpitations", "urinary_symptoms"}
)
_FRAGILE: Final = frozenset(
    {
        "hypertensive_encephalopathy",
        "cardiovascular_event",
        "stroke",
        "serious_cardiac_disease",
        "aneurysmal_vascular_disease",
        "arteriovenous_malformation",
        "intracerebral_hemorrhage",
    }
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One observation. None is "not measured". ``symptoms`` in any spelling, listed or not."""

    at: datetime
    sbp_mmhg: float | None = None
    dbp_mmhg: float | None = None
    heart_rate_bpm: float | None = None
    spo2_percent: float | None = None
    respiratory_rate_per_min: float | None = None
    moaas: int | None = None
    dissociation_0_10: float | None = None
    symptoms: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing to sound, or with ``inform`` only to show.

    ``value`` is what was measured, ``threshold`` the protocol key it passed ("" for symptoms),
    ``look_at`` what a person at the chair does first.
    """

    id: str
    level: AlarmLevel
    statement: str
    value: str
    look_at: str
    threshold: str
    source: Source


def symptom_code(name: str) -> str:
    """Return a symptom in the spelling of ``SYMPTOMS`` where it is one, else its plain words."""
    code = plain(name).replace(" ", "_")
    return code if code in SYMPTOMS else plain(name)


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

    ``baseline`` is the reading before the drug; ``history`` earlier readings in any order (what
    is at or after ``reading`` is ignored, so that a late one replays the same); ``conditions``
    the person's condition codes. A rise counts within the protocol's window from
    ``started_at``; without it, always.
    """
    symptoms = tuple(dict.fromkeys(symptom_code(name) for name in reading.symptoms))
    earlier = sorted((old for old in history if old.at < reading.at), key=lambda old: old.at)
    found = [
        *_pressure(reading, symptoms, protocol),
        *_rise(reading, baseline, conditions, protocol, started_at),
        *_oxygen(reading, earlier, protocol),
        *_sedation(reading, protocol),
        *_breathing(reading, protocol),
        *_heart_rate(reading, protocol),
        *_symptoms(symptoms),
        *_dissociation(reading, protocol),
    ]
    return tuple(sorted(found, key=lambda alarm: -ALARM_LEVELS.index(alarm.level)))


def _alarm(
    alarm_id: str, level: AlarmLevel, key: str, protocol: Protocol, texts: tuple[str, str, str]
) -> Alarm:
    statement, value, look_at = texts
    return Alarm(alarm_id, level, statement, value, look_at, key, protocol.threshold(key).source)


def _pressure(reading: Reading, symptoms: tuple[str, ...], protocol: Protocol) -> list[Alarm]:
    sbp, dbp = reading.sbp_mmhg, reading.dbp_mmhg
    value = f"{_shown(sbp)}/{_shown(dbp)} mmHg"
    found: list[Alarm] = []
    if sbp is not None and dbp is not None and sbp <= dbp:
        look = "Measure again; do not act on this number."
        source = cite("clinic", CLINIC_POLICY)
        text = "Blood pressure reading is not plausible"
        found.append(Alarm("pressure.implausible", "review", text, value, look, "", source))
    high_sbp, high_dbp = "alarm.sbp_hold_mmhg", "alarm.dbp_hold_mmhg"
    over_sbp = sbp is not None and sbp > protocol.number(high_sbp)
    over_dbp = dbp is not None and dbp > protocol.number(high_dbp)
    key = high_sbp if over_sbp else high_dbp
    signs = [name for name in symptoms if name in _WITH_PRESSURE]
    if (over_sbp or over_dbp) and signs:
        text = "Very high blood pressure with " + ", ".join(_words(name) for name in signs)
        look = "Call the emergency team. Pause the drug."
        found.append(_alarm("pressure.emergency", "emergency", key, protocol, (text, value, look)))
    elif over_sbp or over_dbp:
        look = (
            "Ask about chest pain, breath, headache and sight; repeat the reading. Pause the drug "
            "while a clinician looks. Do not treat the number by itself."
        )
        text = "Very high blood pressure, no symptoms noted"
        found.append(_alarm("pressure.hold", "hold", key, protocol, (text, value, look)))
    low = "alarm.sbp_low_mmhg"
    if sbp is not None and sbp < protocol.number(low):
        look = "Lay the person flat; repeat the reading."
        texts = ("Low blood pressure", value, look)
        found.append(_alarm("pressure.low", "review", low, protocol, texts))
    return found


def _rise(
    reading: Reading,
    baseline: Reading | None,
    conditions: Collection[str],
    protocol: Protocol,
    started_at: datetime | None,
) -> list[Alarm]:
    if baseline is None:
        return []
    window = timedelta(minutes=protocol.number("alarm.rise_window_min"))
    if started_at is not None and reading.at - started_at > window:
        return []
    for key, now, before in (
        ("alarm.sbp_rise_mmhg", reading.sbp_mmhg, baseline.sbp_mmhg),
        ("alarm.dbp_rise_mmhg", reading.dbp_mmhg, baseline.dbp_mmhg),
    ):
        if now is None or before is None or now - before < protocol.number(key):
            continue
        fragile = sorted(set(conditions) & _FRAGILE)
        side = "Systolic" if "sbp" in key else "Diastolic"
        text = f"{side} pressure has risen by {now - before:g} mmHg"
        if fragile:
            text += " in a person with " + ", ".join(_words(name) for name in fragile)
        value = f"{before:g} to {now:g} mmHg"
        look = "Look at the person; repeat the reading in a few minutes."
        level: AlarmLevel = "hold" if fragile else "review"
        return [_alarm("pressure.rise", level, key, protocol, (text, value, look))]
    return []


def _oxygen(reading: Reading, earlier: Sequence[Reading], protocol: Protocol) -> list[Alarm]:
    oxygen = reading.spo2_percent
    review, emergency = "alarm.spo2_review_percent", "alarm.spo2_emergency_percent"
    if oxygen is None or oxygen >= protocol.number(review):
        return []
    value = f"{oxygen:g} %"
    floor = protocol.number(emergency)
    if oxygen >= floor:
        texts = ("Oxygen saturation is low", value, "Look at breathing and the finger probe.")
        return [_alarm("oxygen.review", "review", review, protocol, texts)]
    low_since = reading.at
    for old in reversed(earlier):
        if old.spo2_percent is None:
            continue
        if old.spo2_percent >= floor:
            break
        low_since = old.at
    sustained = timedelta(seconds=protocol.number("alarm.spo2_sustained_s"))
    if reading.at - low_since >= sustained:
        texts = (
            f"Oxygen saturation stays below {floor:g} %",
            value,
            "Stop the drug, open the airway, give oxygen, call the emergency team.",
        )
        return [_alarm("oxygen.emergency", "emergency", emergency, protocol, texts)]
    texts = (
        f"Oxygen saturation is below {floor:g} %",
        value,
        "Rouse the person, look at breathing and the probe. Pause the drug.",
    )
    return [_alarm("oxygen.hold", "hold", emergency, protocol, texts)]


def _sedation(reading: Reading, protocol: Protocol) -> list[Alarm]:
    level = reading.moaas
    if level is None:
        return []
    value = f"MOAA/S {level}"
    if level <= protocol.number("alarm.moaas_emergency"):
        texts = (
            "Deep sedation or loss of consciousness",
            value,
            "Stop the drug, open the airway, call the emergency team.",
        )
        key = "alarm.moaas_emergency"
        return [_alarm("sedation.emergency", "emergency", key, protocol, texts)]
    if level <= protocol.number("alarm.moaas_review"):
        texts = ("Marked sedation", value, "A clinician looks; no further dose until then.")
        return [_alarm("sedation.review", "review", "alarm.moaas_review", protocol, texts)]
    return []


def _breathing(reading: Reading, protocol: Protocol) -> list[Alarm]:
    rate = reading.respiratory_rate_per_min
    review = "alarm.respiratory_rate_review_per_min"
    emergency = "alarm.respiratory_rate_emergency_per_min"
    if rate is None or rate >= protocol.number(review):
        return []
    value = f"{rate:g} a minute"
    if rate < protocol.number(emergency):
        texts = (
            "Breathing is very slow",
            value,
            "Stop the drug, rouse, open the airway, call the emergency team.",
        )
        return [_alarm("breathing.emergency", "emergency", emergency, protocol, texts)]
    texts = ("Breathing is slow", value, "Count for a full minute; look at oxygen.")
    return [_alarm("breathing.review", "review", review, protocol, texts)]


def _heart_rate(reading: Reading, protocol: Protocol) -> list[Alarm]:
    rate = reading.heart_rate_bpm
    if rate is None:
        return []
    value = f"{rate:g} a minute"
    for key, beyond, level, text in (
        ("alarm.heart_rate_low_hold_bpm", -1, "hold", "Heart rate is very low"),
        ("alarm.heart_rate_high_hold_bpm", 1, "hold", "Heart rate is very high"),
        ("alarm.heart_rate_low_review_bpm", -1, "review", "Heart rate is low"),
        ("alarm.heart_rate_high_review_bpm", 1, "review", "Heart rate is high"),
    ):
        if (rate - protocol.number(key)) * beyond <= 0:
            continue
        texts = (text, value, "Feel the pulse; look at the rhythm and the pressure.")
        loud: AlarmLevel = "hold" if level == "hold" else "review"
        return [_alarm(f"heart_rate.{loud}", loud, key, protocol, texts)]
    return []


def _symptoms(symptoms: tuple[str, ...]) -> list[Alarm]:
    found: list[Alarm] = []
    for name in symptoms:
        words = _words(name).capitalize()
        if name in _EMERGENCY:
            source = cite("organ_damage" if name in _ORGAN_DAMAGE else "clinic", CLINIC_POLICY)
            look = "Stop the drug. Emergency evaluation now."
            found.append(Alarm(f"symptom.{name}", "emergency", words, words, look, "", source))
        elif name in _REVIEW or name not in SYMPTOMS:
            known = name in SYMPTOMS
            look = "Look at the person." if known else "Not a listed symptom: please read."
            symptom_id = f"symptom.{name}" if known else "symptom.unlisted"
            source = cite("clinic", CLINIC_POLICY)
            found.append(Alarm(symptom_id, "review", words, words, look, "", source))
        else:
            source = cite("clinic", CLINIC_POLICY)
            look = "Chart it and comfort."
            found.append(Alarm(f"symptom.{name}", "inform", words, words, look, "", source))
    return found


def _dissociation(reading: Reading, protocol: Protocol) -> list[Alarm]:
    level, key = reading.dissociation_0_10, "alarm.dissociation_strong"
    if level is None or level < protocol.number(key):
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
        )
    ]


def _shown(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"


def _words(name: str) -> str:
    return name.replace("_", " ")
