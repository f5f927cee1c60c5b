"""A printed page as a PDF file, or the page that says how to print instead."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from evenkeel.web.pdf import PdfUnavailable, pdf_from_html


def pdf_response(
    request: HttpRequest, template: str, shown: dict[str, Any], name: str
) -> HttpResponse:
    """The page as PDF under a file name that holds no person's name; 503 where none can be made."""
    try:
        content = pdf_from_html(render_to_string(template, shown))
    except PdfUnavailable:
        return render(
            request,
            "web/error.html",
            {
                "status": 503,
                "heading": "The PDF cannot be made on this machine",
                "what": "Libraries that WeasyPrint needs are missing here. Nothing is lost.",
                "todo": [
                    "Open the page for print and print it from the browser.",
                    "“evenkeel doctor” names the missing packages.",
                ],
            },
            status=503,
        )
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}.pdf"'
    response["Cache-Control"] = "no-store, private"
    return response
