"""The scales beside PHQ-9 and GAD-7: edges, directions, parts, rules, and what may ship."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.instruments import (
    AnswerError,
    Instrument,
    change,
    for_a_person,
    load,
    read_folder,
    remission,
    response,
    score,
    shelved,
    tier_urgency,
)
from evenkeel.instruments.rules import reliable_change
from evenkeel.instruments.shelf import SHELF

FACTS = json.loads((SHELF / "loinc_facts.json").read_text(encoding="utf-8"))


def adding_up_to(name: str, total: int) -> dict[str, int]:
    """Answers of a plain sum that add up to `total` before it is multiplied."""
    left, answers = total, {}
    for item in load(name).items:
        if item.scored:
            value = max(v for v in item.values if v <= left)
            answers[item.link_id] = value
            left -= value
    assert left == 0
    return answers


# Edges as the sources in each scoring.json state them.
EDGES: list[tuple[str, int, str]] = [
    *(("pcl5", t, "below the cut") for t in (0, 30)),
    *(("pcl5", t, "within the range of cuts") for t in (31, 32)),
    *(("pcl5", t, "above the cut") for t in (33, 80)),
    *(("auditc", t, "below both cuts") for t in (0, 2)),
    ("auditc", 3, "positive for women, below the cut for men"),
    *(("auditc", t, "positive for women and men") for t in (4, 12)),
    ("dast10", 0, "no problems reported"),
    *(("dast10", t, "low") for t in (1, 2)),
    *(("dast10", t, "moderate") for t in (3, 5)),
    *(("dast10", t, "substantial") for t in (6, 8)),
    *(("dast10", t, "severe") for t in (9, 10)),
    *(("wsas", t, "subclinical") for t in (0, 9)),
    *(("wsas", t, "significant") for t in (10, 20)),
    *(("wsas", t, "moderately severe or worse") for t in (21, 40)),
    *(("madrs", t, "normal") for t in (0, 6)),
    *(("madrs", t, "mild") for t in (7, 19)),
    *(("madrs", t, "moderate") for t in (20, 34)),
    *(("madrs", t, "severe") for t in (35, 60)),
    *(("ybocs", t, "subclinical") for t in (0, 7)),
    *(("ybocs", t, "mild") for t in (8, 15)),
    *(("ybocs", t, "moderate") for t in (16, 23)),
    *(("ybocs", t, "severe") for t in (24, 31)),
    *(("ybocs", t, "extreme") for t in (32, 40)),
    *(("cadss", t, "none to slight") for t in (0, 4)),
    *(("cadss", t, "dissociation present") for t in (5, 92)),
    *(("bpicss", t, "below the cut") for t in (0, 18)),
    *(("bpicss", t, "positive") for t in (19, 38)),
    *(("icsi", t, "below the usual cut") for t in (0, 5)),
    *(("icsi", t, "at or above the usual cut") for t in (6, 20)),
    *(("icpi", t, "at or above the usual cut") for t in (6, 16)),
    *(("moaas", t, label) for t, label in ((0, "unresponsive"), (1, "deep"), (2, "deep"))),
    *(("moaas", t, label) for t, label in ((3, "mild to moderate"), (4, "mild to moderate"))),
    ("moaas", 5, "alert"),
]


@pytest.mark.parametrize(("name", "total", "label"), EDGES)
def test_every_band_edge(name: str, total: int, label: str) -> None:
    result = score(load(name), adding_up_to(name, total))
    assert result.total == total
    assert result.band is not None
    assert result.band.label == label


# 50 of 100 and less is poor, 28 and less points to depression (INSPQ; Topp 2015): raw 12 and 7.
@pytest.mark.parametrize(
    ("raw", "percent", "label"),
    [
        (0, 0, "very low well-being"),
        (7, 28, "very low well-being"),
        (8, 32, "low well-being"),
        (12, 48, "low well-being"),
        (13, 52, "adequate well-being"),
        (25, 100, "adequate well-being"),
    ],
)
def test_who5_counts_in_hundreds(raw: int, percent: int, label: str) -> None:
    result = score(load("who5"), adding_up_to("who5", raw))
    assert result.total == percent
    assert result.band is not None
    assert result.band.label == label


def test_more_well_being_is_better_and_less_depression_is() -> None:
    up = change(load("who5"), 28, 56)
    assert (up.direction, up.important, up.reliable) == ("better", True, True)
    assert change(load("who5"), 56, 36).reliable is False
    assert change(load("phq9"), 12, 18).direction == "worse"


@pytest.mark.parametrize(
    ("name", "before", "after", "important", "reliable"),
    [
        ("phq9", 20, 15, True, False),
        ("phq9", 20, 14, True, True),
        ("gad7", 15, 11, True, False),
        ("gad7", 15, 9, True, True),
        ("pcl5", 50, 41, False, False),
        ("pcl5", 50, 40, True, False),
        ("pcl5", 50, 32, True, True),
        ("wsas", 30, 22, True, None),
    ],
)
def test_a_change_that_matters_and_one_beyond_chance(
    name: str, before: int, after: int, important: bool, reliable: bool | None
) -> None:
    found = change(load(name), before, after)
    assert (found.important, found.reliable) == (important, reliable)
    assert (found.reliable_basis is None) == (reliable is None)


# Jacobson and Truax 1991 work their own example: SD 7.5, r 0.80 give an S_diff of 4.74.
@pytest.mark.parametrize(
    ("sd", "reliability", "points"), [(7.5, 0.80, 10), (6.0, 0.84, 7), (5.0, 0.98, 2)]
)
def test_reliable_change_follows_from_spread_and_reliability(
    sd: float, reliability: float, points: int
) -> None:
    assert reliable_change(sd, reliability) == points


@pytest.mark.parametrize(
    ("name", "total", "met"),
    [
        ("madrs", 10, True),
        ("madrs", 11, False),
        ("qids_sr16", 5, True),
        ("qids_sr16", 6, False),
        ("hamd17", 7, True),
        ("hamd17", 8, False),
        ("ybocs", 12, True),
        ("ybocs", 13, False),
        ("pcl5", 0, None),
        ("who5", 100, None),
    ],
)
def test_remission_edges(name: str, total: int, met: bool | None) -> None:
    found = remission(load(name), total)
    assert found.met is met
    assert (found.reason is None) == (met is not None)


def test_the_response_of_ybocs_is_a_fall_by_35_percent() -> None:
    assert response(load("ybocs"), 20, 13).met is True
    assert response(load("ybocs"), 20, 14).met is False


def pcl5(symptoms: dict[int, int]) -> dict[str, int]:
    return {f"pcl5-{n}": symptoms.get(n, 0) for n in range(1, 21)}


# One of B and C, two of D and E, each "moderately" (2) or more (the DSM-5 rule).
@pytest.mark.parametrize(
    ("symptoms", "met"),
    [
        ({1: 2, 6: 2, 8: 2, 9: 2, 15: 2, 16: 2}, True),
        ({5: 4, 7: 3, 13: 2, 14: 2, 19: 2, 20: 2}, True),
        ({1: 1, 6: 2, 8: 2, 9: 2, 15: 2, 16: 2}, False),
        ({1: 2, 6: 1, 8: 2, 9: 2, 15: 2, 16: 2}, False),
        ({1: 2, 6: 2, 8: 2, 15: 2, 16: 2}, False),
        ({1: 2, 6: 2, 8: 2, 9: 2, 15: 2, 16: 1}, False),
        (dict.fromkeys(range(8, 21), 4), False),
    ],
)
def test_the_provisional_pattern_of_pcl5(symptoms: dict[int, int], met: bool) -> None:
    found = score(load("pcl5"), pcl5(symptoms)).provisional
    assert found is not None
    assert found.met is met


def test_the_clusters_of_pcl5_add_up_to_the_total() -> None:
    result = score(load("pcl5"), pcl5(dict.fromkeys(range(1, 21), 4)))
    assert {part.code: part.total for part in result.subscales} == {
        "B": 20,
        "C": 8,
        "D": 28,
        "E": 24,
    }
    assert sum(part.total or 0 for part in result.subscales) == result.total == 80


def test_a_missing_answer_leaves_the_pattern_open_only_where_it_could_decide() -> None:
    answers = pcl5({1: 2, 6: 2, 8: 2, 9: 2, 15: 2, 16: 2})
    without_6 = {key: value for key, value in answers.items() if key != "pcl5-6"}
    open_ = score(load("pcl5"), without_6)
    assert open_.provisional is not None
    assert open_.provisional.met is None
    assert open_.total is None
    assert {p.code: p.total for p in open_.subscales}["C"] is None
    without_2 = {key: value for key, value in answers.items() if key != "pcl5-2"}
    decided = score(load("pcl5"), without_2).provisional
    assert decided is not None
    assert decided.met is True


def test_qids_counts_the_highest_of_its_groups() -> None:
    """Sleep 1-4, appetite and weight 6-9, psychomotor 15-16 count once; the others each."""
    answers = {f"qids-{n}": 0 for n in range(1, 17)}
    answers |= {"qids-1": 1, "qids-4": 3, "qids-5": 2, "qids-6": 2, "qids-9": 1, "qids-12": 1}
    answers |= {"qids-15": 1, "qids-16": 3}
    assert score(load("qids_sr16"), answers).total == 3 + 2 + 2 + 1 + 3
    assert score(load("qids_sr16"), {f"qids-{n}": 3 for n in range(1, 17)}).total == 27


def test_question_3_of_dast10_counts_the_other_way() -> None:
    options = dict(load("dast10").item("dast10-3").options)
    assert options == {1: "No", 0: "Yes"}


@pytest.fixture(scope="module")
def prorated(tmp_path_factory: pytest.TempPathFactory) -> Instrument:
    """PHQ-9 as a clinic might have it whose source lets two answers be missing."""
    shelf = tmp_path_factory.mktemp("shelf")
    for name in ("phq9", "safety_follow_up"):
        (shelf / name).mkdir()
        for file in ("questionnaire.json", "scoring.json"):
            (shelf / name / file).write_bytes((SHELF / name / file).read_bytes())
    path = shelf / "phq9" / "scoring.json"
    rules: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    rules["missing"] |= {"rule": "prorate", "most_missing": 2}
    path.write_text(json.dumps(rules), encoding="utf-8")
    return read_folder(shelf / "phq9")


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ([2] * 8, 18),
        ([1, 1, 1, 1, 1, 1, 2], 10),  # 8 of 7 answers is 1.143, times 9 is 10.29
        ([1, 1, 1, 1, 0, 0, 0, 0], 5),  # 4.5 goes up
        ([3] * 7, 27),
        ([3] * 6, None),
        ([], None),
    ],
)
def test_prorating(prorated: Instrument, values: list[int], total: int | None) -> None:
    answers = {f"phq9-{n}": value for n, value in enumerate(values, 1)}
    result = score(prorated, answers)
    assert result.total == total
    assert result.prorated == (total is not None)
    assert (result.refused_reason is None) == (total is not None)


@given(st.dictionaries(st.sampled_from([f"phq9-{n}" for n in range(1, 10)]), st.integers(0, 3)))
def test_a_prorated_total_stays_near_the_mean(
    prorated: Instrument, answers: dict[str, int]
) -> None:
    result = score(prorated, answers)
    assert (result.total is None) == (len(answers) < 7)
    if result.total is not None:
        exact = Fraction(sum(answers.values()) * 9, len(answers))
        assert abs(result.total - exact) <= Fraction(1, 2)
        assert 0 <= result.total <= 27


def test_no_shipped_scale_fills_in_answers_without_a_source() -> None:
    assert [name for name in shelved() if load(name).scoring.most_missing] == []


# Tier, previous tier and what follows: the same news twice is one step quieter, "now" never.
@pytest.mark.parametrize(
    ("now", "before", "level"),
    [
        ({5: 1}, None, "now"),
        ({5: 1}, {5: 1}, "now"),
        ({3: 1}, None, "today"),
        ({3: 1}, {3: 1}, "routine"),
        ({3: 1}, {5: 1}, "routine"),
        ({3: 1}, {1: 1}, "today"),
        ({1: 1}, None, "routine"),
        ({}, None, "none"),
    ],
)
def test_how_soon_the_columbia_screener_asks_for_somebody(
    now: dict[int, int], before: dict[int, int] | None, level: str
) -> None:
    found = tier_urgency(
        load("cssrs_screen"), columbia(now), None if before is None else columbia(before)
    )
    assert found.level == level
    assert found.blocks_dose == (level != "none")


def columbia(yes: dict[int, int]) -> dict[str, int]:
    answers = {f"cssrs-{n}": yes.get(n, 0) for n in (1, 2)}
    if yes.get(3) or yes.get(5):
        answers["cssrs-2"] = 1
        answers |= {f"cssrs-{n}": yes.get(n, 0) for n in (3, 4, 5)}
    return answers | {"cssrs-6-lifetime": 0}


@pytest.mark.parametrize(
    ("name", "answers", "level"),
    [
        ("cssrs_screen", {"cssrs-1": 0}, "today"),
        ("day_after", {"day-after-unreal": 0}, "routine"),
        ("bladder_check", {"bladder-pain": 1}, "routine"),
        ("bladder_check", {"bladder-blood": 1}, "today"),
    ],
)
def test_what_was_left_open_is_never_a_no(name: str, answers: dict[str, int], level: str) -> None:
    found = tier_urgency(load(name), answers)
    assert found.level == level
    assert found.unanswered


def test_an_instrument_without_tiers_has_no_urgency_of_its_own() -> None:
    with pytest.raises(ValueError, match="says no urgency"):
        tier_urgency(load("phq9"), {})


@given(data=st.data())
def test_hostile_answers_are_refused_or_scored_within_range(data: Any) -> None:
    instrument = load(data.draw(st.sampled_from(shelved())))
    keys = st.sampled_from([item.link_id for item in instrument.items] or ["x"]) | st.text(
        max_size=8
    )
    values = st.integers(-2, 10) | st.booleans() | st.none() | st.text(max_size=3)
    answers = data.draw(st.dictionaries(keys, values, max_size=6))
    try:
        result = score(instrument, answers)
    except AnswerError:
        return
    limits = instrument.scoring.total_range
    assert result.total is None or (limits and limits[0] <= result.total <= limits[1])


@pytest.mark.parametrize("name", shelved())
def test_every_code_is_a_known_loinc_fact(name: str) -> None:
    instrument = load(name)
    used = [instrument.code, instrument.total_code, *(item.code for item in instrument.items)]
    assert {code for code in used if code} <= set(FACTS["terms"])
    for item in _items(instrument.questionnaire):
        for option in item.get("answerOption", []):
            coding = option["valueCoding"]
            if coding["system"] == "http://loinc.org":
                assert FACTS["answers"][coding["code"]] == coding["display"]
    for code, where in FACTS["never_in"].items():
        assert name not in where or code not in used


def _items(node: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(node.get("item", []))
    return found + [inner for item in found for inner in _items(item)]


@pytest.mark.parametrize("name", shelved())
def test_text_ships_only_with_a_license_that_was_read(name: str) -> None:
    instrument = load(name)
    if name == "safety_follow_up":
        return
    assert instrument.licence is not None
    assert instrument.purpose
    if instrument.text_ships:
        assert instrument.licence.mark in ("sourced", "clinic policy")
        assert all(item.text for item in instrument.items)
    else:
        assert not any(item.text or item.lead_in for item in instrument.items)


def test_what_a_clinician_rates_is_never_sent_to_a_person() -> None:
    assert not for_a_person(load("moaas"))
    assert not for_a_person(load("madrs"))
    assert for_a_person(load("pcl5"))


def test_pictures_of_the_path_do_not_hide_a_folder() -> None:
    folders = {path.parent.name for path in Path(SHELF).glob("*/scoring.json")}
    assert folders == set(shelved())


@pytest.mark.parametrize("name", ["day_after", "bladder_check"])
def test_the_products_own_questions_name_no_drug(name: str) -> None:
    """They are read on a telephone, perhaps over a shoulder."""
    assert "ketamine" not in load(name).questionnaire_text.lower()
