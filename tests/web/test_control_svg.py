"""The control chart as a drawing: well formed, spoken, and one mark a point."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.web.svg.control import ControlPicture, ControlPoint, control_chart

SVG = "{http://www.w3.org/2000/svg}"


def write(value: float) -> str:
    return f"{value:.0f}"


def drawn(points: list[ControlPoint], **more: float) -> ElementTree.Element:
    return ElementTree.fromstring(control_chart(ControlPicture("Holds", points, write, **more)))


def told(svg: ElementTree.Element) -> str:
    return str(svg.findtext(f"{SVG}desc"))


def test_points_signals_and_letters_are_each_drawn_once() -> None:
    points = [ControlPoint(f"W{n}", 5, 5, 1, 9) for n in range(6)]
    points.append(ControlPoint("W6", 12, 5, 1, 9, signal="outside the limits", note="a"))
    points.append(ControlPoint("W7", None, 5, 1, 9))
    svg = drawn(points)
    assert len(svg.findall(f".//{SVG}circle")) == 6
    titles = [each.text for each in svg.findall(f".//{SVG}path/{SVG}title")]
    assert titles == ["W6: 12. Signal: outside the limits"]
    assert "a" in [each.text for each in svg.findall(f".//{SVG}text")]
    assert told(svg) == ("7 points; the last, W6, is 12. Signal at W6: outside the limits.")


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([], "No point yet."),
        ([ControlPoint("W0", 3)], "1 points; the last, W0, is 3. Too few points for limits."),
        (
            [ControlPoint("W0", 3, 3, None, 6)],
            "1 points; the last, W0, is 3. All within what chance alone makes.",
        ),
    ],
)
def test_it_says_in_words_what_it_shows(points: list[ControlPoint], said: str) -> None:
    assert told(drawn(points)) == said


def test_a_new_phase_breaks_the_lines() -> None:
    points = [ControlPoint(f"W{n}", n % 3, 1, None, 4, phase=int(n > 5)) for n in range(12)]
    svg = drawn(points)
    whole = next(g for g in svg.findall(f".//{SVG}g") if "obs" in g.get("class", ""))
    assert len(whole.findall(f"{SVG}path")) == 2


@given(
    st.lists(
        st.tuples(
            st.text(max_size=12),
            st.none() | st.floats(0, 1e6),
            st.none() | st.floats(0, 1e6),
            st.text(max_size=20),
        ),
        max_size=30,
    )
)
def test_whatever_it_is_given_it_is_well_formed(
    rows: list[tuple[str, float | None, float | None, str]],
) -> None:
    points = [ControlPoint(a, b, c, None, c, signal=d) for a, b, c, d in rows]
    svg = drawn(points, ceiling=1e6)
    marks = len(svg.findall(f".//{SVG}circle")) + len(svg.findall(f".//{SVG}path/{SVG}title"))
    assert marks == sum(row[1] is not None for row in rows)
