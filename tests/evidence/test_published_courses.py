"""Published courses follow from the tables they cite."""

from __future__ import annotations

import json

import pytest

from evenkeel.evidence import published_courses as module
from evenkeel.evidence.published_courses import published_courses

# Lii 2023: means on days 0, 1, 2, 3, 5, 7 and 14. TRANSFORM-1 and -2, table 4 of
# doi:10.1007/s00737-021-01185-6: (n, baseline) and (n, change) of women and men.
LII = [25.1, 12.7, 15.1, 17.0, 16.9, 15.9, 16.9]
TRANSFORM = {
    "esketamine-course": ([(235, 37.7), (108, 36.9)], [(215, -20.3), (95, -18.3)]),
    "new-antidepressant": ([(144, 37.7), (78, 36.7)], [(138, -15.8), (70, -16.0)]),
}


def weighted(rows: list[tuple[int, float]]) -> float:
    return sum(n * value for n, value in rows) / sum(n for n, _ in rows)


def test_the_shares_of_one_infusion_are_its_means_over_the_first() -> None:
    course = next(c for c in published_courses() if c.id == "ketamine-once")
    assert [left for _, left in course.points] == pytest.approx(
        [mean / LII[0] for mean in LII], abs=0.0006
    )


@pytest.mark.parametrize("name", sorted(TRANSFORM))
def test_the_four_week_shares_are_weighted_means_of_the_table(name: str) -> None:
    course = next(c for c in published_courses() if c.id == name)
    baseline, change = TRANSFORM[name]
    assert course.points[-1][0] == 28
    left = 1 + weighted(change) / weighted(baseline)
    assert course.points[-1][1] == pytest.approx(left, abs=0.0006)
    assert course.people == sum(n for n, _ in change)


def test_ketamine_and_an_ssri_both_stand_there_with_source_and_mark() -> None:
    assert {course.drug for course in published_courses()} == {"ketamine", "ssri"}
    assert all(
        course.mark == "derived" and "doi:" in course.source for course in published_courses()
    )


@pytest.mark.parametrize(
    "points",
    [
        [{"day": 1, "left": 1.0}],
        [{"day": 0, "left": 0.9}],
        [{"day": 0, "left": 1}, {"day": 0, "left": 1}],
    ],
)
def test_a_course_that_does_not_begin_at_its_baseline_is_refused(
    points: list[dict[str, float]], tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = json.loads(module.FILE.read_text(encoding="utf-8"))
    value["courses"][0]["points"] = points
    path = tmp_path / "courses.json"  # type: ignore[operator]
    path.write_text(json.dumps(value))
    monkeypatch.setattr(module, "FILE", path)
    with pytest.raises(ValueError, match="begins at day 0"):
        module.published_courses.__wrapped__()
