"""A collected row of effects as targets: what was read, when, in whom, as a recipe."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...errors import PharmacologyError
from ..checking import Check
from ..groups import group_of
from ..recipe_form import MOOD_NEEDS, check_recipe
from ..rows import Role, Target, refusal
from .bands import tolerance_of
from .courses import Course, course_of
from .wording import _N, UnreadError, number, plain

Row = Mapping[str, Any]
_CONTROL = re.compile(r"placebo|\bpbo\b|control|midazolam|saline")
_VITALS = {"sbp": r"\bsbp|systolic", "dbp": r"\bdbp|diastolic", "hr": r"\bhr\b|heart rate|pulse"}
_UNIT_OF = {"sbp": "mmhg", "dbp": "mmhg", "hr": "bpm"}
#: When trials take the cuff and the scales, in minutes; as in the bundled rows.
_CUFF = {True: [40, 60, 90], False: [20, 40, 60]}
_CADSS_AT = [40, 90]
_MOAAS_AT = [15, 30, 45, 60, 90]
#: A rise of the mean by less is back at baseline, and a CADSS of as much is none.
_BACK_MMHG, _BACK_CADSS = 3.0, 4.0
_WATCHED_H = 2.0
_WEEK_H = 168.0
_PEAK_EFFECT = (
    (r"dissoci|cadss", "cadss"),
    (r"sedat|moaa", "moaas_below_5"),
    (r"haemodyn|hemodyn|pressure|\bbp\b|sbp", "sbp_rise_mmhg"),
)


def targets_of(row: Row, name: str) -> Iterator[Target]:
    """One target for each number of the row, answered or refused."""
    values = row.get("values")
    if not isinstance(values, list) or not values:
        yield refusal("pd", name, "values must be a list of at least one")
        return
    seen: set[str] = set()
    for key, value, unit in _paired(values):
        own = f"{name}.{key}"
        if own in seen:
            yield refusal("pd", f"{own} again", "stands twice", row=name)
            continue
        seen.add(own)
        try:
            yield _target(row, name, own, key, value, unit)
        except PharmacologyError as error:
            yield refusal("pd", own, str(error), row=name)


def _paired(values: list[Any]) -> Iterator[tuple[str, Any, str]]:
    """Name, value and unit of each; the two ends of a range as one text."""
    named: dict[str, Mapping[str, Any]] = {}
    for place, one in enumerate(values, 1):
        if not isinstance(one, dict):
            yield f"value {place}", None, ""
            continue
        key = str(one.get("name") or f"value {place}")
        end = re.search(r"_(low|high)$", key)
        other = key[:-3] + "high" if end and end[1] == "low" else ""
        named[key] = one
        if other and any(isinstance(v, dict) and v.get("name") == other for v in values):
            high = next(v for v in values if isinstance(v, dict) and v.get("name") == other)
            yield key[:-4], f"{one.get('value')} to {high.get('value')}", plain(one.get("unit"))
        elif not (end and end[1] == "high" and key[:-4] + "low" in named):
            yield key, one.get("value"), plain(one.get("unit"))


def _target(row: Row, name: str, own: str, key: str, value: Any, unit: str) -> Target:
    observed = number(value)
    words = key.lower().replace("_", " ")
    endpoint = plain(row.get("endpoint"))
    control = bool(_CONTROL.search(words)) or plain(row.get("drug")).strip() == "placebo"
    # A rule first, so that what no rule reads is told before what is wrong with the dose.
    asked = _asked(words, endpoint, unit, plain(row.get("domain")))
    course = course_of(row, key, control=control)
    recipe = course.recipe(control=control) | _read_off(asked, course, words, endpoint, control)
    how = check_recipe("pd", recipe, course.model, Check("", own))
    said = row.get("suggested_tolerance")
    band, band_from = tolerance_of(said, observed, unit, f"{words} {endpoint}", control)
    role: Role = "validation" if band is not None else "informational"
    return Target(
        id=own,
        row=name,
        kind="pd",
        citation=str(row.get("citation") or row.get("note", "")),
        url=str(row.get("url", "")),
        population=str(row.get("population", "")),
        endpoint=f"{words}; {endpoint}",
        unit=unit,
        observed=observed.value,
        band=band,
        band_from=band_from,
        role=role,
        quantitative=True,
        verification=str(row.get("status", "")),
        model=course.model,
        status_expected=None,
        expected=None,
        given=course.told(control=control),
        how=how,
        group=group_of("pd", how, course.drug),
        note="; ".join(course.notes),
    )


def _asked(words: str, endpoint: str, unit: str, domain: str) -> dict[str, Any]:
    """The statistic that a value's name, unit and endpoint ask for."""
    both = f"{words} {endpoint}"
    found = (
        _mood(words, both, unit, domain)
        or _times(words, both, unit, domain)
        or _shares(words, both, unit)
        or _means(words, both, unit)
    )
    if found is None:
        raise UnreadError(f"no rule reads {words!r} in {unit or 'no unit'} of {endpoint[:60]!r}")
    return found


def _mood(words: str, both: str, unit: str, domain: str) -> dict[str, Any] | None:
    if re.search(r"relapse|median|series|ratio six|rapamycin|per cadss|correl", both):
        return None
    for which in ("response", "remission"):
        if re.search(which[:7], words) or (which[:7] in both and domain == "antidepressant"):
            other = "remission" if which == "response" else "response"
            if other[:7] in words:
                continue
            if unit == "%":
                return {"statistic": f"{which}_share_percent"}
            if unit == "ratio" and re.search(r"\bor\b|odds", both):
                return {"statistic": f"{which}_odds_ratio"}
    if unit in ("smd", "d") and re.search(r"\bsmd\b|madrs", both):
        return {"statistic": "madrs_standardized_difference_at"}
    if "madrs" not in both or unit != "points":
        return None
    if re.search(r"day ?\d+ \d", words):
        raise UnreadError(f"{words!r} is of several days")
    if re.search(r"diff|versus|\bvs\b|effect", words) or "weighted mean difference" in both:
        return {"statistic": "madrs_difference_at"}
    if "change" in both:
        return {"statistic": "madrs_change_at"}
    return {"statistic": "madrs_mean_at"} if "mean" in both else None


def _times(words: str, both: str, unit: str, domain: str) -> dict[str, Any] | None:
    if unit != "min":
        return None
    kinds = [effect for pattern, effect in _PEAK_EFFECT if re.search(pattern, f"{both} {domain}")]
    if not kinds:
        return None
    effect = kinds[0]
    if re.search(r"\bpeak|\btmax", words):
        return {"statistic": "time_of_peak_of_mean_min", "effect": effect}
    if "onset" in words and effect == "moaas_below_5":
        return {"statistic": "time_to_half_peak_min", "effect": effect}
    if not re.search(r"resol|return|baseline|\bback", words):
        return None
    if effect == "cadss":
        return {"statistic": "median_time_back_min", "effect": effect, "line": _BACK_CADSS}
    if effect == "sbp_rise_mmhg":
        return {"statistic": "time_mean_back_min", "effect": effect, "line": _BACK_MMHG}
    return {"statistic": "time_back_to_half_peak_min", "effect": effect}


def _shares(words: str, both: str, unit: str) -> dict[str, Any] | None:
    if unit != "%":
        return None
    for sign in ("sbp", "dbp"):
        rise = re.search(rf"{sign} (?:rise|increase|\+) ?(?:>=|≥)? ?(\d+)", words)
        reading = re.search(rf"{sign} ?(?:>=|≥)? ?(\d{{3}})\b", words)
        if rise or reading:
            line = (rise or reading)[1]  # type: ignore[index]
            effect = f"{sign}_rise_mmhg" if rise else f"{sign}_mmhg"
            return {"statistic": "share_ever_percent", "effect": effect, "at_least": int(line)}
    if re.search(r"cadss\s*>\s*4", both):
        return {"statistic": "share_ever_percent", "effect": "cadss", "above": 4}
    if "moaa" in both and re.search(r"sedation|\bloc\b|consciousness", words):
        deep = not re.search(r"sedation", words)
        return {
            "statistic": "share_ever_percent", "effect": "moaas", "at_most": 0 if deep else 4,
            "one_draw_per_session": True,
        }  # fmt: skip
    for event in ("nausea", "dizziness"):
        if event in words and not re.search(r"vomit", words):
            return {"statistic": "incidence_percent", "event": event, "watched_h": _WATCHED_H}
    return None


def _means(words: str, both: str, unit: str) -> dict[str, Any] | None:
    if "cadss" in both and unit == "points" and not re.search("madrs|hdrs", both):
        return {"statistic": "mean_at", "effect": "cadss"}
    signs = [s for s, p in _VITALS.items() if re.search(p, words)] or [
        s for s, p in _VITALS.items() if re.search(p, both)
    ]
    if len(signs) != 1 or unit != _UNIT_OF[signs[0]]:
        return None
    if not re.search(r"rise|increase|change|maxim|pooled", both):
        return None
    sign = signs[0]
    maxima = re.search(r"per-patient|maxim(?:um|al) (?:rise|increase)|maxima|pooled", both)
    if maxima and "largest mean change" not in both:
        return {"statistic": "mean_of_max_rise", "effect": f"{sign}_{unit}"}
    return {"statistic": "mean_at", "effect": f"{sign}_rise_{unit}"}


def _read_off(
    asked: dict[str, Any], course: Course, words: str, endpoint: str, control: bool
) -> dict[str, Any]:
    """The recipe's keys of time: when it is read, and in which sessions."""
    statistic = asked["statistic"]
    if statistic in MOOD_NEEDS:
        hours = _hours(words, course) or _hours(endpoint, course)
        if hours is None:
            raise UnreadError("nobody says when it was read")
        if control and "difference" in statistic:
            raise UnreadError("a difference is of the drug")
        if course.nasal and not course.said and hours >= _WEEK_H:
            raise UnreadError("nobody says how often the spray was given")
        return {**asked, "at_h": hours, "control": course.control}
    if statistic in ("share_ever_percent", "incidence_percent"):
        if course.nasal and not course.said:
            raise UnreadError("nobody says in how many sessions")
        if "per treatment session" in endpoint or "per session" in endpoint:
            raise UnreadError("of each session, or of any of the week? no rule reads it")
    if statistic == "share_ever_percent":
        at = {"cadss": _CADSS_AT, "moaas": _MOAAS_AT}.get(asked["effect"], _CUFF[course.nasal])
        return {**asked, "readings_min": at, "sessions_at_min": course.sessions_at_min}
    if statistic == "incidence_percent":
        return {**asked, "sessions_at_min": course.sessions_at_min}
    if statistic == "mean_of_max_rise":
        return {**asked, "readings_min": _CUFF[course.nasal]}
    if statistic == "mean_at":
        minutes = _minutes(words) or _minutes(endpoint)
        if minutes is None:
            return {"statistic": "peak_of_mean", "effect": asked["effect"]}
        return {**asked, "at_min": minutes}
    if "after end" in words:
        return {**asked, "counted_from_min": course.end_min}
    return asked


def _hours(text: str, course: Course) -> float | None:
    found = re.search(rf"\b({_N})\s*-?\s*(?:h|hr|hours?)\b|\bh\s*({_N})\b", text)
    if found:
        return float(found[1] or found[2])
    span = re.search(rf"\b({_N})\s*-\s*({_N})\s*h\b", text)
    if span:
        return (float(span[1]) + float(span[2])) / 2.0
    day = re.search(rf"\bday\s*({_N})|\b({_N})\s*d(?:ays)?\b|\bd\s*({_N})\b", text)
    if day:
        since = 1.0 if course.counts_from_one and day[1] else 0.0
        return (float(day[1] or day[2] or day[3]) - since) * 24.0
    week = re.search(rf"\bweek\s*({_N})|\b({_N})\s*(?:w|weeks?)\b", text)
    return float(week[1] or week[2]) * 168.0 if week else None


def _minutes(text: str) -> float | None:
    found = re.search(rf"\b({_N})\s*-?\s*min", text)
    return float(found[1]) if found else None
