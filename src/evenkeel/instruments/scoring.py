"""From answers to a score: pure functions of an instrument and its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from evenkeel.instruments.errors import AnswerError
from evenkeel.instruments.model import (
    Band,
    Instrument,
    Item,
    Provisional,
    SafetySignal,
    Score,
    SubscaleScore,
)


def check_answers(instrument: Instrument, answers: Mapping[str, int]) -> dict[str, int]:
    """`answers` (link id -> value) as a dict of their own, once each is found usable.

    Raises AnswerError, naming the item, for an unknown item, a value that is not a whole number
    (true and false are not), or one the item does not offer.
    """
    if not isinstance(answers, Mapping):
        raise AnswerError("answers", f"must map link ids to values, not {type(answers).__name__}")
    items = {item.link_id: item for item in instrument.items}
    for link_id, value in answers.items():
        if not isinstance(link_id, str) or link_id not in items:
            raise AnswerError(_short(link_id), f"is not a question of {instrument.title}")
        if isinstance(value, bool) or not isinstance(value, int):
            raise AnswerError(link_id, f"the answer must be a whole number, not {_short(value)}")
        if value not in items[link_id].values:
            offered = ", ".join(str(option) for option, _ in items[link_id].options)
            raise AnswerError(link_id, f"{_short(value)} is not one of the answers {offered}")
    return dict(answers)


def is_asked(item: Item, answers: Mapping[str, int]) -> bool:
    """True unless an earlier answer made the question fall away."""
    return item.asked_when is None or (
        answers.get(item.asked_when.link_id) == item.asked_when.value
    )


def score(instrument: Instrument, answers: Mapping[str, int]) -> Score:
    """The score of `answers` (link id -> value).

    Scored items left unanswered: a sum is prorated where the instrument's own rule lets that many
    be missing (mean of the answered items times the number of items, rounded half up), else
    refused with the reason; a triage is refused where the missing answer could still raise the
    tier. The source of that rule is `instrument.scoring.missing`. Safety signals are given either
    way. An instrument of method "none" has no total, and nothing to refuse.

    Raises AnswerError for an answer that cannot be used.
    """
    given = check_answers(instrument, answers)
    rules = instrument.scoring
    scored = [item for item in instrument.items if item.scored]
    missing = tuple(
        item.link_id for item in scored if item.link_id not in given and is_asked(item, given)
    )
    total, band, decided = None, None, not missing
    if rules.method == "sum":
        total = _sum(instrument, scored, given, missing)
        decided = total is not None
        band = None if total is None else band_of(instrument, total)
    elif rules.method == "triage":
        band, decided = triage(instrument, given)
        band = band if decided else None
    else:
        decided = True
    return Score(
        total=total,
        band=band,
        answered=sum(1 for item in scored if item.link_id in given),
        missing=missing,
        safety=_signals(instrument, given),
        safety_unanswered=tuple(
            rule.link_id
            for rule in rules.safety
            if rule.link_id not in given and is_asked(instrument.item(rule.link_id), given)
        ),
        refused_reason=None if decided else _refusal(instrument, missing),
        prorated=total is not None and bool(missing),
        subscales=tuple(_subscales(instrument, given)),
        provisional=_provisional(instrument, given),
    )


def _sum(
    instrument: Instrument,
    scored: Sequence[Item],
    given: Mapping[str, int],
    missing: Sequence[str],
) -> int | None:
    """The total; None where too much is missing. Raises nothing: `given` was checked."""
    rules = instrument.scoring
    if not scored or len(missing) > rules.most_missing:
        return None
    if missing:
        answered = [given[item.link_id] for item in scored if item.link_id in given]
        if not answered:
            return None
        mean = Fraction(sum(answered), len(answered))
        # half up, as people round by hand; Python's own rounding would go to the even neighbor
        return rules.multiply * int(mean * len(scored) + Fraction(1, 2))
    grouped = {link_id for group in rules.highest_of for link_id in group}
    plain = sum(
        given[item.link_id]
        for item in scored
        if item.link_id in given and item.link_id not in grouped
    )
    highest = sum(max(given[link_id] for link_id in group) for group in rules.highest_of)
    return rules.multiply * (plain + highest)


def _subscales(instrument: Instrument, given: Mapping[str, int]) -> list[SubscaleScore]:
    return [
        SubscaleScore(
            part.code,
            part.label,
            sum(given[link_id] for link_id in part.link_ids)
            if all(link_id in given for link_id in part.link_ids)
            else None,
        )
        for part in instrument.scoring.subscales
    ]


def _provisional(instrument: Instrument, given: Mapping[str, int]) -> Provisional | None:
    """Count symptoms in each part; a missing answer leaves it open only where it could decide."""
    rule = instrument.scoring.provisional
    if rule is None:
        return None
    parts = {part.code: part.link_ids for part in instrument.scoring.subscales}
    met, possible = True, True
    for code, wanted in rule.needs:
        has = sum(1 for key in parts[code] if given.get(key, -1) >= rule.symptom_from)
        open_ = sum(1 for key in parts[code] if key not in given)
        met &= has >= wanted
        possible &= has + open_ >= wanted
    return Provisional(met if met == possible else None, rule.label, rule.basis)


def band_of(instrument: Instrument, total: int) -> Band:
    """The band that holds `total`. Raises AnswerError for a total the instrument cannot give."""
    check_total(instrument, total)
    return next(
        band
        for band in instrument.scoring.bands
        if band.low is not None and band.high is not None and band.low <= total <= band.high
    )


def check_total(instrument: Instrument, total: int) -> int:
    """`total` again, if the instrument can give it. Raises AnswerError otherwise."""
    limits = instrument.scoring.total_range
    if limits is None:
        raise AnswerError("total", f"{instrument.title} has no total")
    if isinstance(total, bool) or not isinstance(total, int):
        raise AnswerError("total", f"must be a whole number, not {_short(total)}")
    if not limits[0] <= total <= limits[1]:
        raise AnswerError("total", f"{_short(total)} is outside {limits[0]} to {limits[1]}")
    return total


def triage(instrument: Instrument, given: Mapping[str, int]) -> tuple[Band, bool]:
    """The tier the answers reach (worst first), and whether no missing answer could raise it."""
    open_items = frozenset(
        item.link_id
        for item in instrument.items
        if item.link_id not in given and _may_yet_be_asked(instrument, item, given)
    )
    could_be_worse = False
    for tier in instrument.scoring.tiers[:-1]:
        if any(_holds(case, given, frozenset()) for case in tier.when_any):
            return tier.band, not could_be_worse
        could_be_worse |= any(_holds(case, given, open_items) for case in tier.when_any)
    return instrument.scoring.tiers[-1].band, not could_be_worse


def _holds(case: Mapping[str, int], given: Mapping[str, int], open_items: frozenset[str]) -> bool:
    """True if every part of `case` is answered so, or (for `open_items`) still could be."""
    return all(
        link_id in open_items or given.get(link_id) == value for link_id, value in case.items()
    )


def _may_yet_be_asked(instrument: Instrument, item: Item, given: Mapping[str, int]) -> bool:
    condition = item.asked_when
    if condition is None:
        return True
    if condition.link_id in given:
        return given[condition.link_id] == condition.value
    return _may_yet_be_asked(instrument, instrument.item(condition.link_id), given)


def _signals(instrument: Instrument, given: Mapping[str, int]) -> tuple[SafetySignal, ...]:
    return tuple(
        SafetySignal(
            link_id=rule.link_id,
            number=instrument.item(rule.link_id).number,
            value=given[rule.link_id],
            follow_up=rule.follow_up,
            basis=rule.basis,
            kind=rule.kind,
        )
        for rule in instrument.scoring.safety
        if given.get(rule.link_id, rule.above) > rule.above
    )


def _refusal(instrument: Instrument, missing: tuple[str, ...]) -> str:
    if not missing:
        return f"{instrument.title} holds no question yet, so it is not scored."
    numbers = [instrument.item(link_id).number for link_id in missing]
    which = f"question {numbers[0]} is" if len(numbers) == 1 else f"{_listed(numbers)} are"
    prefix = "" if len(numbers) == 1 else "questions "
    text = f"{prefix}{which} not answered, so {instrument.title} is not scored"
    return text[0].upper() + text[1:] + "."


def _listed(words: list[str]) -> str:
    return ", ".join(words[:-1]) + " and " + words[-1]


def _short(value: object) -> str:
    """A hostile value, cut so that a message stays a line."""
    try:
        text = repr(value)
    except Exception:
        # A value whose own repr fails (or an integer too long to print) must not hide which
        # item was wrong.
        text = f"a {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."
