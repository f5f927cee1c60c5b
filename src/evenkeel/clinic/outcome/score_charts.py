"""Each questionnaire of a course as a line: what is drawn, and every definition it is read by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from evenkeel.clinic.outcome.course_story import remission_line, response_line
from evenkeel.clinic.outcome.models import Response
from evenkeel.clinic.outcome.queries import ScoreLine, baseline_of
from evenkeel.clinic.session.models import Session
from evenkeel.evidence.published_courses import PublishedCourse, published_courses
from evenkeel.instruments import Basis, Instrument, Provisional, SubscaleScore, load, score
from evenkeel.web import svg

#: Beside which questionnaires the published courses of depression scores stand.
DEPRESSION: Final = ("phq9", "qids_sr16", "madrs", "hamd17")
_MARGIN: Final = timedelta(days=4)


@dataclass(frozen=True)
class Definition:
    """A threshold on the drawing with where it comes from."""

    name: str
    basis: Basis


@dataclass(frozen=True)
class Drawn:
    """One questionnaire: its picture, its totals newest first, and every definition used."""

    instrument: Instrument
    chart: svg.ScoreChart
    lines: Sequence[ScoreLine]
    baseline: Response | None
    definitions: Sequence[Definition]
    published: Sequence[PublishedCourse]
    subscales: Sequence[SubscaleScore]
    provisional: Provisional | None

    @property
    def latest(self) -> ScoreLine | None:
        """The newest answer that has a total."""
        return next((line for line in self.lines if line.response.total is not None), None)


@dataclass(frozen=True)
class Unscored:
    """A questionnaire that gives a tier or nothing to draw: its answers, newest first."""

    instrument: Instrument
    responses: Sequence[Response]


def drawn_scores(
    lines: Sequence[ScoreLine],
    sessions: Sequence[Session],
    *,
    now: datetime,
    forecast: Mapping[str, Sequence[svg.ForecastPoint]] = MappingProxyType({}),
) -> tuple[list[Drawn], list[Unscored]]:
    """Every questionnaire with totals as a drawing, and the others as lists.

    ``lines`` stand in order of time. ``forecast`` holds the bands of those that have one.
    """
    given = [s for s in sessions if s.first_dose_at is not None]
    names = sorted({line.response.instrument for line in lines}, key=_order)
    drawn, unscored = [], []
    for name in names:
        mine = [line for line in lines if line.response.instrument == name]
        if load(name).scoring.total_range is None:
            unscored.append(Unscored(load(name), [line.response for line in reversed(mine)]))
        else:
            band = forecast.get(name, ())
            drawn.append(_drawn(load(name), mine, given, now, band))
    return drawn, unscored


def _order(name: str) -> tuple[int, str]:
    first = ("phq9", "gad7", "pcl5", "who5")
    return (first.index(name) if name in first else len(first), name)


def _drawn(
    instrument: Instrument,
    lines: Sequence[ScoreLine],
    given: Sequence[Session],
    now: datetime,
    forecast: Sequence[svg.ForecastPoint],
) -> Drawn:
    responses = [line.response for line in lines]
    first_dose = given[0].first_dose_at if given else None
    baseline = baseline_of(responses, instrument.id, first_dose)
    published = published_courses() if instrument.id in DEPRESSION and first_dose else ()
    answered = next((r for r in reversed(responses) if r.answers), None)
    parts = _parts(instrument, answered)
    return Drawn(
        instrument=instrument,
        chart=_chart(instrument, responses, baseline, given, now, forecast, published),
        lines=list(reversed(lines)),
        baseline=baseline,
        definitions=definitions_of(instrument),
        published=published,
        subscales=parts[0],
        provisional=parts[1],
    )


def _parts(
    instrument: Instrument, answered: Response | None
) -> tuple[Sequence[SubscaleScore], Provisional | None]:
    """The parts of the newest answers; none where only a total was entered."""
    if answered is None or not instrument.scoring.subscales:
        return (), None
    result = score(instrument, answered.answers)
    return result.subscales, result.provisional


def _chart(
    instrument: Instrument,
    responses: Sequence[Response],
    baseline: Response | None,
    given: Sequence[Session],
    now: datetime,
    forecast: Sequence[svg.ForecastPoint],
    published: Sequence[PublishedCourse],
) -> svg.ScoreChart:
    limits = instrument.scoring.total_range
    assert limits is not None
    moments = [r.answered_at for r in responses] + [s.first_dose_at for s in given]
    start, end = min(moments) - _MARGIN, max([*moments, now, *(p.at for p in forecast)]) + _MARGIN
    return svg.ScoreChart(
        instrument=instrument.title,
        start=start,
        end=end,
        today=now,
        low=float(limits[0]),
        high=float(limits[1]),
        points=[
            svg.ScorePoint(r.answered_at, float(r.total)) for r in responses if r.total is not None
        ],
        sessions=[svg.NumberedSession(s.number, s.first_dose_at) for s in given],
        lines=_levels(instrument, baseline),
        band=_band(instrument, baseline),
        band_label="within the error of the questionnaire",
        forecast=forecast,
        forecast_label="forecast" if forecast else "",
        references=_references(published, baseline, given, end),
        higher_is_better=instrument.scoring.better == "higher",
    )


def _levels(instrument: Instrument, baseline: Response | None) -> list[svg.ScoreLine]:
    lines = []
    if baseline is not None and baseline.total:
        level = response_line(instrument, baseline.total)
        if level is not None:
            lines.append(svg.ScoreLine(level, f"Response: {level} or less"))
    level = remission_line(instrument)
    if level is not None:
        lines.append(svg.ScoreLine(level, f"Remission: {level} or less"))
    if instrument.scoring.better == "higher" and instrument.scoring.bands:
        best = instrument.scoring.bands[-1]
        assert best.low is not None
        lines.append(svg.ScoreLine(best.low, f"{best.label}: {best.low} or more"))
    return lines


def _band(instrument: Instrument, baseline: Response | None) -> tuple[float, float] | None:
    rule = instrument.scoring.reliable_change_points
    if rule is None or baseline is None or baseline.total is None:
        return None
    # a change of rule[0] points is reliable, so the band ends just before it
    return baseline.total - (rule[0] - 0.5), baseline.total + (rule[0] - 0.5)


def _references(
    published: Sequence[PublishedCourse],
    baseline: Response | None,
    given: Sequence[Session],
    end: datetime,
) -> list[svg.Reference]:
    if baseline is None or not baseline.total or not given:
        return []
    start = given[0].first_dose_at
    return [
        svg.Reference(
            course.label,
            [
                (start + timedelta(days=day), left * baseline.total)
                for day, left in course.points
                if start + timedelta(days=day) <= end
            ],
        )
        for course in published
    ]


def definitions_of(instrument: Instrument) -> list[Definition]:
    """Every definition an instrument is read by, with its source and mark."""
    rules = instrument.scoring
    found = [Definition("Bands", rules.bands[0].basis)] if rules.bands else []
    if rules.tiers:
        found = [Definition("Tiers", rules.tiers[0].band.basis)]
    named = (
        ("Response", rules.response_fall),
        ("Remission", rules.remission_below),
        ("A change that matters", rules.important_change_points),
        ("A change beyond chance", rules.reliable_change_points),
    )
    found += [Definition(name, rule[1]) for name, rule in named if rule is not None]
    if rules.subscales_basis is not None:
        found.append(Definition("Parts", rules.subscales_basis))
    if rules.provisional is not None:
        found.append(Definition("Pattern", rules.provisional.basis))
    if rules.urgency_basis is not None:
        found.append(Definition("How soon somebody must act", rules.urgency_basis))
    if rules.safety:
        found.append(Definition("Safety", rules.safety[0].basis))
    return [*found, Definition("Missing answers", rules.missing)]


__all__ = ["Drawn", "Unscored", "definitions_of", "drawn_scores"]
