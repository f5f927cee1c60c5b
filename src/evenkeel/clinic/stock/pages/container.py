"""One container: what it holds, every line of it, and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.door import log_read
from evenkeel.clinic.record.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.stock.actions.correct_line import CORRECTABLE, correct_line
from evenkeel.clinic.stock.actions.handle import open_container, waste_rest
from evenkeel.clinic.stock.actions.send_away import (
    arrive,
    destroy_container,
    return_container,
    send_to_site,
    take_back,
)
from evenkeel.clinic.stock.amounts import in_units
from evenkeel.clinic.stock.drawing import why_unusable
from evenkeel.clinic.stock.models import (
    ON_SHELF,
    Container,
    ContainerState,
    Move,
    MoveKind,
)
from evenkeel.clinic.stock.pages.forms import (
    ArriveForm,
    CorrectForm,
    DestroyForm,
    ReturnForm,
    SendForm,
    TakeBackForm,
    WasteRestForm,
)
from evenkeel.clinic.stock.pages.frame import chosen_site, open_here, submit
from evenkeel.clinic.stock.pages.shelves import frame
from evenkeel.clinic.stock.queries import history_of, sites_with

Do = Callable[[dict[str, Any], Any], dict[str, str]]


@page("stock.view")
def container(request: HttpRequest, container_id: Any) -> HttpResponse:
    """The container with its history; each act has a form of its own."""
    row: Container = open_here(request, Container, container_id, "container of the shelves", "item")
    sites = _others(row.site) if row.state == ContainerState.SEALED else []
    asked = request.POST.get("do", "") if request.method == "POST" else ""
    forms_ = _forms(request, row, sites, asked)
    error: Refused | Invalid | Conflict | None = None
    if request.method == "POST":
        try:
            said = _act(request, row, forms_, asked)
        except (Refused, Invalid, Conflict) as refusal:
            said, error = None, refusal
        if said is not None:
            messages.success(request, said)
            return HttpResponseRedirect(reverse("stock_container", args=[row.pk]))
        row.refresh_from_db()
    now = request.ctx.clock.now()  # type: ignore[attr-defined]
    lines = history_of(row)
    shown = frame(request, row.site) | {
        "container": row,
        "item": row.item,
        "units": in_units(row.item, row.remaining_mg),
        "why_unusable": why_unusable(row, now) if row.state in ON_SHELF else "",
        "on_shelf": row.state in ON_SHELF,
        "lines": [{"line": line, "correctable": _correctable(line)} for line in lines],
        "forms": forms_,
        "asked": asked,
        "wanted": request.POST.get("move", "") or request.GET.get("correct", ""),
        "error": error,
    }
    status = 422 if request.method == "POST" and error is None else error.status if error else 200
    return render(request, "stock/container.html", shown, status=status)


def _others(site: Site) -> list[Site]:
    return list(Site.objects.filter(active=True).exclude(pk=site.pk).order_by("name"))


def _correctable(line: Move) -> bool:
    return line.kind in CORRECTABLE and not hasattr(line, "corrected_by")


def _forms(
    request: HttpRequest, row: Container, sites: list[Site], asked: str
) -> dict[str, forms.Form]:
    """The forms that make sense for how the container stands."""
    found: dict[str, forms.Form] = {}

    def add(name: str, kind: type[forms.Form], **given: Any) -> None:
        found[name] = kind(request.POST if asked == name else None, auto_id=f"{name}_%s", **given)

    if row.state in ON_SHELF:
        if row.opened_at is not None:
            add("waste_rest", WasteRestForm)
        add("return", ReturnForm)
        add("destroy", DestroyForm)
        if sites:
            add("send", SendForm, sites=sites)
    add("correct", CorrectForm, initial={"move": request.GET.get("correct", "")})
    return found


def _act(
    request: HttpRequest, row: Container, forms_: dict[str, forms.Form], asked: str
) -> str | None:
    """What was done, in words; ``None`` where the form must be shown again."""
    ctx = request.ctx  # type: ignore[attr-defined]
    needed = {"open": "handle", "waste_rest": "handle", "correct": "adjust"}.get(asked, "send")
    if asked and not ctx.actor.may(f"stock.{needed}", row.site_id):
        raise Forbidden("Your role does not allow this.", what_to_do="Ask a colleague whose does.")
    if asked == "open":
        open_container(ctx, container_id=row.pk)
        return f"Container {row.label} is open."
    verbs: dict[str, tuple[Callable[..., Any], str]] = {
        "waste_rest": (waste_rest, "The rest is wasted and witnessed."),
        "return": (return_container, "It is returned."),
        "destroy": (destroy_container, "It is destroyed and witnessed."),
        "send": (send_to_site, "It is on its way."),
    }
    form = forms_.get(asked)
    if form is None:
        return None

    def do(given: dict[str, Any], witness: Any) -> dict[str, str]:
        if asked == "correct":
            move_id = given.pop("move")
            if not Move.objects.filter(pk=move_id, container=row).exists():
                raise NotFound("There is no such line of this container.")
            correct_line(ctx, move_id=move_id, witness_id=witness.pk, **given)
            return {"said": "The line stays and is answered. Now enter the right one."}
        if "to_site" in given:
            given["to_site_id"] = given.pop("to_site")
        verb, said = verbs[asked]
        verb(ctx, container_id=row.pk, witness_id=witness.pk, **given)
        return {"said": said}

    reply = submit(request, form, do)
    return None if reply is None else str(reply["said"])


@page("stock.receive")
def arrival(request: HttpRequest, move_id: Any) -> HttpResponse:
    """What is on its way: it has come, or it came back."""
    ctx = request.ctx  # type: ignore[attr-defined]
    rows = Move.objects.filter(pk=move_id, kind=MoveKind.TRANSFER_OUT)
    sent = rows.select_related("container__item", "site", "to_site", "by", "witness").first()
    mine = {site.pk for site in sites_with(ctx, "stock.receive")}
    if sent is None or not {sent.site_id, sent.to_site_id} & mine:
        raise NotFound("There is nothing here with that address.")
    log_read(ctx, "what is on its way to a site", site_id=sent.site_id)
    here = sent.to_site_id in mine
    site = sent.to_site if here else sent.site
    asked = request.POST.get("do", "") if request.method == "POST" else ""
    came = ArriveForm(request.POST if asked == "arrive" else None, auto_id="arrive_%s")
    back = TakeBackForm(request.POST if asked == "take_back" else None, auto_id="back_%s")
    reply = None
    if asked == "arrive" and here:
        reply = submit(request, came, lambda given, w: _arrived(ctx, sent, given, w))
    elif asked == "take_back" and ctx.actor.may("stock.send", sent.site_id):
        reply = submit(request, back, lambda given, w: _taken_back(ctx, sent, given, w))
    if reply is not None:
        messages.success(request, reply["said"])
        return HttpResponseRedirect(f"{reverse('stock')}?site={reply['site']}")
    shown = frame(request, site) | {
        "sent": sent,
        "came": came if here else None,
        "back": back if ctx.actor.may("stock.send", sent.site_id) else None,
        "answered": Move.objects.filter(answers=sent).select_related("site").first(),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "stock/arrival.html", shown, status=status)


def _arrived(ctx: Any, sent: Move, given: dict[str, Any], witness: Any) -> dict[str, str]:
    found = arrive(ctx, move_id=sent.pk, witness_id=witness.pk, **given)
    return {
        "said": f"It stands here as container {found.label}: write the number on it.",
        "site": str(found.site_id),
    }


def _taken_back(ctx: Any, sent: Move, given: dict[str, Any], witness: Any) -> dict[str, str]:
    move = take_back(ctx, move_id=sent.pk, witness_id=witness.pk, **given)
    return {"said": "It stands where it was.", "site": str(move.site_id)}


__all__ = ["arrival", "chosen_site", "container"]
