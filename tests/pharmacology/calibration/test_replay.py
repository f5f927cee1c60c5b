"""Sessions lived through again; the bundled ones are those of the first run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from evenkeel.pharmacology.calibration import RecordedSession, SessionsError, replay, verdicts
from evenkeel.pharmacology.calibration.invented import (
    bundled_cases,
    bundled_sessions,
    bundled_truth,
    truth,
)
from evenkeel.pharmacology.calibration.sessions import document
from evenkeel.pharmacology.forecast import Observation

#: Of the sessions as they were when the forecast met them first.
FIRST_RUN = {
    "bundled": "c0ef7447e75e3c6a9779ee22b63b3ed44ef3cbbda55f649f468ff3dc1421f158",
    "unrecorded_rescue": "100c7f83db562869820b0c45a9974f76c577b3c3f056d9527af5acaa82824ec2",
    "wrong_vial": "164cfce1ca97f871c47f559e2900fab3c5877b2d9773c8da6555f3b43a5a8515",
    "another_cuff": "fa3097e4bcd57bee3d908fa5ba93ab4523b687abeb6714658ae862baeab7484d",
    "another_kinetics": "51da39f33d58c8156d15c912f37dba86febfc666393cccc96e91f72e268bb1f0",
}


def own(person: str, sessions: tuple[RecordedSession, ...]) -> list[RecordedSession]:
    return [one for one in sessions if one.person == person]


def fingerprint(sessions: tuple[RecordedSession, ...]) -> str:
    written = json.dumps(document(sessions), sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()


@pytest.fixture(scope="module")
def bundled() -> tuple[RecordedSession, ...]:
    return bundled_sessions()


def test_the_sessions_are_those_of_the_first_run(bundled: tuple[RecordedSession, ...]) -> None:
    """What is mended in the forecasting model may not change what it is measured by."""
    found = {"bundled": fingerprint(bundled)}
    found |= {case.id: fingerprint(case.sessions) for case in bundled_cases()}
    assert found == FIRST_RUN


def test_what_was_truly_to_be_read_is_what_the_readings_were_drawn_from(
    bundled: tuple[RecordedSession, ...],
) -> None:
    """Half of them below its middle, a tenth outside its nine tenths. Errors last from reading to
    reading, so six standard errors of independent ones are allowed."""
    due = bundled_truth()
    below: dict[str, list[float]] = {}
    outside: dict[str, list[float]] = {}
    for session in bundled:
        for one in session.readings:
            truly = due[session.id, one.kind, one.time_h]
            low, high = truly.below(one.value), truly.at_most(one.value)
            below.setdefault(one.kind, []).append((low + high) / 2.0)
            width = max(high - low, 1e-12)
            inside = (min(high + 1e-12, 0.95) - max(low, 0.05)) / width
            outside.setdefault(one.kind, []).append(1.0 - min(max(inside, 0.0), 1.0))
    assert sum(map(len, below.values())) == len(due) == 7200
    for kind, shares in below.items():
        n = len(shares)
        assert abs(sum(shares) / n - 0.5) < 6.0 * (1.0 / 12.0 / n) ** 0.5, kind
        assert abs(sum(outside[kind]) / n - 0.1) < 6.0 * (0.09 / n) ** 0.5, kind


def test_the_truth_is_not_the_forecasting_model(bundled: tuple[RecordedSession, ...]) -> None:
    about = truth()
    assert about["blood"]["model"] != about["forecast"]["model"]
    assert {one.blood_model().id for one in bundled} == {about["forecast"]["model"]}
    assert about["effects"]["factors"]["sbp_slope_mmhg_per_ng_ml"] == 1.6
    assert about["effects"]["values"]["pressure_half_life_min"] == 12.0
    people = {one.person: one.covariates["hypertension"] for one in bundled}
    assert len(people) == 40
    assert 0.2 <= sum(people.values()) / 40 <= 0.4
    assert sum(len(one.given) > 1 for one in bundled) > 30


def test_the_same_sessions_and_seed_give_the_same_scores_in_any_order(
    bundled: tuple[RecordedSession, ...],
) -> None:
    sessions = own("r03", bundled)[:2]
    told: list[tuple[int, int]] = []
    one = replay(sessions, n=150, progress=lambda done, of: told.append((done, of)))
    assert one == replay(sessions[::-1], n=150)
    assert told == [(1, 2), (2, 2)]
    assert one != replay(sessions, n=150, seed=1)
    assert len(one) == sum(len(s.readings) for s in sessions)
    assert {s.sessions_so_far for s in one if s.session_number == 2} == {1}


def test_readings_of_a_later_moment_do_not_reach_an_earlier_score(
    bundled: tuple[RecordedSession, ...],
) -> None:
    whole = own("r05", bundled)[0]
    cut = replace(whole, readings=tuple(r for r in whole.readings if r.time_h < 0.4))
    assert replay([whole], n=150)[: len(cut.readings)] == replay([cut], n=150)


def test_what_is_carried_is_the_only_thing_that_sessions_share(
    bundled: tuple[RecordedSession, ...],
) -> None:
    first, second = own("r07", bundled)[:2]
    alone = replay([first, second], n=150, carry=False)
    assert alone == replay([first], n=150) + replay([second], n=150)
    together = replay([first, second], n=150)
    assert together[: len(first.readings)] == alone[: len(first.readings)]
    assert together != alone
    assert [s.crps_prior for s in together] == [s.crps_prior for s in alone]


def test_another_persons_cuff_shows_as_surprises_and_the_verdict_says_so() -> None:
    case = next(c for c in bundled_cases() if c.id == "another_cuff")
    found = verdicts(replay(case.sessions, n=300))
    for kind in case.unreliable:
        assert found[kind].word == "unreliable", kind
        assert "surprise" in found[kind].reason
    assert found["dissociation"].word != "unreliable"


def test_a_part_of_the_bundled_replay_learns(bundled: tuple[RecordedSession, ...]) -> None:
    """Eight people of forty, few virtual people: the bands about hold, and learning pays."""
    people = {f"r{i:02d}" for i in range(1, 9)}
    some = [one for one in bundled if one.person in people and one.number < 3]
    scores = replay(some, n=300)
    found = verdicts(scores)
    for kind in ("sbp", "dbp", "hr", "dissociation"):
        counted = found[kind].tally
        assert counted is not None
        assert counted.skill is not None
        assert 0.82 <= counted.coverage_90.value <= 0.97, kind
        assert counted.skill[0] > 0.2, kind


def test_sessions_in_memory_are_checked_before_anything_is_scored(
    bundled: tuple[RecordedSession, ...],
) -> None:
    good = own("r01", bundled)[0]
    bad = replace(good, number=2, readings=(Observation(0.1, "sbp", float("nan")),))
    told: list[int] = []
    with pytest.raises(SessionsError, match="session r01/2"):
        replay([good, bad], n=50, progress=lambda done, of: told.append(done))
    assert not told
    with pytest.raises(SessionsError, match="stands twice"):
        replay([good, good], n=50)
    assert replay([], n=50) == []
