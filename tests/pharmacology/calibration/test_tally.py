"""Scores counted: intervals against published tables, groups, and verdicts."""

from __future__ import annotations

import numpy as np
import pytest

from evenkeel.pharmacology.calibration import Score, learned, tallied, tally, verdict, verdicts
from evenkeel.pharmacology.calibration.tally import share


def made(**own: object) -> Score:
    usual: dict[str, object] = {
        "kind": "sbp", "time_h": 0.5, "value": 140.0, "session_number": 1, "readings_so_far": 9,
        "same_so_far": 3, "sessions_so_far": 0, "quantiles": (120.0, 130.0, 135.0, 141.0, 150.0),
        "inside_50": True, "inside_90": True, "share_50": 1.0, "share_90": 1.0, "pit": 0.7,
        "crps": 3.0, "crps_prior": 6.0, "tail": 0.6, "surprising": False,
    }  # fmt: skip
    return Score(**{**usual, **own})  # type: ignore[arg-type]


def many(held: int, of: int, sessions: int, **own: object) -> list[Score]:
    """Readings spread over sessions so that sessions hold about alike."""
    return [
        made(
            share_90=float(i < held),
            inside_90=i < held,
            session_id=str(i % sessions),
            **own,
        )
        for i in range(of)
    ]


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_the_interval_of_independent_readings_is_wilsons(
    count: int, of: int, low: float, high: float
) -> None:
    """Newcombe 1998, Table I, method 3 (doi:10.1002/(SICI)1097-0258(19980430)17:8<857)."""
    values = (np.arange(of) < count).astype(float)
    found = share(values, np.zeros(of, dtype=np.int64))
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


def test_readings_that_repeat_each_other_are_worth_one() -> None:
    """Ten of each session all alike: as wide as one reading a session, near enough."""
    values = np.repeat((np.arange(40) < 34).astype(float), 10)
    repeated = share(values, np.repeat(np.arange(40), 10))
    single = share(values[::10], np.zeros(40, dtype=np.int64))
    assert repeated.value == single.value
    assert repeated.high - repeated.low == pytest.approx(single.high - single.low, rel=0.03)
    independent = share(values, np.arange(400))
    assert independent.high - independent.low < 0.4 * (single.high - single.low)


def test_groups_stand_in_the_order_of_time_and_hold_everything() -> None:
    minutes = [0, 14, 15, 44, 200, 59]
    scores = [made(time_h=m / 60, kind=k) for m in minutes for k in ("moaas", "sbp")]
    found = tally(scores, "minute")
    assert list(found) == [
        (kind, group)
        for kind in ("sbp", "moaas")
        for group in ("0-15 min", "15-30 min", "30-45 min", "45-60 min", "150 min on")
    ]
    assert sum(one.readings for one in found.values()) == len(scores)
    counts = tally([made(same_so_far=n) for n in (0, 1, 2, 3, 4, 5, 9, 40)], "readings")
    assert [group for _, group in counts] == ["0", "1", "2", "3-4", "5-7", "8-11", "12 on"]
    assert list(tally([made(session_number=n) for n in (2, 11, 1)], "session")) == [
        ("sbp", "1"), ("sbp", "2"), ("sbp", "11")
    ]  # fmt: skip
    with pytest.raises(ValueError, match="endpoint, minute"):
        tally(scores, "weather")


def test_means_and_skill_are_those_of_the_readings() -> None:
    scores = [made(crps=c, crps_prior=p, session_id=str(i)) for i, (c, p) in
              enumerate([(1.0, 4.0), (3.0, 4.0), (2.0, 4.0)])]  # fmt: skip
    found = tallied(scores)
    assert (found.crps, found.crps_prior) == (2.0, 4.0)
    assert found.skill is not None
    value, low, high = found.skill
    # SD of 1, 3, 2 is 1; over the root of 3, over 4.
    assert value == 0.5
    assert (high - low) / 2 == pytest.approx(1.96 / np.sqrt(3) / 4, rel=1e-3)
    assert found.width_90 == 30.0
    assert tallied([made(crps=0.0, crps_prior=0.0)]).skill is None
    assert [one.same_so_far for one in learned([made(same_so_far=n) for n in range(6)])] == [
        3,
        4,
        5,
    ]


@pytest.mark.parametrize(
    ("scores", "word", "why"),
    [
        (many(360, 400, 40), "reliable", "held 90%"),
        (many(400, 400, 40), "unreliable", "wider than it need be"),
        (many(300, 400, 40), "unreliable", "too sure of itself"),
        (many(90, 100, 7), "not yet known", "a word needs 40 of 8"),
        (many(30, 39, 20), "not yet known", "39 readings of 20 sessions"),
        (many(83, 100, 20), "not yet known", "neither surely"),
        (many(360, 400, 40, surprising=True), "unreliable", "came as a surprise"),
        (many(360, 400, 40, crps=7.0), "unreliable", "worse than without learning"),
        ([], "not yet known", "nothing was read"),
    ],
)
def test_the_verdict(scores: list[Score], word: str, why: str) -> None:
    found = verdict("sbp", scores)
    assert found.word == word
    assert why in found.reason


def test_verdicts_rest_on_readings_after_three_and_name_what_was_read_at_all() -> None:
    early = many(0, 200, 40, same_so_far=1, kind="hr")
    found = verdicts([*many(360, 400, 40), *early])
    assert {kind: one.word for kind, one in found.items()} == {
        "sbp": "reliable", "hr": "not yet known"
    }  # fmt: skip
    assert verdicts(early, all_readings=True)["hr"].word == "unreliable"
    assert found["sbp"].as_dict()["tally"]["coverage_90"]["value"] == 0.9
