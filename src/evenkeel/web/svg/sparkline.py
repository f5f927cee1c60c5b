"""The small pressure curve of a chair on the board."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from evenkeel.web.svg.markup import element, group, line_path, path, picture, words
from evenkeel.web.svg.scale import linear, over_time


@dataclass(frozen=True)
class PressureReading:
    """One cuff reading at the time it was measured."""

    at: datetime
    sbp_mmhg: float
    dbp_mmhg: float


@dataclass(frozen=True)
class PressureSpark:
    """What the small curve shows; times aware, `now` draws its line when it lies within."""

    start: datetime
    end: datetime
    readings: Sequence[PressureReading]
    now: datetime | None = None
    review_sbp_mmhg: float | None = None
    review_word: str = ""
    start_word: str = ""
    end_word: str = ""
    title: str = "Blood pressure"


#: What words above the review line need.
_WORD_PX = 12


def _spoken(spark: PressureSpark) -> str:
    if not spark.readings:
        return "No reading yet."
    last = max(spark.readings, key=lambda reading: reading.at)
    top = max(reading.sbp_mmhg for reading in spark.readings)
    return (
        f"{len(spark.readings)} readings, last {last.sbp_mmhg:.0f} over {last.dbp_mmhg:.0f} mmHg, "
        f"highest systolic {top:.0f}."
    )


def sparkline(spark: PressureSpark, width: int = 226, height: int = 90) -> SafeString:
    """Draw systolic as filled and diastolic as hollow dots over time, with the review line.

    Readings outside the span are left out. Sizes in px.
    """
    inside = sorted(
        (r for r in spark.readings if spark.start <= r.at <= spark.end), key=lambda r: r.at
    )
    floor = height - 18
    values = [v for r in inside for v in (r.sbp_mmhg, r.dbp_mmhg)]
    if spark.review_sbp_mmhg is not None:
        values.append(spark.review_sbp_mmhg)
    low, high = min(values, default=60.0) - 6, max(values, default=150.0) + 6
    if spark.review_sbp_mmhg is not None and spark.review_word:
        # so much room above the line that its words stand there, off the readings below it
        share = _WORD_PX / (floor - 10)
        high = max(high, (spark.review_sbp_mmhg - share * low) / (1 - share))
    x = over_time(spark.start, spark.end, 5, width - 6)
    y = linear(low, high, floor - 2, 8)
    upper = [(x(r.at), y(r.sbp_mmhg)) for r in inside]
    lower = [(x(r.at), y(r.dbp_mmhg)) for r in inside]
    parts: list[SafeString] = []
    if spark.review_sbp_mmhg is not None:
        at = y(spark.review_sbp_mmhg)
        parts.append(group("thr review", path(f"M4 {at:.1f}H{width - 6}")))
        parts.append(
            group("tick review-word", words(width - 8, at - 4, spark.review_word, "end"))
            if spark.review_word
            else SafeString("")
        )
    if spark.now and spark.start <= spark.now <= spark.end:
        parts.append(group("now", path(f"M{x(spark.now):.1f} 0V{floor}")))
    parts.append(group("obs", path(line_path(upper)), path(line_path(lower)), hue="pressure"))
    parts.append(
        group("pt", *(element("circle", cx=a, cy=b, r=3.5) for a, b in upper), hue="pressure")
    )
    parts.append(
        group(
            "pt hollow", *(element("circle", cx=a, cy=b, r=3.0) for a, b in lower), hue="pressure"
        )
    )
    parts.append(
        group(
            "tick",
            words(4, height - 4, spark.start_word) if spark.start_word else "",
            words(width - 6, height - 4, spark.end_word, "end") if spark.end_word else "",
        )
    )
    return picture(width, height, spark.title, _spoken(spark), *parts, cls="spark")
