"""Reading and checking an instrument's `scoring.json` against its form."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from evenkeel.instruments.entry import Entry
from evenkeel.instruments.form import Form
from evenkeel.instruments.model import (
    Band,
    Basis,
    Better,
    Item,
    Level,
    SafetyRule,
    Scoring,
    Tier,
    frozen_mapping,
)
from evenkeel.instruments.parts import read_provisional, read_subscales

LEVELS: tuple[Level, ...] = ("none", "routine", "today", "now")
BETTER: tuple[Better, ...] = ("lower", "higher")
SAFETY_KINDS = ("thoughts_of_death", "dissociation", "urinary", "unwell")


def read_unscored(root: Entry, form: Form) -> frozenset[str]:
    """Link ids of the questions that do not enter the score."""
    known = {item.link_id for item in form.items}
    for link_id in root.list("unscored"):
        if link_id not in known:
            raise root.error("unscored", f"{link_id!r} is not a question of this form")
    return frozenset(root.list("unscored"))


def read_scoring(root: Entry, items: tuple[Item, ...]) -> Scoring:
    """The scoring rules for `items`.

    Raises InstrumentFileError, naming the entry, for an option outside the item range, bands that
    leave a gap, overlap or miss the total range, tiers or safety rules about unknown items.
    """
    method = root.text("method")
    if method == "sum":
        groups = _groups(root, items)
        multiply = root.integer("multiply") if root.has("multiply") else 1
        if multiply < 1:
            raise root.error("multiply", f"must be at least 1, found {multiply}")
        total_range = _total_range(root, items, groups, multiply)
        bands, tiers = _bands(root, total_range), ()
        return _scoring(root, items, total_range, bands, tiers, groups=groups, multiply=multiply)
    if method == "triage":
        return _scoring(root, items, None, (), _tiers(root, items))
    if method == "none":
        return _scoring(root, items, None, (), ())
    raise root.error("method", f"{method!r} is not sum, triage or none")


def _scoring(
    root: Entry,
    items: tuple[Item, ...],
    total_range: tuple[int, int] | None,
    bands: tuple[Band, ...],
    tiers: tuple[Tier, ...],
    *,
    groups: tuple[tuple[str, ...], ...] = (),
    multiply: int = 1,
) -> Scoring:
    missing, most_missing = _missing(root, items)
    if most_missing and groups:
        raise root.error("missing.rule", "cannot be prorate where only the highest answer counts")
    subscales = read_subscales(root, items)
    urgency = _urgency(root, tiers)
    return Scoring(
        method="triage" if tiers else "sum" if total_range else "none",
        total_range=total_range,
        bands=bands,
        tiers=tiers,
        missing=missing,
        response_fall=_response(root),
        remission_below=_points(root, "remission", "below"),
        important_change_points=_points(root, "important_change", "points"),
        safety=tuple(_safety(entry, items) for entry in root.entries("safety")),
        most_missing=most_missing,
        multiply=multiply,
        better=_better(root),
        highest_of=groups,
        subscales=subscales,
        subscales_basis=root.entry("subscales_basis").basis() if subscales else None,
        provisional=read_provisional(root, subscales),
        reliable_change_points=_reliable(root),
        urgency=urgency,
        urgency_basis=root.entry("urgency_basis").basis() if urgency else None,
    )


def _better(root: Entry) -> Better:
    text = root.text_or_empty("better") or "lower"
    for known in BETTER:
        if text == known:
            return known
    raise root.error("better", f"{text!r} is not lower or higher")


def _missing(root: Entry, items: tuple[Item, ...]) -> tuple[Basis, int]:
    """The rule in words, and how many scored items may be missing (0: none)."""
    entry = root.entry("missing")
    rule = entry.text("rule")
    if rule == "refuse":
        return entry.basis(), 0
    if rule != "prorate":
        raise entry.error("rule", f"{rule!r} is not known; 'refuse' and 'prorate' are")
    if root.text("method") != "sum":
        raise entry.error("rule", "only a sum can be prorated")
    most = entry.integer("most_missing")
    scored = sum(1 for item in items if item.scored)
    if not 0 < most < scored:
        raise entry.error("most_missing", f"must be 1 to {scored - 1}, found {most}")
    return entry.basis(), most


def _groups(root: Entry, items: tuple[Item, ...]) -> tuple[tuple[str, ...], ...]:
    """Groups of scored questions of which only the highest answer counts."""
    scored = {item.link_id for item in items if item.scored}
    seen: set[str] = set()
    groups: list[tuple[str, ...]] = []
    for group in root.list("highest_of"):
        if not isinstance(group, list) or len(group) < 2:
            raise root.error("highest_of", f"must hold lists of two questions or more: {group!r}")
        for link_id in group:
            if link_id not in scored or link_id in seen:
                raise root.error("highest_of", f"{link_id!r} is unknown or stands there twice")
            seen.add(link_id)
        groups.append(tuple(group))
    return tuple(groups)


def _urgency(root: Entry, tiers: tuple[Tier, ...]) -> tuple[tuple[str, Level], ...]:
    """Tier -> how soon; every tier must stand there, or none."""
    if not root.has("urgency"):
        return ()
    entry = root.entry("urgency")
    codes = [tier.band.code for tier in tiers]
    if sorted(entry.value) != sorted(codes):
        raise root.error("urgency", f"must name every tier once: {', '.join(codes) or 'none'}")
    found: list[tuple[str, Level]] = []
    for code in codes:
        word = entry.text(code)
        level = next((known for known in LEVELS if known == word), None)
        if level is None:
            raise entry.error(code, f"{word!r} is not one of {', '.join(LEVELS)}")
        found.append((code, level))
    return tuple(found)


def _reliable(root: Entry) -> tuple[int, Basis] | None:
    """The reliable change; where SD and reliability stand there, it must follow from them."""
    found = _points(root, "reliable_change", "points")
    if found is None:
        return None
    entry = root.entry("reliable_change")
    if entry.has("sd") or entry.has("reliability"):
        sd, reliability = _positive(entry, "sd"), _positive(entry, "reliability")
        if reliability >= 1:
            raise entry.error("reliability", "must be below 1")
        derived = reliable_change(sd, reliability)
        if found[0] != derived:
            raise entry.error("points", f"says {found[0]}; SD and reliability give {derived}")
    return found


def reliable_change(sd: float, reliability: float) -> int:
    """The smallest whole change that chance explains in fewer than 5 of 100 people (points).

    1.96 times the standard error of a difference, sd * sqrt(2) * sqrt(1 - reliability); Jacobson
    and Truax 1991, Journal of Consulting and Clinical Psychology 59:12-19,
    doi:10.1037/0022-006X.59.1.12. `sd` in points of the total, `reliability` from 0 to below 1.
    """
    return math.ceil(1.96 * sd * math.sqrt(2 * (1 - reliability)))


def _positive(entry: Entry, key: str) -> float:
    value = entry.value.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise entry.error(key, f"must be a number above 0, found {value!r}")
    return float(value)


def _pair(root: Entry, key: str) -> tuple[int, int]:
    values = root.list(key)
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
    if len(values) != 2 or not whole or values[0] >= values[1]:
        raise root.error(key, f"must be two whole numbers, low then high, found {values!r}")
    return values[0], values[1]


def _total_range(
    root: Entry, items: tuple[Item, ...], groups: tuple[tuple[str, ...], ...], multiply: int
) -> tuple[int, int]:
    scored = [item for item in items if item.scored]
    if not scored:  # the questions are not known here: what the source says of the total stands
        return _pair(root, "total_range")
    low, high = _pair(root, "item_range")
    for item in scored:
        for value, _ in item.options:
            if not low <= value <= high:
                problem = f"{item.link_id!r} offers {value}, outside {low} to {high}"
                raise root.error("item_range", problem)
    total_low, total_high = _pair(root, "total_range")
    by_id = {item.link_id: item.values for item in scored}
    grouped = {link_id for group in groups for link_id in group}
    plain = [values for link_id, values in by_id.items() if link_id not in grouped]
    reachable = (
        multiply
        * (
            sum(min(values) for values in plain)
            + sum(max(min(by_id[one]) for one in group) for group in groups)
        ),
        multiply
        * (
            sum(max(values) for values in plain)
            + sum(max(max(by_id[one]) for one in group) for group in groups)
        ),
    )
    if (total_low, total_high) != reachable:
        problem = f"says {total_low} to {total_high}; the items add up to {reachable[0]}"
        raise root.error("total_range", f"{problem} to {reachable[1]}")
    return total_low, total_high


def _bands(root: Entry, total_range: tuple[int, int]) -> tuple[Band, ...]:
    basis = root.entry("bands_basis").basis()
    bands: list[Band] = []
    expected = total_range[0]
    for entry in root.entries("bands"):
        low, high = entry.integer("low"), entry.integer("high")
        if low > high:
            raise entry.error("low", f"{low} is above its own high, {high}")
        if low > expected:
            raise entry.error("low", f"gap: nothing covers {expected} to {low - 1}")
        if low < expected:
            problem = "overlaps the band before" if bands else "is below the total range"
            raise entry.error("low", f"{low} {problem}; {expected} was expected")
        code = entry.text("code")
        if code in {band.code for band in bands}:
            raise entry.error("code", f"{code!r} is used twice")
        bands.append(Band(code, entry.text("label"), low, high, basis))
        expected = high + 1
    if expected != total_range[1] + 1:
        raise root.error("bands", f"end at {expected - 1}; the total goes to {total_range[1]}")
    return tuple(bands)


def _tiers(root: Entry, items: tuple[Item, ...]) -> tuple[Tier, ...]:
    basis = root.entry("tiers_basis").basis()
    tiers: list[Tier] = []
    entries = list(root.entries("tiers"))
    for index, entry in enumerate(entries):
        code = entry.text("code")
        if code in {tier.band.code for tier in tiers}:
            raise entry.error("code", f"{code!r} is used twice")
        when_any = tuple(_all_of(case, items) for case in entry.entries("when_any"))
        last = index == len(entries) - 1
        if last and when_any:
            raise entry.error("when_any", "the last tier is what remains and takes no condition")
        if not last and not when_any:
            raise entry.error("when_any", "says no condition, so no later tier could be reached")
        tiers.append(Tier(Band(code, entry.text("label"), None, None, basis), when_any))
    if len(tiers) < 2:
        raise root.error("tiers", "needs at least two tiers, worst first")
    return tuple(tiers)


def _all_of(case: Entry, items: tuple[Item, ...]) -> Mapping[str, int]:
    if not case.value:
        raise case.error("", "is an empty condition")
    allowed = {item.link_id: item.values for item in items}
    for link_id in case.value:
        if link_id not in allowed:
            raise case.error(link_id, "is not a question of this form")
        if case.integer(link_id) not in allowed[link_id]:
            raise case.error(link_id, f"cannot be answered {case.integer(link_id)}")
    return frozen_mapping(case.value)


def _response(root: Entry) -> tuple[str, Basis] | None:
    if not root.has("response"):
        return None
    entry = root.entry("response")
    text = entry.text("fall_fraction")
    try:
        fraction = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise entry.error("fall_fraction", f"{text!r} is not a fraction such as '1/2'") from None
    if not 0 < fraction <= 1:
        raise entry.error("fall_fraction", f"{text!r} is not above 0 and at most 1")
    return text, entry.basis()


def _points(root: Entry, key: str, name: str) -> tuple[int, Basis] | None:
    if not root.has(key):
        return None
    entry = root.entry(key)
    points = entry.integer(name)
    if points < 1:
        raise entry.error(name, f"must be at least 1, found {points}")
    return points, entry.basis()


def _safety(entry: Entry, items: tuple[Item, ...]) -> SafetyRule:
    link_id = entry.text("link_id")
    allowed = {item.link_id: item.values for item in items}
    if link_id not in allowed:
        raise entry.error("link_id", f"{link_id!r} is not a question of this form")
    above = entry.integer("above")
    if not any(value > above for value in allowed[link_id]):
        raise entry.error("above", f"no answer to {link_id!r} is above {above}")
    kind = entry.text_or_empty("kind") or "thoughts_of_death"
    if kind not in SAFETY_KINDS:
        raise entry.error("kind", f"{kind!r} is not one of {', '.join(SAFETY_KINDS)}")
    return SafetyRule(link_id, above, entry.text_or_empty("follow_up"), entry.basis(), kind)
