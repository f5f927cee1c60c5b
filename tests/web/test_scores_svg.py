"""Scores as a line: what is drawn holds together, is spoken, and takes hostile words as words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from evenkeel.web.svg import (
    ForecastPoint,
    NumberedSession,
    Reference,
    ScoreChart,
    ScoreLine,
    ScorePoint,
    score_chart,
)

T0 = datetime(2026, 3, 1, 9, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"


def at(days: float) -> datetime:
    return T0 + timedelta(days=days)


CHART = ScoreChart(
    instrument="PHQ-9",
    start=at(-4),
    end=at(40),
    today=at(36),
    low=0,
    high=27,
    points=[ScorePoint(at(0), 20), ScorePoint(at(14), 9)],
    sessions=[NumberedSession(1, at(3)), NumberedSession(2, at(6))],
    lines=[ScoreLine(10, "Response: 10 or less"), ScoreLine(4, "Remission: 4 or less")],
    band=(14.5, 25.5),
    band_label="error",
    references=[Reference("An SSRI", [(at(3), 20.0), (at(31), 11.5)])],
)


def drawn(chart: ScoreChart) -> ElementTree.Element:
    return ElementTree.fromstring(score_chart(chart))


def test_totals_sessions_levels_band_and_published_course_stand_on_it() -> None:
    root = drawn(CHART)
    told = "".join(root.itertext())
    for words in ("PHQ-9 20, 1 Mar", "Session 2, 7 Mar", "Response: 10", "error", "An SSRI"):
        assert words in told, words
    assert root.findtext(f"{SVG}desc") == (
        "2 totals, 20 on 1 Mar, 9 on 15 Mar; 2 sessions. Lower is better."
    )
    dots = [c for c in root.iter(f"{SVG}circle") if c.get("r") == "4.5"]
    assert len(dots) == 2
    assert float(dots[0].get("cy", "")) < float(dots[1].get("cy", ""))  # 20 stands above 9


def test_a_forecast_is_drawn_where_there_is_one() -> None:
    band = [ForecastPoint(at(36 + d), 8, 6, 10, 3, 14) for d in (0, 2, 4)]
    with_band = score_chart(replace(CHART, forecast=band, forecast_label="forecast"))
    assert "forecast" in with_band
    assert "forecast" not in score_chart(CHART)


def test_nothing_yet_is_said() -> None:
    told = "".join(drawn(replace(CHART, points=[], higher_is_better=True)).itertext())
    assert "No total yet. Higher is better." in told


@given(st.text(max_size=20), st.lists(st.floats(0, 27), max_size=6))
def test_any_words_and_totals_give_a_sound_drawing(words: str, totals: list[float]) -> None:
    points = [ScorePoint(at(number), total) for number, total in enumerate(totals)]
    chart = replace(CHART, instrument=words, band_label=words, points=points)
    root = drawn(chart)
    assert root.get("role") == "img"
    for circle in root.iter(f"{SVG}circle"):
        assert 0 <= float(circle.get("cy", "")) <= 300
