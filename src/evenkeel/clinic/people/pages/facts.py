"""Entering a fact, correcting it, and its history."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.people.actions.record_fact import correct_fact, record_fact
from evenkeel.clinic.people.fact_item import DERIVED, KEPT, LISTS, FactItem, label_of
from evenkeel.clinic.people.fact_words import fact_words
from evenkeel.clinic.people.models import Fact, Patient
from evenkeel.clinic.people.pages.fact_forms import FactForm, initial_of
from evenkeel.clinic.people.pages.people import open_patient
from evenkeel.clinic.people.pages.posting import act_once, submit
from evenkeel.clinic.people.queries import history_of
from evenkeel.clinic.record.act import Context, find
from evenkeel.clinic.record.errors import Conflict, Forbidden, NotFound
from evenkeel.clinic.record.routes import page
from evenkeel.protocol.vocabulary import GROUPS, VOCABULARY


@page("facts.view")
def patient_facts(request: HttpRequest, patient_id: Any) -> HttpResponse:
    """One kind of fact (``?key=``): its history, and a form for a new entry; else the choice."""
    ctx = request.ctx  # type: ignore[attr-defined]
    key = request.GET.get("key", "")
    row = open_patient(request, patient_id, "facts.view", f"facts of a person {key}"[:60].strip())
    may_record = ctx.actor.may("facts.record", row.site_id)
    _check_key(key)
    if not key:
        return render(request, "people/facts.html", {"patient": row, "groups": _choices()})
    if request.method == "POST" and not may_record:
        raise Forbidden("Your role does not allow this.", what_to_do="Ask a colleague.")
    now = ctx.clock.now()
    if request.POST.get("none") == "yes" and key in LISTS:
        none = FactItem(key, state="absent", as_of=now)
        act_once(request, lambda: _record(ctx, row, none))
        return HttpResponseRedirect(reverse("patient", args=[row.pk]))
    form = FactForm(request.POST or None, key=key, initial={"status": "active"})

    def do(given: dict[str, Any]) -> dict[str, str]:
        return _record(ctx, row, form.item(row.site.timezone, now))

    if request.method == "POST" and submit(request, form, do):
        messages.success(request, f"{label_of(key)}: saved.")
        return HttpResponseRedirect(reverse("patient", args=[row.pk]))
    shown = {
        "patient": row,
        "key": key,
        "label": label_of(key),
        "form": form if may_record else None,
        "history": history_of(row, key),
        "may_record": may_record,
        "can_be_none": key in {"medicine", "allergy"},
        "today": now,
    }
    return render(request, "people/fact.html", shown, status=422 if form.errors else 200)


def _check_key(key: str) -> None:
    """Raise ``NotFound`` for a key that is none, or that is worked out and never entered."""
    enterable = key in VOCABULARY or key in LISTS or key in KEPT
    if key and (key in DERIVED or not enterable):
        raise NotFound("There is no such fact to enter.")


def _record(ctx: Context, row: Patient, item: FactItem) -> dict[str, str]:
    fact = record_fact(
        ctx,
        patient_id=row.pk,
        key=item.key,
        value=item.value,
        state=item.state,
        as_of=item.as_of,
        origin=item.origin,
        status=item.status,
    )
    return {"id": str(fact.pk)}


def _choices() -> list[tuple[str, list[tuple[str, str]]]]:
    lists = [(key, label) for key, label in LISTS.items()]
    found = [("Lists", lists)]
    for group in GROUPS:
        of_group = [
            (s.key, s.label)
            for s in VOCABULARY.values()
            if s.group == group and s.key not in DERIVED
        ]
        found.append((group, of_group))
    found.append(("Measured, kept", [(key, entry[0]) for key, entry in KEPT.items()]))
    return found


@page("facts.record")
def fact_correct(request: HttpRequest, patient_id: Any, fact_id: Any) -> HttpResponse:
    """Correct one entry, or take it back; what it was stays in the history."""
    ctx = request.ctx  # type: ignore[attr-defined]
    row = open_patient(request, patient_id, "facts.record", "a fact of a person")
    fact = _standing(row, fact_id)
    back = f"{reverse('patient_facts', args=[row.pk])}?key={fact.key}"
    taking_back = request.POST.get("take_back") == "yes"
    initial = initial_of(fact.key, fact, row.site.timezone)
    form = FactForm(
        None if taking_back else request.POST or None,
        key=fact.key,
        correcting=True,
        initial=initial,
    )
    if taking_back and _taken_back(request, fact):
        return HttpResponseRedirect(back)

    def do(given: dict[str, Any]) -> dict[str, str]:
        item = form.item(row.site.timezone, ctx.clock.now())
        new = correct_fact(
            ctx,
            fact_id=fact.pk,
            reason=given["reason"],
            value=item.value,
            state=item.state,
            as_of=item.as_of,
            status=item.status,
        )
        return {"id": str(new.pk)}

    if request.method == "POST" and not taking_back and submit(request, form, do):
        messages.success(request, "The entry is corrected.")
        return HttpResponseRedirect(back)
    shown = {
        "patient": row,
        "fact": fact,
        "label": label_of(fact.key),
        "words": fact_words(fact),
        "form": form,
        "reason_missing": taking_back,
    }
    wrong = taking_back or form.errors
    return render(request, "people/fact_correct.html", shown, status=422 if wrong else 200)


def _standing(row: Patient, fact_id: Any) -> Fact:
    """This person's fact, if it still stands."""
    fact = find(Fact, fact_id)
    if fact.patient_id != row.pk:
        raise NotFound("There is nothing here with that address.")
    if fact.replaced_by_id is not None or fact.status == "entered_in_error":
        raise Conflict("This entry was corrected already.", what_to_do="Open its newest entry.")
    return fact


def _taken_back(request: HttpRequest, fact: Fact) -> bool:
    """Take the entry back, if a reason was given."""
    reason = request.POST.get("reason_back", "").strip()
    if not reason:
        return False
    ctx = request.ctx  # type: ignore[attr-defined]

    def do() -> dict[str, str]:
        taken = correct_fact(ctx, fact_id=fact.pk, reason=reason, status="entered_in_error")
        return {"id": str(taken.pk)}

    act_once(request, do)
    messages.success(request, "The entry is taken back.")
    return True
