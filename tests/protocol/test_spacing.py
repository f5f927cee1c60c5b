"""When to come back: each side of every limit, each finding that withholds, and never a dose."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.protocol import FactsError, load_protocol, parse_protocol, protocol_names
from evenkeel.protocol.editions import shipped_document
from evenkeel.protocol.long_term import TALKED_OVER
from evenkeel.protocol.long_term_items import watch_questions
from evenkeel.protocol.spacing import (
    LONGEST,
    MOST,
    TOLERANCE,
    WITHHOLDS,
    ComingBack,
    OpenFinding,
    SpacingProposal,
    propose_spacing,
)

US = load_protocol("us-racemic-iv")
NASAL = load_protocol("us-esketamine-nasal")
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def on(days: float) -> datetime:
    return NOW + timedelta(days=days)


def rising(percent_a_day: float, days: int = 84) -> tuple[float, ...]:
    return tuple(min(1.0, percent_a_day * day / 100) for day in range(days + 1))


#: The last session 7 days ago and the next planned in 7; a score yesterday; 2 % a day from then.
BASE = ComingBack(
    now=NOW,
    planned_at=on(7),
    spacing_days=14,
    known_at=on(-1),
    relapse=rising(2),
    sessions=tuple(on(-7 - 14 * n) for n in range(8)),
    sessions_planned=12,
    was_well=True,
    is_well=True,
)


def proposed(protocol: Any = US, **changes: Any) -> SpacingProposal:
    return propose_spacing(replace(BASE, **changes), protocol)


def test_the_shipped_protocols_state_a_tolerance_that_a_director_may_change() -> None:
    for name in protocol_names():
        protocol = load_protocol(name)
        for key in (TOLERANCE, LONGEST, MOST):
            assert protocol.threshold(key).source.title
        assert protocol.threshold(TOLERANCE).source.mark == "clinic policy"
    assert NASAL.number(LONGEST) == 14
    assert NASAL.threshold(LONGEST).source.mark == "sourced"


@pytest.mark.parametrize(
    ("percent_a_day", "kind", "days"),
    [
        # by the planned visit 8 days after the score; tolerance 20 %
        (0.3, "later", 53.0),  # beyond what is spaced: 60 days after the last session
        (1.0, "later", 19.0),  # 20 % on the 20th day after the score
        (1.5, "later", 12.0),  # 19.5 % on the 13th; a quarter of the spacing is 3.5 days
        (2.0, "as_planned", 7.0),  # 20 % on the 10th: two days later is not worth a change
        (2.5, "as_planned", 7.0),  # 20 % on the very day: within
        (2.6, "as_planned", 7.0),  # above, but the last day within is a day before
        (4.0, "earlier", 4.0),
        (9.0, "earlier", 1.0),
        (30.0, "earlier", 0.0),  # never in the past
    ],
)
def test_the_day_follows_from_the_tolerance(percent_a_day: float, kind: str, days: float) -> None:
    found = proposed(relapse=rising(percent_a_day))
    assert (found.kind, found.at) == (kind, on(days))
    assert found.by_planned == pytest.approx(min(1.0, 8 * percent_a_day / 100))
    assert found.tolerance == 0.2
    assert found.reasons


@pytest.mark.parametrize(
    ("percent_a_day", "said"),
    [
        (2.55, "a chance of 20.4 %, above the clinic's tolerance of 20 %"),
        (2.45, "a chance of 19.6 %, within the clinic's tolerance of 20 %"),
        (2.5, "a chance of 20 %, within the clinic's tolerance of 20 %"),
        (4.0, "a chance of 32 %, above the clinic's tolerance of 20 %"),
    ],
)
def test_what_is_above_the_tolerance_never_looks_like_it(percent_a_day: float, said: str) -> None:
    assert said in proposed(relapse=rising(percent_a_day)).reasons[0]


def test_the_crossing_is_the_first_day_beyond_the_tolerance() -> None:
    assert proposed(relapse=rising(4)).crosses_at == on(-1 + 6)  # 24 %; 20 % is within
    assert proposed(relapse=rising(0.1)).crosses_at is None
    assert proposed(relapse=None).crosses_at is None


def test_a_change_of_the_tolerance_changes_the_day() -> None:
    document = shipped_document("us-racemic-iv")
    document["thresholds"][TOLERANCE]["value"] = 40
    bold = parse_protocol(document)
    assert proposed(relapse=rising(4)).kind == "earlier"
    assert proposed(bold, relapse=rising(4)).kind == "as_planned"


@pytest.mark.parametrize("family", sorted(set(WITHHOLDS.values())))
def test_each_family_of_findings_withholds(family: str) -> None:
    for finding_id in (key for key, value in WITHHOLDS.items() if value == family):
        finding = OpenFinding(finding_id, f"{finding_id} is open")
        for chance in (0.3, 2.0, 9.0):
            found = proposed(relapse=rising(chance), open_findings=(finding,))
            assert (found.kind, found.at, found.withheld_by) == ("withheld", None, (finding,))
            assert found.by_planned is not None  # the forecast stands; the day does not


def test_what_withholds_is_what_the_long_term_watch_finds() -> None:
    known = {*watch_questions(), *TALKED_OVER}
    assert set(WITHHOLDS) - {"safety", "hold"} <= known
    assert {"craving", "misuse", "bladder", "pressure"} <= set(WITHHOLDS.values())


@pytest.mark.parametrize(
    ("changes", "protocol", "kind", "days", "said"),
    [
        # 24 h after the last session for an infusion, 48 for the spray
        ({"sessions": (on(-0.5),), "planned_at": on(7)}, US, "earlier", 0.5, "24 hours"),
        ({"sessions": (on(-0.5),), "planned_at": on(7)}, NASAL, "earlier", 1.5, "48 hours"),
        # within two days of the planned visit nothing is moved
        ({"sessions": (on(-0.5),), "planned_at": on(2)}, NASAL, "as_planned", 2.0, "first day"),
        # eight in 28 days is as many as the protocol looks on calmly
        (
            {"sessions": tuple(on(-1 - 3 * n) for n in range(8)), "planned_at": on(14)},
            US, "earlier", 6.0, "8 in 28 days",
        ),
    ],
)  # fmt: skip
def test_an_earlier_day_stays_within_the_limits(
    changes: dict[str, Any], protocol: Any, kind: str, days: float, said: str
) -> None:
    found = proposed(protocol, relapse=rising(40), **changes)
    assert (found.kind, found.at) == (kind, on(days))
    assert said in " ".join(found.reasons)


@pytest.mark.parametrize(
    ("changes", "protocol", "days"),
    [
        # the plan asks for it a day after the last: 48 h for the spray, 24 h for an infusion
        ({"sessions": (on(-0.5),), "planned_at": on(0.5), "relapse": None}, NASAL, 1.5),
        ({"sessions": (on(-0.5),), "planned_at": on(0.25), "relapse": rising(40)}, US, 0.5),
        ({"sessions": (on(-0.5),), "planned_at": on(0.25), "relapse": None}, US, 0.5),
        ({"sessions": (on(-0.5),), "planned_at": on(0.25), "first_series": True}, US, 0.5),
    ],
    ids=["the spray", "relapse is near", "nothing is known", "the first series"],
)
def test_a_planned_day_inside_the_limits_is_not_repeated(
    changes: dict[str, Any], protocol: Any, days: float
) -> None:
    found = proposed(protocol, **changes)
    assert (found.kind, found.at, found.not_before) == ("later", on(days), True)
    assert found.reasons[0].startswith("The planned visit is too soon")
    assert not any("planned visit is the first day" in words for words in found.reasons)
    planned = proposed(protocol, **{**changes, "planned_at": on(days), "relapse": None})
    assert (planned.kind, planned.at) == ("as_planned", on(days)), "on the very moment it may be"


@pytest.mark.parametrize(
    ("protocol", "days", "said"), [(US, 53, "at most 60 days"), (NASAL, 7, "")]
)
def test_a_later_day_stays_within_the_longest_spacing(
    protocol: Any, days: float, said: str
) -> None:
    found = proposed(protocol, relapse=rising(0.1))
    assert found.at == on(days)
    assert found.kind == ("later" if days > 7 else "as_planned")  # 14 days is what is planned
    assert said in " ".join(found.reasons)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sessions_planned": 8}, "All 8 sessions"),
        ({"sessions": tuple(on(-7 - 7 * n) for n in range(60)), "sessions_planned": 99}, "60"),
        ({"was_well": False, "is_well": False}, "whether to go on"),
        ({"was_well": False, "is_well": None}, "whether to go on"),
    ],
)
def test_where_a_day_is_not_the_question_none_is_proposed(
    changes: dict[str, Any], said: str
) -> None:
    found = proposed(relapse=rising(9), **changes)
    assert (found.kind, found.at) == ("none", None)
    assert said in " ".join(found.reasons)


def test_relief_that_has_faded_by_the_scores_comes_first() -> None:
    found = proposed(relapse=None, is_well=False)
    assert (found.kind, found.at) == ("earlier", NOW)
    assert "faded" in found.reasons[0]
    unsure = proposed(relapse=None)
    assert (unsure.kind, unsure.at) == ("as_planned", on(7))
    assert "Too few" in unsure.reasons[0]


@pytest.mark.parametrize("percent_a_day", [0.3, 2.0, 9.0])
def test_where_nobody_has_scored_since_the_last_session_a_score_is_asked_for(
    percent_a_day: float,
) -> None:
    scored, unscored = (proposed(relapse=rising(percent_a_day), is_well=w) for w in (True, None))
    assert scored.at == unscored.at
    assert "a score now" in " ".join(unscored.reasons)
    assert "a score now" not in " ".join(scored.reasons)


def test_the_first_series_is_given_as_planned() -> None:
    for chance in (0.1, 30):
        found = proposed(relapse=rising(chance), first_series=True)
        assert (found.kind, found.at) == ("as_planned", on(7))


def test_a_visit_that_is_overdue_is_not_put_off_further() -> None:
    found = proposed(planned_at=on(-2), relapse=rising(0.1))
    assert found.kind == "later"
    late = proposed(planned_at=on(-2), known_at=on(-9), relapse=rising(3))
    assert (late.kind, late.at) == ("as_planned", on(-2))


@pytest.mark.parametrize("key", [TOLERANCE, LONGEST, MOST])
def test_where_the_director_states_no_limit_no_day_is_proposed(key: str) -> None:
    document = shipped_document("us-racemic-iv")
    document["thresholds"][key] = None
    found = proposed(parse_protocol(document))
    assert (found.kind, found.at, found.source) == ("none", None, None)


def test_it_knows_no_dose() -> None:
    told = {one.name for kind in (ComingBack, SpacingProposal) for one in fields(kind)}
    assert not [name for name in told if "mg" in name or "dose" in name]


@pytest.mark.parametrize(
    "changes",
    [
        {"now": datetime(2026, 11, 23)},
        {"sessions": ()},
        {"relapse": ()},
        {"relapse": (0.0, 0.3, 0.2)},
        {"relapse": (0.0, 1.2)},
        {"open_findings": (OpenFinding("weather", "rain"),)},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(FactsError):
        proposed(**changes)


@given(
    steps=st.lists(st.floats(0, 0.4), min_size=1, max_size=84),
    planned=st.floats(-20, 60),
    gaps=st.lists(st.floats(0, 40), min_size=1, max_size=70),
    well=st.sampled_from([None, True, False]),
    before=st.sampled_from([None, True, False]),
    series=st.booleans(),
    protocol=st.sampled_from([US, NASAL]),
)
def test_whatever_is_asked_a_proposal_keeps_the_limits(
    steps: list[float], planned: float, gaps: list[float], well: Any, before: Any, series: bool,
    protocol: Any,
) -> None:  # fmt: skip
    chances, total = [], 0.0
    for step in steps:
        chances.append(min(1.0, total))
        total += step
    ago, sessions = 0.0, []
    for gap in gaps:
        ago += gap
        sessions.append(on(-ago))
    found = proposed(
        protocol, relapse=tuple(chances), planned_at=on(planned), sessions=tuple(sessions),
        is_well=well, was_well=before, first_series=series, sessions_planned=80,
    )  # fmt: skip
    least = timedelta(hours=protocol.number("session.min_interval_h"))
    assert found.at is None or found.at < NOW or found.at - max(sessions) >= least
    if not found.moves:
        assert found.at in (None, on(planned))
        return
    assert found.at is not None
    assert found.at >= NOW
    last = max(sessions)
    if found.kind == "earlier":
        assert found.at < on(planned)
        assert found.at - last >= timedelta(hours=protocol.number("session.min_interval_h"))
        near = [s for s in sessions if found.at - s < timedelta(days=28)]
        assert len(near) < protocol.number("watch.sessions_in_28_days")
    else:
        assert found.at > on(planned)
        assert found.at - last <= timedelta(days=protocol.number(LONGEST))
    assert len(sessions) < protocol.number(MOST)
