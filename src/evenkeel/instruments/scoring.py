"""From answers to a score: pure functions of an instrument and its answers."""

from __future__ import annotations

from collections.abc import Mapping

from evenkeel.instruments.errors import AnswerError
from evenkeel.instruments.model import Band, Instrument, Item, SafetySignal, Score


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

    A scored item left unanswered: a sum is refused, with the reason; a triage is refused where the
    missing answer could still raise the tier. The source of that rule is
    `instrument.scoring.missing`. Safety signals are given either way.

    Raises AnswerError for an answer that cannot be used.
    """
    given = check_answers(instrument, answers)
    scored = [item for item in instrument.items if item.scored]
    missing = tuple(
        item.link_id for item in scored if item.link_id not in given and is_asked(item, given)
    )
    total, band, decided = None, None, not missing
    if instrument.scoring.method == "sum" and decided:
        total = sum(given[item.link_id] for item in scored if item.link_id in given)
        band = band_of(instrument, total)
    elif instrument.scoring.method == "triage":
        band, decided = triage(instrument, given)
        band = band if decided else None
    return Score(
        total=total,
        band=band,
        answered=sum(1 for item in scored if item.link_id in given),
        missing=missing,
        safety=_signals(instrument, given),
        safety_unanswered=tuple(
            rule.link_id
            for rule in instrument.scoring.safety
            if rule.link_id not in given and is_asked(instrument.item(rule.link_id), given)
        ),
        refused_reason=None if decided else _refusal(instrument, missing),
    )


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
        )
        for rule in instrument.scoring.safety
        if given.get(rule.link_id, rule.above) > rule.above
    )


def _refusal(instrument: Instrument, missing: tuple[str, ...]) -> str:
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
