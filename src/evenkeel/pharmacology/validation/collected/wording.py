"""What the words of a collected row say: numbers, doses, routes, people, other drugs."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from ...choice import Drug
from ...errors import PharmacologyError
from ...interactions import interactions

#: Of longer words the rest is not read.
LONGEST_TEXT = 2000
_N = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_MINUTES = {"s": 1 / 60, "min": 1.0, "h": 60.0, "d": 1440.0}
_LIMITS = ("<", ">", "≤", "≥", "less than", "more than", "up to", "at least", "within", "below")
_ABOUT = re.compile(r"^(?:about|approximately|approx\.?|around|circa|ca\.?|~|≈)\s*", re.I)
_SPREAD = re.compile(rf"\+/-\s*{_N}|\([^()]*\)|\[[^\[\]]*\]")
#: A word of the route, and what it means; the first that fits, so that the narrow come first.
_ROUTES: tuple[tuple[str, str], ...] = (
    (r"epidural|intrathecal|topical|inhal|rectal|suppositor|transderm|intraosse|caudal", ""),
    (r"thin film|oral film|\bfilm\b", "oral_film"),
    (r"sublingual|under the tongue|buccal|transmucosal|\bsl\b", "sublingual"),
    (r"intranasal|nasal|spravato|\bin\b", "nasal"),
    (r"intramuscular|\bim\b", "im"),
    (r"subcutaneous|\bsc\b|\bs\.c\.", "sc"),
    (r"\biv\b|\bi\.v\.|intravenous", "iv"),
    (r"\boral|\bpo\b|\bp\.o\.|tablet|capsule|syrup|swallow|lozenge|by mouth", "oral"),
)
_SLOW = re.compile(
    r"(?:prolonged|controlled|extended|sustained|slow|modified)[- ]release|\b[pcx]r\b"
)
_REPEATED = re.compile(
    r"\b(?:bid|tid|qid|twice|thrice|daily|weekly|every|q\d+h|repeated)\b"
    r"|\bx\s*\d+\s*(?:d|days|weeks|doses|sessions|infusions)\b|steps|escalat|titrat|pca\b|tci\b"
)
_NOT_ADULTS = r"child|pa?ediatric|neonat|infant|\bdogs?\b|horse|\brats?\b|\bmice\b|monkey|pregnan"
_AMOUNT = re.compile(
    rf"({_N})(?:\s*(?:-|to)\s*({_N}))?\s*(mg|g|ug|mcg|µg)\b(?:\s*/\s*(70\s*)?(kg))?"
    r"(?:\s*/\s*(h|hr|hour|min)\b)?"
)
_MG = {"mg": 1.0, "g": 1000.0, "ug": 0.001, "mcg": 0.001, "µg": 0.001}


class UnreadError(PharmacologyError):
    """Words that no rule reads, or that ask for what no model has."""

    code = "collected-row"


def plain(value: object) -> str:
    """Lower case, one kind of dash and of plus-minus, one space; nothing for what is no text."""
    if not isinstance(value, str):
        return ""
    for old, new in (("–", "-"), ("−", "-"), ("—", "-"), ("±", "+/-"), ("’", "'"), ("×", "x")):
        value = value.replace(old, new)
    return " ".join(value[:LONGEST_TEXT].lower().split())


@dataclass(frozen=True)
class Number:
    """A published number: the value, or the middle of a range and its ends."""

    value: float
    low: float | None = None
    high: float | None = None
    percent: bool = False


def number(value: object) -> Number:
    """The one number that a value says. Raises ``UnreadError`` for none, several, or a limit."""
    if isinstance(value, bool) or value is None:
        raise UnreadError(f"{value!r} is no number")
    if isinstance(value, int | float):
        return Number(_finite(value))
    if not isinstance(value, str):
        raise UnreadError(f"{str(value)[:60]!r} is no number")
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", plain(value))
    text = _ABOUT.sub("", text)
    if text.startswith(_LIMITS):
        raise UnreadError(f"{value!r} is a limit and no value")
    match = re.match(rf"({_N})\s*(%)?(?:\s*(?:-|to)\s*({_N}))?\s*(%)?", text)
    if match is None:
        raise UnreadError(f"{value[:60]!r} is no number")
    rest = _SPREAD.sub("", text[match.end() :])
    if re.search(r"\d", rest):
        raise UnreadError(f"{value[:60]!r} holds more than one value")
    low = _finite(match[1])
    percent = bool(match[2] or match[4])
    if match[3] is None:
        return Number(low, percent=percent)
    high = _finite(match[3])
    return Number((low + high) / 2.0, min(low, high), max(low, high), percent)


def _finite(value: object) -> float:
    try:
        found = float(str(value))
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise UnreadError(f"{value!r} is no finite number")
    return found


def drug_of(text: str) -> Drug:
    """Racemic ketamine or S-ketamine. Raises ``UnreadError`` for any other or for both."""
    racemic = "racem" in text
    single = "esketamine" in text or "s-ketamine" in text or "s(+)" in text
    if racemic and single:
        raise UnreadError("two products in one row")
    if "arketamine" in text or "r-ketamine" in text:
        raise UnreadError("no model gives R-ketamine alone")
    if single:
        return "s_ketamine"
    if racemic or text.strip() in ("ketamine", "(r,s)-ketamine", "(rs)-ketamine"):
        return "racemic"
    raise UnreadError(f"the drug is {text[:60]!r}, not racemic ketamine or esketamine")


def cut(route: str) -> tuple[str, str]:
    """The words about ketamine, and those about what came with it."""
    parts = re.split(r"\+(?!/-)|\bwith\b|\bplus\b|\bafter\b", route, maxsplit=1)
    return parts[0], route[len(parts[0]) :]


def route_of(text: str) -> str:
    """The one route that words name; ``UnreadError`` for none, several, or an unknown one."""
    found = {name for pattern, name in _ROUTES if re.search(pattern, text)}
    if "" in found:
        raise UnreadError(f"no model gives ketamine by {text!r}")
    if "oral_film" in found:
        found = {"oral_film"}
    if "sublingual" in found:
        found -= {"oral"}
    if len(found) != 1:
        said = " and ".join(sorted(found)) or "none"
        raise UnreadError(f"one route is needed; {text[:60]!r} names {said}")
    return found.pop()


def slow(text: str) -> bool:
    """Whether it is released slowly: no model has the absorption of that."""
    return bool(_SLOW.search(text))


@dataclass(frozen=True)
class Amount:
    """What was given in all, or for each minute where ``per_min``."""

    value: float
    unit: str
    per_min: bool
    range_middle: bool


def amount_of(text: str, *, any_of_several: bool = False) -> Amount:
    """The one amount of a dose, or the last of several where it does not matter which.

    Raises ``UnreadError`` for none, several, or a course of doses.
    """
    bare = re.sub(r"\([^()]*\)", " ", text)
    if _REPEATED.search(bare):
        raise UnreadError(f"{text[:60]!r} is more than one dose")
    several = re.search(rf"{_N}\s*(?:/|,|\bor\b|\band\b)\s*{_N}\s*(?:mg|g|ug)", bare)
    if several and not any_of_several:
        raise UnreadError(f"{text[:60]!r} names several doses")
    found = list(_AMOUNT.finditer(bare))
    if len(found) != 1:
        raise UnreadError(f"{text[:60]!r} names {len(found)} doses; one is needed")
    match = found[0]
    low = _finite(match[1])
    value = low if match[2] is None else (low + _finite(match[2])) / 2.0
    value *= _MG[match[3]]
    unit = "mg/kg" if match[5] and not match[4] else "mg"
    if value <= 0:
        raise UnreadError(f"a dose of {value:g} {unit}")
    per = match[6]
    if per:
        value /= 1.0 if per == "min" else 60.0
    return Amount(value, unit, per is not None, match[2] is not None)


def minutes_of(text: str) -> float | None:
    """How long an infusion took, in minutes; None where the words do not say.

    Raises ``UnreadError`` where they say two different times.
    """
    unit = r"\s*-?\s*(s|sec|seconds|min|minutes?|mins|h|hr|hours?|d|days?)\b"
    patterns = (
        rf"over\s+(?:about\s+)?({_N}){unit}",
        rf"({_N}){unit}[- ]*(?:iv |long |constant[- ]rate )*infusion",
        rf"infusion\s*(?:of|for|,)?\s*({_N}){unit}",
        rf"(?:\bx|\bfor)\s*({_N}){unit}",
        rf"\(\s*({_N}){unit}\s*\)",
        rf"/\s*({_N}){unit}",
    )
    found = {
        round(float(match[1]) * _MINUTES["s" if match[2].startswith("s") else _short(match[2])], 6)
        for pattern in patterns
        for match in re.finditer(pattern, text)
    }
    if len(found) > 1:
        raise UnreadError(f"two durations in {text[:60]!r}")
    return found.pop() if found else None


def _short(unit: str) -> str:
    return "min" if unit.startswith("m") else unit[0]


def people_of(text: str, known: frozenset[str]) -> tuple[dict[str, float], list[str]]:
    """Covariates of a model that a population names, and notes on what was taken for granted.

    Raises ``UnreadError`` for people no model is for.
    """
    if re.search(_NOT_ADULTS, text) and "adult" not in text:
        raise UnreadError("the models are for adults")
    found: dict[str, float] = {}
    weight = re.search(rf"({_N})\s*kg", text)
    if weight and 30 <= float(weight[1]) <= 250:
        found["weight_kg"] = float(weight[1])
    if "japanese" in text and "non-japanese" not in text:
        found |= {"asian": 1.0, "japanese": 1.0}
    elif "asian" in text and "non-asian" not in text:
        found["asian"] = 1.0
    age = _age(text)
    if age is not None:
        found["age_years"] = age
    notes = [f"{name} {value:g}" for name, value in found.items() if name in known]
    return {name: value for name, value in found.items() if name in known}, notes


def _age(text: str) -> float | None:
    single = re.search(r"(?:mean|median) age (?:of )?(\d+(?:\.\d+)?)", text)
    single = single or re.search(r"\d\s*y(?:ears)?\s*\((\d+)\)", text)
    if single:
        return float(single[1])
    span = re.search(r"(\d{2})\s*(?:-|to)\s*(\d{2})\s*(?:y\b|yr|years)", text)
    found = (float(span[1]) + float(span[2])) / 2.0 if span else None
    return found if found is not None and 18 <= found <= 100 else None


def other_drug(text: str) -> str | None:
    """The id of another drug on board. Raises ``UnreadError`` for two."""
    bare = text.replace("'", "")
    found = {
        one.id
        for one in interactions().values()
        if one.activities or one.id.endswith("_nasal")
        if one.id.removesuffix("_nasal").replace("_", " ").removesuffix(" juice") in bare
    }
    if len(found) > 1:
        raise UnreadError(f"two other drugs: {', '.join(sorted(found))}")
    return found.pop() if found else None
