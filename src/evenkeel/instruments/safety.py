"""Thoughts of death or self-harm: what to ask next, and how soon a clinician must act.

The follow-up questions and the tiers they lead to are the product's own plain words, kept as data
in the folder `safety_follow_up` and marked clinic policy. They are not a validated scale and
not the C-SSRS. The tiers lean to caution: an unanswered question never counts as "no".
"""

from __future__ import annotations

from collections.abc import Mapping

from evenkeel.instruments.errors import AnswerError
from evenkeel.instruments.model import Basis, Instrument, Level, Urgency
from evenkeel.instruments.scoring import check_answers, is_asked, triage
from evenkeel.instruments.shelf import load
from evenkeel.instruments.translations import load_in

FOLLOW_UP = "safety_follow_up"

_ORDER: tuple[Level, ...] = ("none", "routine", "today", "now")

_SENTENCES: Mapping[Level, str] = {
    "now": "Act now: speak with this person at once and do not leave them alone.",
    "today": "A clinician speaks with this person today.",
    "routine": "A clinician reviews this before the next dose.",
    "none": "Nothing here asks for action.",
}

_ITEM_9_VALUES = range(4)

_BASIS = Basis(
    statement=(
        "Urgency follows the follow-up answers, then item 9 and its change since last time: "
        "a new, higher, highest or unanswered item 9 is for today, one that is positive and "
        "not higher is reviewed before the next dose. An unanswered follow-up question is for "
        "today. Anything but none blocks the next dose until a named clinician closes it."
    ),
    source="No published rule was found; to be confirmed by the medical director.",
    mark="clinic policy",
)


def follow_up_questions(language: str = "en") -> Instrument:
    """The questions asked when item 9 is above zero (yes/no; the product's own words).

    In English where they do not ship in `language`.
    """
    return load_in(FOLLOW_UP, language) or load(FOLLOW_UP)


def urgency(
    item9: int | None,
    previous_item9: int | None,
    follow_up_answers: Mapping[str, int] | None = None,
) -> Urgency:
    """How soon a clinician must act.

    `item9` and `previous_item9` are 0 to 3, or None where unanswered or never asked before.
    `follow_up_answers` maps link ids of `follow_up_questions()` to 1 (yes) or 0 (no); None or {}
    means nobody has answered yet. Levels, rising: "none", "routine", "today", "now".

    Raises AnswerError, naming the item, for an answer that cannot be used.
    """
    _check_item9("item 9", item9)
    _check_item9("item 9 last time", previous_item9)
    questions = follow_up_questions()
    given = check_answers(questions, {} if follow_up_answers is None else follow_up_answers)
    level, reasons = _from_item9(item9, previous_item9)
    unanswered: tuple[str, ...] = ()
    if level != "none" or given:
        unanswered = tuple(
            item.link_id
            for item in questions.items
            if item.link_id not in given and is_asked(item, given)
        )
        follow_level, follow_reasons = _from_follow_up(questions, given, unanswered)
        level = max(level, follow_level, key=_ORDER.index)
        reasons += follow_reasons
    return Urgency(
        level=level,
        sentence=_SENTENCES[level],
        reasons=tuple(reasons),
        unanswered=unanswered,
        blocks_dose=level != "none",
        basis=_BASIS,
    )


def tier_urgency(
    instrument: Instrument,
    answers: Mapping[str, int],
    previous: Mapping[str, int] | None = None,
) -> Urgency:
    """How soon a clinician must act on the tier that `answers` reach.

    `previous` are the person's answers to the same instrument last time, or None. A tier that is
    not higher than last time's is one step less urgent, except "now", which never is: an identical
    interrupt trains people to click it away, and a quieter one still blocks the next dose. What
    was left open and could have raised the tier is for today where it is about thoughts of death,
    else for review. Raises AnswerError for an answer that cannot be used, ValueError for an
    instrument without such tiers.
    """
    rules = instrument.scoring
    if not rules.urgency or rules.urgency_basis is None:
        raise ValueError(f"{instrument.id} says no urgency")
    given = check_answers(instrument, answers)
    levels = dict(rules.urgency)
    order = [tier.band.code for tier in rules.tiers]
    band, decided = triage(instrument, given)
    level = levels[band.code]
    reasons = [f"{instrument.title}: {band.label}"] if level != "none" else []
    if previous is not None and level in ("today", "routine"):
        before, _ = triage(instrument, check_answers(instrument, previous))
        if order.index(before.code) <= order.index(band.code):
            level = "routine"
            reasons.append("not higher than last time")
    unanswered = tuple(
        item.link_id
        for item in instrument.items
        if item.scored and item.link_id not in given and is_asked(item, given)
    )
    if not decided:
        grave = any(rule.kind == "thoughts_of_death" for rule in rules.safety)
        level = max(level, "today" if grave else "routine", key=_ORDER.index)
        count = len(unanswered)
        reasons.append(f"{count} question{'' if count == 1 else 's'} not answered")
    return Urgency(
        level=level,
        sentence=_SENTENCES[level],
        reasons=tuple(reasons),
        unanswered=unanswered,
        blocks_dose=level != "none",
        basis=rules.urgency_basis,
    )


def _check_item9(name: str, value: int | None) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value not in _ITEM_9_VALUES:
        raise AnswerError(name, "must be 0, 1, 2 or 3, or None where it was not answered")


def _from_item9(item9: int | None, previous: int | None) -> tuple[Level, list[str]]:
    if item9 is None:
        return "today", ["Item 9 was not answered"]
    if item9 == 0:
        return "none", []
    now = f"Item 9 is {item9} of 3"
    if previous is None:
        return "today", [f"{now}, with no earlier answer to compare"]
    if previous == 0:
        return "today", [f"{now}, new since last time"]
    if item9 > previous:
        return "today", [f"{now}, up from {previous}"]
    if item9 == max(_ITEM_9_VALUES):
        return "today", [f"{now}, the highest answer, as last time"]
    return "routine", [f"{now}, {'as last time' if item9 == previous else f'down from {previous}'}"]


def _from_follow_up(
    questions: Instrument, given: Mapping[str, int], unanswered: tuple[str, ...]
) -> tuple[Level, list[str]]:
    band, _ = triage(questions, given)
    level = next(known for known in _ORDER if known == band.code)
    alarming = {
        link_id: value
        for tier in questions.scoring.tiers[:-1]
        for case in tier.when_any
        for link_id, value in case.items()
        if all(given.get(other) == wanted for other, wanted in case.items())
    }
    reasons = [
        f"{item.text} {dict(item.options)[alarming[item.link_id]]}"
        for item in questions.items
        if item.link_id in alarming
    ]
    if unanswered:
        count = len(unanswered)
        reasons.append(f"{count} follow-up question{'' if count == 1 else 's'} not answered")
        level = max(level, "today", key=_ORDER.index)
    return level, reasons
