"""The forecast on the picture of a course: its bands, another course beside it, and its day."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from django.utils.safestring import SafeString

from evenkeel.web.svg.markup import element, group, join, line_path, path, words
from evenkeel.web.svg.scale import text_width
from evenkeel.web.svg.story import CourseStory, Forecast, ForecastPoint


class Frame(Protocol):
    """Where things stand on the picture, in px."""

    @property
    def x(self) -> Callable[[datetime], float]: ...
    @property
    def y(self) -> Callable[[float], float]: ...
    @property
    def left(self) -> float: ...
    @property
    def right(self) -> float: ...
    @property
    def top(self) -> float: ...
    @property
    def floor(self) -> float: ...


def draw_forecast(story: CourseStory, frame: Frame) -> SafeString:
    """Bands of 50 and 90 %, their middle, and what is marked; nothing without a forecast."""
    forecast = story.forecast
    if forecast is None or not forecast.points:
        return SafeString("")
    points = sorted(forecast.points, key=lambda p: p.at)
    middle = [(frame.x(p.at), frame.y(p.median)) for p in points]
    start = frame.x(story.today)
    return join(
        [
            _window(forecast, frame),
            _band(points, frame, [p.high_90 for p in points], [p.low_90 for p in points], "b90"),
            _band(points, frame, [p.high_50 for p in points], [p.low_50 for p in points], "b50"),
            group("med", path(line_path(middle)), hue="mood"),
            _other(forecast, frame, middle),
            _crossing(forecast, frame),
            group("labs", words(start + 6, 20, "Forecast")),
            group("rule", path(f"M{start:.1f} 30H{frame.right:.0f}"), stroke_dasharray="3 3"),
        ]
    )


def _band(
    points: Sequence[ForecastPoint],
    frame: Frame,
    high: Sequence[float],
    low: Sequence[float],
    cls: str,
) -> SafeString:
    times = [frame.x(p.at) for p in points]
    outline = list(zip(times, map(frame.y, high), strict=True))
    outline += list(zip(reversed(times), map(frame.y, reversed(low)), strict=True))
    return group(cls, path(line_path(outline) + "Z"), hue="mood")


def _window(forecast: Forecast, frame: Frame) -> SafeString:
    if not forecast.window:
        return SafeString("")
    left, right = (frame.x(moment) for moment in forecast.window)
    rect = element(
        "rect", x=left, y=frame.top, width=max(3.0, right - left), height=frame.floor - frame.top
    )
    return group("band", rect, hue="concentration")


def _other(forecast: Forecast, frame: Frame, middle: Sequence[tuple[float, float]]) -> SafeString:
    """The dotted line, and the words of both lines where the picture has room for them."""
    other = [(frame.x(p.at), frame.y(p.score)) for p in sorted(forecast.other, key=lambda p: p.at)]
    parts = [group("ghost", path(line_path(other)))]
    if forecast.label:
        end = words(middle[-1][0] - 4, middle[-1][1] - 8, forecast.label, "end", cls="halo")
        parts.append(group("labs hued", end, hue="mood"))
    if other and forecast.other_label:
        # below its own line, and clear of the words above
        y = max(other[-1][1] + 18, middle[-1][1] + 12)
        parts.append(
            group("lab", words(other[-1][0] - 4, y, forecast.other_label, "end", cls="halo"))
        )
    return join(parts)


def _crossing(forecast: Forecast, frame: Frame) -> SafeString:
    """A line at one moment, its words on the side with room."""
    if forecast.crosses_at is None:
        return SafeString("")
    at = frame.x(forecast.crosses_at)
    if not frame.left <= at <= frame.right:
        return SafeString("")
    fits = at + 6 + text_width(forecast.crosses_label) <= frame.right
    side = "start" if fits else "end"
    label = words(at + 6 if fits else at - 6, frame.floor - 8, forecast.crosses_label, side,
                  cls="halo")  # fmt: skip
    return join(
        [group("thr", path(f"M{at:.1f} {frame.top:.0f}V{frame.floor:.0f}")), group("lab", label)]
    )
