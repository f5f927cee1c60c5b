"""The session note: what happened, in words, as a picture and as tables; on screen and as PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from evenkeel.clinic.course.models import TouchAgreement
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.installation import installation
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.record.signed import Signature, signature_of
from evenkeel.clinic.session.models import LIVE_STATES, Session, SessionEvent
from evenkeel.clinic.session.moments import Given
from evenkeel.clinic.session.pages.narrative import event_lines, narrative
from evenkeel.clinic.session.queries import events_of, timeline_of
from evenkeel.clinic.session.raising import protocol_of
from evenkeel.clinic.session.setting import Setting, read_setting
from evenkeel.clinic.session.setting_items import setting_list
from evenkeel.clinic.session.timeline import Timeline
from evenkeel.protocol.pack import Protocol
from evenkeel.protocol.products import PRODUCTS
from evenkeel.web.pdf import PdfUnavailable, pdf_from_html
from evenkeel.web.svg import (
    DrugSpan,
    PressureReading,
    Reading,
    SessionRecord,
    Threshold,
    TimedNote,
    session_timeline,
)

_COLUMNS = (
    "heart_rate_bpm",
    "spo2_percent",
    "respiratory_rate_per_min",
    "temperature_c",
    "dissociation_0_10",
    "moaas",
    "nausea_0_10",
)
#: A monitor's readings closer together than this share one line of the table.
_TABLE_STEP = timedelta(minutes=5)
#: Doses closer together than this have no room for a label each.
_TOGETHER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class VitalsRow:
    """One line of the table of vitals; ``values`` in the order of its columns, "" where none."""

    at: datetime
    pressure: str
    values: list[str]
    also: str
    by: str


@require_GET
@page("session.view", readable_when_locked=True)
def session_note(request: HttpRequest, session_id: Any) -> HttpResponse:
    """The note as a page that prints."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    session = _open(ctx, session_id, "session note")
    with timezone.override(ZoneInfo(session.site.timezone)):
        return render(request, "session/note.html", note_of(ctx, session) | {"on_screen": True})


@require_GET
@page("session.view", readable_when_locked=True)
def session_note_pdf(request: HttpRequest, session_id: Any) -> HttpResponse:
    """The note as PDF; where the PDF maker cannot run, a page that says how to print instead."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    session = _open(ctx, session_id, "session note as PDF")
    with timezone.override(ZoneInfo(session.site.timezone)):
        html = render_to_string("session/note.html", note_of(ctx, session))
        try:
            content = pdf_from_html(html)
        except PdfUnavailable:
            return _cannot(request, session)
    response = HttpResponse(content, content_type="application/pdf")
    # no name in the file's name: it would rest in a download folder
    name = f"session-{session.number}-{session.opened_at:%Y-%m-%d}.pdf"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def _cannot(request: HttpRequest, session: Session) -> HttpResponse:
    return render(
        request,
        "web/error.html",
        {
            "status": 503,
            "heading": "The PDF cannot be made on this machine",
            "what": "Libraries that WeasyPrint needs are missing here. Nothing is lost: "
            "the note itself is complete.",
            "todo": [
                "Open the session note and print it from the browser; it prints the same page.",
                "“evenkeel doctor” names the missing packages.",
            ],
        },
        status=503,
    )


def _open(ctx: Context, session_id: Any, what: str) -> Session:
    return open_record(
        ctx,
        Session,
        session_id,
        "patient",
        "course__prescriber",
        "plan__signed_by",
        "chair",
        "nurse",
        "second",
        "site",
        permission="session.view",
        what=what,
    )


def note_of(ctx: Context, session: Session) -> dict[str, Any]:
    """Everything the note shows. Three queries."""
    now = ctx.clock.now()
    events = events_of(session.pk)
    protocol = protocol_of(session)
    timeline = timeline_of(session, now, events)
    touch = (
        TouchAgreement.objects.filter(course=session.course_id, withdrawn_at=None)
        .select_related("taken_by")
        .order_by("-signed_at")
        .first()
    )
    organisation = installation()
    setting = read_setting(events)
    return {
        "session": session,
        "patient": session.patient,
        "age_years": session.patient.age_years(timezone.localdate(session.opened_at)),
        "product": PRODUCTS[session.product],
        "sheet": session.dose_sheet,
        "timeline": timeline,
        "touch": touch,
        "sentences": narrative(session, timeline),
        "picture": _picture(session, timeline, protocol, setting),
        "vitals": vitals_rows(events, timeline),
        "lines": event_lines(events),
        "setting": setting,
        "setting_list": setting_list(),
        "alarms": sorted(
            [*timeline.open_alarms, *timeline.answered_alarms], key=lambda a: a.raised_at
        ),
        "acts": _acts(events),
        "account": timeline.account,
        "may_check": ctx.actor.may("signature.check"),
        "unfinished": session.state in LIVE_STATES,
        "demo": bool(organisation and organisation.demo),
        "organization": organisation.organisation if organisation else "",
        "printed_at": now,
        "printed_by": ctx.actor.name,
    }


def vitals_rows(events: Sequence[SessionEvent], timeline: Timeline) -> list[VitalsRow]:
    """The readings that stand: each one a person entered, each pressure, and of a monitor's
    other readings one every five minutes."""
    gone = {e.supersedes_id for e in events if e.supersedes_id}
    stands = sorted(
        (e for e in events if e.kind == "observation" and e.pk not in gone),
        key=lambda e: e.happened_at,
    )
    rows: list[VitalsRow] = []
    shown_at: datetime | None = None
    for event in stands:
        has_pressure = "sbp_mmhg" in event.body
        recent = shown_at is not None and event.happened_at - shown_at < _TABLE_STEP
        if event.via == "monitor" and not has_pressure and recent:
            continue
        shown_at = event.happened_at
        rows.append(_row(event))
    return rows


def _row(event: SessionEvent) -> VitalsRow:
    body = event.body
    pressure = ""
    if "sbp_mmhg" in body or "dbp_mmhg" in body:
        pressure = f"{body.get('sbp_mmhg', '?')}/{body.get('dbp_mmhg', '?')}"
    also = [name.replace("_", " ") for name in body.get("symptoms", ())]
    also += [body["note"]] if body.get("note") else []
    also += ["look again"] if "surprising" in body.get("flags", ()) else []
    return VitalsRow(
        at=event.happened_at,
        pressure=pressure,
        values=["" if body.get(name) is None else f"{body[name]:g}" for name in _COLUMNS],
        also=", ".join(also),
        by="monitor" if event.via == "monitor" else event.actor_name,
    )


def _acts(events: Sequence[SessionEvent]) -> list[Signature]:
    """The signatures of the acts that stand, in order of time."""
    gone = {event.supersedes_id for event in events if event.supersedes_id}
    stands = sorted((e for e in events if e.pk not in gone), key=lambda e: e.happened_at)
    return [found for found in map(signature_of, stands) if found is not None]


def _picture(
    session: Session, timeline: Timeline, protocol: Protocol, setting: Setting
) -> SafeString:
    series = timeline.series
    if not series and not timeline.drug:
        return SafeString("")
    moments = [p.at for points in series.values() for p in points]
    moments += [g.at for g in timeline.drug] + [n.at for n in timeline.notes]
    start = min(moments) - timedelta(minutes=2)
    end = max([*moments, timeline.discharged_at or start]) + timedelta(minutes=3)
    lower = {p.event_id: p.value for p in series.get("dbp_mmhg", ())}
    pressures = [
        PressureReading(p.at, p.value, lower[p.event_id])
        for p in series.get("sbp_mmhg", ())
        if p.event_id in lower
    ]
    return session_timeline(
        SessionRecord(
            start=start,
            end=end,
            pressures=pressures,
            heart_rates_bpm=_line(timeline, "heart_rate_bpm"),
            spo2_percents=_line(timeline, "spo2_percent"),
            dissociations_0_10=_line(timeline, "dissociation_0_10"),
            sedations_moaas=_line(timeline, "moaas"),
            drugs=drug_spans(timeline, end),
            notes=[TimedNote(n.at, n.text) for n in timeline.notes]
            + [TimedNote(at, words) for at, words in setting.marks]
            + [TimedNote(g.at, str(g.body.get("name", ""))) for g in timeline.rescue],
            thresholds=_limits(timeline, protocol),
            first_dose=timeline.started_at,
            title=f"Session {session.number}",
        )
    )


def _line(timeline: Timeline, name: str) -> list[Reading]:
    return [Reading(p.at, p.value) for p in timeline.series.get(name, ())]


def drug_spans(timeline: Timeline, end: datetime) -> list[DrugSpan]:
    """The stretches in which drug ran, each with its rate, and single doses as short spans."""
    spans: list[DrugSpan] = []
    since: datetime | None = None
    rate = 0.0

    def close(at: datetime) -> None:
        if since is not None and at > since:
            spans.append(DrugSpan(since, at, f"{rate:g} mg/h"))

    for given in timeline.drug:
        if given.kind in {"infusion_start", "rate_change", "resume"}:
            if given.kind == "rate_change":
                close(given.at)
                if since is None:
                    continue
            since, rate = given.at, float(given.body["rate_mg_per_h"])
        elif given.kind in {"pause", "infusion_stop"}:
            close(given.at)
            since = None
        else:
            spans.append(_single(given, spans))
    close(end)
    return spans


def _single(given: Given, before: list[DrugSpan]) -> DrugSpan:
    """One dose; of several close together only the last carries words, for all of them."""
    words = f"{given.body['dose_mg']:g} mg"
    if given.kind == "device":
        words = f"Device {given.body['number']}"
    if before and given.at - before[-1].start < _TOGETHER:
        said = before[-1].label
        before[-1] = replace(before[-1], label="")
        words = f"{said}, {given.body['number'] if given.kind == 'device' else words}"
    return DrugSpan(given.at, given.at + timedelta(minutes=1), words)


def _limits(timeline: Timeline, protocol: Protocol) -> list[Threshold]:
    found = [
        Threshold("oxygen", protocol.number("alarm.spo2_review_percent"), "review", "review"),
        Threshold("sedation", protocol.number("alarm.moaas_review"), "review", "review"),
    ]
    baseline = timeline.baseline.get("sbp_mmhg")
    if baseline is not None:
        rise = protocol.number("alarm.sbp_rise_mmhg")
        found.append(Threshold("pressure", baseline + rise, "review", f"review +{rise:g}"))
    return found
