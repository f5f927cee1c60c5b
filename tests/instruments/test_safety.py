"""How soon a clinician must act on item 9."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.instruments import AnswerError, follow_up_questions, urgency

QUESTIONS = [item.link_id for item in follow_up_questions().items]
CALM = {link_id: int(link_id in ("follow-up-safe-now", "follow-up-with-someone"))
        for link_id in QUESTIONS}  # fmt: skip
LEVELS = ("none", "routine", "today", "now")


def answers(**changed: int) -> dict[str, int]:
    return CALM | {f"follow-up-{name.replace('_', '-')}": value for name, value in changed.items()}


# Clinic policy, as stated in safety.py: item 9 now, last time, and every follow-up calm.
ITEM_9 = [
    (0, None, "none"),
    (0, 0, "none"),
    (0, 3, "none"),
    (1, None, "today"),
    (1, 0, "today"),
    (1, 1, "routine"),
    (1, 2, "routine"),
    (1, 3, "routine"),
    (2, None, "today"),
    (2, 0, "today"),
    (2, 1, "today"),
    (2, 2, "routine"),
    (2, 3, "routine"),
    (3, None, "today"),
    (3, 0, "today"),
    (3, 1, "today"),
    (3, 2, "today"),
    (3, 3, "today"),
    (None, None, "today"),
    (None, 0, "today"),
    (None, 2, "today"),
]


@pytest.mark.parametrize(("item9", "previous", "level"), ITEM_9)
def test_item_9_and_its_change(item9: int | None, previous: int | None, level: str) -> None:
    follow_up = CALM if item9 != 0 else None
    result = urgency(item9, previous, follow_up)
    assert result.level == level
    assert result.blocks_dose is (level != "none")
    assert result.unanswered == ()
    assert result.basis.mark == "clinic policy"
    assert bool(result.reasons) is (level != "none")


@pytest.mark.parametrize(
    ("changed", "level"),
    [
        ({"thinking_now": 1}, "today"),
        ({"thinking_now": 1, "with_someone": 0}, "now"),
        ({"with_someone": 0}, "routine"),
        ({"plan": 1}, "now"),
        ({"intent": 1}, "now"),
        ({"past_3_months": 1}, "now"),
        ({"safe_now": 0}, "now"),
        ({}, "routine"),
    ],
)
@pytest.mark.parametrize("previous", [1, 3])
def test_follow_up_answers_raise_the_level(
    changed: dict[str, int], level: str, previous: int
) -> None:
    result = urgency(1, previous, answers(**changed))
    assert result.level == level
    assert len(result.reasons) == 1 + (len(changed) if level in ("today", "now") else 0)


def test_an_alarming_answer_counts_even_when_item_9_is_zero() -> None:
    assert urgency(0, 0, answers(intent=1)).level == "now"
    assert urgency(0, 0, {"follow-up-intent": 1}).level == "now"


@pytest.mark.parametrize("nothing", [None, {}])
def test_nobody_has_answered_yet(nothing: dict[str, int] | None) -> None:
    result = urgency(1, 1, nothing)
    assert result.level == "today"
    assert result.unanswered == tuple(QUESTIONS)
    assert result.reasons[-1] == "6 follow-up questions not answered"


@pytest.mark.parametrize("left_out", QUESTIONS)
def test_an_unanswered_question_is_never_a_no(left_out: str) -> None:
    given_answers = {link_id: value for link_id, value in CALM.items() if link_id != left_out}
    result = urgency(1, 1, given_answers)
    assert result.level == "today"
    assert result.unanswered == (left_out,)
    assert result.reasons[-1] == "1 follow-up question not answered"


def test_the_reasons_are_in_plain_words() -> None:
    result = urgency(2, 1, answers(plan=1, safe_now=0))
    assert result.sentence.startswith("Act now")
    assert result.reasons == (
        "Item 9 is 2 of 3, up from 1",
        "Have you made a plan? Yes",
        "Are you safe right now? No",
    )


@pytest.mark.parametrize("value", [-1, 4, True, 1.0, "1", [], 10**40])
def test_item_9_that_cannot_be_is_refused(value: Any) -> None:
    with pytest.raises(AnswerError, match=r"^item 9: "):
        urgency(value, 0)
    with pytest.raises(AnswerError, match=r"^item 9 last time: "):
        urgency(0, value)


@pytest.mark.parametrize("bad", [{"follow-up-plan": 2}, {"follow-up-plan": True}, {"plan": 1}, 3])
def test_follow_up_answers_that_cannot_be_are_refused(bad: Any) -> None:
    with pytest.raises(AnswerError):
        urgency(1, 1, bad)


ALARMING = {link_id: 1 - value for link_id, value in CALM.items()}


@given(
    st.integers(0, 3),
    st.one_of(st.none(), st.integers(0, 3)),
    st.fixed_dictionaries({}, optional={key: st.integers(0, 1) for key in QUESTIONS}),
    st.sampled_from(QUESTIONS),
)
def test_a_more_alarming_answer_never_lowers_the_level(
    item9: int, previous: int | None, follow_up: dict[str, int], which: str
) -> None:
    before = urgency(item9, previous, follow_up)
    worse_item9 = urgency(min(3, item9 + 1), previous, follow_up)
    assert LEVELS.index(worse_item9.level) >= LEVELS.index(before.level)
    if which in follow_up:
        worse = urgency(item9, previous, {**follow_up, which: ALARMING[which]})
        assert LEVELS.index(worse.level) >= LEVELS.index(before.level)
