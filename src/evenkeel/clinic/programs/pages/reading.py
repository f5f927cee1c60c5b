"""The programs of a site: as they come, and as the clinic made them its own."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.programs.actions.edit_program import meaning_of
from evenkeel.clinic.programs.document import shipped
from evenkeel.clinic.programs.edits import KIND_WORDS, ROLE_WORDS, changes
from evenkeel.clinic.programs.models import ProgramState, ProgramVersion
from evenkeel.clinic.programs.parts import Program
from evenkeel.clinic.programs.queries import history_of, parsed, programs_at, text_digest
from evenkeel.clinic.record.door import open_record
from evenkeel.clinic.record.errors import DomainError, NotFound
from evenkeel.clinic.record.routes import page


@page("program.view")
def programs(request: HttpRequest) -> HttpResponse:
    """Every program at the caller's sites, with the version that holds there."""
    return render(request, "programs/programs.html", list_context(request))


def list_context(request: HttpRequest) -> dict[str, Any]:
    """What the list shows; one query a site."""
    actor = request.ctx.actor  # type: ignore[attr-defined]
    allowed = actor.sites("program.view")
    rows = Site.objects.filter(active=True).order_by("name")
    rows = rows if allowed is None else rows.filter(pk__in=allowed)
    sites = [
        {
            "site": site,
            "held": programs_at(site.pk),
            "may_edit": actor.may("program.edit", site.pk),
        }
        for site in rows
    ]
    return {"sites": sites}


@page("program.view")
def program_shipped(request: HttpRequest, program: str) -> HttpResponse:
    """A program as it comes with the software."""
    found = shipped().get(program)
    if found is None:
        raise NotFound("There is no such program.", what_to_do="Look in the list of programs.")
    return render(request, "programs/program.html", program_shown(found) | {"is_shipped": True})


def program_shown(program: Program) -> dict[str, Any]:
    """A program as its page shows it."""
    return {
        "program": program,
        "kinds": [
            {
                "kind": kind,
                "label": KIND_WORDS[kind],
                "count": program.count(kind),
                "items": program.items_at(kind),
                "staff": [
                    (f"{s.count} {ROLE_WORDS[s.role]}{'s' if s.count > 1 else ''}", s)
                    for s in program.staffing
                    if s.at == kind
                ],
            }
            for kind in ("preparation", "dosing", "integration")
            if program.count(kind)
        ],
        "visit_notes": list(dict.fromkeys((v.note, v.mark, v.source) for v in program.visits)),
    }


@page("program.view")
def program_version(request: HttpRequest, version_id: Any) -> HttpResponse:
    """One version: what it says otherwise than shipped, and the form that signs it."""
    return version_page(request, version_id)


def version_page(
    request: HttpRequest, version_id: Any, error: DomainError | None = None
) -> HttpResponse:
    """The page of a version, with what stopped an act on it."""
    row = open_version(request, version_id)
    actor = request.ctx.actor  # type: ignore[attr-defined]
    program, base = parsed(row.text), shipped()[row.program]
    versions = history_of(row.site_id, row.program)
    signed = next((v for v in versions if v.state == ProgramState.SIGNED and v.pk != row.pk), None)
    shown = program_shown(program) | {
        "row": row,
        "is_draft": row.state == ProgramState.DRAFT,
        "changes": changes(base, program),
        "against": signed if row.state == ProgramState.DRAFT else None,
        "since": changes(parsed(_text_of(signed)), program) if signed and not row.signed_at else (),
        "versions": versions,
        "text_hash": row.text_hash or text_digest(row.text),
        "meaning": meaning_of(row),
        "may_edit": actor.may("program.edit", row.site_id),
        "may_sign": actor.may("program.sign", row.site_id),
        "error": error,
    }
    return render(request, "programs/program.html", shown, status=error.status if error else 200)


def _text_of(row: ProgramVersion) -> str:
    return str(ProgramVersion.objects.values_list("text", flat=True).get(pk=row.pk))


def open_version(request: HttpRequest, version_id: Any) -> ProgramVersion:
    """The version behind a page, its reading logged; times are shown as at its site."""
    row = open_record(
        request.ctx,  # type: ignore[attr-defined]
        ProgramVersion,
        version_id,
        *("site", "author", "edited_by", "signed_by"),
        permission="program.view",
        what="program",
    )
    timezone.activate(ZoneInfo(row.site.timezone))
    return row


@page("program.view")
def program_file(request: HttpRequest, version_id: Any) -> HttpResponse:
    """The version as a file that can be brought to another clinic."""
    row = open_version(request, version_id)
    answer = HttpResponse(row.text, content_type="application/json; charset=utf-8")
    name = f"{row.program}-{row.number}.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
