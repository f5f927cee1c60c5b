"""Which rows answer: nobody counted twice, no design mixed, every row accounted for."""

from __future__ import annotations

import math

import pytest

from evenkeel.evidence.answering import answer, answers
from evenkeel.evidence.library import questions, trials
from tests.evidence.trial_factory import contrast, counted, document, measured, together, trial

RESPONSE, SYMPTOMS = "response-28d-esketamine", "symptoms-28d-esketamine"
THREE_ARMS = [
    *document()["arms"],
    {"id": "e2", "role": "treatment", "name": "esketamine, more"},
]


@pytest.mark.parametrize("only_verified", [False, True])
@pytest.mark.parametrize("question_id", questions())
def test_every_row_of_the_outcome_is_used_or_has_a_reason(question_id, only_verified) -> None:
    found = answer(question_id, only_verified)
    asked = {
        row.id
        for one in trials().values()
        for row in one.rows
        if row.outcome in found.question.outcomes
    }
    used = [row for study in found.studies for row in study.rows]
    left = [row for out in found.excluded for row in out.rows]
    assert len(used) == len(set(used))
    assert len(left) == len(set(left))
    assert sorted(used + left) == sorted(asked)
    assert all(out.reason for out in found.excluded)


def test_no_answer_mixes_designs_or_counts_a_trial_twice() -> None:
    known = trials()
    for found in answers():
        names = [study.trial for study in found.studies]
        assert len(names) == len(set(names))
        designs = {known[name].design for name in names}
        assert designs <= {"parallel", "first_period", "pooled_report"} or len(designs) == 1
        held = {part for name in names for part in known[name].holds}
        assert not held & set(names)
        for study in found.studies:
            rows = [r for r in known[study.trial].rows if r.id in study.rows]
            assert len({bool(r.contrast) for r in rows}) == 1
            assert len({r.day for r in rows}) == 1


def test_a_shared_comparator_is_counted_once() -> None:
    one = trial(
        arms=THREE_ARMS,
        randomized_n=300,
        rows=[
            counted("a", "e", 30, 100),
            counted("b", "e2", 40, 100),
            counted("c", "p", 20, 100),
        ],
    )
    found = answer(RESPONSE, trials_by_id=together(one))
    (study,) = found.studies
    assert study.people == (200, 100)
    assert study.events == (70, 20)
    assert math.exp(study.y) == pytest.approx(0.35 / 0.2)
    assert "2 treatment arms combined" in study.made_of[0]


def test_groups_are_combined_as_one_group_would_be() -> None:
    """Two halves of one list of values: mean and SD of the whole (worked out by hand).

    -5, -15 and -25, -35: means -10 and -30, SDs sqrt(50); together mean -20, SD sqrt(500/3).
    """
    root = math.sqrt(50)
    rows = [measured("a", "e", -10, root, 2), measured("b", "e2", -30, root, 2)]
    one = trial(arms=THREE_ARMS, rows=[*rows, measured("c", "p", 0, 5, 50)])
    (study,) = answer(SYMPTOMS, trials_by_id=together(one)).studies
    assert study.means[0] == pytest.approx((-20, math.sqrt(500 / 3)))
    assert study.people == (4, 50)


def test_two_contrasts_with_one_comparator_are_not_two_trials() -> None:
    """Independent arms of 50, 50 and 100 with SD 10: the contrast of all 100 with the comparator.

    se^2 of each dose is 100 (1/50 + 1/100) = 3; of both together 100 (1/100 + 1/100) = 2, not
    the 1.5 that two independent trials would give.
    """
    one = trial(
        rows=[
            contrast("a", estimate=-4, se=math.sqrt(3), n1=50, n2=100),
            contrast("b", estimate=-6, se=math.sqrt(3), n1=50, n2=100),
        ]
    )
    (study,) = answer(SYMPTOMS, trials_by_id=together(one)).studies
    assert (study.y, study.se) == pytest.approx((-5, math.sqrt(2)))
    assert study.people == (100, 100)
    unknown = trial(rows=[contrast("a", estimate=-4, se=2), contrast("b", estimate=-6, se=2)])
    found = answer(SYMPTOMS, trials_by_id=together(unknown))
    assert found.state == "none"
    assert "share a comparison group" in found.excluded[0].reason


def test_a_contrast_gives_way_to_the_arms_of_its_trial() -> None:
    arms = [measured("a", "e", -19, 12, 50), measured("b", "p", -15, 12, 50)]
    one = trial(rows=[*arms, contrast("c", estimate=-9, se=2)])
    found = answer(SYMPTOMS, trials_by_id=together(one))
    assert found.studies[0].y == pytest.approx(-4)
    assert [(e.rows, e.code) for e in found.excluded] == [(("c",), "beside_arms")]
    halves = trial(rows=[arms[0], contrast("c", estimate=-9, se=2)])
    found = answer(SYMPTOMS, trials_by_id=together(halves))
    assert found.studies[0].y == pytest.approx(-9)
    assert found.excluded[0].code == "no_numbers"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"diagnosis": "ptsd"}, "population"),
        ({"comparator": "ECT"}, "comparator"),
        ({"design": "crossover"}, "design"),
        ({"design": "enriched_withdrawal"}, "design"),
        ({"design": "single_arm", "comparator": "none"}, "design"),
        ({"design": "non_randomized"}, "design"),
        ({"rows": [counted("a", "e", 3, 9, day=14), counted("b", "p", 1, 9, day=14)]}, "time"),
        ({"rows": [counted("a", "e", 3, 9, day=None)]}, "time"),
        ({"rows": [counted("a", "e", 3, 9)]}, "no_numbers"),
        (
            {"rows": [counted("a", "e", 3, 9), {**counted("b", "p", 3, 9), "n": None}]},
            "no_numbers",
        ),
        ({"rows": [counted("a", "e", 0, 9), counted("b", "p", 0, 9)]}, "no_numbers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_kept_out_and_why(changes, code: str) -> None:
    found = answer(RESPONSE, trials_by_id=together(trial("TWO"), trial(**changes)))
    assert [study.trial for study in found.studies] == ["TWO"]
    assert {out.code for out in found.excluded} == {code}
    belongs_elsewhere = code in ("population", "comparator", "time")
    assert all(out.another_question == belongs_elsewhere for out in found.excluded)


def test_of_two_times_in_the_window_one_counts() -> None:
    one = trial(
        rows=[
            counted("a", "e", 30, 100, day=27, when="day 27"),
            counted("b", "p", 20, 100, day=27, when="day 27"),
            counted("c", "e", 40, 100),
            counted("d", "p", 20, 100),
        ]
    )
    found = answer(RESPONSE, trials_by_id=together(one))
    assert found.studies[0].rows == ("c", "d")
    assert [(out.rows, out.code) for out in found.excluded] == [(("a", "b"), "twice")]


def test_rows_nobody_read_can_be_left_out() -> None:
    rows = [counted("a", "e", 30, 100, mark="unverified"), counted("b", "p", 20, 100)]
    both = together(trial("TWO"), trial(rows=rows))
    assert answer(RESPONSE, trials_by_id=both).k == 2
    found = answer(RESPONSE, only_verified=True, trials_by_id=both)
    assert found.k == 1
    assert {out.code for out in found.excluded} == {"unverified", "no_numbers"}
    told = " ".join(answer(RESPONSE, trials_by_id=both).cannot_say)
    assert "read at its source: One" in told


def test_the_known_traps_of_this_literature() -> None:
    """Each was found when the trials were collected; each has a way of being fallen into."""

    def used(question_id: str) -> set[str]:
        return {study.trial for study in answer(question_id).studies}

    def why(question_id: str, trial_id: str) -> set[str]:
        return {out.code for out in answer(question_id).excluded if out.trial == trial_id}

    # Pooled tables beside their trials.
    nausea = {"ASPIRE1", "ASPIRE2", "CHEN2023", "TAKAHASHI2021", "TRANSFORM1"}
    assert used("harm-nausea") == nausea
    assert why("harm-nausea", "ASPIRE_POOLED") == {"part"}
    # Where the parts report nothing, the pooled report stands, beside a trial it does not hold.
    assert used("harm-suicidal-thoughts") == {"TRANSFORM12_POOLED", "TRANSFORM3"}
    # Crossovers, and response "at any time" within two weeks.
    assert "design" in why("response-24h-placebo", "ZARATE2006")
    assert used("bipolar") == {"GRUNEBAUM2017"}
    assert why("bipolar", "ZARATE2012") == {"time"}
    # Withdrawal in people who had responded is not an acute trial.
    assert used("relapse-after-stopping") == {"SUSTAIN1"}
    assert "GLUE2024" not in used("symptoms-28d-esketamine")
    # Not randomized, and trials against ECT that point opposite ways.
    assert "KRUPITSKY1997" not in used("alcohol")
    assert (used("ect-response"), used("ect-remission")) == ({"ELEKTD"}, {"KETECT"})
