"""Over the months: what is due, what drifts, what concerns; both sides of every limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.protocol import FactsError, load_protocol, protocol_names
from evenkeel.protocol.long_term import (
    REQUEST,
    TALKED_OVER,
    GivenSession,
    LongHistory,
    WatchAnswer,
    WatchItem,
    watch_long_term,
)
from evenkeel.protocol.long_term_items import questions_for, watch_questions

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
US = load_protocol("us-racemic-iv")


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def said(item: str, value: str, days: float = 1) -> WatchAnswer:
    return WatchAnswer(item, ago(days), value)


#: Everything asked yesterday, and nothing wrong.
CALM = tuple(
    said(q.id, "0" if q.scale else next(a.code for a in q.answers if a.state == "fine"))
    for q in watch_questions().values()
)


def weekly(count: int, **changes: Any) -> tuple[GivenSession, ...]:
    return tuple(
        replace(
            GivenSession(
                ago(7 * (count - n) - 6),
                total_mg=37,
                sbp_mmhg=122,
                dbp_mmhg=76,
                planned_days=7,
            ),
            **changes,
        )
        for n in range(count)
    )


def history(**changes: Any) -> LongHistory:
    base = LongHistory(
        now=NOW,
        since=ago(200),
        sessions=weekly(8),
        answers=CALM,
        liver_tests=(ago(30), "normal"),
        grams_per_week=0.04,
    )
    return replace(base, **changes)


def line(item: str, name: str = "us-racemic-iv", **changes: Any) -> WatchItem:
    found = watch_long_term(history(**changes), load_protocol(name))
    return next(one for one in found if one.id == item)


@pytest.mark.parametrize("name", protocol_names())
def test_where_all_is_well_every_line_is_in_order(name: str) -> None:
    found = watch_long_term(history(), load_protocol(name))
    assert {one.state for one in found} == {"fine"}
    assert all(one.source.title for one in found)


@pytest.mark.parametrize("question", watch_questions().values(), ids=lambda q: q.id)
def test_each_question_is_due_when_never_asked_and_when_its_time_has_come(question: Any) -> None:
    rest = tuple(a for a in CALM if a.item != question.id)
    calm = next(a.value for a in CALM if a.item == question.id)
    days = US.number(question.every)
    never = line(question.id, answers=rest)
    assert (never.state, never.last, never.due_at) == ("due", "", ago(200))
    before = (*rest, said(question.id, calm, days - 0.1))
    assert line(question.id, answers=before, sessions=()).state == "fine"
    asked = line(question.id, answers=(*rest, said(question.id, calm, days)), sessions=())
    assert (asked.state, asked.due_at) == ("due", NOW)
    answered = (*rest, said(question.id, calm, 2))
    after = line(question.id, answers=answered, sessions=(GivenSession(ago(1)),))
    assert after.state == ("due" if question.id in ("urinary", "use_outside") else "fine")
    same = line(question.id, answers=answered, sessions=(GivenSession(ago(3)),))
    assert same.state == "fine"


@pytest.mark.parametrize(
    ("item", "value", "state", "level"),
    [
        (q.id, choice.code, choice.state, choice.level)
        for q in watch_questions().values()
        for choice in q.answers
    ],
)
def test_each_answer_says_what_it_asks_for(item: str, value: str, state: str, level: str) -> None:
    found = line(item, answers=(*CALM, said(item, value, 0.5)))
    assert (found.state, found.level) == (state, level)
    assert bool(found.todo) == (state != "fine")
    newer = line(item, answers=(*CALM, said(item, value, 20)))
    assert newer.state == "fine"


def test_ketamine_from_elsewhere_holds() -> None:
    levels = {(q.id, a.code): a.level for q in watch_questions().values() for a in q.answers}
    assert levels["use_outside", "other"] == levels["use_outside", "prescribed"] == "hold"
    assert levels["pdmp", "ketamine"] == "hold"


@pytest.mark.parametrize(
    ("values", "state"),
    [
        (["3"], "fine"),
        (["6"], "fine"),
        (["7"], "concerning"),
        (["1", "3"], "fine"),
        (["1", "4"], "drifting"),
        (["1", "9", "1", "4"], "drifting"),
        (["4", "4", "6"], "fine"),
    ],
)
def test_the_wish_for_the_drug_is_high_or_has_risen(values: list[str], state: str) -> None:
    given = tuple(said("craving", v, 10 - n) for n, v in enumerate(values))
    assert line("craving", answers=given).state == state


def test_liver_tests_are_due_old_or_abnormal() -> None:
    assert line("liver", liver_tests=None).state == "due"
    assert line("liver", liver_tests=(ago(179), "normal")).state == "fine"
    assert line("liver", liver_tests=(ago(180), "normal")).state == "due"
    assert line("liver", liver_tests=(ago(400), "abnormal")).state == "concerning"


@pytest.mark.parametrize(
    ("latest", "state"),
    [
        ({"sbp_mmhg": 131}, "fine"),
        ({"sbp_mmhg": 132}, "drifting"),
        ({"sbp_mmhg": 140}, "drifting"),
        ({"sbp_mmhg": 141}, "concerning"),
        ({"dbp_mmhg": 90}, "fine"),
        ({"dbp_mmhg": 91}, "concerning"),
        ({"sbp_mmhg": None}, "fine"),
    ],
)
def test_the_pressure_before_a_dose_over_sessions(latest: dict[str, Any], state: str) -> None:
    sessions = (*weekly(8)[:5], *weekly(8, **latest)[5:])
    assert line("blood_pressure", sessions=sessions).state == state


def test_one_high_pressure_is_no_trend() -> None:
    sessions = (*weekly(8)[:7], *weekly(8, sbp_mmhg=170)[7:])
    assert line("blood_pressure", sessions=sessions).state == "fine"


def test_the_amount_given_is_shown_and_asked_about_beyond_what_trials_followed() -> None:
    assert line("exposure", grams_per_week=0.1).state == "fine"
    assert line("exposure", grams_per_week=0.11).state == "drifting"
    assert line("exposure", grams_per_week=None).state == "due"
    assert line("exposure").last == "296 mg in 8 sessions"
    unknown = (*weekly(8), GivenSession(ago(0.5)))
    assert line("exposure", sessions=unknown).last == "296 mg known, 1 session of unknown dose"
    assert line("exposure", sessions=()).last == "none yet"
    one = (GivenSession(ago(1), total_mg=1250),)
    assert line("exposure", sessions=one).last == "1.25 g in 1 session"


def test_more_often_than_the_label_counts() -> None:
    every_three = tuple(GivenSession(ago(3 * n + 0.5), total_mg=37) for n in range(8))
    assert line("frequency", sessions=every_three).state == "fine"
    more = (*every_three, GivenSession(ago(27), total_mg=37))
    assert line("frequency", sessions=more).state == "drifting"
    outside = (*every_three, GivenSession(ago(28), total_mg=37))
    assert line("frequency", sessions=outside).state == "fine"


def coming(*gaps: float, planned: float | None = 7) -> tuple[GivenSession, ...]:
    """Sessions with these days between them, the last yesterday."""
    days, found = 1.0, [GivenSession(ago(1), planned_days=planned)]
    for gap in reversed(gaps):
        days += gap
        found.append(GivenSession(ago(days), planned_days=planned))
    return tuple(found)


@pytest.mark.parametrize(
    ("sessions", "state"),
    [
        (coming(7, 7, 7), "fine"),
        (coming(7, 7, 5), "fine"),
        (coming(7, 6.1, 6.1), "fine"),
        (coming(7, 6, 6), "drifting"),
        (coming(5, 7, 5), "drifting"),
        (coming(5, 5, planned=None), "fine"),
        (coming(9, 9, 9), "fine"),
    ],
)
def test_coming_earlier_again_and_again_is_a_question(sessions: Any, state: str) -> None:
    found = line("early_return", sessions=sessions)
    assert found.state == state
    if state != "fine":
        assert found.todo.endswith("?")
        talk = said("early_return", "said", 0.5)
        assert line("early_return", sessions=sessions, answers=(*CALM, talk)).state == "fine"


def test_a_higher_dose_asked_for_again_is_a_question() -> None:
    once = (*CALM, said(REQUEST, "said", 30))
    assert line("dose_requests", answers=once).state == "fine"
    assert line("dose_requests", answers=(*once, said(REQUEST, "said", 91))).state == "fine"
    twice = (*once, said(REQUEST, "said", 2))
    found = line("dose_requests", answers=twice)
    assert (found.state, found.level) == ("drifting", "review")
    assert found.todo.endswith("?")
    talked = (*twice, said("dose_requests", "said", 1))
    assert line("dose_requests", answers=talked).state == "fine"


def test_a_talk_settles_what_the_sessions_show_until_they_show_it_again() -> None:
    talked = (*CALM, said("exposure", "said", 0.5), said("blood_pressure", "said", 2))
    assert line("exposure", answers=talked, grams_per_week=0.2).state == "fine"
    later = (*CALM, said("exposure", "said", 3))
    assert line("exposure", answers=later, grams_per_week=0.2).state == "drifting"
    high = weekly(8, sbp_mmhg=150)
    assert line("blood_pressure", sessions=high, answers=talked).state == "fine"
    long_ago = (*CALM, said("blood_pressure", "said", 16))
    assert line("blood_pressure", sessions=high, answers=long_ago).state == "concerning"
    at_once = (*CALM, said("blood_pressure", "said", 15))
    assert line("blood_pressure", sessions=high, answers=at_once).state == "fine"


def test_a_rise_is_looked_for_from_six_sessions_on() -> None:
    five = (*weekly(5)[:2], *weekly(5, sbp_mmhg=135)[2:])
    assert line("blood_pressure", sessions=five).state == "fine"
    six = (*weekly(6)[:3], *weekly(6, sbp_mmhg=135)[3:])
    assert line("blood_pressure", sessions=six).state == "drifting"


def test_whose_demand_a_question_is() -> None:
    assert line("urinary", "us-esketamine-nasal").source.mark == "sourced"
    racemic = line("urinary").source
    assert (racemic.mark, bool(racemic.note)) == ("clinic policy", True)
    assert line("pdmp", "us-esketamine-nasal").source.mark == "clinic policy"


def test_a_calm_answer_says_nothing_and_is_counted_at_once() -> None:
    calm = line("urinary", answers=(WatchAnswer("urinary", NOW, "none"),))
    assert (calm.state, calm.statement, calm.todo, calm.last_at) == ("fine", "", "", NOW)
    assert line("liver").due_at == ago(30) + timedelta(days=180)
    gram = (GivenSession(ago(1), total_mg=1000),)
    assert line("exposure", sessions=gram).last == "1.00 g in 1 session"
    assert line("blood_pressure", sessions=()).state == "fine"
    unread = line("blood_pressure", sessions=weekly(3, sbp_mmhg=None))
    assert (unread.state, unread.last) == ("due", "")


def test_what_holds_stands_before_what_only_concerns() -> None:
    mixed = (*CALM, said("urinary", "troublesome", 0.5), said("use_outside", "other", 0.5))
    ids = [one.id for one in watch_long_term(history(answers=mixed), US)]
    assert ids[:2] == ["use_outside", "urinary"]


def test_no_word_accuses() -> None:
    accusing = ("abus", "addict", "drug seek", "drug-seek", "shopping", "suspic", "liar", "misus")
    sessions = coming(4, 4, 4, 4, 4, 4, 4, 4, 4)
    answers = tuple(
        said(q.id, "9" if q.scale else q.answers[-1].code) for q in watch_questions().values()
    ) + tuple(said(REQUEST, "said", n) for n in range(1, 5))
    for one in watch_long_term(history(sessions=sessions, answers=answers, grams_per_week=0.5), US):
        text = f"{one.label} {one.statement} {one.todo} {one.last}".lower()
        assert not [word for word in accusing if word in text], text


def test_only_where_a_program_exists_is_it_asked_for() -> None:
    assert "pdmp" in [q.id for q in questions_for(US)]
    assert "pdmp" not in [q.id for q in questions_for(load_protocol("eu-racemic-iv"))]


def test_the_worst_stands_first_and_what_comes_later_is_left_out() -> None:
    future = WatchAnswer("use_outside", NOW + timedelta(days=1), "other")
    found = watch_long_term(history(answers=(*CALM, future)), US)
    assert {one.state for one in found} == {"fine"}
    mixed = (*CALM, said("urinary", "mild", 0.5), said("cognition", "much_worse", 0.5))
    states = [one.state for one in watch_long_term(history(answers=mixed), US)]
    assert states[:3] == ["concerning", "drifting", "fine"]


@pytest.mark.parametrize(
    "answers",
    [
        (WatchAnswer("urinary", NOW, "sometimes"),),
        (WatchAnswer("craving", NOW, "11"),),
        (WatchAnswer("craving", NOW, "1.5"),),
        (WatchAnswer("craving", NOW, "-1"),),
        (WatchAnswer("craving", NOW, "00012"),),
        (WatchAnswer("craving", NOW, "³"),),
        (WatchAnswer("mood", NOW, "fine"),),
        (WatchAnswer("urinary", NOW.replace(tzinfo=None), "none"),),
    ],
)
def test_what_cannot_be_an_answer_is_refused(answers: Any) -> None:
    with pytest.raises(FactsError):
        watch_long_term(history(answers=answers), US)


_ANSWERS = st.sampled_from(
    [(q.id, a.code) for q in watch_questions().values() for a in q.answers]
    + [("craving", str(n)) for n in range(11)]
    + [(item, "said") for item in (*TALKED_OVER, REQUEST)]
)


@given(
    st.lists(st.tuples(_ANSWERS, st.integers(0, 400)), max_size=12),
    st.lists(
        st.tuples(
            st.integers(0, 400),
            st.none() | st.floats(0, 500),
            st.none() | st.floats(80, 200),
            st.none() | st.floats(1, 60),
        ),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_a_history_does_not_matter(answers: Any, sessions: Any, random: Any) -> None:
    given_answers = [WatchAnswer(i, ago(d), v) for (i, v), d in {a[1]: a for a in answers}.values()]
    given_sessions = [
        GivenSession(ago(d), mg, sbp, 76, planned)
        for d, mg, sbp, planned in {s[0]: s for s in sessions}.values()
    ]
    told = history(answers=tuple(given_answers), sessions=tuple(given_sessions))
    random.shuffle(given_answers)
    random.shuffle(given_sessions)
    shuffled = history(answers=tuple(given_answers), sessions=tuple(given_sessions))
    assert watch_long_term(told, US) == watch_long_term(shuffled, US)
