"""The course on one page: story, sessions, scores and dose on one time axis."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils import timezone
from django.utils.safestring import SafeString

from evenkeel.web.svg.course_forecast import draw_forecast
from evenkeel.web.svg.markup import (
    element,
    group,
    join,
    line_path,
    link,
    path,
    picture,
    step_path,
    words,
)
from evenkeel.web.svg.scale import (
    calendar_ticks,
    linear,
    over_time,
    round_ticks,
    rows_for,
    text_width,
)
from evenkeel.web.svg.story import CourseStory

_LEFT = 84.0
_RIGHT_GAP = 10.0
_RADIUS = 8.5


@dataclass(frozen=True)
class _Frame:
    """Where things stand on this drawing, in px."""

    x: Callable[[datetime], float]
    y: Callable[[float], float]
    left: float
    right: float
    top: float
    floor: float
    dose_top: float
    dose_floor: float
    session_rows: Sequence[int | None]
    first_row: float


def _frame(story: CourseStory, width: float) -> _Frame:
    x = over_time(story.start, story.end, _LEFT, width - _RIGHT_GAP)
    places = [x(s.at) for s in sorted(story.sessions, key=lambda s: s.at)]
    rows = rows_for([(p - _RADIUS, p + _RADIUS) for p in places], most=3, gap=-3.5)
    depth = max((row for row in rows if row is not None), default=0)
    top = 92.0 + depth * 19
    floor = top + 316
    return _Frame(
        x=x,
        y=linear(story.score_low, story.score_high, floor, top),
        left=_LEFT,
        right=width - _RIGHT_GAP,
        top=top,
        floor=floor,
        dose_top=floor + 30,
        dose_floor=floor + 66,
        session_rows=rows,
        first_row=top - 10,
    )


def _day(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local.day} {local:%b}"


def _score(value: float) -> str:
    return f"{value:g}"


def _story_line(story: CourseStory, frame: _Frame) -> SafeString:
    spans = []
    names = []
    name_end = -1.0
    for stage in sorted(story.stages, key=lambda s: s.start):
        start = frame.x(max(stage.start, story.start))
        end = frame.x(min(stage.end or story.today, story.end)) - 5
        if end > start:
            spans.append(path(f"M{start:.1f} 30H{end:.1f}"))
        if start >= name_end:
            names.append(words(start, 20, stage.label))
            name_end = start + text_width(stage.label) + 6
    major = [m for m in story.marks if not m.minor]
    labeled = sorted((m for m in major if m.label), key=lambda m: m.at)
    boxes = []
    for mark in labeled:
        at, wide = frame.x(mark.at), text_width(mark.label)
        left = min(at, frame.right - wide)
        boxes.append((left, left + wide))
    shown = rows_for(boxes, most=2, gap=8)
    labels = [
        words(left, 48 + row * 14, mark.label)
        for mark, (left, _right), row in zip(labeled, boxes, shown, strict=True)
        if row is not None
    ]
    return join(
        [
            group("rule", *spans),
            group("mark", *(path(f"M{frame.x(m.at):.1f} 26v8") for m in major)),
            group("minor", *(path(f"M{frame.x(m.at):.1f} 26v8") for m in story.marks if m.minor)),
            group("labs", *names),
            group("tick", *labels),
            group("lab", words(0, 20, "Story")),
        ]
    )


def _sessions(story: CourseStory, frame: _Frame) -> SafeString:
    drops: list[SafeString] = []
    heads: list[SafeString] = []
    ordered = sorted(story.sessions, key=lambda s: s.at)
    for session, row in zip(ordered, frame.session_rows, strict=True):
        at = frame.x(session.at)
        y = frame.first_row - (row or 0) * 19
        spoken = element("title", f"Session {session.number}, {_day(session.at)}")
        if not session.planned:
            drops.append(path(f"M{at:.1f} {y + _RADIUS:.1f}V{frame.floor:.1f}"))
        if row is None:
            dot = element("circle", cx=at, cy=y, r=3.0)
            heads.append(group("solid", spoken, dot, hue="concentration"))
            continue
        circle = element("circle", cx=at, cy=y, r=_RADIUS)
        number = words(at, y + 4, session.number, "middle")
        if session.planned:
            head = group("outline", spoken, circle, hue="concentration")
            number = group("labs hued", number, hue="concentration")
        else:
            head = group("solid", spoken, circle, hue="concentration")
            number = group("solid-word", number, hue="concentration")
        heads.append(link(session.url, join([head, number])))
    label = group("lab", words(0, frame.first_row + 4, "Session")) if story.sessions else ""
    return join([group("drop", *drops, hue="concentration"), *heads, label])


def _axis(story: CourseStory, frame: _Frame) -> SafeString:
    span = story.score_high - story.score_low
    values = (
        [story.score_low + span * i / 3 for i in range(4)]
        if span % 3 == 0
        else round_ticks(story.score_low, story.score_high, 4)
    )
    ticks = calendar_ticks(story.start, story.end)
    base = frame.dose_floor
    return join(
        [
            group("grid", *(path(f"M84 {frame.y(v):.1f}H{frame.right:.0f}") for v in values)),
            group("tick", *(words(76, frame.y(v) + 4, _score(v), "end") for v in values)),
            group("lab", words(0, frame.top + 16, story.instrument)),
            group(
                "tick",
                words(
                    0,
                    frame.top + 32,
                    f"{_score(story.score_low)} to {_score(story.score_high)}",
                ),
            ),
            group("axis", *(path(f"M{frame.x(t.at):.1f} {base:.1f}v5") for t in ticks)),
            group(
                "tick",
                *(
                    words(frame.x(t.at), base + 19, t.label)
                    for t in ticks
                    if frame.x(t.at) + text_width(t.label) < frame.right + _RIGHT_GAP
                ),
            ),
        ]
    )


def _label_place(
    frame: _Frame, story: CourseStory, y_low: float, y_high: float, wide: float
) -> float:
    """Find where along a line its words cross the fewest sessions and no part of the curve."""
    drops = [frame.x(s.at) for s in story.sessions]
    curve = [(frame.x(p.at), frame.y(p.score)) for p in sorted(story.scores, key=lambda p: p.at)]
    limit = min(frame.x(story.today) if story.forecast else frame.right, frame.right) - wide - 4

    def cost(left: float) -> float:
        hits = sum(left - 3 < d < left + wide + 3 for d in drops)
        for (x1, y1), (x2, y2) in pairwise(curve):
            if x2 >= left and x1 <= left + wide:
                near_low, near_high = min(y1, y2) - 6, max(y1, y2) + 6
                hits += 8 if near_low <= y_high and near_high >= y_low else 0
        return hits

    places = [frame.left + 6 + 20 * i for i in range(int(max(0, limit - frame.left - 6) // 20) + 1)]
    return min(places, key=lambda left: (cost(left), left))


def _levels(story: CourseStory, frame: _Frame) -> SafeString:
    rules, labels = [], []
    ordered = sorted(story.lines, key=lambda line: -line.score)
    for i, level in enumerate(ordered):
        at = frame.y(level.score)
        rules.append(path(f"M{frame.left:.0f} {at:.1f}H{frame.right:.0f}"))
        base = at - 6 if i == 0 else at + 15
        left = _label_place(frame, story, base - 11, base + 3, text_width(level.label))
        labels.append(words(left, base, level.label, cls="halo"))
    return join([group("thr", *rules), group("tick", *labels)])


def _scores(story: CourseStory, frame: _Frame) -> SafeString:
    ordered = sorted(story.scores, key=lambda p: p.at)
    points = [(frame.x(p.at), frame.y(p.score)) for p in ordered]
    dots = [
        element(
            "circle",
            element("title", f"{story.instrument} {_score(p.score)}, {_day(p.at)}"),
            cx=a,
            cy=b,
            r=4.5,
        )
        for p, (a, b) in zip(ordered, points, strict=True)
    ]
    ends = []
    if points:
        (a, b), first = points[0], ordered[0]
        ends.append(words(a + 2, b - 12, _score(first.score), cls="halo"))
    if len(points) > 1:
        (a, b), last = points[-1], ordered[-1]
        ends.append(words(a - 9, b - 10, _score(last.score), "end", cls="halo"))
    return join(
        [
            group("obs", path(line_path(points)), hue="mood"),
            group("pt", *dots, hue="mood"),
            group("labs hued", *ends, hue="mood"),
        ]
    )


def _dose(story: CourseStory, frame: _Frame) -> SafeString:
    given = sorted((s for s in story.sessions if not s.planned), key=lambda s: s.at)
    total = sum(s.dose_mg for s in given)
    if total <= 0:
        return SafeString("")
    scale = linear(0, total, frame.dose_floor, frame.dose_top)
    end = frame.x(min(story.today, story.end))
    points, so_far = [(frame.left, frame.dose_floor)], 0.0
    for session in given:
        so_far += session.dose_mg
        points.append((frame.x(session.at), scale(so_far)))
    words_total = f"{total:,.0f} mg in all".replace(",", "\u202f")
    wide = text_width(words_total)
    past = end + 8 + wide <= frame.right + _RIGHT_GAP
    label = words(
        end + 8 if past else end,
        frame.dose_top + (10 if past else -6),
        words_total,
        "start" if past else "end",
    )
    return join(
        [
            group("grid", path(f"M{frame.left:.0f} {frame.dose_floor:.1f}H{frame.right:.0f}")),
            group("med", path(step_path(points) + f"H{end:.1f}"), hue="concentration"),
            group("labs hued", label, hue="concentration"),
            group("lab", words(0, frame.dose_top + 18, "Dose")),
            group("tick", words(0, frame.dose_top + 32, "mg, sum")),
        ]
    )


def _today(story: CourseStory, frame: _Frame) -> tuple[SafeString, SafeString]:
    if not story.start <= story.today <= story.end:
        return SafeString(""), SafeString("")
    at = frame.x(story.today)
    ground = element(
        "rect",
        x=at,
        y=frame.top - 8,
        width=max(0.0, frame.right - at),
        height=frame.floor - frame.top + 8,
    )
    wide = text_width(_day(story.today)) + 20
    left = min(max(at - wide / 2, frame.left), frame.right + _RIGHT_GAP - wide)
    y = frame.floor + 6
    flag = join(
        [
            group("now", path(f"M{at:.1f} {frame.top - 8:.1f}V{y + 18:.1f}")),
            group("flag", element("rect", x=left, y=y, width=wide, height=20, rx=4)),
            group("flag-word", words(left + wide / 2, y + 14, _day(story.today), "middle")),
        ]
    )
    return group("future", ground), flag


def _spoken(story: CourseStory) -> str:
    held = sum(not s.planned for s in story.sessions)
    parts = [f"{held} sessions."]
    ordered = sorted(story.scores, key=lambda p: p.at)
    if ordered:
        first, last = ordered[0], ordered[-1]
        parts.append(
            f"{story.instrument} {_score(first.score)} on {_day(first.at)}, "
            f"{_score(last.score)} on {_day(last.at)}."
        )
    parts += [f"{level.label}." for level in story.lines]
    return " ".join(parts)


def course_chart(story: CourseStory, width: int = 1020) -> SafeString:
    """Draw a course from its start to its end, with today between them.

    A forecast is drawn only when given. Sessions that would cover each other climb into up to three
    rows, and beyond that become dots. Raises ValueError when the span is empty.
    """
    if story.end - story.start < timedelta(hours=1):
        raise ValueError("a course picture needs a span of at least an hour")
    frame = _frame(story, width)
    future, flag = _today(story, frame)
    drawing = [
        future,
        _axis(story, frame),
        draw_forecast(story, frame),
        _sessions(story, frame),
        _levels(story, frame),
        _scores(story, frame),
        _story_line(story, frame),
        _dose(story, frame),
        flag,
    ]
    return picture(
        width,
        frame.dose_floor + 26,
        story.title,
        _spoken(story),
        *drawing,
        cls="story",
    )
