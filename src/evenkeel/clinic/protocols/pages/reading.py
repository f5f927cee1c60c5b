"""Reading protocols: what is in force, one version whole, two beside each other, on paper."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.protocols.models import ProtocolState, ProtocolVersion
from evenkeel.clinic.protocols.pages.frame import (
    by_section,
    changes_from_shipped,
    loud_first,
    open_version,
    sections_of,
    version_frame,
)
from evenkeel.clinic.protocols.queries import document_of, in_force_among, standing_of
from evenkeel.clinic.record.door import visible
from evenkeel.clinic.record.errors import NotFound
from evenkeel.clinic.record.installation import installation, is_demo
from evenkeel.clinic.record.routes import page
from evenkeel.protocol.comparing import changes
from evenkeel.protocol.editions import shipped_document
from evenkeel.protocol.products import PRODUCTS
from evenkeel.web.pdf import PdfUnavailable, pdf_from_html

SHIPPED = "shipped"


@require_GET
@page("protocol.view")
def protocols(request: HttpRequest) -> HttpResponse:
    """One card a product and site: what is in force, since when, by whom, and what is drafted."""
    return render(request, "protocols/protocols.html", list_context(request))


def list_context(request: HttpRequest) -> dict[str, Any]:
    """What the list shows; two queries whatever the number of sites and versions."""
    ctx = request.ctx  # type: ignore[attr-defined]
    now = ctx.clock.now()
    sites = list(visible(ctx, Site.objects.filter(active=True).order_by("name"), "protocol.view"))
    held: dict[tuple[Any, str], list[ProtocolVersion]] = {}
    rows = ProtocolVersion.objects.filter(site__in=sites).exclude(state=ProtocolState.DISCARDED)
    for row in rows.select_related("site", "signed_by", "author").defer("text").order_by("-number"):
        held.setdefault((row.site_id, row.product), []).append(row)
    shown = []
    for site in sites:
        cards = [
            _card(code, held.get((site.pk, code), []), now) | {"label": item.label}
            for code, item in PRODUCTS.items()
        ]
        shown.append(
            {
                "site": site,
                "cards": sorted(cards, key=lambda card: not card["versions"]),
                "none_signed": not any(card["in_force"] for card in cards),
                "may_edit": ctx.actor.may("protocol.edit", site.pk),
            }
        )
    return {"sites": shown, "now": now, "may_edit": any(one["may_edit"] for one in shown)}


def _card(product: str, versions: list[ProtocolVersion], now: Any) -> dict[str, Any]:
    return {
        "product": product,
        "versions": versions,
        "in_force": in_force_among(versions, now),
        "draft": next((v for v in versions if v.state == ProtocolState.DRAFT), None),
        "coming": [v for v in versions if standing_of(v, versions, now) == "coming"],
        "earlier": [
            v for v in versions if standing_of(v, versions, now) in ("superseded", "retired")
        ],
    }


@require_GET
@page("protocol.view")
def protocol(request: HttpRequest, version_id: Any) -> HttpResponse:
    """One version, every value of it, what the clinic decided otherwise first."""
    row = open_version(request, version_id, "protocol.view", "protocol")
    shown = version_frame(request, row)
    shown |= {
        "sections": sections_of(shown["document"]),
        "own": loud_first(changes_from_shipped(shown["document"])),
    }
    return render(request, "protocols/protocol.html", shown)


@require_GET
@page("protocol.view")
def protocol_compare(request: HttpRequest, version_id: Any) -> HttpResponse:
    """What a version states otherwise than another one, or than the shipped protocol."""
    row = open_version(request, version_id, "protocol.view", "protocol comparison")
    shown = version_frame(request, row)
    others = [one for one, _ in shown["versions"] if one.pk != row.pk]
    asked = request.GET.get("with", "")
    other = next((one for one in others if str(one.pk) == asked), None)
    if other is None and asked not in ("", SHIPPED):
        raise NotFound("There is no such version of this protocol.")
    if other is None and asked == "":
        other = next((one for one in others if one.number < row.number), None)
    before = (
        document_of(ProtocolVersion.objects.get(pk=other.pk).text)
        if other is not None
        else shipped_document(shown["shipped_name"])
    )
    found = changes(before, shown["document"])
    shown |= {
        "others": others,
        "other": other,
        "before_words": f"version {other.number}" if other else "the shipped protocol",
        "found": found,
        "loud": sum(change.is_loud for change in found),
        "sections": by_section((change.section, change) for change in found),
    }
    return render(request, "protocols/compare.html", shown)


@require_GET
@page("protocol.view")
def protocol_file(request: HttpRequest, version_id: Any) -> HttpResponse:
    """The document as a file; of a signed version, the very text that its hash is of."""
    row = open_version(request, version_id, "protocol.view", "protocol file")
    name = f"{document_of(row.text)['name']}-v{row.number}"
    name += f"-{row.text_hash[:8]}" if row.text_hash else "-draft"
    response = HttpResponse(row.text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.json"'
    return response


@require_GET
@page("protocol.view")
def protocol_print(request: HttpRequest, version_id: Any) -> HttpResponse:
    """One version on paper, with its signature and its hash."""
    row = open_version(request, version_id, "protocol.view", "protocol on paper")
    return render(request, "protocols/paper.html", _paper(request, row) | {"on_screen": True})


@require_GET
@page("protocol.view")
def protocol_pdf(request: HttpRequest, version_id: Any) -> HttpResponse:
    """The same as PDF; where the PDF maker cannot run, a page that says how to print instead."""
    row = open_version(request, version_id, "protocol.view", "protocol as PDF")
    try:
        content = pdf_from_html(render_to_string("protocols/paper.html", _paper(request, row)))
    except PdfUnavailable:
        return render(
            request,
            "web/error.html",
            {
                "status": 503,
                "heading": "The PDF cannot be made on this machine",
                "what": "Libraries that WeasyPrint needs are missing here.",
                "todo": [
                    "Open the protocol for print and print it from the browser.",
                    "“evenkeel doctor” names the missing packages.",
                ],
            },
            status=503,
        )
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="protocol-{row.product}-v{row.number}.pdf"'
    return response


def _paper(request: HttpRequest, row: ProtocolVersion) -> dict[str, Any]:
    shown = version_frame(request, row)
    held = installation()
    return shown | {
        "sections": sections_of(shown["document"]),
        "own": loud_first(changes_from_shipped(shown["document"])),
        "demo": is_demo(),
        "organization": held.organisation if held else "",
        "printed_at": timezone.localtime(shown["now"]),
        "printed_by": request.ctx.actor.name,  # type: ignore[attr-defined]
        "back": reverse("protocol", args=[row.pk]),
    }
