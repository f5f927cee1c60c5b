"""Drawings: well-formed whatever the words, and each thing where its value belongs."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.web import kit, svg
from evenkeel.web.svg.coverage import Coverage, CoverageRow, coverage
from evenkeel.web.svg.markup import element
from evenkeel.web.svg.scale import (
    calendar_ticks,
    clock_ticks,
    linear,
    round_ticks,
    rows_for,
    shorten,
    text_width,
)

NOW = kit.NOW
NS = "{http://www.w3.org/2000/svg}"
HOSTILE = "\"><script>alert(1)</script>&amp;]]><!-- \x00\x1b\ud800 onload='x'"


def parse(drawn: str) -> ElementTree.Element:
    return ElementTree.fromstring(drawn)


def all_words(root: ElementTree.Element) -> list[str]:
    return ["".join(node.itertext()) for node in root.iter(f"{NS}text")]


def classes(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [node for node in root.iter() if name == node.get("class", "")]


def circles(root: ElementTree.Element, css: str) -> list[tuple[float, float]]:
    return [
        (float(c.get("cx", "")), float(c.get("cy", "")))
        for group in classes(root, css)
        for c in group.iter(f"{NS}circle")
    ]


DRAWINGS = {
    "sparkline": lambda: svg.sparkline(kit.sample_spark()),
    "course": lambda: svg.course_chart(kit.sample_course()),
    "day": lambda: svg.day_timeline(kit.sample_day()),
    "session": lambda: svg.session_timeline(kit.sample_session()),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_every_drawing_speaks_and_carries_no_style_or_script(name):
    root = parse(DRAWINGS[name]())
    assert root.get("role") == "img"
    assert (root.findtext(f"{NS}title") or "").strip()
    assert (root.findtext(f"{NS}desc") or "").strip()
    for node in root.iter():
        assert node.tag not in (f"{NS}script", f"{NS}style", f"{NS}foreignObject")
        assert not [key for key in node.attrib if key == "style" or key.startswith("on")]


@pytest.mark.parametrize("name", DRAWINGS)
def test_everything_drawn_lies_within_the_picture(name):
    root = parse(DRAWINGS[name]())
    width, height = (float(root.get(key, "")) for key in ("width", "height"))
    for node in root.iter(f"{NS}circle"):
        assert -1 <= float(node.get("cx", "")) <= width + 1
        assert -1 <= float(node.get("cy", "")) <= height + 1
    for node in root.iter(f"{NS}text"):
        assert 0 <= float(node.get("x", "")) <= width
        assert 0 <= float(node.get("y", "")) <= height


def hostile_drawings(words: str) -> list[str]:
    later = NOW + timedelta(hours=1)
    return [
        svg.sparkline(
            svg.PressureSpark(NOW, later, [], None, 160, words, words, words, title=words)
        ),
        svg.course_chart(
            svg.CourseStory(
                NOW,
                later,
                NOW,
                [svg.Stage(words, NOW)],
                [svg.StoryMark(NOW, words)],
                [svg.SessionMark(1, NOW, 30, url=words)],
                [svg.ScorePoint(NOW, 9)],
                [svg.ScoreLine(10, words)],
                words,
                title=words,
            )
        ),
        svg.day_timeline(
            svg.Day(
                NOW,
                later,
                [words],
                [svg.Appointment(words, NOW, later, words, words, "live", words)],
                title=words,
            )
        ),
        svg.session_timeline(
            svg.SessionRecord(
                NOW,
                later,
                [svg.PressureReading(NOW, 120, 80)],
                drugs=[svg.DrugSpan(NOW, later, words)],
                notes=[svg.TimedNote(NOW, words)],
                thresholds=[svg.Threshold("pressure", 160, "review", words)],
                title=words,
            )
        ),
    ]


@given(st.one_of(st.just(HOSTILE), st.text(st.characters(), max_size=40)))
def test_any_words_stay_words(words):
    for drawn in hostile_drawings(words):
        tags = {node.tag.removeprefix(NS) for node in parse(drawn).iter()}
        assert tags <= {
            "svg", "title", "desc", "g", "path", "circle", "rect", "text", "tspan", "a",
        }  # fmt: skip
        assert "<script" not in drawn


@pytest.mark.parametrize(
    ("url", "linked"),
    [("/sessions/7", True), ("javascript:alert(1)", False), ("//evil.example", False), ("", False)],
)
def test_only_pages_of_this_installation_are_linked(url, linked):
    day = svg.Day(
        NOW,
        NOW + timedelta(hours=2),
        ["Chair 1"],
        [svg.Appointment("Chair 1", NOW, NOW + timedelta(hours=1), "Ada Sample", url=url)],
    )
    assert (parse(svg.day_timeline(day)).find(f".//{NS}a") is not None) is linked


def test_the_spark_puts_higher_pressure_higher_and_later_to_the_right():
    root = parse(svg.sparkline(kit.sample_spark()))
    systolic, diastolic = circles(root, "pt k-pressure"), circles(root, "pt hollow k-pressure")
    assert [x for x, _ in systolic] == sorted(x for x, _ in systolic)
    assert systolic[-1][1] < systolic[0][1]
    assert all(s[1] < d[1] for s, d in zip(systolic, diastolic, strict=True))
    assert "last 141 over 89" in (root.findtext(f"{NS}desc") or "")


def test_a_spark_without_readings_says_so():
    drawn = svg.sparkline(svg.PressureSpark(NOW, NOW + timedelta(hours=1), []))
    assert parse(drawn).findtext(f"{NS}desc") == "No reading yet."
    assert not circles(parse(drawn), "pt k-pressure")


def test_the_course_keeps_scores_and_sessions_on_one_time_axis():
    story = kit.sample_course()
    root = parse(svg.course_chart(story))
    scores = circles(root, "pt k-mood")
    assert len(scores) == len(story.scores)
    heads = circles(root, "solid k-concentration")
    assert len(heads) == 8
    x_of = linear(story.start.timestamp(), story.end.timestamp(), 84, 1010)
    for (x, _y), point in zip(scores, story.scores, strict=True):
        assert x == pytest.approx(x_of(point.at.timestamp()), abs=0.06)
    assert scores[0][1] < scores[-1][1]  # 20 stands above 7
    assert "328 mg in all" in all_words(root)


def test_the_course_draws_a_forecast_only_when_given():
    story = kit.sample_course()
    assert "b90" not in svg.course_chart(story)
    points = [
        svg.ForecastPoint(story.today + timedelta(days=d), 9, 7, 11, 5, 14) for d in (0, 20, 40)
    ]
    forecast = svg.Forecast(points, "without", window=(points[0].at, points[1].at))
    drawn = svg.course_chart(
        svg.CourseStory(story.start, story.end, story.today, forecast=forecast)
    )
    assert classes(parse(drawn), "b90 k-mood")
    assert "Forecast" in all_words(parse(drawn))


def test_sessions_close_together_climb_and_never_cover_each_other():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    days = [*range(10, 34, 3), *range(60, 360, 25)]
    sessions = [svg.SessionMark(n, start + timedelta(days=d), 40) for n, d in enumerate(days, 1)]
    end = start + timedelta(days=400)
    root = parse(svg.course_chart(svg.CourseStory(start, end, end, sessions=sessions)))
    heads = circles(root, "solid k-concentration")
    assert len(heads) == len(days)
    for i, (x1, y1) in enumerate(heads):
        for x2, y2 in heads[i + 1 :]:
            assert ((x1 - x2) ** 2 + (y1 - y2) ** 2) ** 0.5 >= 12


def test_a_course_of_no_length_is_refused():
    with pytest.raises(ValueError, match="at least an hour"):
        svg.course_chart(svg.CourseStory(NOW, NOW, NOW))


def test_visits_that_overlap_in_a_lane_get_rows_of_their_own():
    root = parse(svg.day_timeline(kit.sample_day()))
    boxes = [
        tuple(float(r.get(k, "")) for k in ("x", "y", "width", "height"))
        for g in root.iter(f"{NS}g")
        if g.get("class", "").startswith("visit")
        for r in g.iter(f"{NS}rect")
    ]
    assert len(boxes) == 8
    for i, (x1, y1, w1, h1) in enumerate(boxes):
        for x2, y2, w2, h2 in boxes[i + 1 :]:
            apart = x1 + w1 <= x2 or x2 + w2 <= x1 or y1 + h1 <= y2 or y2 + h2 <= y1
            assert apart


def test_the_session_has_rows_only_for_what_was_measured():
    start = NOW
    record = svg.SessionRecord(
        start,
        start + timedelta(hours=1),
        spo2_percents=[svg.Reading(start + timedelta(minutes=5), 91)],
    )
    drawn = all_words(parse(svg.session_timeline(record)))
    assert "SpO₂" in drawn
    assert "low 91" in drawn
    assert "Pressure" not in drawn


def test_notes_that_find_no_room_are_counted():
    notes = [svg.TimedNote(NOW + timedelta(seconds=n), f"Note number {n}") for n in range(9)]
    record = svg.SessionRecord(NOW, NOW + timedelta(hours=2), notes=notes)
    assert "and 3 more" in all_words(parse(svg.session_timeline(record)))


@pytest.mark.parametrize(
    ("low", "high", "about", "ticks"),
    [
        (0, 10, 2, [0, 5, 10]),
        (60, 180, 5, [60, 80, 100, 120, 140, 160, 180]),
        (88, 100, 3, [90, 95, 100]),
        (0.1, 0.7, 3, [0.2, 0.4, 0.6]),
        (5, 5, 3, [5]),
    ],
)
def test_ticks_are_round(low, high, about, ticks):
    assert round_ticks(low, high, about) == pytest.approx(ticks)


def test_clock_ticks_stand_on_the_clinics_hours():
    start = datetime(2026, 11, 23, 13, 7, tzinfo=UTC)
    with timezone.override("Asia/Kolkata"):
        ticks = clock_ticks(start, start + timedelta(hours=10), 11)
    assert [t.label for t in ticks][:2] == ["19:00", "20:00"]


def test_months_carry_the_year_in_january():
    start = datetime(2026, 10, 20, tzinfo=UTC)
    labels = [t.label for t in calendar_ticks(start, start + timedelta(days=120))]
    assert labels == ["Nov", "Dec", "Jan 2027", "Feb"]


@given(
    st.lists(st.tuples(st.floats(0, 1000), st.floats(1, 200)), max_size=30),
    st.integers(1, 4),
)
def test_labels_of_one_row_never_touch(raw, most):
    spans = sorted((left, left + wide) for left, wide in raw)
    rows = rows_for(spans, most)
    for i, (span, row) in enumerate(zip(spans, rows, strict=True)):
        assert row is None or row < most
        for other, other_row in zip(spans[:i], rows[:i], strict=True):
            if row is not None and row == other_row:
                assert span[0] >= other[1]


@given(st.text(max_size=60), st.floats(0, 300))
def test_shortened_words_fit(text, room):
    assert text_width(shorten(text, room)) <= room or shorten(text, room) == ""


def test_attributes_are_escaped():
    root = parse(element("a", "x", href='"><b>', cls=None))
    assert root.get("href") == '"><b>'


def test_how_often_bands_held_fits_a_phone_with_every_name_above_its_line() -> None:
    rows = [CoverageRow(name, 0.5, 0.4, 0.6, 0.9, 0.85, 1.0) for name in ("Sedation", "Heart rate")]
    drawn = {label_px: str(coverage(Coverage(rows), 300, label_px)) for label_px in (150, 0)}
    assert 'class="drawing coverage narrow"' in drawn[0]
    assert "narrow" not in drawn[150]
    line = {name: re.search(r"<circle[^>]*cy=\"([\d.]+)\"", svg) for name, svg in drawn.items()}
    named = {
        name: re.search(r"<text[^>]*y=\"([\d.]+)\"[^>]*>Sedation", svg)
        for name, svg in drawn.items()
    }
    for label_px in drawn:
        at, words = line[label_px], named[label_px]
        assert at is not None
        assert words is not None
        assert (float(words[1]) < float(at[1]) - 8) == (label_px == 0)
    ends = [float(x) for x in re.findall(r"[MH]([\d.]+)", drawn[0])]
    assert max(ends) <= 300 - 16
    assert min(ends) >= 16
