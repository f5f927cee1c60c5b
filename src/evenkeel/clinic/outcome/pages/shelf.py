"""The questionnaires of the house: what each measures, how it is scored, whose words it has."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from evenkeel.clinic.outcome.actions.load_text import LONGEST_LICENCE, load_text, withdraw_text
from evenkeel.clinic.outcome.models import ClinicText
from evenkeel.clinic.outcome.score_charts import definitions_of
from evenkeel.clinic.people.models import Site
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.record.door import visible
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, NotFound, Refused
from evenkeel.clinic.record.routes import page
from evenkeel.instruments import (
    Instrument,
    Item,
    Typed,
    UnknownInstrumentError,
    can_be_typed,
    for_a_person,
    languages_of,
    load,
    load_in,
    same_answers,
    shelved,
    template,
    typed_document,
    with_wording,
)
from evenkeel.instruments.wording import LARGEST_BYTES


@require_GET
@page("instrument.view")
def shelf(request: HttpRequest) -> HttpResponse:
    """Every questionnaire, with whether it can be asked here."""
    ctx = request.ctx  # type: ignore[attr-defined]
    texts = _texts(request)
    loaded = {row.instrument for row in texts}
    every = [load(name) for name in shelved()]
    rows = [
        {
            "instrument": each,
            "who": "the person" if for_a_person(each) else "a clinician",
            "loaded": each.id in loaded,
            "also": _translations(each) if each.text_ships else [],
        }
        for each in every
        if each.asked_alone
    ]
    rows.sort(key=lambda r: (not (r["instrument"].text_ships or r["loaded"]), _title(r)))
    return render(
        request, "outcome/shelf.html", {"rows": rows, "may": ctx.actor.may("instrument.load")}
    )


def _title(row: dict[str, Any]) -> str:
    return str(row["instrument"].title)


@page("instrument.view")
def instrument(request: HttpRequest, instrument_id: str) -> HttpResponse:
    """One questionnaire: its rules with their sources, and the clinic's own text of it."""
    ctx = request.ctx  # type: ignore[attr-defined]
    found = _instrument(instrument_id)
    error: DomainError | None = None
    if request.method == "POST":
        do = _VERBS.get(request.POST.get("do", ""), _load)
        try:
            do(request, found)
        except (Invalid, Refused, Conflict) as refused:
            error = refused
        else:
            return HttpResponseRedirect(reverse("instrument", args=[found.id]), status=303)
    sites = list(visible(ctx, Site.objects.filter(active=True), "instrument.load").order_by("name"))
    own = [row for row in _texts(request) if row.instrument == found.id]
    shown = {
        "instrument": found,
        "filled_by": "the person" if for_a_person(found) else "a clinician",
        "definitions": definitions_of(found),
        "texts": own,
        "may": ctx.actor.may("instrument.load"),
        "sites": sites,
        "error": error,
        "typed": request.POST,
        "longest": LONGEST_LICENCE,
        "missing": not found.text_ships and not own,
        "translations": _translations(found),
        "typing": _typing(found, request.POST, error, own) if can_be_typed(found) else None,
    }
    return render(request, "outcome/instrument.html", shown, status=error.status if error else 200)


@require_GET
@page("instrument.view")
def template_file(request: HttpRequest, instrument_id: str) -> HttpResponse:
    """The file to fill in with the clinic's licensed text."""
    found = _instrument(instrument_id)
    text = json.dumps(template(found.id), indent=2, ensure_ascii=False)
    response = HttpResponse(text, content_type="application/fhir+json")
    response["Content-Disposition"] = f'attachment; filename="{found.id}-template.json"'
    return response


def _texts(request: HttpRequest) -> list[ClinicText]:
    ctx = request.ctx  # type: ignore[attr-defined]
    rows = ClinicText.objects.filter(withdrawn_at=None).select_related("site")
    return list(visible(ctx, rows, "instrument.view").order_by("-loaded_at"))


def _instrument(instrument_id: str) -> Instrument:
    try:
        found = load(instrument_id)
    except UnknownInstrumentError:
        raise NotFound("There is no such questionnaire.") from None
    if not found.asked_alone:
        raise NotFound("There is no such questionnaire.")
    return found


def _load(request: HttpRequest, found: Instrument) -> None:
    upload = request.FILES.get("file")
    if upload is None or not upload.size:
        raise Invalid("No file was chosen.", fields={"file": "Choose the filled-in file."})
    # one byte beyond the limit is enough to be refused
    _store(request, found, upload.read(LARGEST_BYTES + 1))


def _type(request: HttpRequest, found: Instrument) -> None:
    """Store what was typed into the page; it is held against the structure as a file would be."""
    if not can_be_typed(found):
        raise Invalid("The questions are the clinic’s own.", what_to_do="Load them as a file.")
    post = request.POST
    wrong = {
        f"text-{item.link_id}": f"Question {item.number} has no text yet."
        for item in found.items
        if not post.get(f"text-{item.link_id}", "").strip()
    }
    wrong |= {
        f"text-{item.link_id}": f"An answer of question {item.number} has no text yet."
        for item in ([] if same_answers(found) else found.items)
        if not all(post.get(f"answer-{item.link_id}-{v}", "").strip() for v, _ in item.options)
    }
    if wrong:
        raise Invalid("Some texts are missing yet.", fields=wrong, code="text")
    answers = {}
    for item in found.items:
        of = found.items[0] if same_answers(found) else item
        answers[item.link_id] = [
            post.get(f"answer-{of.link_id}-{value}", "") for value, _ in item.options
        ]
    typed = Typed(
        language=post.get("language", "").strip(),
        read_first=post.get("read_first", ""),
        texts={item.link_id: post.get(f"text-{item.link_id}", "") for item in found.items},
        answers=answers,
    )
    _store(request, found, json.dumps(typed_document(found.id, typed)).encode())


def _store(request: HttpRequest, found: Instrument, data: bytes) -> None:
    ctx = request.ctx  # type: ignore[attr-defined]

    def do() -> dict[str, str]:
        row = load_text(
            ctx,
            site_id=request.POST.get("site", ""),
            instrument_id=found.id,
            data=data,
            licence=request.POST.get("licence", ""),
        )
        return {"id": str(row.pk)}

    act_once(request, do)
    messages.success(request, f"{found.title} can be asked here now, in your own text.")


def _typing(
    found: Instrument, typed: Any, error: DomainError | None, own: list[ClinicText]
) -> dict[str, Any]:
    """The fields for typing a text: what was typed, else what stands, to be corrected."""
    now = with_wording(found.id, own[0].document, own[0].licence) if own else found
    wrong = error.fields if error is not None else {}
    together = same_answers(found)
    return {
        "questions": [
            {
                "name": f"text-{item.link_id}",
                "number": item.number,
                "asked_when": _asked_when(found, item),
                "text": typed.get(f"text-{item.link_id}", item.text),
                "wrong": wrong.get(f"text-{item.link_id}", ""),
                "answers": [] if together else _answer_fields(item, typed, numbers=False),
            }
            for item in now.items
        ],
        "answers": _answer_fields(now.items[0], typed, numbers=True) if together else [],
        "language": typed.get("language", own[0].language if own else "en"),
        "read_first": typed.get("read_first", now.items[0].lead_in),
        "site": str(typed.get("site", own[0].site_id if own else "")),
        "licence": typed.get("licence", own[0].licence if own else ""),
    }


def _answer_fields(item: Item, typed: Any, *, numbers: bool) -> list[tuple[str, int, str]]:
    """Name, value and text of each answer's field; a number is no text unless ``numbers``."""
    return [
        (
            f"answer-{item.link_id}-{value}",
            value,
            typed.get(
                f"answer-{item.link_id}-{value}", text if numbers or text != str(value) else ""
            ),
        )
        for value, text in item.options
    ]


def _asked_when(found: Instrument, item: Item) -> str:
    """Such as "asked when 2 is Yes" for a question that depends on another, else ""."""
    if item.asked_when is None:
        return ""
    other = found.item(item.asked_when.link_id)
    return f"asked when {other.number} is {dict(other.options)[item.asked_when.value]}"


def _translations(found: Instrument) -> list[Instrument]:
    """The languages beside English in which its words ship."""
    every = (load_in(found.id, language) for language in languages_of(found.id)[1:])
    return [each for each in every if each is not None]


def _withdraw(request: HttpRequest, found: Instrument) -> None:
    ctx = request.ctx  # type: ignore[attr-defined]
    text_id = request.POST.get("text", "")
    act_once(request, lambda: {"id": str(withdraw_text(ctx, text_id=text_id).pk)})
    messages.success(request, "The text is withdrawn, and open links to it are closed.")


_VERBS = {"withdraw": _withdraw, "load": _load, "type": _type}
