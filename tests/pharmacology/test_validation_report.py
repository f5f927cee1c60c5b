"""What the answers add up to, and that no row is left out of the report."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from evenkeel.pharmacology.mood import load_mood
from evenkeel.pharmacology.validation import report, words
from evenkeel.pharmacology.validation.answers import Answer, answer, answer_all, reasons
from evenkeel.pharmacology.validation.document import markdown
from evenkeel.pharmacology.validation.meaning import MEANING
from evenkeel.pharmacology.validation.mood_comparison import NAMES, Comparison, compare
from evenkeel.pharmacology.validation.outlook import at_fault, needed, outlook, replaced
from evenkeel.pharmacology.validation.plots import pictures
from evenkeel.pharmacology.validation.rows import Target, bundled
from evenkeel.pharmacology.validation.summary import Goal, Summary, goals, sections

TARGETS = {target.id: target for target in bundled()}
ONE = TARGETS["O1.cmax"]


def made(predicted: float | None, **changes: object) -> Answer:
    """An answer to a target of observed 100 and band 80 to 120, unless changed."""
    plain = {"observed": 100.0, "band": (80.0, 120.0), "role": "validation", "quantitative": True}
    target: Target = replace(ONE, **{**plain, **changes})  # type: ignore[arg-type]
    return Answer(target, predicted, "validated", "" if predicted is not None else "no model")


@pytest.fixture(scope="module")
def predicted() -> tuple[Answer, ...]:
    """Every bundled target, as if each prediction were 1.2 times what was observed."""
    return tuple(
        Answer(t, None if t.how is None else 1.2 * t.observed, "derived", "")
        for t in TARGETS.values()
    )


@pytest.mark.parametrize(
    ("value", "inside"),
    [(80.0, True), (120.0, True), (79.99, False), (120.01, False), (None, None)],
)
def test_a_band_holds_its_ends(value: float | None, inside: bool | None) -> None:
    assert made(value).inside is inside
    assert made(value, band=None, role="informational").inside is None


def test_a_group_is_summed_up() -> None:
    found = Summary("some", (made(100.0), made(50.0), made(200.0), made(None)))
    assert (found.inside, len(found.judged), len(found.unanswered)) == (1, 3, 1)
    assert found.share == pytest.approx(1 / 3)
    assert found.afe == pytest.approx(1.0)
    assert found.gmfe == pytest.approx(10 ** (2 * math.log10(2) / 3))
    assert [a.predicted for a in found.outside] == [50.0, 200.0]
    nothing = Summary("nothing", ())
    assert math.isnan(nothing.share)
    assert math.isnan(nothing.gmfe)
    assert math.isnan(nothing.interval[0])


def goal(answers: list[Answer], begins: str) -> Goal:
    return next(g for g in goals(answers) if g.name.startswith(begins))


def test_the_goals_of_concentrations() -> None:
    good = [made(100.0)] * 17 + [made(50.0)] * 3
    share = goal(good, "PK: at least 85%")
    assert (share.met, share.found) == (True, "17 of 20, 85%")
    fold = goal(good, "PK: geometric mean fold error at most 1.35")
    assert (fold.met, fold.found) == (True, "1.11")
    bad = [made(100.0)] * 16 + [made(10.0)] * 4
    assert goal(bad, "PK: at least").met is False
    assert goal(bad, "PK: geometric").met is False


def test_a_share_just_short_of_its_goal_does_not_read_as_the_goal() -> None:
    short = goal([made(100.0)] * 28 + [made(10.0)] * 5, "PK: at least 85%")
    assert (short.met, short.found) == (False, "28 of 33, 84.8%")


def test_a_corrected_recipe_is_run_beside_the_first() -> None:
    both = answer(TARGETS["pd-v15.t_peak"])
    assert (both.inside_first, both.inside) == (False, True)
    assert both.first is not None
    assert both.first > 40.0 >= (both.predicted or 0.0)
    untouched = answer(ONE)
    assert untouched.first is None
    assert untouched.inside_first is untouched.inside
    summed = Summary("both", (both, untouched))
    assert (summed.inside_first, summed.inside) == (1, 2)
    assert summed.gmfe_first > summed.gmfe
    said, written = report.text([both]), markdown([both])
    assert TARGETS["pd-v15.t_peak"].corrected.what in said  # type: ignore[union-attr]
    assert "44.0 (OUT) | 40.0 (ok)" in written
    assert report.data([both])["targets"][0]["predicted_first"] == both.first


def test_what_is_not_answered_is_not_passed_over() -> None:
    open_ = [made(100.0)] * 8 + [made(None)] * 2
    assert goal(open_, "PK: at least").met is None
    assert goal(open_, "PK: geometric").met is None
    assert "2 not answered" in goal(open_, "PK: at least").found
    sure = [made(100.0)] * 18 + [made(None)] * 2
    assert goal(sure, "PK: at least").met is True
    lost = [made(100.0)] * 5 + [made(10.0)] * 4 + [made(None)]
    assert goal(lost, "PK: at least").met is False
    assert "some are open" in report.text(open_)


def test_the_goal_of_effects_and_what_does_not_count() -> None:
    answers = [made(100.0, kind="pd")] * 4 + [made(1.0, kind="pd")]
    assert goal(answers, "PD: at least 80%").met is True
    others = [made(1.0, kind="pd", role="calibration"), made(1.0, kind="pd", quantitative=False)]
    assert goal([*answers, *others], "PD: at least 80%").found == "4 of 5, 80%"


def test_the_strata_of_the_paper_must_agree_within_a_percent() -> None:
    stratum = {"role": "implementation", "expected": "pass", "id": "H01.esk_cmax"}
    close, far = made(100.9, **stratum), made(101.1, **stratum)
    assert goal([close], "Perez-Ruixo 2021, esketamine Cmax").met is True
    assert goal([close, far], "Perez-Ruixo 2021, esketamine Cmax").met is False
    assert goal([made(None, **stratum)], "Perez-Ruixo 2021, esketamine Cmax").met is False


def test_every_row_is_in_the_report_and_in_the_document(predicted: tuple[Answer, ...]) -> None:
    said, written = report.text(predicted), markdown(predicted)
    lines, cells = said.splitlines(), written.replace("|", " ")
    for name, target in TARGETS.items():
        own = [line for line in lines if f" {name} " in f"{line} "]
        assert len(own) == 1, name
        assert f"{target.observed:g}" in own[0]
        assert f" {name} " in cells, name
    assert len(report.data(predicted)["targets"]) == len(TARGETS)


def test_roles_are_printed_apart_and_only_validation_counts(
    predicted: tuple[Answer, ...],
) -> None:
    found = [(s.kind, s.role) for s in sections(predicted)]
    roles = ("validation", "calibration", "implementation", "informational")
    assert found == [("pk", role) for role in roles] + [
        ("pd", role) for role in roles if role != "implementation"
    ]
    for section in sections(predicted):
        grouped = [a.target.id for group in section.groups for a in group.answers]
        assert sorted(grouped) == sorted(a.target.id for a in section.whole.answers)


def test_the_document_is_the_same_twice_and_says_what_it_means(
    predicted: tuple[Answer, ...],
) -> None:
    first = markdown(predicted)
    assert first == markdown(predicted)
    head = first.split("## Goals")[0]
    for part in ("**Blood levels**", "**Effects**", "**What that means**"):
        assert part in head
    for picture in pictures(predicted):
        assert f"![{picture.alt}](validation/{picture.name}.svg)" in first


def test_a_time_course_is_drawn_where_a_row_has_several_times(
    predicted: tuple[Answer, ...],
) -> None:
    names = [picture.name for picture in pictures(predicted)]
    assert "course-g1" in names
    assert "pk-validation" in names


def test_the_models_of_mood_are_compared_with_both_numbers() -> None:
    errors = (("states", 2.5, 4.1), ("two exponentials", 2.25, 4.3))
    comparison = Comparison(errors, "units", "It is so.")
    for said in (report.text([made(100.0)], comparison), markdown([made(100.0)], comparison)):
        assert "2.5" in said
        assert "2.25" in said
        assert "It is so." in said
    kept = report.data([made(100.0)], comparison)["mood"]
    assert kept["errors"]["states"] == {"error": 2.5, "points": 4.1}
    assert kept["errors"]["two exponentials"] == {"error": 2.25, "points": 4.3}


def test_the_comparison_is_that_of_the_mood_room() -> None:
    found = compare()
    known = load_mood()
    errors = [error for _, error, _ in found.errors]
    assert errors == [f["standardized"] for f in known.comparison["forms"].values()]
    assert NAMES[known.default] in found.words
    best = min(found.errors, key=lambda each: each[1])
    assert best[0] == NAMES[known.default]


def test_reasons_are_of_targets_that_exist_and_meanings_too() -> None:
    assert set(reasons()) <= set(TARGETS)
    assert {name for ids in MEANING for name in ids} <= set(TARGETS)
    assert all(words_.strip().endswith(".") for words_ in reasons().values())


def test_what_it_would_take_is_of_targets_that_exist_and_of_a_known_kind() -> None:
    wanted = outlook()["needed"]
    assert set(wanted) == {name for name in reasons() if TARGETS[name].counts}
    assert {entry["kind"] for entry in wanted.values()} == set(outlook()["kinds"])
    assert {name for each in outlook()["replaced"] for name in each["before_of"]} <= set(TARGETS)
    assert all(each["sources"] for each in outlook()["not_taken"])


def test_what_it_would_take_is_said_of_what_fails_and_only_of_that() -> None:
    juice, blocker = (Answer(TARGETS[name], 1.6, "derived", "") for name in ("L4.auc", "L3.auc"))
    fine, unknown = made(100.0), made(1.0)
    (row, other) = needed([juice, fine, unknown])
    assert row[0] == "L4.auc"
    assert row[1] in outlook()["kinds"].values()
    assert other[1:] == ("not known", "not known")
    assert needed_count(at_fault([juice, blocker, fine])) == 2
    assert at_fault([fine]) == ""
    assert "What would settle it" not in markdown([fine]).split("## Goals")[0]
    assert "1.18, now 1.60 (OUT)" in next(iter(replaced([juice])))[4]
    assert "not run" in next(iter(replaced([fine])))[4]


def needed_count(sentence: str) -> int:
    return int(sentence.split()[1])


def test_an_answer_says_why_there_is_none() -> None:
    assert answer(TARGETS["A1.tmax"]).why_not == "no model answers it"
    impossible = replace(ONE, how={**(ONE.how or {}), "covariates": {"weight_kg": 9000.0}})
    found = answer(impossible)
    assert found.predicted is None
    assert "9000" in found.why_not
    lacking = replace(TARGETS["pd-v10.drug"], how={**(TARGETS["pd-v10.drug"].how or {})})
    del lacking.how["above"]  # type: ignore[index, union-attr]
    assert "'above'" in answer(lacking).why_not
    steps: list[tuple[int, int]] = []
    answer_all([impossible, impossible], lambda done, of: steps.append((done, of)))
    assert steps == [(0, 2), (1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (None, "-"),
        (math.nan, "-"),
        (0.0, "0"),
        (1104.47, "1104"),
        (50.41, "50.4"),
        (-3.14159, "-3.14"),
        (0.014, "0.0140"),
        (0.00001, "1.0e-05"),
    ],
)
def test_numbers_are_printed_with_three_figures(value: float | None, printed: str) -> None:
    assert words.number(value) == printed


def test_a_status_says_what_the_row_asks_where_that_is_another() -> None:
    cautious = made(100.0, status_expected="extrapolated")
    assert words.status(cautious) == "validated, shown as extrapolated"
    assert words.status(made(100.0, status_expected="validated")) == "validated"
