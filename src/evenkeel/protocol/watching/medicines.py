"""Medicines that come to light or are given in a session, and the closer watching they ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from ..alarms import Alarm, AlarmLevel
from ..errors import ProtocolError
from ..medicines import recognize_all
from ..naming import find_all, plain
from ..sources import CLINIC_POLICY, SOURCED, Source, cite, read_json


@dataclass(frozen=True, slots=True)
class _Group:
    """What a group of medicines means during a session."""

    level: AlarmLevel
    statement: str
    look_at: str
    why: str
    source: str
    note: str = ""


_PRESSURE_LOOK: Final = "Measure blood pressure more often; tell the prescriber."
_BREATH_LOOK: Final = "Keep the oxygen probe on, take MOAA/S and count breathing more often."
_GROUPS: Final[dict[str, _Group]] = {
    "other_ketamine": _Group(
        "hold",
        "Ketamine from elsewhere",
        "Pause the drug; ask how much and when. A clinician decides whether to go on.",
        "The doses would add up.",
        "payer_mmut",
        "a payer's criterion, taken over by clinic policy",
    ),
    "intoxicant": _Group(
        "hold",
        "An intoxicant",
        "Pause the drug; ask how much and when. A clinician decides whether to go on.",
        "Trials left out people intoxicated on the day.",
        "ed_trial",
        "a trial's entry criterion, taken over by clinic policy",
    ),
    "maoi": _Group(
        "review",
        "An MAO inhibitor",
        _PRESSURE_LOOK,
        "It may add to the rise in blood pressure.",
        "dutch",
        "a trial's entry criterion, taken over by clinic policy",
    ),
    "psychostimulant": _Group(
        "review",
        "A stimulant",
        _PRESSURE_LOOK + " Ask when today's dose was taken.",
        "It may add to the rise in blood pressure.",
        "rems_form",
        "the form asks about it; the action is clinic policy",
    ),
    "nasal_decongestant": _Group(
        "review",
        "A decongestant",
        _PRESSURE_LOOK,
        "It may add to the rise in blood pressure, and belongs at least an hour before a spray.",
        "prep",
        "the hour is the source's; the rest is clinic policy",
    ),
    "opioid": _Group(
        "review",
        "An opioid",
        _BREATH_LOOK,
        "It adds to sedation and to slowed breathing.",
        "rems_form",
        "the form asks about it; the action is clinic policy",
    ),
    "benzodiazepine": _Group(
        "review",
        "A benzodiazepine",
        _BREATH_LOOK,
        "It adds to sedation, and repeatedly shortened the effect on mood.",
        "veraart",
        "the effect is sourced; the action is clinic policy",
    ),
    "sedative": _Group(
        "review",
        "A sedative or alcohol",
        _BREATH_LOOK,
        "It adds to sedation and to slowed breathing.",
        "rems_form",
        "the form asks about it; the action is clinic policy",
    ),
    "known_interaction": _Group(
        "review",
        "A medicine listed as interacting",
        "The prescriber reads it before more is given.",
        "A trial listed it as a known interaction.",
        "nct_ed",
        "listed by a trial; the action is clinic policy",
    ),
    "enzyme_inhibitor": _Group(
        "review",
        "A medicine that slows the breakdown of ketamine",
        "The prescriber reviews the dose; expect a stronger and longer effect.",
        "Levels may be higher, most of all by mouth.",
        "andrade_interactions",
        "the effect is sourced; the action is clinic policy",
    ),
    "resuscitation": _Group(
        "review",
        "A medicine of resuscitation",
        "Chart what it was given for and what followed; a clinician stays.",
        "It is given when something is grave.",
        "clinic",
    ),
}
#: Classes of the medicines list -> group, worst first.
_BY_CLASS: Final = (
    ("ketamine", "other_ketamine"),
    ("intoxicant", "intoxicant"),
    ("maoi", "maoi"),
    ("opioid", "opioid"),
    ("psychostimulant", "psychostimulant"),
    ("benzodiazepine", "benzodiazepine"),
    ("sedative_hypnotic", "sedative"),
    ("barbiturate", "sedative"),
    ("cns_depressant", "sedative"),
    ("nasal_decongestant", "nasal_decongestant"),
    ("cyp3a4_inhibitor", "enzyme_inhibitor"),
    ("cyp2b6_inhibitor", "enzyme_inhibitor"),
    ("known_interaction", "known_interaction"),
)
_ABOUT_THE_DOSE: Final = frozenset({"enzyme_inhibitor", "known_interaction", "nasal_decongestant"})
_SEDATES: Final = frozenset({"benzodiazepine", "opioid", "sedative"})


@cache
def _in_session() -> dict[str, str]:
    raw = read_json("lists", "in_session.json")
    table: dict[str, str] = {}
    for entry in raw["entries"]:
        for name in (entry["name"], *entry["names"]):
            if table.setdefault(plain(name), entry["group"]) != entry["group"]:
                raise ProtocolError("in_session.json", f"the name {name!r} stands twice")
    return table


def groups_of(name: str) -> tuple[str, ...] | None:
    """Return the groups a medicine belongs to here, worst first; None when it is not recognized.

    An empty tuple means: known, and nothing to watch for.
    """
    special = find_all(name, _in_session())
    medicines = recognize_all(name)
    if not special and not medicines:
        return None
    classes = frozenset().union(*(medicine.classes for medicine in medicines))
    found = [group for one, group in _BY_CLASS if one in classes]
    if "intoxicant" in special and classes & {"psychostimulant", "opioid", "cns_depressant"}:
        found = [group for group in found if group == "other_ketamine"]
    found += special
    order = [*_GROUPS, "reversal_agent", "supportive", "pressure_lowering"]
    return tuple(sorted(dict.fromkeys(found), key=order.index))


def disclosed(name: str, *, known_before: bool = False) -> Alarm:
    """Return what a medicine the person takes means for the watching.

    ``known_before``: it stood on the list before the session and was judged then, so that what
    holds asks whether it was taken today, and what bears on the dose alone is only said again.
    """
    groups = groups_of(name)
    shown = name.strip()[:120]
    if groups is None:
        source = cite("clinic", CLINIC_POLICY)
        text = "A medicine is not recognized, please read"
        why = "What is not known here may still matter; only a person can tell."
        level: AlarmLevel = "inform" if known_before else "review"
        look = "Read what it is; look for effects on pressure, sedation and breathing."
        return _alarm("medicine.unread", level, text, shown, look, why, source)
    told = [group for group in groups if group in _GROUPS and group != "resuscitation"]
    if not told:
        source = cite("clinic", CLINIC_POLICY)
        text, look = "A medicine without a known concern here", "Chart it."
        why = "No rule here speaks of it."
        return _alarm("medicine.noted", "inform", text, shown, look, why, source)
    found = _of_groups(told, shown)
    if known_before and found.level == "hold":
        return replace(found, level="review", look_at="Ask whether it was taken today, and why.")
    if known_before and told[0] in _ABOUT_THE_DOSE:
        return replace(found, level="inform")
    return found


def rescue(name: str) -> Alarm:
    """Return what a rescue medicine given means for the watching."""
    groups = groups_of(name)
    shown = name.strip()[:120]
    if groups is not None and "reversal_agent" in groups:
        return _alarm(
            "rescue.reversal",
            "review",
            "A reversal agent was given",
            shown,
            "Watch sedation, oxygen and breathing closely; the person stays longer.",
            "It may wear off before what it reverses: up to 2 hours of watching after it.",
            cite("rcem", SOURCED),
        )
    if groups is None:
        return disclosed(name)
    told = [group for group in groups if group in _GROUPS]
    if _SEDATES & set(told):
        return _alarm(
            "rescue.sedative",
            "review",
            "A sedative was given",
            shown,
            _BREATH_LOOK + " The person stays longer.",
            "It adds to sedation and to slowed breathing.",
            cite("clinic", CLINIC_POLICY),
        )
    loud = [group for group in told if group in ("other_ketamine", "resuscitation")]
    if loud:
        return _of_groups(loud, shown)
    look = "Chart what it was given for and what followed."
    if "pressure_lowering" in groups:
        look += " Measure blood pressure again."
    source = cite("clinic", CLINIC_POLICY)
    why = "It is noted, and shows in the session's record."
    return _alarm("rescue.noted", "inform", "A rescue medicine was given", shown, look, why, source)


def _of_groups(told: list[str], shown: str) -> Alarm:
    first = _GROUPS[told[0]]
    others = [_GROUPS[group] for group in told[1:]]
    source = cite(first.source, CLINIC_POLICY, first.note)
    look = " ".join(dict.fromkeys([first.look_at, *(other.look_at for other in others)]))
    why = " ".join(dict.fromkeys([first.why, *(other.why for other in others)]))
    return _alarm(f"medicine.{told[0]}", first.level, first.statement, shown, look, why, source)


def _alarm(
    alarm_id: str,
    level: AlarmLevel,
    text: str,
    shown: str,
    look: str,
    why: str,
    source: Source,
) -> Alarm:
    return Alarm(alarm_id, level, text, shown, look, "", source, why, f"{alarm_id}:{plain(shown)}")
