"""The table of a course's steps: from, to, condition -> open, or the code of the refusal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evenkeel.clinic.course.transitions import (
    SCREENING_STANDS_DAYS,
    STATES,
    TRANSITIONS,
    Situation,
    moves_from,
    refusals,
)
from tests.conftest import START

SOUND = Situation(
    state="referred",
    now=START,
    product="racemic_iv",
    screening_decision="eligible",
    screening_signed_at=START - timedelta(days=1),
    consent="current",
    plan_signed=True,
)
OLD = {"screening_signed_at": START - timedelta(days=SCREENING_STANDS_DAYS, seconds=1)}
ON_THE_DAY = {"screening_signed_at": START - timedelta(days=SCREENING_STANDS_DAYS)}

TABLE = [
    ("referred", "screening", {}, ""),
    ("referred", "screening", {"deceased": True}, "deceased"),
    ("referred", "consented", {}, "no_such_step"),
    ("referred", "induction", {}, "no_such_step"),
    ("referred", "paused", {"reason": "x"}, "no_such_step"),
    ("screening", "consented", {}, ""),
    ("screening", "consented", ON_THE_DAY, ""),
    ("screening", "consented", OLD, "screening_old"),
    ("screening", "consented", {"product": ""}, "no_product"),
    ("screening", "consented", {"screening_decision": None}, "no_screening"),
    ("screening", "consented", {"screening_decision": "defer"}, "not_eligible"),
    ("screening", "consented", {"screening_decision": "contraindicated"}, "not_eligible"),
    ("screening", "consented", {"consent": "none"}, "no_consent"),
    ("screening", "consented", {"consent": "old_document"}, "consent_old_document"),
    ("screening", "consented", {"consent": "withdrawn"}, "consent_withdrawn"),
    ("screening", "consented", {"consent": "expired"}, "consent_expired"),
    ("screening", "consented", {"consent": "no_document"}, "no_document"),
    ("screening", "consented", {"deceased": True}, "deceased"),
    ("screening", "induction", {}, "no_such_step"),
    ("consented", "screening", {}, ""),
    ("consented", "induction", {}, ""),
    ("consented", "induction", {"plan_signed": False}, "no_plan"),
    ("consented", "induction", OLD, "screening_old"),
    ("consented", "induction", {"consent": "withdrawn"}, "consent_withdrawn"),
    ("consented", "paused", {"reason": "Away"}, ""),
    ("consented", "maintenance", {}, "no_such_step"),
    ("induction", "maintenance", {}, ""),
    ("induction", "maintenance", {"deceased": True}, "deceased"),
    ("induction", "paused", {}, "reason"),
    ("induction", "paused", {"reason": "Fever"}, ""),
    ("induction", "paused", {"reason": "Fever", "dosed": True}, ""),
    ("maintenance", "paused", {"reason": "Travel"}, ""),
    ("maintenance", "induction", {}, "no_such_step"),
    ("paused", "induction", {"state_before_pause": "induction"}, ""),
    ("paused", "maintenance", {"state_before_pause": "maintenance"}, ""),
    ("paused", "maintenance", {"state_before_pause": "induction"}, "resume_elsewhere"),
    ("paused", "induction", {"state_before_pause": "induction", "consent": "none"}, "no_consent"),
    ("paused", "induction", {"state_before_pause": "induction", "deceased": True}, "deceased"),
    ("paused", "consented", {"state_before_pause": "consented", "plan_signed": False}, ""),
    *[(state, "closed", {}, "reason") for state in STATES if state != "closed"],
    *[(state, "closed", {"reason": "Done"}, "") for state in STATES if state != "closed"],
    ("induction", "closed", {"reason": "Done", "dosed": True}, "altered_state"),
    ("induction", "closed", {"reason": "Died", "deceased": True}, ""),
    *[("closed", state, {"reason": "x"}, "closed") for state in STATES],
    ("referred", "cured", {}, "unknown_state"),
]


@pytest.mark.parametrize(("state", "to", "changes", "code"), TABLE)
def test_the_table(state: str, to: str, changes: dict[str, object], code: str) -> None:
    found = refusals(replace(SOUND, state=state, **changes), to)
    assert (found[0].code if found else "") == code
    assert all(r.message for r in found)


def test_every_pair_of_the_table_is_walked_both_ways() -> None:
    walked = {(state, to) for state, to, _, code in TABLE if not code}
    assert walked == set(TRANSITIONS)


def test_all_that_stands_against_a_step_is_named_at_once() -> None:
    bare = Situation(state="consented", now=START, deceased=True)
    assert [r.code for r in refusals(bare, "induction")] == [
        "deceased",
        "no_product",
        "no_consent",
        "no_plan",
    ]


def test_a_page_offers_each_step_with_what_stands_against_it() -> None:
    moves = {m.target: m for m in moves_from(replace(SOUND, state="consented", plan_signed=False))}
    assert set(moves) == {"screening", "induction", "paused", "closed"}
    assert [r.code for r in moves["induction"].against] == ["no_plan"]
    assert moves["closed"].is_open
    assert moves["closed"].needs_reason
    paused = replace(SOUND, state="paused", state_before_pause="maintenance")
    assert {m.target for m in moves_from(paused)} == {"maintenance", "closed"}
    assert moves_from(replace(SOUND, state="closed")) == ()
