"""A forecast as the plan page shows it: drawings, the figures in short, and the same as a table."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from evenkeel.clinic.course.dose_sheet import Figures
from evenkeel.clinic.course.forecast_mood import MoodForecast
from evenkeel.clinic.course.forecast_terms import Band, Chance, PlanForecast, Readiness
from evenkeel.protocol.pack import Protocol
from evenkeel.web.svg import DoseScale, ForecastBand, Limit, dose_scale, forecast_band
from evenkeel.web.wording import chance_text

#: What an axis shows at least, and where it is marked.
_AXES: Final[dict[str, tuple[float, float, tuple[float, ...]]]] = {
    "concentration": (0.0, 50.0, ()),
    "pressure": (90.0, 190.0, (100.0, 120.0, 140.0, 160.0, 180.0, 200.0)),
    "dissociation": (0.0, 10.0, (0.0, 5.0, 10.0)),
    "sedation": (2.0, 5.2, (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)),
}
_STATUS: Final = {
    "validated": ("Validated", "ok"),
    "derived": ("Derived", "partly"),
    "extrapolated": ("Extrapolated", "missing"),
}
_MOST_ROWS: Final = 14


def shown_forecast(
    found: PlanForecast, figures: Figures | None, protocol: Protocol | None
) -> dict[str, Any]:
    """The context of ``course/plan_forecast.html``."""
    limits, sources = _pressure_limits(found, protocol)
    return {
        "forecast": found,
        "curves": [_curve(found, band, limits) for band in found.bands],
        "severe": _chance(found.severe),
        "rise": _chance(found.rise),
        "readiness": _readiness(found.readiness),
        "limit_sources": sources,
        "dose": _dose_scale(figures, protocol),
        "rows": _rows(found),
    }


def _curve(found: PlanForecast, band: Band, limits: list[Limit]) -> dict[str, Any]:
    low, high, ticks = _AXES[band.quantity]
    turn = band.turn()
    drawn = forecast_band(
        ForecastBand(
            hue=band.quantity,
            title=band.title,
            unit=band.unit,
            times=found.times_min.tolist(),
            values=band.values.tolist(),
            low=low,
            high=high,
            ticks=ticks,
            given=found.given,
            limits=limits if band.quantity == "pressure" else (),
            marked=turn,
            spoken=_spoken(found, band, turn),
        )
    )
    word, icon = _STATUS[band.trust.status]
    return {
        "band": band,
        "drawn": drawn,
        "word": word,
        "icon": icon,
        "minute": f"{found.times_min[turn]:.0f}",
        "middle": _number(band.values[2, turn]),
        "range": f"{_number(band.values[0, turn])} to {_number(band.values[4, turn])}",
    }


def shown_mood(found: MoodForecast, planned: int | None = None) -> dict[str, Any]:
    """Mood over the weeks: its drawing and the shares in short. ``planned`` sessions may be more
    than those it is forecast for."""
    count = len(found.session_days)
    is_part = planned is not None and count < planned
    last = f"session {count} of {planned}" if is_part else "the last session"
    turn = int(np.argmin(np.abs(found.times_days - found.after_last.day)))
    low, _, middle, _, high = (_number(value) for value in found.values[:, turn])
    word, icon = _STATUS[found.trust.status]
    drawn = forecast_band(
        ForecastBand(
            hue="mood",
            title="MADRS over weeks",
            unit="0 to 60",
            times=found.times_days.tolist(),
            values=found.values.tolist(),
            low=0.0,
            high=60.0,
            ticks=(0.0, 20.0, 40.0, 60.0),
            given=tuple((day, day) for day in found.session_days),
            limits=(Limit(10.0, "remission: 10 or less"),),
            marked=turn,
            spoken=f"Forecast. The day after {last}: middle {middle}, 9 in 10 people "
            f"from {low} to {high}. The shares stand beside it.",
            in_weeks=True,
        )
    )
    points = [
        {
            "when": when,
            "response": chance_text(point.response),
            "remission": chance_text(point.remission),
            "madrs": _number(point.middle_madrs),
        }
        for when, point in (
            (f"The day after {last}", found.after_last),
            ("Four weeks later, without more", found.at_end),
        )
    ]
    relapse = "too few are well to say" if found.relapse is None else chance_text(found.relapse)
    return {
        "found": found,
        "drawn": drawn,
        "word": word,
        "icon": icon,
        "points": points,
        "relapse": relapse,
        "last": last,
        "part": is_part,
    }


def _spoken(found: PlanForecast, band: Band, turn: int) -> str:
    low, _, middle, _, high = (_number(value) for value in band.values[:, turn])
    return (
        f"Forecast. Most changed at minute {found.times_min[turn]:g}: middle {middle}, "
        f"9 in 10 people from {low} to {high}. {band.unit}. The table below has the numbers."
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 20 else f"{value:.1f}"


def _chance(chance: Chance) -> dict[str, str]:
    return {
        "middle": chance_text(chance.middle),
        "low": chance_text(chance.low),
        "high": chance_text(chance.high),
    }


def _readiness(ready: Readiness) -> dict[str, str]:
    def said(minutes: float | None) -> str:
        return f"over {ready.end_min:g}" if minutes is None else f"{minutes:.0f}"

    return {
        "middle": said(ready.middle_min),
        "unit": "min",
        "low": said(ready.low_min),
        "high": said(ready.high_min),
        "by_end": chance_text(ready.by_end),
        "end": f"{ready.end_min:g}",
        "note": ready.note,
    }


def _pressure_limits(
    found: PlanForecast, protocol: Protocol | None
) -> tuple[list[Limit], list[dict[str, Any]]]:
    """The alarm lines of the protocol, with where each is from."""
    limits: list[Limit] = []
    sources: list[dict[str, Any]] = []
    if protocol is None:
        return limits, sources
    hold, rise = protocol.find("alarm.sbp_hold_mmhg"), protocol.find("alarm.sbp_rise_mmhg")
    if hold is not None:
        value = protocol.number(hold.key)
        limits.append(Limit(value, f"Hold {value:g}", "hold"))
        sources.append({"words": f"Hold {value:g} mmHg", "source": hold.source})
    if rise is not None:
        value = protocol.number(rise.key)
        limits.append(Limit(found.baseline_sbp_mmhg + value, f"Review, +{value:g}", "review"))
        sources.append({"words": f"Review at a rise of {value:g}", "source": rise.source})
    return limits, sources


def _dose_scale(figures: Figures | None, protocol: Protocol | None) -> dict[str, Any] | None:
    """Where the dose lies, in the unit in which the protocol states its range."""
    if figures is None or figures.sheet is None or protocol is None:
        return None
    sheet = figures.sheet
    allowed = protocol.find("dose.allowed_mg")
    if allowed is not None:
        return _scale(protocol, float(sheet.dose_mg), "mg", "", allowed.key)
    per_kg = sheet.dose_mg_per_kg
    if protocol.find("dose.range_mg_per_kg") is not None and per_kg is not None:
        return _scale(protocol, float(per_kg), "mg/kg", "dose.range_mg_per_kg", "")
    if protocol.find("dose.range_mg") is not None:
        return _scale(protocol, float(sheet.dose_mg), "mg", "dose.range_mg", "")
    return None


def _scale(
    protocol: Protocol, dose: float, unit: str, range_key: str, allowed_key: str
) -> dict[str, Any]:
    most = protocol.find("dose.hard_max_mg" if unit == "mg" else "dose.hard_max_mg_per_kg")
    stated = protocol.threshold(range_key or allowed_key)
    sourced = stated.source.mark == "sourced"
    word = "Published range" if sourced else "Range of the clinic's policy"
    low_high = protocol.numbers(range_key) if range_key else ()
    drawn = dose_scale(
        DoseScale(
            dose=round(dose, 3),
            unit=unit,
            studied=(low_high[0], low_high[-1]) if low_high else None,
            labeled=protocol.numbers(allowed_key) if allowed_key else (),
            never_above=protocol.number(most.key) if most is not None else None,
            range_word=word,
        )
    )
    lines = [{"words": "Label doses" if allowed_key else word, "source": stated.source}]
    if most is not None:
        lines.append({"words": "Never above", "source": most.source})
    return {"drawn": drawn, "sources": lines}


def _rows(found: PlanForecast) -> list[dict[str, Any]]:
    """A row each quarter or half hour, a cell each quantity: the middle and the 90 % range."""
    last = found.times_min[-1]
    step = 15 if last / 15 <= _MOST_ROWS else 30
    rows = []
    for column, minute in enumerate(found.times_min.tolist()):
        if minute % step:
            continue
        cells = [
            {
                "label": band.title,
                "middle": _number(band.values[2, column]),
                "range": f"{_number(band.values[0, column])} to {_number(band.values[4, column])}",
            }
            for band in found.bands
        ]
        rows.append({"minute": f"{minute:g}", "cells": cells})
    return rows
