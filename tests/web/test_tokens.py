"""The colors: contrast by the WCAG 2.2 formula, the same values wherever they are written."""

import re
from pathlib import Path

import pytest

from evenkeel.web.svg.markup import HUES, PAPER

CSS = Path(__file__).parents[2] / "src/evenkeel/web/static/web/css"
TOKENS = (CSS / "tokens.css").read_text(encoding="utf-8")


def block(start: str) -> str:
    """Return what stands between the braces after `start`."""
    at = TOKENS.index("{", TOKENS.index(start)) + 1
    return TOKENS[at : TOKENS.index("}", at)]


def colors(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6})", css))


LIGHT = colors(block(":root {"))
DARK_BLOCK = block('[data-theme="dark"] {')
DARK = {**LIGHT, **colors(DARK_BLOCK)}
CHART = [name for name in LIGHT if name.startswith("c-") and name[2:] in HUES]


def luminance(color: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    """Contrast ratio, WCAG 2.2."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_formula_gives_the_extremes_the_standard_names():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#777777") == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("ink", "ground", "light", "dark"),
    [
        ("text", "bg", 15.3, 14.8),
        ("text-3", "sunken", 5.3, 6.7),
        ("on-accent", "accent", 7.2, 8.4),
        ("line-strong", "surface", 4.0, 4.1),
        ("focus", "bg", 6.7, 12.1),
        ("review-ink", "review-wash", 7.2, 10.1),
        ("hold-ink", "hold-wash", 6.7, 8.4),
        ("emergency-ink", "emergency-wash", 7.1, 6.5),
        ("review-edge", "surface", 4.0, 5.5),
    ],
)
def test_pairs_of_the_visual_language_have_their_published_ratio(ink, ground, light, dark):
    assert contrast(LIGHT[ink], LIGHT[ground]) == pytest.approx(light, abs=0.06)
    assert contrast(DARK[ink], DARK[ground]) == pytest.approx(dark, abs=0.06)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *((ink, ground) for ink in ("text", "text-2") for ground in ("bg", "surface", "raised")),
        *(("text-3", ground) for ground in ("bg", "surface", "raised", "sunken")),
        ("text-2", "sunken"),
        ("accent", "surface"),
        ("accent", "bg"),
        ("on-accent-soft", "accent-soft"),
        ("text", "accent-soft"),
        ("text-2", "review-wash"),
        ("text-2", "hold-wash"),
        ("text", "review-wash"),
        ("text", "hold-wash"),
        ("hold-ink", "surface"),
        ("hold-ink", "bg"),
        ("review-ink", "surface"),
        ("inform-ink", "bg"),
        ("inform-ink", "surface"),
        ("on-ribbon", "ribbon"),
        ("ok-ink", "surface"),
        *((hue, "surface") for hue in CHART),
    ],
)
def test_every_text_pair_reaches_four_and_a_half(theme, ink, ground):
    assert contrast(theme[ink], theme[ground]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("edge", "ground"),
    [
        ("line-strong", "surface"),
        ("line-strong", "bg"),
        ("inform-edge", "bg"),
        ("review-edge", "surface"),
        ("hold-edge", "surface"),
        ("hold-edge", "hold-wash"),
        ("accent", "accent-soft"),
        ("focus", "surface"),
        ("c-axis", "surface"),
    ],
)
def test_every_edge_reaches_three(theme, edge, ground):
    assert contrast(theme[edge], theme[ground]) >= 3.0


def test_weakest_chart_hue_is_the_published_one():
    weakest = [min(contrast(t[h], t["surface"]) for h in CHART) for t in (LIGHT, DARK)]
    assert weakest == [pytest.approx(5.9, abs=0.06), pytest.approx(6.1, abs=0.06)]


def test_the_systems_dark_is_the_chosen_dark():
    def lines(css: str) -> list[str]:
        return [line.strip() for line in css.splitlines() if line.strip()]

    assert lines(block(":root:not([data-theme]) {")) == lines(DARK_BLOCK)
    assert set(colors(DARK_BLOCK)) >= {name for name in LIGHT if not name.startswith("c-point")}


def test_paper_colors_of_drawings_are_the_light_tokens():
    assert {name: LIGHT[f"c-{name}"] for name in HUES} == dict(HUES)
    assert {name: LIGHT[name] for name in PAPER} == dict(PAPER)


def test_style_sheets_use_only_known_tokens():
    sheets = "".join(path.read_text(encoding="utf-8") for path in CSS.glob("*.css"))
    known = set(re.findall(r"(?<![\w(])--([\w-]+)\s*:", sheets))
    used = set(re.findall(r"var\(--([\w-]+)(?=[,)])", sheets))
    assert used - known <= {"pad"}
    assert not re.search(r"url\(|@import|expression\(", sheets)
    assert all(sheet.count("{") == sheet.count("}") for sheet in [sheets])
