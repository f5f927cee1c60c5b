"""The live session's page, and the second person who recomputes the dose."""

from __future__ import annotations

import json
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from evenkeel.clinic.course.models import TouchAgreement
from evenkeel.clinic.people.caller import context_for
from evenkeel.clinic.people.models import Membership
from evenkeel.clinic.people.second_person import second_person
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.errors import Invalid
from evenkeel.clinic.record.permissions import roles_for
from evenkeel.clinic.record.routes import is_locked, page
from evenkeel.clinic.session.actions.record_event import record
from evenkeel.clinic.session.answers import DONE, MUST_SAY, choices_by_subject
from evenkeel.clinic.session.events import QUANTITIES, checks_for
from evenkeel.clinic.session.forecast.store import forecast_of
from evenkeel.clinic.session.ledger_lines import ELSEWHERE, kept_in
from evenkeel.clinic.session.models import LIVE_STATES, Session
from evenkeel.clinic.session.pages.api import read_event
from evenkeel.clinic.session.pages.board_cards import drug_words
from evenkeel.clinic.session.pages.drug import METHODS
from evenkeel.clinic.session.pages.room import room_frame
from evenkeel.clinic.session.queries import events_of
from evenkeel.clinic.session.raising import protocol_of
from evenkeel.clinic.session.rules import Sheet
from evenkeel.clinic.session.watch import WATCHER_SILENT_S
from evenkeel.clinic.session.wire import as_wire
from evenkeel.protocol.alarms import SYMPTOMS
from evenkeel.protocol.gate import pressure_gate_for
from evenkeel.protocol.pack import Protocol
from evenkeel.protocol.products import PRODUCTS

_ACTS: Final = (
    "session.record",
    "session.administer",
    "session.draw",
    "session.stop",
    "session.acknowledge",
    "session.hand_over",
    "session.discharge",
    "session.view",
)
_SHOWN_THRESHOLDS: Final = (
    "sbp_hold_mmhg",
    "dbp_hold_mmhg",
    "sbp_rise_mmhg",
    "dbp_rise_mmhg",
    "spo2_review_percent",
    "moaas_review",
    "heart_rate_low_review_bpm",
    "heart_rate_high_review_bpm",
)
#: The Modified Observer's Assessment of Alertness/Sedation scale, by how the person responds.
MOAAS_WORDS: Final = (
    (5, "Responds readily to the name spoken normally"),
    (4, "Slow response to the name spoken normally"),
    (3, "Responds only to the name called loudly or again"),
    (2, "Responds only to mild prodding or shaking"),
    (1, "Responds only to a painful squeeze"),
    (0, "Does not respond to a painful squeeze"),
)


@require_GET
@page("session.view", readable_when_locked=True)
def session_page(request: HttpRequest, session_id: Any) -> HttpResponse:
    """The live screen: everything known now, and the stream that keeps it so."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    session = open_record(
        ctx,
        Session,
        session_id,
        "patient",
        "course__therapist",
        "plan",
        "chair",
        "nurse",
        "second",
        "site",
        "appointment__therapist",
        permission="session.view",
        what="session page",
    )
    with timezone.override(ZoneInfo(session.site.timezone)):
        shown = _frame(ctx, session) | room_frame(session)
        shown["data"] = session_data(ctx, session, get_token(request))
        shown["data"]["locked"] = is_locked(request)
        return render(request, "session/session.html", shown)


@require_GET
@page("session.view", readable_when_locked=True)
def session_checks(request: HttpRequest, session_id: Any) -> HttpResponse:
    """The checks before the dose stand on the live screen."""
    return HttpResponseRedirect(reverse("session", args=[session_id]) + "#checks")


@require_GET
@page("session.view", readable_when_locked=True)
def session_discharge(request: HttpRequest, session_id: Any) -> HttpResponse:
    """The leaving checklist stands on the live screen."""
    return HttpResponseRedirect(reverse("session", args=[session_id]) + "#leave")


@require_POST
@page("session.view")
def dose_check(request: HttpRequest, session_id: Any) -> HttpResponse:
    """A second person recomputes the dose at this screen, under their own e-mail and PIN.

    The event is recorded as that person's act. Raises ``Invalid`` for a wrong PIN, for the very
    person who is signed in here, and for figures that do not agree.
    """
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Invalid("This is not JSON.", code="not_json") from None
    if not isinstance(sent, dict):
        raise Invalid("Send one event as an object.", code="not_an_object")
    email, pin = str(sent.pop("email", "") or ""), str(sent.pop("pin", "") or "")
    event = read_event(json.dumps(sent).encode())
    if event["kind"] != "dose_check":
        raise Invalid("Only the dose is checked here.", code="unknown_kind")
    second = second_person(ctx, email, pin, act="session.check_dose")
    done = record(
        context_for(second, clock=ctx.clock, via="screen"), session_id=session_id, **event
    )
    answer = {"event": as_wire(done.event), "raised": []}
    return JsonResponse(answer, status=200 if done.replayed else 201)


def _frame(ctx: Context, session: Session) -> dict[str, Any]:
    """What the page says beside the live parts. Two queries."""
    now = ctx.clock.now()
    sheet = session.dose_sheet
    therapist = session.appointment.therapist if session.appointment else None
    therapist = therapist or session.course.therapist
    touch = (
        TouchAgreement.objects.filter(course=session.course_id, withdrawn_at=None)
        .order_by("-signed_at")
        .first()
    )
    return {
        "session": session,
        "patient": session.patient,
        "age_years": session.patient.age_years(timezone.localdate(now)),
        "sheet": sheet,
        "product": PRODUCTS[session.product],
        "drug": drug_words(session.product),
        "touch": touch,
        "therapist": therapist,
        "quantities": QUANTITIES,
        "symptoms": [(code, code.replace("_", " ")) for code in SYMPTOMS],
        "checks": checks_for(session.product),
        "moaas_words": MOAAS_WORDS,
        "scale": range(11),
        "staff": _may_take_over(session),
        "live": session.state in LIVE_STATES,
        "me": ctx.actor,
        "kept_in": kept_in(session.site_id) if session.ledger == ELSEWHERE else "",
        "waste_methods": METHODS,
        "icon_names": ("inform", "review", "hold", "emergency", "ok", "missing", "open"),
    }


def _may_take_over(session: Session) -> list[dict[str, str]]:
    """Who may watch this session instead of the nurse who does."""
    held = (
        Membership.objects.filter(
            site_id=session.site_id,
            ended_at=None,
            account__is_active=True,
            role__in=[role.value for role in roles_for("session.hand_over")],
        )
        .exclude(account_id=session.nurse_id)
        .select_related("account")
        .order_by("account__full_name")
    )
    names = {str(m.account_id): m.account.shown_name for m in held}
    return [{"id": key, "name": name} for key, name in names.items()]


def session_data(ctx: Context, session: Session, csrf: str) -> dict[str, Any]:
    """What the live screen starts from, as plain JSON. Two queries."""
    protocol = protocol_of(session)
    product = PRODUCTS[session.product]
    key = str(session.pk)
    gap = protocol.find("dose.device_gap_min")
    age_years = session.patient.age_years(timezone.localdate(ctx.clock.now()))
    gate = pressure_gate_for(protocol, age_years)
    return {
        "session": key,
        "ledger": session.ledger or "",
        "me": {"id": ctx.actor.id, "name": ctx.actor.name},
        "may": [p for p in (*_ACTS, "session.check_dose") if ctx.actor.may_for(p, session)],
        "nurse": session.nurse.shown_name if session.nurse else "",
        "second": session.second.shown_name if session.second else "",
        "answers": choices_by_subject(),
        "must_say": sorted(MUST_SAY),
        "done": DONE,
        "product": {
            "code": product.code,
            "route": product.route,
            "is_infusion": product.is_infusion,
            "device_mg": product.device_mg,
            "device_gap_min": protocol.number(gap.key) if gap else 0,
        },
        "dose": _dose(session),
        "checks": [{"name": n, "label": label} for n, label in checks_for(session.product)],
        "quantities": {name: {"unit": q.unit} for name, q in QUANTITIES.items()},
        "vitals": {
            "every_min": protocol.number("vitals.every_min"),
            "after_every_min": protocol.number("vitals.after_every_min"),
            "fixed_min": list(protocol.numbers("vitals.fixed_min")),
            "fixed_within_min": protocol.number("vitals.fixed_within_min"),
        },
        "gate": {
            "sbp_mmhg": gate.sbp_mmhg,
            "dbp_mmhg": gate.dbp_mmhg,
            "max_age_min": protocol.number("bp_gate.max_age_min"),
            "mark": gate.source.mark,
        },
        "thresholds": {name: _threshold(protocol, f"alarm.{name}") for name in _SHOWN_THRESHOLDS},
        "watcher_silent_s": WATCHER_SILENT_S,
        "clock_speed": getattr(ctx.clock, "speed", 1.0),
        "idle_lock_s": settings.IDLE_LOCK_S,
        "csrf": csrf,
        "urls": {
            "events": reverse("api_session_events", args=[key]),
            "view": reverse("api_session_view", args=[key]),
            "stream": f"/live/sessions/{key}",
            "dose_check": reverse("session_dose_check", args=[key]),
            "ledger": reverse("session_ledger", args=[key]),
            "containers": reverse("session_containers", args=[key]),
            "unlock": reverse("unlock"),
            "calibration": "/oversight/forecast",
        },
        "events": [as_wire(event) for event in events_of(session.pk)],
        "forecast": forecast_of(session.pk),
    }


def _dose(session: Session) -> dict[str, float | int | None]:
    sheet = Sheet.of(session.dose_sheet)
    return {
        "dose_mg": sheet.dose_mg,
        "rate_mg_per_h": sheet.rate_mg_per_h,
        "rate_ml_per_h": sheet.rate_ml_per_h,
        "volume_ml": sheet.volume_ml,
        "concentration_mg_ml": sheet.concentration_mg_ml,
        "duration_min": sheet.duration_min,
        "devices": session.dose_sheet.get("devices"),
    }


def _threshold(protocol: Protocol, key: str) -> dict[str, Any]:
    threshold = protocol.threshold(key)
    return {"value": threshold.value, "unit": threshold.unit, "mark": threshold.source.mark}
