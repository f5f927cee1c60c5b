"""A whole session as one still picture, for the note and its PDF."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils import timezone
from django.utils.safestring import SafeString

from evenkeel.web.svg.markup import element, group, join, line_path, path, picture, step_path, words
from evenkeel.web.svg.scale import (
    clock_ticks,
    linear,
    over_time,
    round_ticks,
    rows_for,
    shorten,
    text_width,
)
from evenkeel.web.svg.sparkline import PressureReading

Quantity = Literal["pressure", "heart", "oxygen", "dissociation", "sedation"]
Level = Literal["review", "hold"]


@dataclass(frozen=True)
class Reading:
    """One value at the time it was measured or asked."""

    at: datetime
    value: float


@dataclass(frozen=True)
class DrugSpan:
    """A stretch in which drug was given: an infusion at one rate, or one device (a short span)."""

    start: datetime
    end: datetime
    label: str
    planned: bool = False


@dataclass(frozen=True)
class TimedNote:
    """Words at a moment: a rescue drug, an eye mask, what the person said."""

    at: datetime
    text: str


@dataclass(frozen=True)
class Threshold:
    """A level drawn on the row of its quantity."""

    quantity: Quantity
    value: float
    level: Level
    label: str


@dataclass(frozen=True)
class SessionRecord:
    """What happened, in clinical units; times aware, readings in any order."""

    start: datetime
    end: datetime
    pressures: Sequence[PressureReading] = ()
    heart_rates_bpm: Sequence[Reading] = ()
    spo2_percents: Sequence[Reading] = ()
    dissociations_0_10: Sequence[Reading] = ()
    sedations_moaas: Sequence[Reading] = ()
    drugs: Sequence[DrugSpan] = ()
    notes: Sequence[TimedNote] = ()
    thresholds: Sequence[Threshold] = ()
    first_dose: datetime | None = None
    title: str = "Session timeline"


_LEFT = 128.0
_RIGHT = 84.0


@dataclass(frozen=True)
class _Row:
    """One row: its quantity, words, limits of value, height in px and how its line is drawn."""

    quantity: Quantity
    name: str
    unit: str
    low: float
    high: float
    height: float
    points: Sequence[Reading]
    ticks: Sequence[float]
    steps: bool = False
    summary: str = ""


def _limits(values: Sequence[float], low: float, high: float, pad: float) -> tuple[float, float]:
    return min([low, *(v - pad for v in values)]), max([high, *(v + pad for v in values)])


def _rows(record: SessionRecord) -> list[_Row]:
    rows = []
    if record.pressures:
        values = [v for r in record.pressures for v in (r.sbp_mmhg, r.dbp_mmhg)]
        values += [t.value + 9 for t in record.thresholds if t.quantity == "pressure"]
        low, high = _limits(values, 70, 150, 5)
        top = max(record.pressures, key=lambda r: r.sbp_mmhg)
        systolic = [Reading(r.at, r.sbp_mmhg) for r in record.pressures]
        summary = f"{top.sbp_mmhg:.0f}/{top.dbp_mmhg:.0f}"
        rows.append(
            _Row(
                "pressure",
                "Pressure",
                "mmHg",
                low,
                high,
                150,
                systolic,
                round_ticks(low, high, 5),
                summary=f"high {summary}",
            )
        )
    if record.heart_rates_bpm:
        values = [r.value for r in record.heart_rates_bpm]
        low, high = _limits(values, 55, 105, 4)
        rows.append(
            _Row(
                "heart",
                "Heart rate",
                "per min",
                low,
                high,
                70,
                record.heart_rates_bpm,
                round_ticks(low, high, 3),
                summary=f"high {max(values):.0f}",
            )
        )
    if record.spo2_percents:
        values = [r.value for r in record.spo2_percents]
        low = min(88.0, min(values) - 1)
        rows.append(
            _Row(
                "oxygen",
                "SpO₂",
                "%",
                low,
                100,
                70,
                record.spo2_percents,
                round_ticks(low, 100, 3),
                summary=f"low {min(values):.0f}",
            )
        )
    if record.dissociations_0_10:
        top_value = max(r.value for r in record.dissociations_0_10)
        rows.append(
            _Row(
                "dissociation",
                "Dissociation",
                "0 to 10",
                0,
                10,
                66,
                record.dissociations_0_10,
                (0, 5, 10),
                summary=f"high {top_value:g}",
            )
        )
    if record.sedations_moaas:
        least = min(r.value for r in record.sedations_moaas)
        rows.append(
            _Row(
                "sedation",
                "Sedation",
                "MOAA/S",
                min(2.5, least - 0.5),
                5.5,
                50,
                record.sedations_moaas,
                (3, 4, 5),
                steps=True,
                summary=f"low {least:g}",
            )
        )
    return rows


def _dots(points: Sequence[tuple[float, float]], hue: str, hollow: bool = False) -> SafeString:
    if len(points) > 40:  # a monitor's minute-by-minute line needs no dot for each value
        return SafeString("")
    role = "pt hollow" if hollow else "pt"
    return group(role, *(element("circle", cx=a, cy=b, r=3.5) for a, b in points), hue=hue)


def _limit_lines(
    record: SessionRecord, row: _Row, y: Callable[[float], float], right: float
) -> SafeString:
    parts = []
    for limit in record.thresholds:
        if limit.quantity != row.quantity or not row.low <= limit.value <= row.high:
            continue
        at = y(limit.value)
        parts.append(group(f"thr {limit.level}", path(f"M{_LEFT:.0f} {at:.1f}H{right:.1f}")))
        word = limit.label or limit.level.capitalize()
        # the two levels keep to different ends, for they often lie closer than a line of words
        left = limit.level == "hold"
        above, below = at - y(row.high) > 8, y(row.low) - at > 10
        base = at - 4 if (left and above) or not below else at + 13
        place = words(
            _LEFT + 6 if left else right - 4, base, word, "" if left else "end", cls="halo"
        )
        parts.append(group(f"tick {limit.level}-word", place))
    return join(parts)


def _row(
    record: SessionRecord, row: _Row, x: Callable[[datetime], float], top: float, right: float
) -> SafeString:
    y = linear(row.low, row.high, top + row.height - 8, top + 8)
    inside = sorted(
        (r for r in row.points if record.start <= r.at <= record.end), key=lambda r: r.at
    )
    points = [(x(r.at), y(r.value)) for r in inside]
    lines = [step_path(points) if row.steps else line_path(points)]
    dots = [_dots(points, row.quantity)]
    if row.quantity == "pressure":
        cuffs = sorted(record.pressures, key=lambda r: r.at)
        lower = [(x(r.at), y(r.dbp_mmhg)) for r in cuffs if record.start <= r.at <= record.end]
        lines.append(line_path(lower))
        dots.append(_dots(lower, row.quantity, hollow=True))
    return join(
        [
            group("axis", path(f"M0 {top:.1f}H{right + _RIGHT:.1f}"), stroke_opacity=0.5),
            group("grid", *(path(f"M{_LEFT:.0f} {y(v):.1f}H{right:.1f}") for v in row.ticks)),
            group("tick", *(words(_LEFT - 8, y(v) + 4, f"{v:g}", "end") for v in row.ticks)),
            _limit_lines(record, row, y, right),
            group("obs", *(path(line) for line in lines), hue=row.quantity),
            *dots,
            group("labs hued", words(0, top + 20, row.name), hue=row.quantity),
            group("tick", words(0, top + 35, row.unit)),
            group("labs", words(right + _RIGHT, top + 20, row.summary, "end")),
        ]
    )


def _drugs(
    record: SessionRecord, x: Callable[[datetime], float], top: float, right: float
) -> tuple[SafeString, float]:
    parts = [group("labs hued", words(0, top + 22, "Drug"), hue="concentration")]
    for span in sorted(record.drugs, key=lambda d: d.start):
        left = x(max(span.start, record.start))
        wide = max(3.0, x(min(span.end, record.end)) - left)
        box = element("rect", x=left, y=top + 8, width=wide, height=20, rx=3)
        parts.append(group("outline" if span.planned else "solid", box, hue="concentration"))
        inside = text_width(span.label) <= wide - 12
        if inside and not span.planned:
            parts.append(
                group("solid-word", words(left + 6, top + 22, span.label), hue="concentration")
            )
        else:
            at = left + 6 if inside else left + wide + 5
            parts.append(
                group(
                    "lab", words(at, top + 22, shorten(span.label, right + _RIGHT - at), cls="halo")
                )
            )
    parts.insert(0, group("axis", path(f"M0 {top:.1f}H{right + _RIGHT:.1f}"), stroke_opacity=0.5))
    return join(parts), top + 36


def _notes(
    record: SessionRecord, x: Callable[[datetime], float], top: float, right: float
) -> tuple[SafeString, float]:
    notes = sorted(
        (n for n in record.notes if record.start <= n.at <= record.end), key=lambda n: n.at
    )
    spans, texts = [], []
    for note in notes:
        at = x(note.at)
        text = shorten(note.text, min(230.0, max(60.0, right + _RIGHT - at - 8)))
        texts.append(text)
        spans.append((at - 3, at + 8 + text_width(text)))
    rows = rows_for(spans, most=6, gap=6)
    depth = max((row for row in rows if row is not None), default=-1) + 1
    bottom = top + depth * 17 + (8 if depth else 0)
    pins, labels, left_out = [], [], 0
    for note, text, row in zip(notes, texts, rows, strict=True):
        if row is None:
            left_out += 1
            continue
        # pins rise from the axis: a later note in a lower row then crosses no earlier words
        at, y = x(note.at), top + 16 + row * 17
        pins.append(path(f"M{at:.1f} {y - 4:.1f}V{bottom:.1f}"))
        pins.append(element("circle", cx=at, cy=y - 4, r=2.5))
        labels.append(words(at + 6, y, text, cls="halo"))
    more = words(right + _RIGHT, top + 14, f"and {left_out} more", "end") if left_out else ""
    drawn = join([group("axis", *pins), group("lab", *labels), group("tick", more)])
    return drawn, bottom


def _time_axis(
    record: SessionRecord, x: Callable[[datetime], float], top: float, bottom: float
) -> tuple[SafeString, SafeString]:
    ticks = clock_ticks(record.start, record.end, 8)
    grid = group("grid", *(path(f"M{x(t.at):.1f} {top:.1f}V{bottom:.1f}") for t in ticks))
    labels = group("tick", *(words(x(t.at), bottom + 18, t.label, "middle") for t in ticks))
    marks = group("axis", *(path(f"M{x(t.at):.1f} {bottom:.1f}v5") for t in ticks))
    return grid, join([marks, labels])


def _spoken(record: SessionRecord, rows: Sequence[_Row]) -> str:
    begin, end = timezone.localtime(record.start), timezone.localtime(record.end)
    parts = [f"From {begin:%H:%M} to {end:%H:%M}."]
    parts += [f"{row.name} {row.summary} {row.unit}." for row in rows]
    parts += [f"{span.label}." for span in record.drugs]
    return " ".join(parts)


def session_timeline(record: SessionRecord, width: int = 760) -> SafeString:
    """Draw the rows that have readings, the drug and the notes on one time axis.

    A quantity nobody measured has no row. Notes that find no room are counted, not hidden.
    """
    right = width - _RIGHT
    x = over_time(record.start, record.end, _LEFT, right)
    rows = _rows(record)
    top, drawn = 0.0, []
    for row in rows:
        drawn.append(_row(record, row, x, top, right))
        top += row.height
    drugs, after = _drugs(record, x, top, right)
    notes, bottom = _notes(record, x, after, right)
    grid, axis = _time_axis(record, x, 0, bottom)
    dose = SafeString("")
    if record.first_dose and record.start <= record.first_dose <= record.end:
        at = x(record.first_dose)
        dose = group("now", path(f"M{at:.1f} 0V{bottom:.1f}"), stroke_dasharray="2 3")
    base = group("axis", path(f"M{_LEFT:.0f} {bottom:.1f}H{right:.1f}"))
    parts = [grid, dose, *drawn, drugs, notes, base, axis]
    return picture(
        width, bottom + 26, record.title, _spoken(record, rows), *parts, cls="session-note"
    )
