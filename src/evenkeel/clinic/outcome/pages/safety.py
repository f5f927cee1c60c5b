"""Safety signals: what was answered, and a named clinician who closes it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.course.pages.frame import address
from evenkeel.clinic.outcome.actions.close_signal import close_signal
from evenkeel.clinic.outcome.actions.take_signal import take_signal
from evenkeel.clinic.outcome.models import SafetySignal
from evenkeel.clinic.outcome.offering import form_of
from evenkeel.clinic.outcome.queries import alarm_level, open_signals
from evenkeel.clinic.outcome.signal_calls import TAKEN_FOR
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.door import log_read, open_record
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, Refused
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.session.follow_up import called_words
from evenkeel.instruments import Instrument, follow_up_questions


@page("outcome.view")
def safety_signals(request: HttpRequest) -> HttpResponse:
    """Every open signal of the caller's sites, the most urgent first."""
    ctx = request.ctx  # type: ignore[attr-defined]
    found = [
        {"signal": signal, "level": alarm_level(signal.urgency)} for signal in open_signals(ctx)
    ]
    log_read(ctx, "open safety signals")
    return render(request, "outcome/safety_signals.html", {"found": found, "now": ctx.clock.now()})


@page("outcome.view")
def safety_signal(request: HttpRequest, signal_id: Any) -> HttpResponse:
    """One signal with its answers; POST closes it (permission ``safety.close``)."""
    ctx = request.ctx  # type: ignore[attr-defined]
    error: DomainError | None = None
    if request.method == "POST":
        note = request.POST.get("note", "")
        taking = request.POST.get("do") == "take"

        def do() -> dict[str, str]:
            if taking:
                return {"id": str(take_signal(ctx, signal_id=signal_id).pk)}
            return {"id": str(close_signal(ctx, signal_id=signal_id, note=note).pk)}

        try:
            act_once(request, do)
        except (Invalid, Refused, Conflict) as refusal:
            error = refusal
        else:
            said = "You have taken it. It stays open until somebody closes it."
            if not taking:
                said = "The safety signal is closed; its hold is lifted."
            messages.success(request, said)
            return HttpResponseRedirect(reverse("safety_signal", args=[signal_id]), status=303)
    signal = open_record(
        ctx,
        SafetySignal,
        signal_id,
        "patient",
        "course",
        "site",
        "response",
        "call",
        "closed_by",
        "taken_by",
        permission="outcome.view",
        what="safety signal",
    )
    return render(
        request,
        "outcome/safety_signal.html",
        {
            "signal": signal,
            "patient": signal.patient,
            "level": alarm_level(signal.urgency),
            "reasons": signal.follow_up.get("reasons", []),
            "may_close": ctx.actor.may("safety.close", signal.site_id),
            "may_take": ctx.actor.may("safety.take", signal.site_id),
            "calls": list(signal.calls.order_by("called_at")),
            "taken_until": _taken_until(signal),
            "error": error,
            "typed": request.POST,
            "now": ctx.clock.now(),
            "links": _links(signal),
            **(_of_call(signal) if signal.response is None else _of_answers(signal)),
        },
        status=error.status if error else 200,
    )


def _taken_until(signal: SafetySignal) -> Any:
    """Until when whoever took it is left to it; ``None`` where nobody is called."""
    length = TAKEN_FOR.get(signal.urgency)
    return signal.taken_at + length if signal.taken_at and length else None


def _of_answers(signal: SafetySignal) -> dict[str, Any]:
    """What a questionnaire said that raised the signal: its rows, now and last time."""
    told = signal.follow_up
    instrument = form_of(signal.response.instrument, signal.site_id)
    if "hits" in told:
        before = told.get("previous") or {}
        hits = [(link_id, value, before.get(link_id)) for link_id, value in told["hits"]]
    else:
        hits = [(told["link_id"], told.get("value"), told.get("previous"))]
    rows = [_row(instrument, *hit) for hit in hits]
    open_ = [
        _row(instrument, key, None, None) for key in told.get("unanswered", []) if "hits" in told
    ]
    return {
        "instrument": instrument,
        "rows": [*rows, *open_],
        "show_text": "hits" in told,
        "answers": _answers(told),
    }


def _row(
    instrument: Instrument, link_id: str, value: int | None, previous: int | None
) -> dict[str, str]:
    item = next((each for each in instrument.items if each.link_id == link_id), None)
    if item is None:  # a text was loaded anew with other questions
        return {"question": link_id, "answer": str(value), "previous": ""}
    options = dict(item.options)
    return {
        "question": f"{instrument.title}, question {item.number}",
        "text": item.text,
        "answer": options.get(value, "") if value is not None else "",
        "previous": options.get(previous, "") if previous is not None else "",
    }


def _of_call(signal: SafetySignal) -> dict[str, Any]:
    """What was said on the telephone that raised the signal."""
    call = signal.call
    return {
        "called": called_words(call.outcome or {}),
        "called_by": (call.outcome or {}).get("by", ""),
        "call_url": address("appointment", appointment_id=call.pk),
    }


def _links(signal: SafetySignal) -> dict[str, str]:
    return {
        "course": address("course", course_id=signal.course_id),
        "patient": address("patient", patient_id=signal.patient_id),
    }


def _answers(told: dict[str, Any]) -> list[dict[str, str]]:
    """The follow-up questions with what was said; asked and left open is said in words."""
    given = told.get("answers", {})
    if told.get("value") is None or (not given and "hits" in told):
        return []
    return [
        {
            "question": item.text,
            "answer": dict(item.options).get(given.get(item.link_id), "not answered"),
        }
        for item in follow_up_questions().items
    ]
