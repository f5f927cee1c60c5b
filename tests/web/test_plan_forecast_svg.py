"""The drawing of a forecast: bands in order, limits named, spoken, and nothing inline."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from evenkeel.web.svg import DoseScale, ForecastBand, Limit, dose_scale, forecast_band

NS = "{http://www.w3.org/2000/svg}"
TIMES = (0.0, 30.0, 60.0, 90.0)
ROWS = [[offset + rise for rise in (0, 20, 30, 10)] for offset in (100, 110, 120, 130, 140)]
BAND = ForecastBand(
    hue="pressure",
    title="Systolic pressure",
    unit="mmHg",
    times=TIMES,
    values=ROWS,
    low=90,
    high=190,
    given=((0.0, 40.0),),
    limits=(Limit(180, "Hold 180", "hold"), Limit(160, "Review, +40", "review"), Limit(400, "Off")),
    marked=2,
    spoken="Most changed at minute 60",
)


def parsed(drawn: str) -> ElementTree.Element:
    return ElementTree.fromstring(drawn)


def edges(root: ElementTree.Element, role: str) -> list[float]:
    """The heights of a band or line, in the order of its path."""
    group = next(g for g in root.iter(f"{NS}g") if g.get("class", "").split()[0] == role)
    data = group[0].get("d") or ""
    return [float(y) for _, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", data)]


def said(root: ElementTree.Element) -> list[str]:
    return ["".join(text.itertext()) for text in root.iter(f"{NS}text")]


def test_the_outer_band_holds_the_inner_and_that_the_line() -> None:
    root = parsed(forecast_band(BAND))
    outer, inner, line = (edges(root, role) for role in ("b90", "b50", "med"))
    n = len(TIMES)
    for at in range(n):
        top, bottom = outer[at], outer[-1 - at]
        assert top < inner[at] < line[at] < inner[-1 - at] < bottom


def test_limits_inside_are_named_and_the_middle_is_written() -> None:
    words = said(parsed(forecast_band(BAND)))
    assert {"Hold 180", "Review, +40", "150", "0 min", "90"} <= set(words)
    assert "Off" not in words


def test_words_of_limits_that_lie_close_keep_apart() -> None:
    close = (Limit(180, "Hold 180", "hold"), Limit(178, "Review, +40", "review"))
    root = parsed(forecast_band(replace(BAND, limits=close)))
    anchors = {"".join(t.itertext()): t.get("text-anchor") for t in root.iter(f"{NS}text")}
    assert (anchors["Hold 180"], anchors["Review, +40"]) == ("end", "start")


def test_it_speaks_and_carries_no_style() -> None:
    for drawn in (forecast_band(BAND), dose_scale(DoseScale(0.5, "mg/kg", (0.1, 0.75)))):
        root = parsed(drawn)
        assert root.findtext(f"{NS}title")
        assert root.findtext(f"{NS}desc")
        assert "style=" not in drawn
        assert "<script" not in drawn


def test_hostile_words_stay_words() -> None:
    drawn = forecast_band(
        ForecastBand("mood", "<b>", "x", TIMES, ROWS, 0, 1, limits=(Limit(120, "<script>"),))
    )
    assert "<script>" not in drawn
    assert "<script>" in said(parsed(drawn))


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (DoseScale(0.5, "mg/kg", (0.1, 0.75), never_above=2.0), ["0.5 mg/kg", "never above 2"]),
        (DoseScale(84, "mg", labeled=(56, 84), never_above=84), ["84 mg", "56"]),
        (DoseScale(9, "mg/kg"), ["9 mg/kg"]),
    ],
)
def test_a_dose_stands_beside_its_limits(scale: DoseScale, words: list[str]) -> None:
    root = parsed(dose_scale(scale))
    assert set(words) <= set(said(root))
    assert "84" not in said(root), "the words at the limit say it"
    for circle in root.iter(f"{NS}circle"):
        assert 0 < float(circle.get("cx", "")) < float(root.get("width", ""))
