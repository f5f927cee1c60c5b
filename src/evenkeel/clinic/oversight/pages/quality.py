"""The medical director's page: every figure with its chart, what is late, what asks for a look."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from evenkeel.clinic.outcome import own_results
from evenkeel.clinic.outcome.pages.results import past_courses
from evenkeel.clinic.oversight.actions.note_quality import note_quality, strike_quality_note
from evenkeel.clinic.oversight.models import QualityNote
from evenkeel.clinic.oversight.quality.counts import Item
from evenkeel.clinic.oversight.quality.facts import read_facts
from evenkeel.clinic.oversight.quality.measures import MEASURES, Measure
from evenkeel.clinic.oversight.quality.owed import late_now
from evenkeel.clinic.oversight.quality.people import FEWEST_CASES, by_person, by_rule
from evenkeel.clinic.oversight.quality.reading import (
    OF_EVENTS,
    Reading,
    Spot,
    notes_of,
    picture,
    read_measure,
    write_value,
)
from evenkeel.clinic.oversight.quality.scope import STEPS, Scope, scope_of
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import log_read
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, NotFound, Refused
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.forecast.calibration import calibration_of, scored_products
from evenkeel.evidence.control_charts import RULES
from evenkeel.protocol.products import PRODUCTS

_SHOWN_HERE: Final = (Invalid, Refused, Conflict)
#: At most so many lines of the list behind a figure are written on the page; the file has all.
MOST_LINES: Final = 60
_COLUMNS: Final = ("measure", "chart", "place", "point", "events", "of", "value", "center")
_COLUMNS_2: Final = ("lower_limit", "upper_limit", "signal", "state", "noted")


@require_GET
@page("quality.view")
def quality(request: HttpRequest) -> HttpResponse:
    """All figures of the scope that was chosen."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    scope = scope_of(ctx, request.GET)
    if scope is None:
        return render(request, "oversight/quality.html", {"scope": None})
    readings = _readings(scope)
    log_read(ctx, "quality page")
    shown = _frame(scope) | {
        "groups": _grouped(readings),
        "to_look": [card for card in map(_card, readings) if card["open"]],
        "late": late_now(scope),
        "outcomes": _outcomes(ctx, scope),
        "forecasts": _forecasts(scope),
        "of_chance": sum(r.verdict in ("chance", "signal") for r in readings),
    }
    return render(request, "oversight/quality.html", shown)


@page("quality.view")
def quality_measure(request: HttpRequest, measure: str) -> HttpResponse:
    """One figure: its chart and table, the list behind it, by person, and what was noted."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    scope = scope_of(ctx, request.GET)
    found = MEASURES.get(measure)
    if scope is None or found is None:
        raise NotFound("There is nothing here with that address.")
    error: DomainError | None = None
    if request.method == "POST":
        try:
            act_once(request, lambda: _post(request, scope, found))
        except _SHOWN_HERE as refused:
            error = refused
        else:
            messages.success(request, "Noted.")
            here = reverse("quality_measure", args=[measure])
            return HttpResponseRedirect(f"{here}?{scope.query()}")
    facts = read_facts(scope)
    reading = read_measure(found, facts, notes_of(scope, measure).get(measure, ()))
    log_read(ctx, f"quality: {found.title.lower()}")
    at = request.GET.get("at", "")
    chosen = next((spot for spot in reading.spots if spot.place == at), None)
    sees_people = ctx.actor.may("quality.people")
    shown = _frame(scope) | {
        "reading": reading,
        "card": _card(reading),
        "measure": found,
        "spots": [_row(found, spot) for spot in reversed(reading.spots)],
        "of_events": found.kind in OF_EVENTS,
        "chosen": chosen,
        "lines": _lines(chosen.events if chosen else found.events(facts)),
        "more": max(0, reading.total - MOST_LINES) if chosen is None else 0,
        "wide": picture(reading, 1160, 300),
        "narrow": picture(reading, 340, 230),
        "people": _people(found, facts) if sees_people else [],
        "fewest_cases": FEWEST_CASES,
        "rules_of": by_rule(facts) if measure == "overrides" else [],
        "rules": RULES.values(),
        "kinds": QualityNote.KINDS,
        "may_note": ctx.actor.may("quality.note") and scope.site is not None,
        "noted_at": chosen.place if chosen else request.POST.get("place", ""),
        "error": error,
        "typed": request.POST,
    }
    status = error.status if error else 200
    return render(request, "oversight/quality_measure.html", shown, status=status)


@require_GET
@page("quality.view")
def quality_csv(request: HttpRequest) -> HttpResponse:
    """Every point of every chart of the scope, as a file."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    scope = scope_of(ctx, request.GET)
    if scope is None:
        raise NotFound("There is nothing here with that address.")
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="quality-{scope.last}.csv"'
    writer = csv.writer(response)
    writer.writerow([*_COLUMNS, *_COLUMNS_2])
    for reading in _readings(scope):
        writer.writerows(_csv_rows(reading))
    log_read(ctx, "quality as a file")
    return response


def _csv_rows(reading: Reading) -> Iterator[list[Any]]:
    for spot in reading.spots:
        read = spot.read
        yield [
            reading.measure.key,
            reading.chart.kind.name,
            spot.place,
            spot.title,
            len(spot.events),
            spot.cases,
            _number(read.value),
            _number(read.center),
            _number(read.low),
            _number(read.high),
            " ".join(read.signals),
            reading.chart.state,
            " ".join(note.kind for note in spot.notes),
        ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _readings(scope: Scope) -> list[Reading]:
    facts, notes = read_facts(scope), notes_of(scope)
    return [read_measure(one, facts, notes.get(one.key, ())) for one in MEASURES.values()]


def _frame(scope: Scope) -> dict[str, Any]:
    timezone.activate((scope.site or scope.sites[0]).timezone)
    return {
        "scope": scope,
        "query": scope.query(),
        "steps": [(key, word) for key, (word, _) in STEPS.items()],
        "products": list(PRODUCTS.values()),
    }


def _post(request: HttpRequest, scope: Scope, measure: Measure) -> dict[str, str]:
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    said = request.POST
    if said.get("do") == "strike":
        row = strike_quality_note(ctx, note_id=said.get("note", ""), reason=said.get("reason", ""))
        return {"id": str(row.pk)}
    if scope.site is None:
        raise Invalid("Choose one site first: a note belongs to the chart of a site.")
    row = note_quality(
        ctx,
        site_id=scope.site.pk,
        measure=measure.key,
        product=scope.product,
        step=scope.step,
        place=said.get("place", ""),
        kind=said.get("kind", ""),
        text=said.get("text", ""),
    )
    return {"id": str(row.pk)}


def _card(reading: Reading) -> dict[str, Any]:
    measure = reading.measure
    url = f"{reverse('quality_measure', args=[measure.key])}?{reading.scope.query()}"
    return {
        "measure": measure,
        "reading": reading,
        "url": url,
        "value": write_value(measure, reading.value),
        "of": _of_words(reading),
        "verdict": reading.verdict,
        "words": reading.verdict_words,
        "open": [{"spot": s, "words": _signal_words(s)} for s in reading.open_signals[-1:]],
        "earlier": max(0, len(reading.open_signals) - 1),
        "picture": picture(reading, 400, 170),
    }


def _of_words(reading: Reading) -> str:
    measure = reading.measure
    if measure.cases is not None and measure.kind != "g":
        return f"{reading.total:,} {measure.event_words} of {reading.of:,} {measure.case_words}"
    if measure.kind in OF_EVENTS:
        return f"{reading.total:,} {measure.event_words}"
    return f"{reading.total:,} {measure.event_words}" if measure.unit == "seconds" else ""


def _grouped(readings: list[Reading]) -> list[tuple[str, list[dict[str, Any]]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in readings:
        found.setdefault(one.measure.group, []).append(_card(one))
    return list(found.items())


def _signal_words(spot: Spot) -> str:
    return ", ".join(RULES[key].words for key in spot.read.signals)


def _row(measure: Measure, spot: Spot) -> dict[str, Any]:
    read = spot.read
    return {
        "spot": spot,
        "value": write_value(measure, read.value),
        "center": write_value(measure, read.center),
        "low": write_value(measure, read.low),
        "high": write_value(measure, read.high),
        "signal": _signal_words(spot),
        "count": len(spot.events),
    }


def _lines(items: Any) -> list[Item]:
    return sorted(items, key=lambda one: one.at, reverse=True)[:MOST_LINES]


def _people(measure: Measure, facts: Any) -> list[dict[str, Any]]:
    return [
        {
            "row": row,
            "value": write_value(measure, row.value),
            "low": write_value(measure, row.low),
            "high": write_value(measure, row.high),
        }
        for row in by_person(measure, facts)
    ]


def _outcomes(ctx: Context, scope: Scope) -> list[dict[str, Any]]:
    """The clinic's own results of closed courses, small cells left out. Four queries."""
    courses = past_courses(ctx)
    products = [p for p in PRODUCTS if any(c.product == p for c in courses)]
    return [
        {"item": PRODUCTS[code], "found": own_results.own_results(code, courses)}
        for code in products
        if scope.product in ("", code)
    ]


def _forecasts(scope: Scope) -> list[dict[str, Any]]:
    found = []
    for site in scope.sites if scope.site is None else (scope.site,):
        for code in scored_products(site.pk):
            if scope.product in ("", code) and code in PRODUCTS:
                verdicts = calibration_of(site.pk, code).verdicts.values()
                words = [one.word for one in verdicts]
                counted = [(word, words.count(word)) for word in dict.fromkeys(words)]
                found.append({"site": site, "item": PRODUCTS[code], "counted": counted})
    return found
