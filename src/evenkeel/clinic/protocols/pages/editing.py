"""Starting, editing and discarding a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from evenkeel.clinic.people.pages.posting import act_once
from evenkeel.clinic.protocols.actions.edit_draft import discard_draft, save_draft
from evenkeel.clinic.protocols.actions.start_draft import import_draft, start_draft
from evenkeel.clinic.protocols.models import ProtocolState, ProtocolVersion
from evenkeel.clinic.protocols.pages.adding import ADDED_LABELS, fact_block, program_block
from evenkeel.clinic.protocols.pages.frame import by_section, open_version, version_frame
from evenkeel.clinic.protocols.pages.reading import list_context
from evenkeel.clinic.record.errors import Conflict, DomainError, Invalid, Refused
from evenkeel.clinic.record.routes import page
from evenkeel.protocol.additions import PROGRAM
from evenkeel.protocol.editions import LARGEST_BYTES, Document
from evenkeel.protocol.entries import Entry, entries, reason_of

_SHOWN_HERE = (Invalid, Refused, Conflict)


@require_POST
@page("protocol.edit")
def protocol_new(request: HttpRequest) -> HttpResponse:
    """Start a draft: from the shipped protocol, from a version, or from a file."""
    given = request.FILES.get("file")
    content = given.read(LARGEST_BYTES + 1) if given is not None else None
    try:
        reply = act_once(request, lambda: _start(request, content))
    except _SHOWN_HERE as refused:
        shown = list_context(request) | {"error": refused}
        return render(request, "protocols/protocols.html", shown, status=refused.status)
    messages.success(request, "The draft is started. Nothing changes until it is signed.")
    return HttpResponseRedirect(reverse("protocol_edit", args=[reply["id"]]))


def _start(request: HttpRequest, content: bytes | None) -> dict[str, str]:
    ctx, said = request.ctx, request.POST  # type: ignore[attr-defined]
    if said.get("from") == "file":
        if not content:
            raise Invalid("No file was chosen.", fields={"file": "Choose a protocol file."})
        row = import_draft(ctx, site_id=said.get("site", ""), content=content)
    else:
        row = start_draft(
            ctx,
            site_id=said.get("site", ""),
            product=said.get("product", ""),
            basis_id=said.get("basis") or None,
        )
    return {"id": str(row.pk)}


@dataclass(frozen=True, slots=True)
class Field:
    """An entry as its row of the form: what was typed, what is wrong, what others saved."""

    entry: Entry
    typed: str
    why: str
    error: str
    why_error: str
    saved_meanwhile: str

    @property
    def is_changed(self) -> bool:
        """Whether what stands in the form is other than what is shipped."""
        return self.typed != self.entry.shipped


@page("protocol.edit")
def protocol_edit(request: HttpRequest, version_id: Any) -> HttpResponse:
    """Every value of a draft with the shipped one beside it; what is wrong is said at its field."""
    row = open_version(request, version_id, "protocol.edit", "protocol draft")
    if row.state != ProtocolState.DRAFT:
        return HttpResponseRedirect(reverse("protocol", args=[row.pk]))
    error: DomainError | None = None
    if request.method == "POST":
        try:
            act_once(request, lambda: _save(request, row))
        except _SHOWN_HERE as refused:
            error = refused
        else:
            messages.success(request, "The draft is saved.")
            there = "protocol_sign" if request.POST.get("then") == "sign" else "protocol_edit"
            return HttpResponseRedirect(reverse(there, args=[row.pk]))
    shown = version_frame(request, row)
    typed = request.POST if error else {}
    fields = fields_of(shown["document"], typed, error)
    shown |= {
        "sections": by_section((field.entry.section, field) for field in fields),
        "error": error,
        "errors_above": _above(fields, error),
        "program": program_block(shown["document"], typed, error),
        "add": fact_block(shown["document"], typed, error),
        "is_conflict": isinstance(error, Conflict),
        "typed_title": typed.get("title", row.title),
        "typed_reason": typed.get("reason", row.reason),
    }
    return render(request, "protocols/edit.html", shown, status=error.status if error else 200)


def _save(request: HttpRequest, row: ProtocolVersion) -> dict[str, int]:
    said = request.POST
    seen = said.get("seen_version", "")
    saved = save_draft(
        request.ctx,  # type: ignore[attr-defined]
        version_id=row.pk,
        seen_version=int(seen) if seen.isdecimal() and len(seen) < 9 else 0,
        given={name: said[name] for name in said if "." in name},
        title=said.get("title", ""),
        reason=said.get("reason", ""),
    )
    return {"version": saved.version}


def fields_of(
    document: Document, typed: Mapping[str, str], error: DomainError | None
) -> list[Field]:
    """Every entry of a draft as a row of the form."""
    wrong = error.fields if error else {}
    meanwhile = isinstance(error, Conflict)
    found = []
    for entry in entries(document):
        if entry.key == PROGRAM:
            continue  # it has a form of its own
        value = typed.get(entry.field, entry.value)
        found.append(
            Field(
                entry,
                value,
                typed.get(f"why.{entry.field}", reason_of(document, entry)),
                wrong.get(entry.field, ""),
                wrong.get(f"why.{entry.field}", ""),
                entry.words if meanwhile and value != entry.value else "",
            )
        )
    return found


def _above(fields: list[Field], error: DomainError | None) -> list[tuple[str, str, str]]:
    """What stands above the form: (address of the field, its name, what is wrong with it)."""
    if error is None:
        return []
    names = ADDED_LABELS | {field.entry.field: field.entry.label for field in fields}
    found = []
    for key, message in error.fields.items():
        plain = key.removeprefix("why.")
        found.append(
            (key, names.get(key) or names.get(plain, plain.replace("_", " ").capitalize()), message)
        )
    return found


@require_POST
@page("protocol.edit")
def protocol_discard(request: HttpRequest, version_id: Any) -> HttpResponse:
    """Lay a draft aside."""
    ctx = request.ctx  # type: ignore[attr-defined]
    act_once(request, lambda: {"id": str(discard_draft(ctx, version_id=version_id).pk)})
    messages.success(request, "The draft is discarded.")
    return HttpResponseRedirect(reverse("protocols"))
