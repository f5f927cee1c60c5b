"""Starting, editing, discarding and signing a clinic's own version of a program."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from evenkeel.clinic.people.pages.confirming import confirm_first, is_to_confirm, way_confirmed
from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.programs.actions.edit_program import (
    discard_program,
    import_program,
    save_program,
    sign_program,
    start_program,
)
from evenkeel.clinic.programs.document import MOST_BYTES, VISIT_KINDS
from evenkeel.clinic.programs.edits import KIND_WORDS, SECTIONS, fields_of
from evenkeel.clinic.programs.models import ProgramState, ProgramVersion
from evenkeel.clinic.programs.pages.reading import list_context, open_version, version_page
from evenkeel.clinic.programs.queries import parsed
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, Refused
from evenkeel.clinic.record.routes import page

_SHOWN_HERE = (Invalid, Refused, Conflict)


@require_POST
@page("program.edit")
def program_new(request: HttpRequest) -> HttpResponse:
    """Start a draft: from what holds now, or from a file."""
    given = request.FILES.get("file")
    content = given.read(MOST_BYTES + 1) if given is not None else None
    try:
        reply = act_once(request, lambda: _start(request, content))
    except _SHOWN_HERE as refused:
        shown = list_context(request) | {"error": refused}
        return render(request, "programs/programs.html", shown, status=refused.status)
    messages.success(request, "The draft is started. Nothing changes until it is signed.")
    return HttpResponseRedirect(reverse("program_edit", args=[reply["id"]]))


def _start(request: HttpRequest, content: bytes | None) -> dict[str, str]:
    ctx, said = request.ctx, request.POST  # type: ignore[attr-defined]
    if said.get("from") == "file":
        if not content:
            raise Invalid("No file was chosen.", fields={"file": "Choose a program file."})
        row = import_program(ctx, site_id=said.get("site", ""), content=content)
    else:
        row = start_program(ctx, site_id=said.get("site", ""), program=said.get("program", ""))
    return {"id": str(row.pk)}


@page("program.edit")
def program_edit(request: HttpRequest, version_id: Any) -> HttpResponse:
    """Everything of a draft that may be worded otherwise; what is wrong is said at its field."""
    row = open_version(request, version_id)
    if row.state != ProgramState.DRAFT:
        return HttpResponseRedirect(reverse("program_version", args=[row.pk]))
    error: DomainError | None = None
    if request.method == "POST":
        try:
            act_once(request, lambda: _save(request, row))
        except _SHOWN_HERE as refused:
            error = refused
        else:
            messages.success(request, "The draft is saved.")
            there = "program_edit" if request.POST.get("then") == "on" else "program_version"
            return HttpResponseRedirect(reverse(there, args=[row.pk]))
    shown = {
        "row": row,
        "sections": _sections(request, row, error),
        "error": error,
        "typed_reason": request.POST.get("reason", row.reason),
        "kinds": [(kind, KIND_WORDS[kind]) for kind in VISIT_KINDS],
        "typed": request.POST if error else {},
    }
    return render(request, "programs/edit.html", shown, status=error.status if error else 200)


def _sections(
    request: HttpRequest, row: ProgramVersion, error: DomainError | None
) -> list[dict[str, Any]]:
    wrong = error.fields if error else {}
    typed = request.POST if error else {}
    rows = [
        {
            "field": field,
            "typed": typed.get(field.name, field.value),
            "error": wrong.get(field.name, ""),
            "is_dropped": bool(typed.get(f"drop.{field.name.split('.')[1]}"))
            if field.section == "checklist"
            else False,
            "drop": f"drop.{field.name.split('.')[1]}" if field.section == "checklist" else "",
        }
        for field in fields_of(parsed(row.text))
    ]
    return [
        {
            "id": section,
            "heading": SECTIONS[section],
            "groups": [
                (group, list(lines))
                for group, lines in groupby(
                    [r for r in rows if r["field"].section == section],  # type: ignore[attr-defined]
                    key=lambda r: r["field"].group,  # type: ignore[attr-defined]
                )
            ],
        }
        for section in SECTIONS
    ]


def _save(request: HttpRequest, row: ProgramVersion) -> dict[str, int]:
    said = request.POST
    seen = said.get("seen_version", "")
    saved = save_program(
        request.ctx,  # type: ignore[attr-defined]
        version_id=row.pk,
        seen_version=int(seen) if seen.isdecimal() and len(seen) < 9 else 0,
        given={name: said[name] for name in said if "." in name or name == "visits"},
        reason=said.get("reason", ""),
    )
    return {"version": saved.version}


@require_POST
@page("program.edit")
def program_discard(request: HttpRequest, version_id: Any) -> HttpResponse:
    """Lay a draft aside."""
    ctx = request.ctx  # type: ignore[attr-defined]
    act_once(request, lambda: {"id": str(discard_program(ctx, version_id=version_id).pk)})
    messages.success(request, "The draft is discarded.")
    return HttpResponseRedirect(reverse("programs"))


@require_POST
@page("program.sign")
def program_sign(request: HttpRequest, version_id: Any) -> HttpResponse:
    """Put a version in force for courses that are put on it from now on."""
    if is_to_confirm(request):
        return confirm_first(request, reverse("program_version", args=[version_id]) + "#sign")
    ctx, said = request.ctx, request.POST  # type: ignore[attr-defined]

    def do() -> dict[str, str]:
        signed = sign_program(
            ctx,
            version_id=version_id,
            read_hash=said.get("read_hash", ""),
            agreed=said.get("agreed") == "on",
            confirmed_by=way_confirmed(request),
        )
        return {"id": str(signed.pk)}

    try:
        act_once(request, do)
    except _SHOWN_HERE as refused:
        return version_page(request, version_id, refused)
    messages.success(request, "The version is signed.")
    return HttpResponseRedirect(reverse("program_version", args=[version_id]))
