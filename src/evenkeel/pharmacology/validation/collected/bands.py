"""The band of a collected number, from what its row says would be acceptable."""

from __future__ import annotations

import re

from .wording import _N, Number, plain

#: Words of an acceptance that speak of one quantity; one that speaks of none speaks of all.
_ABOUT: dict[str, str] = {
    "cmax": r"\bcmax|\bcpeak|\bpeak",
    "tmax": r"\btmax",
    "auc": r"\bauc",
    "f": r"\bf\b|bioavail",
    "cl": r"\bcl\b|clearance",
    "vss": r"\bvss?\b|\bvd\b",
    "half": r"t1/2|t_half|half-life|\bt half",
}
_SAME = r"^\s*(?:k|nk)\b"
Band = tuple[float, float]


def band_of(
    acceptance: object, quantity: str, species: str, observed: Number, minute: float
) -> tuple[Band | None, str]:
    """From and to in the unit of the row, and the words it comes from; None where none is said.

    ``minute`` is how many of the row's unit make a minute, for a band in minutes. A change of x %
    has the observed ``1 + x / 100``.
    """
    text = plain(acceptance)
    for clause in text.split(";"):
        same = ("nor" in clause) == ("nor" in species) and re.search(_ABOUT[quantity], clause)
        if "not test" in clause and same:
            return None, clause.strip()
    for clause in _clauses(text):
        if not _speaks_of(clause, quantity, species):
            continue
        found = _limits(clause, observed, minute)
        if found is not None and found[0] <= observed.value <= found[1]:
            return found, clause.strip()
    return None, text


def _clauses(text: str) -> list[str]:
    """Its parts; an "and" parts only what has a limit on each side."""
    found = []
    for part in re.split(r";|,(?!\d)(?![^()]*\))", text):
        sides = re.split(r"\band\b", part)
        found += sides if all(re.search(r"\d", side) for side in sides) else [part]
    return found


def _speaks_of(clause: str, quantity: str, species: str) -> bool:
    if "not test" in clause or "informational" in clause:
        return False
    named = {name for name, pattern in _ABOUT.items() if re.search(pattern, clause)}
    if named and quantity not in named:
        return False
    which = re.match(_SAME, clause)
    if which:
        return which[0].strip() == ("nk" if "norketamine" in species else "k")
    return True


def _limits(clause: str, observed: Number, minute: float) -> Band | None:
    value = observed.value
    share = re.search(rf"within \+?/?-?\s*({_N})\s*%", clause) or re.search(
        rf"\+/-\s*({_N})\s*%", clause
    )
    if share:
        off = abs(value) * float(share[1]) / 100.0
        return value - off, value + off
    fold = re.search(rf"({_N})\s*-?\s*fold|factor (?:of )?({_N})", clause)
    times = float(fold[1] or fold[2]) if fold else 0.0
    if times >= 1 and value > 0:
        return value / times, value * times
    off_by = re.search(rf"(?:within|\+/-)\s*({_N})\s*(min|h)\b", clause)
    if off_by:
        off = float(off_by[1]) * (60.0 if off_by[2] == "h" else 1.0) * minute
        return max(0.0, value - off), value + off
    if "inside the range" in clause or "in range" in clause or "within range" in clause:
        ends = observed.low, observed.high
        return None if ends[0] is None or ends[1] is None else (ends[0], ends[1])
    points = re.search(rf"\+/-\s*({_N})(?!\s*%)", clause)
    if points:
        return value - float(points[1]), value + float(points[1])
    span = re.search(rf"(?<![\d.])({_N})\s*(%)?\s*(?:-|to)\s*({_N})\s*(%|min\b|h\b)?", clause)
    return _span(span, observed, minute) if span else None


def _span(match: re.Match[str], observed: Number, minute: float) -> Band:
    low, high = sorted((float(match[1]), float(match[3])))
    if match[4] == "%" and observed.percent and observed.value > 0 and low < 0:
        return 1 + low / 100.0, 1 + high / 100.0
    if match[4] in ("min", "h") and minute:
        scale = (60.0 if match[4] == "h" else 1.0) * minute
        return low * scale, high * scale
    return low, high


#: Words of a tolerance that speak of one thing; it must then be among the words of the number.
_THINGS = (
    r"\bsbp", r"\bdbp", r"\bhr\b", "response", "remission", "relapse", "anxiety", "ratio",
    r"\bloc\b", "nausea", "maintenance", r"\bback\b|resol|return|baseline", "peak", "effect",
)  # fmt: skip
_UNITS = ("mmhg", "bpm", "points", "%")


def tolerance_of(
    tolerance: object, observed: Number, unit: str, about: str, control: bool
) -> tuple[Band | None, str]:
    """The band of an effect, from the tolerance its row suggests; None where none is said.

    ``about`` are the words of the number and its endpoint.
    """
    text = plain(tolerance).replace("+-", "+/-")
    clauses = _clauses(text)
    for clause in clauses:
        apart = any("placebo" in other for other in clauses)
        if apart and ("placebo" in clause) != control:
            continue
        things = [thing for thing in _THINGS if re.search(thing, clause)]
        if things and not any(re.search(thing, about) for thing in things):
            continue
        named = [one for one in _UNITS if one in clause]
        if named and unit not in named and not (unit == "%" and "points" in named):
            continue
        if (re.search(r"\bmin\b", clause) is not None) and unit != "min":
            continue
        found = _at_most(clause) or _limits(clause, observed, 1.0 if unit == "min" else 0.0)
        if found is not None and found[0] <= observed.value <= found[1]:
            return found, clause.strip()
    return None, text


def _at_most(clause: str) -> Band | None:
    found = re.search(rf"^\W*(?:<=|≤|at most)\s*({_N})", clause)
    return (0.0, float(found[1])) if found else None
