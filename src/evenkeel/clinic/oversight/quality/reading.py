"""A measure read in a scope: its points, its chart, the director's notes, and words for all."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise
from typing import Any, Final

from django.utils import timezone

from evenkeel.clinic.oversight.models import QualityNote
from evenkeel.clinic.oversight.quality.counts import Item
from evenkeel.clinic.oversight.quality.facts import Facts
from evenkeel.clinic.oversight.quality.measures import Measure
from evenkeel.clinic.oversight.quality.scope import Scope
from evenkeel.evidence.control_charts import (
    BASELINE_POINTS,
    FEWEST_FOR_LIMITS,
    FEWEST_TO_DRAW,
    RULES,
    Chart,
    Point,
    Read,
    draw_up,
)
from evenkeel.web.svg.control import ControlPicture, ControlPoint, control_chart
from evenkeel.web.wording import day_text

#: Kinds whose points are events, not periods.
OF_EVENTS: Final = frozenset({"g", "t"})
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Spot:
    """One point with what it is made of. ``place`` names it for good: a day or a moment."""

    place: str
    label: str
    title: str
    events: tuple[Item, ...]
    cases: int
    point: Point
    read: Read
    notes: tuple[QualityNote, ...]
    letter: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A measure as its page shows it."""

    measure: Measure
    scope: Scope
    chart: Chart
    spots: tuple[Spot, ...]
    total: int
    of: int
    value: float | None
    notes: tuple[QualityNote, ...]

    @property
    def signals(self) -> list[Spot]:
        """The points that are no chance."""
        return [spot for spot in self.spots if spot.read.signals]

    @property
    def open_signals(self) -> list[Spot]:
        """The newest point of each signal into which nobody has looked yet.

        Points that signal one after the other are one signal; a note at any of them covers it.
        """
        along = groupby(self.spots, key=lambda spot: bool(spot.read.signals))
        found = [list(spots) for signaling, spots in along if signaling]
        return [spots[-1] for spots in found if not any(spot.notes for spot in spots)]

    @property
    def verdict(self) -> str:
        """ "signal", "chance", "trial" or "few"."""
        if self.chart.state in ("too_few", "no_limits", "flat"):
            return "few"
        return "signal" if self.signals else "chance"

    @property
    def verdict_words(self) -> str:
        """What the chart says, in words that call nothing worse that is chance."""
        have = self.chart.baseline
        what = "events" if self.measure.kind in OF_EVENTS else "periods"
        if self.chart.state == "too_few":
            return f"Too few to chart yet: {have} of {FEWEST_TO_DRAW} {what}"
        if self.chart.state == "no_limits":
            return f"No limits yet: {have} of {FEWEST_FOR_LIMITS} {what}"
        if self.chart.state == "flat":
            if not self.total:
                return f"None of it in {have} {what}, so nothing to chart"
            return f"Alike in the first {have} {what}: chance cannot be told yet"
        if not self.signals:
            return "Within what chance alone makes"
        if not self.open_signals:
            return "A signal that was looked into"
        return "A signal: look for a cause"

    @property
    def limits_words(self) -> str:
        """Where the limits come from."""
        if self.chart.state == "trial":
            return (
                f"Trial limits from {self.chart.baseline} points; held from {BASELINE_POINTS} on."
            )
        if self.chart.state == "held":
            return f"Limits from the first {self.chart.baseline} points, and held since."
        return ""


def read_measure(measure: Measure, facts: Facts, notes: Sequence[QualityNote] = ()) -> Reading:
    """The chart of a measure; ``notes`` are those of its site, product and step that stand."""
    scope = facts.scope
    events = measure.events(facts)
    cases = measure.cases(facts) if measure.cases else []
    bare = _of_events(measure, events, cases) if measure.kind in OF_EVENTS else None
    if bare is None:
        bare = _of_periods(measure, scope, events, cases)
    by_place: dict[str, list[QualityNote]] = {}
    for note in notes:
        by_place.setdefault(note.place, []).append(note)
    starts = [
        n
        for n, one in enumerate(bare)
        if any(note.kind == "change" for note in by_place.get(one.place, ()))
    ]
    chart = draw_up(measure.kind, [one.point for one in bare], starts, never_below=0)
    lettered = iter(_LETTERS * 3)
    spots = []
    for one, read in zip(bare, chart.points, strict=True):
        mine = tuple(by_place.get(one.place, ()))
        spots.append(
            Spot(
                one.place, one.label, one.title, one.events, one.cases, one.point, read, mine,
                next(lettered) if mine else "",
            )
        )  # fmt: skip
    return Reading(
        measure=measure,
        scope=scope,
        chart=chart,
        spots=tuple(spots),
        total=len(events),
        of=len(cases),
        value=_overall(measure, events, cases, bare),
        notes=tuple(notes),
    )


@dataclass(frozen=True, slots=True)
class _Bare:
    place: str
    label: str
    title: str
    events: tuple[Item, ...]
    cases: int
    point: Point


def _of_periods(
    measure: Measure, scope: Scope, events: Sequence[Item], cases: Sequence[Item]
) -> list[_Bare]:
    found = []
    for period in scope.periods:
        mine = tuple(one for one in events if period.start <= one.at < period.end)
        beside = sum(period.start <= one.at < period.end for one in cases)
        found.append(
            _Bare(
                place=period.first_day.isoformat(),
                label=period.label,
                title=_period_title(period.first_day, scope.step),
                events=mine,
                cases=beside,
                point=_point(measure, mine, beside),
            )
        )
    return found


def _period_title(day: Any, step: str) -> str:
    if step == "week":
        return f"Week of {day_text(day, year=True)}"
    if step == "quarter":
        return f"Quarter {(day.month + 2) // 3} of {day.year}"
    return f"{day:%B %Y}"


def _point(measure: Measure, events: Sequence[Item], cases: int) -> Point:
    if measure.cases is not None:
        return Point(len(events), cases)
    if measure.unit == "seconds":
        if not events:
            return Point(0.0, 0.0)
        return Point(statistics.median(one.amount for one in events))
    return Point(len(events))


def _of_events(measure: Measure, events: Sequence[Item], cases: Sequence[Item]) -> list[_Bare]:
    """One point an event but the first: what lies between it and the one before."""
    order = {one.key: n for n, one in enumerate(cases)}
    found = []
    for before, one in pairwise(events):
        if measure.kind == "g":
            gap = float(order[one.key] - order[before.key] - 1)
        else:
            gap = (one.at - before.at).total_seconds() / 86400
        found.append(
            _Bare(
                place=one.at.isoformat(timespec="seconds"),
                label=_short(one.at),
                title=day_text(one.at, year=True),
                events=(one,),
                cases=round(gap),
                point=Point(gap),
            )
        )
    return found


def _short(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{local.day} {local:%b}"


def _overall(
    measure: Measure, events: Sequence[Item], cases: Sequence[Item], bare: Sequence[_Bare]
) -> float | None:
    """The figure over the whole scope, the period under way included."""
    if measure.cases is not None and measure.kind != "g":
        return len(events) / len(cases) if cases else None
    if measure.unit == "seconds":
        return statistics.median(one.amount for one in events) if events else None
    if measure.kind in OF_EVENTS:
        gaps = [one.point.events for one in bare]
        return statistics.median(gaps) if gaps else None
    return float(len(events))


def write_value(measure: Measure, value: float | None) -> str:
    """A value of a measure with its unit, for people."""
    if value is None:
        return "–"
    if measure.unit == "share":
        return f"{100 * value:.0f} %" if value in (0, 1) or value >= 0.1 else f"{100 * value:.1f} %"
    if measure.unit == "seconds":
        return f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min"
    if measure.unit == "rate":
        return f"{value:.2f}"
    if measure.unit == "days":
        return f"{value:.0f} d" if value >= 10 or value == 0 else f"{value:.1f} d"
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def picture(reading: Reading, width: float, height: float) -> Any:
    """The chart drawn; ``None`` where there is too little to draw."""
    if reading.chart.state == "too_few":
        return None
    measure = reading.measure
    points = [
        ControlPoint(
            label=spot.label,
            value=spot.read.value,
            center=spot.read.center,
            low=spot.read.low,
            high=spot.read.high,
            signal=", ".join(RULES[key].words for key in spot.read.signals),
            note=spot.letter,
            phase=spot.read.phase,
        )
        for spot in reading.spots
    ]
    return control_chart(
        ControlPicture(
            title=measure.title,
            points=points,
            write=lambda value: write_value(measure, value),
            ceiling=1.0 if measure.unit == "share" else None,
            least=0.1 if measure.unit == "share" else 1.0,
        ),
        width,
        height,
    )


def notes_of(scope: Scope, measure: str = "") -> Mapping[str, list[QualityNote]]:
    """Standing notes by measure, for the scope's site, product and step. One query."""
    if scope.site is None:
        return {}
    rows = QualityNote.objects.filter(
        site=scope.site, product=scope.product, step=scope.step, struck_at=None
    ).select_related("noted_by")
    if measure:
        rows = rows.filter(measure=measure)
    found: dict[str, list[QualityNote]] = {}
    for row in rows.order_by("noted_at"):
        found.setdefault(row.measure, []).append(row)
    return found
