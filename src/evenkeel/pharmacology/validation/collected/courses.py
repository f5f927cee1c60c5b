"""What a collected row of effects gives to whom: a session or a course, against what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...choice import Drug, default_model
from ..recipes import regimen_of
from .wording import (
    _N,
    UnreadError,
    amount_of,
    drug_of,
    minutes_of,
    people_of,
    plain,
    route_of,
    slow,
)

Row = Mapping[str, Any]
_DAY_MIN = 1440
#: Days of the sessions of two weeks of three, and of four weeks of two, as in the bundled rows.
_SIX = (0, 2, 4, 7, 9, 11)
_EIGHT = (0, 3, 7, 10, 14, 17, 21, 24)
#: How long a racemic infusion takes where a trial in depression does not say it.
_USUAL_MIN = 40.0
_DEVICES = {28.0: 1, 56.0: 2, 84.0: 3}
_PEOPLE = {"n": 2000, "seed": 1}
_COURSE = re.compile(
    rf"\bx\s*\d+.*|\btwice weekly.*|\b\d+ sessions.*|,\s*\d+[- ]weeks?.*|\bdays? \d+ and.*"
    rf"|\bsingle.*|\bopen[- ]label.*|\bvs\b.*|\+ (?:oral )?(?:ad|antidepressant)\b.*|\b{_N} weeks.*"
)


@dataclass(frozen=True)
class Course:
    """Who gets what when; what stood against it; what was taken for granted."""

    model: str
    drug: Drug
    arms: tuple[tuple[float, tuple[Mapping[str, Any], ...]], ...]
    days: tuple[int, ...]
    end_min: float
    nasal: bool
    covariates: Mapping[str, float]
    control: str
    counts_from_one: bool
    said: bool
    notes: tuple[str, ...]

    @property
    def sessions_at_min(self) -> list[int]:
        """When each session begins."""
        return [day * _DAY_MIN for day in self.days]

    def recipe(self, *, control: bool) -> dict[str, Any]:
        """Regimen, people and covariates of the drug or of what stood against it."""
        found: dict[str, Any] = {"people": _PEOPLE, "covariates": dict(self.covariates)}
        if control:
            return found | {"regimen": [], "sessions_at_min": self.sessions_at_min}
        if len(self.arms) == 1:
            return found | {"regimen": list(self.arms[0][1])}
        return found | {"arms": [{"share": share, "regimen": list(r)} for share, r in self.arms]}

    def told(self, *, control: bool) -> str:
        """What was understood, and what was taken for granted."""
        doses = " or ".join(
            f"{_times(r[0])}{r[0]['dose']:g} {r[0]['unit']} {r[0]['route']}" for _, r in self.arms
        )
        if control:
            doses = "what stood against it"
        course = f" in {len(self.days)} sessions" if len(self.days) > 1 else ""
        assumed = f" ({'; '.join(self.notes)})" if self.notes else ""
        return f"{doses}{course}, {self.model}, {self.control}{assumed}"


def _times(dose: Mapping[str, Any]) -> str:
    return f"{dose['count']} x " if dose["count"] > 1 else ""


def course_of(row: Row, name: str, *, control: bool) -> Course:
    """Read it for one number of the row, of the drug or of what stood against it.

    Raises ``UnreadError`` where no rule reads the words.
    """
    route_text, dose_text = plain(row.get("route")), plain(row.get("dose"))
    population = plain(row.get("population"))
    drug = _drug(plain(row.get("drug")), route_text)
    route = route_of(route_text)
    if slow(route_text):
        raise UnreadError("released slowly: no model has that absorption")
    around = f"{route_text} {dose_text} {plain(row.get('endpoint'))} {population}"
    days, from_one = _days(around)
    notes: list[str] = []
    bare = _COURSE.sub("", dose_text).strip(" ,;")
    at_min: Any = [day * _DAY_MIN for day in days] if len(days) > 1 else 0
    entry: dict[str, Any] = {"route": route, "at_min": at_min, "count": 1, "every_min": 0}
    if route == "nasal" and drug == "s_ketamine":
        arms = _devices(entry, bare or dose_text, plain(name), notes, control)
        end = 10.0
    else:
        one, end = _one(entry, bare, f"{route_text} {dose_text}", drug, notes)
        arms = ((1.0, (one,)),)
    model = default_model(drug, regimen_of(arms[0][1]))
    covariates, told = _people(row, population)
    names = " ".join(plain(v.get("name")) for v in row["values"] if isinstance(v, dict))
    against, why = _against(f"{around} {names}", plain(row.get("drug")))
    said = len(days) > 1 or "single" in around
    return Course(
        model, drug, arms, days, end, route == "nasal", covariates, against, from_one,
        said, (*notes, *told, *([why] if why else ())),
    )  # fmt: skip


def _drug(text: str, route: str) -> Drug:
    if text.strip() == "placebo":
        return "s_ketamine" if "nasal" in route else "racemic"
    return drug_of(text)


def _days(text: str) -> tuple[tuple[int, ...], bool]:
    """The days of the sessions, from 0, and whether the row counts its days from 1."""
    named = re.search(r"\bdays? (\d+) and (\d+)", text)
    if named:
        first, second = int(named[1]), int(named[2])
        return (0, second - first), first == 1
    many = re.search(r"\bx\s*(\d+)\s*over\s*(\d+)\s*d", text)
    if many:
        if int(many[1]) == 6 and 11 <= int(many[2]) <= 14:
            return _SIX, False
        raise UnreadError(f"no rule reads the course {many[0]!r}")
    if re.search(r"\bx\s*\d+\b|\d\s*x/w|weekly x|\bqw\b|maintenance", text):
        raise UnreadError("no rule reads this course of sessions")
    if re.search(r"twice weekly|\b8 sessions|\b(?:4|first 4|four)[- ]weeks?|4-week", text):
        return _EIGHT, False
    return (0,), bool(re.search(r"\bday 1\b", text))


def _devices(
    entry: Mapping[str, Any], text: str, name: str, notes: list[str], control: bool
) -> tuple[tuple[float, tuple[Mapping[str, Any], ...]], ...]:
    said = re.search(r"\b(28|56|84)\s*mg", name.replace("_", " "))
    amounts = {float(a) for a in re.findall(r"\b(28|56|84)\b", said[1] if said else text)}
    if control:
        amounts = {28.0}
    if not amounts:
        raise UnreadError(f"{text[:60]!r} names no dose in devices of 28 mg")
    if len(amounts) > 1 and (amounts != {56.0, 84.0} or not re.search(r"mg", text)):
        raise UnreadError(f"{text[:60]!r} names several doses")
    if len(amounts) > 1:
        notes.append("half of the people at 56 and half at 84 mg")
    share = 1.0 / len(amounts)
    return tuple(
        (share, ({**entry, "dose": 28, "unit": "mg", "over_min": 0, "count": _DEVICES[amount],
                  "every_min": 5},))
        for amount in sorted(amounts)
    )  # fmt: skip


def _one(
    entry: Mapping[str, Any], bare: str, words: str, drug: Drug, notes: list[str]
) -> tuple[Mapping[str, Any], float]:
    if not bare and drug == "racemic" and entry["route"] == "iv":
        notes.append("no dose said: 0.5 mg/kg over 40 min")
        return {**entry, "dose": 0.5, "unit": "mg/kg", "over_min": 40}, 40.0
    amount = amount_of(bare)
    if amount.per_min:
        raise UnreadError(f"{bare[:60]!r} is a rate")
    if amount.range_middle:
        notes.append(f"middle of {bare!r}")
    minutes = minutes_of(words) if entry["route"] == "iv" else 0.0
    if minutes is None and "bolus" not in words:
        minutes = _USUAL_MIN
        notes.append(f"nobody says how long: over {minutes:g} min")
    minutes = minutes or 0.0
    return {**entry, "dose": amount.value, "unit": amount.unit, "over_min": minutes}, minutes


def _people(row: Row, text: str) -> tuple[dict[str, float], list[str]]:
    found, notes = people_of(text, frozenset({"age_years", "asian", "japanese"}))
    share = re.search(rf"({_N})\s*%\s*hypertens", text)
    baseline = re.search(rf"baseline (?:madrs )?(?:of )?({_N})", text)
    if share and 0 <= float(share[1]) <= 100:
        found["hypertension_share"] = float(share[1]) / 100.0
        notes.append(f"{share[1]}% hypertensive")
    if baseline and 10 <= float(baseline[1]) <= 60:
        found["madrs_baseline"] = float(baseline[1])
        notes.append(f"MADRS {baseline[1]} before")
    return found, notes


def _against(text: str, drug: str) -> tuple[str, str]:
    """What stood against the drug, and what was taken for granted of it."""
    beside = ""
    if re.search(r"\+ (?:oral )?ad\b|new (?:oral )?antidepressant|oral antidepressant", text):
        beside = "_with_new_antidepressant"
    elif "antidepressant" in text:
        beside = "_with_antidepressant"
    if "midazolam" in text:
        return "midazolam", ""
    if re.search(r"ana?esthesia|masked by surgery", text):
        return "masked_anesthesia", ""
    if re.search(r"placebo|saline|double-blind|\bvs\b|control|\brcts?\b", f"{text} {drug}"):
        return f"inert{beside}", ""
    return f"open_label{beside}", "" if re.search("open[- ]label", text) else "read as open label"
