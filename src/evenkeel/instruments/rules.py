"""Reading and checking an instrument's `scoring.json` against its form."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from evenkeel.instruments.entry import Entry
from evenkeel.instruments.form import Form
from evenkeel.instruments.model import (
    Band,
    Basis,
    Item,
    SafetyRule,
    Scoring,
    Tier,
    frozen_mapping,
)


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
        total_range = _total_range(root, items)
        bands, tiers = _bands(root, total_range), ()
        return _scoring(root, items, total_range, bands, tiers)
    if method == "triage":
        return _scoring(root, items, None, (), _tiers(root, items))
    raise root.error("method", f"{method!r} is not sum or triage")


def _scoring(
    root: Entry,
    items: tuple[Item, ...],
    total_range: tuple[int, int] | None,
    bands: tuple[Band, ...],
    tiers: tuple[Tier, ...],
) -> Scoring:
    return Scoring(
        method="triage" if tiers else "sum",
        total_range=total_range,
        bands=bands,
        tiers=tiers,
        missing=_missing(root),
        response_fall=_response(root),
        remission_below=_points(root, "remission", "below"),
        important_change_points=_points(root, "important_change", "points"),
        safety=tuple(_safety(entry, items) for entry in root.entries("safety")),
    )


def _missing(root: Entry) -> Basis:
    entry = root.entry("missing")
    # Prorating is left out on purpose: no published rule for these instruments was found to cite.
    if entry.text("rule") != "refuse":
        raise entry.error("rule", f"{entry.text('rule')!r} is not known; only 'refuse' is")
    return entry.basis()


def _pair(root: Entry, key: str) -> tuple[int, int]:
    values = root.list(key)
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
    if len(values) != 2 or not whole or values[0] >= values[1]:
        raise root.error(key, f"must be two whole numbers, low then high, found {values!r}")
    return values[0], values[1]


def _total_range(root: Entry, items: tuple[Item, ...]) -> tuple[int, int]:
    low, high = _pair(root, "item_range")
    scored = [item for item in items if item.scored]
    for item in scored:
        for value, _ in item.options:
            if not low <= value <= high:
                problem = f"{item.link_id!r} offers {value}, outside {low} to {high}"
                raise root.error("item_range", problem)
    total_low, total_high = _pair(root, "total_range")
    reachable = (
        sum(min(item.values) for item in scored),
        sum(max(item.values) for item in scored),
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
    return SafetyRule(link_id, above, entry.text_or_empty("follow_up"), entry.basis())
