"""Forest plot and people of 100: well-formed, every value at its place, no words on each other."""

from __future__ import annotations

import math
import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.web import svg
from evenkeel.web.svg.forest import short
from evenkeel.web.svg.scale import text_width

NS = "{http://www.w3.org/2000/svg}"
STUDIES = [
    svg.ForestStudy("TRANSFORM-1 (2019)", 1.38, 1.05, 1.80, 33, "112/209 v. 42/108"),
    svg.ForestStudy("TRANSFORM-3 (2020)", 2.02, 0.94, 4.34, 4, "17/63 v. 8/60"),
    svg.ForestStudy("A trial with a very long name that nobody will shorten", 0.5, 0.2, 1.25, 63),
]


def forest(**changes: object) -> svg.Forest:
    found = {
        "title": "Response",
        "studies": STUDIES,
        "ratio": True,
        "unit": "Risk ratio",
        "together": (1.31, 1.01, 1.70),
        "further": (0.7, 2.4),
        "left": "fewer",
        "right": "more",
        "counts_head": "With v. without",
    }
    return svg.Forest(**{**found, **changes})


def parse(drawn: str) -> ElementTree.Element:
    return ElementTree.fromstring(drawn)


def boxes(root: ElementTree.Element) -> list[tuple[float, float, float, str]]:
    """Each line of text as left, right, height and words, with letters as wide as they may be."""
    found = []
    for node in root.iter(f"{NS}text"):
        x, words = float(node.get("x", "")), "".join(node.itertext())
        width = text_width(words)
        left = {"end": x - width, "middle": x - width / 2}.get(node.get("text-anchor", ""), x)
        found.append((left, left + width, float(node.get("y", "")), words))
    return found


@pytest.mark.parametrize("width", [328, 560, 700, 880, 1200])
@pytest.mark.parametrize("ratio", [True, False])
def test_no_words_stand_on_others_or_run_out(width: int, ratio: bool) -> None:
    root = parse(svg.forest_plot(forest(ratio=ratio), width))
    placed = boxes(root)
    for one, other in combinations(placed, 2):
        apart = one[1] <= other[0] or other[1] <= one[0] or abs(one[2] - other[2]) >= 12
        assert apart, (one, other)
    height = float(root.get("height", ""))
    assert all(left >= 0 and right <= width and y <= height for left, right, y, _ in placed)


def squares(root: ElementTree.Element) -> list[tuple[float, float]]:
    """Middle and side of every box."""
    return [
        (float(r.get("x", "")) + float(r.get("width", "")) / 2, float(r.get("width", "")))
        for r in root.iter(f"{NS}rect")
    ]


def test_boxes_stand_where_the_ticks_say_and_grow_with_weight() -> None:
    one = [svg.ForestStudy("A", 0.5, 0.25, 1.0, 80), svg.ForestStudy("B", 2.0, 1.0, 4.0, 20)]
    root = parse(svg.forest_plot(forest(studies=one, together=None, further=None)))
    ticks = {
        words: (left + right) / 2
        for left, right, _, words in boxes(root)
        if words in ("0.5", "1", "2")
    }
    (first, large), (second, small) = squares(root)
    assert first == pytest.approx(ticks["0.5"], abs=0.2)
    assert second == pytest.approx(ticks["2"], abs=0.2)
    assert large > small
    # On a log scale half and double lie equally far from 1.
    assert ticks["1"] - first == pytest.approx(second - ticks["1"], abs=0.3)


def test_what_runs_out_of_the_field_ends_in_an_arrow() -> None:
    wide = [svg.ForestStudy("A", 1.2, 0.00001, 90_000, 50), svg.ForestStudy("B", 1.1, 1, 1.2, 50)]
    root = parse(svg.forest_plot(forest(studies=wide, further=None)))
    lines = [p.get("d", "") for g in root.iter() if "med" in g.get("class", "") for p in g]
    assert [line.count("M") for line in lines] == [3, 1]
    assert "1.20 (<0.01 to >999)" in [words for *_, words in boxes(root)]


def test_it_is_spoken_and_readable_without_color() -> None:
    root = parse(svg.forest_plot(forest()))
    assert root.get("role") == "img"
    assert root.findtext(f"{NS}title") == "Response"
    said = root.findtext(f"{NS}desc") or ""
    assert "TRANSFORM-1 (2019): 1.38 (1.05 to 1.80), weight 33 %" in said
    assert "Together: 1.31 (1.01 to 1.70)" in said
    assert "no effect at 1" in said
    words = [words for *_, words in boxes(root)]
    assert {"Together", "A further trial", "112/209 v. 42/108", "33 %"} <= set(words)


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_ratio_is_above_nothing(value: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        svg.forest_plot(forest(together=(1.0, value, 2.0)))


def test_nothing_to_pool_draws_no_diamond() -> None:
    words = [w for *_, w in boxes(parse(svg.forest_plot(forest(together=None, further=None))))]
    assert "Together" not in words
    assert parse(svg.forest_plot(forest(studies=[], together=None, further=None)))


NUMBER = st.floats(-1e6, 1e6)
STUDY = st.tuples(st.text(max_size=30), NUMBER, NUMBER, NUMBER, st.floats(0, 100))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(max_size=30), NUMBER, NUMBER, NUMBER, st.floats(0, 100)), max_size=5
    ),
    st.booleans(),
    st.integers(320, 1400),
)
def test_any_studies_are_drawn_within_the_picture(rows, ratio: bool, width: int) -> None:
    studies = []
    for name, *numbers, weight in rows:
        low, effect, high = sorted(numbers)
        if ratio:
            low, effect, high = (math.exp(v / 1e5) for v in (low, effect, high))
        studies.append(svg.ForestStudy(name, effect, low, high, weight))
    drawn = svg.forest_plot(
        forest(studies=studies, ratio=ratio, together=None, further=None), width
    )
    root = parse(drawn)
    assert all(0 <= x <= width for x, _ in squares(root))
    for p in root.iter(f"{NS}path"):
        for x in re.findall(r"[MHL](-?[\d.]+)", p.get("d", "")):
            assert -6 <= float(x) <= width + 6


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.0, "1.00"),
        (12.34, "12.3"),
        (-4.9, "-4.90"),
        (345.6, "346"),
        (0.001, "<0.01"),
        (0, "0.00"),
    ],
)
def test_numbers_as_a_reader_wants_them(value: float, words: str) -> None:
    assert short(value) == words


def figures(root: ElementTree.Element) -> dict[str, int]:
    return {
        g.get("class", "").split()[0]: len(list(g.iter(f"{NS}path")))
        for g in root
        if g.tag == f"{NS}g" and list(g.iter(f"{NS}path"))
    }


def test_a_hundred_people_are_a_hundred() -> None:
    """50 of 100, between 38 and 65: 38 sure, 12 likely, 15 more possible, 35 not."""
    root = parse(svg.icons_of_100(svg.People("With", 49.6, 38.2, 65.1, "much better")))
    assert figures(root) == {"solid": 38, "b50": 12, "outline": 27, "person-off": 35}
    said = root.findtext(f"{NS}desc") or ""
    assert said == "50 of 100 people: much better. It may be between 38 and 65 of 100."
    assert [w for *_, w in boxes(root)] == ["50 of 100", "between 38 and 65"]


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 100))
def test_nobody_is_lost_or_added(a: float, b: float, c: float) -> None:
    low, count, high = sorted((a, b, c))
    found = figures(parse(svg.icons_of_100(svg.People("x", count, low, high))))
    filled = found.get("solid", 0) + found.get("b50", 0)
    assert filled == round(count)
    likely = found.get("b50", 0)
    assert filled + found.get("outline", 0) - likely + found.get("person-off", 0) == 100


def test_without_an_interval_nobody_is_uncertain() -> None:
    assert figures(parse(svg.icons_of_100(svg.People("x", 21, hue="compare")))) == {
        "solid": 21,
        "person-off": 79,
    }


@pytest.mark.parametrize("count", [-1, 100.5])
def test_more_than_everybody_is_refused(count: float) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        svg.icons_of_100(svg.People("x", count))
