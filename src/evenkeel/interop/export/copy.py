"""The archive that is handed out: a page to read, a PDF, FHIR, documents, every row."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.templatetags.static import static

from evenkeel.clinic.course.models import Consent
from evenkeel.clinic.oversight.models import PrivacyRequest
from evenkeel.clinic.oversight.retention import Jurisdiction, rules_of
from evenkeel.clinic.people.fact_words import fact_words
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.therapy.wall import count_walled
from evenkeel.interop.export.everything import LEFT_OUT, Rows, everything_about
from evenkeel.interop.fhir.own_bundle import label_of, own_bundle, own_record_of
from evenkeel.interop.fhir.own_pages import answered_lines
from evenkeel.web.pdf import PdfUnavailable, pdf_from_html

_DATE = (1980, 1, 1, 0, 0, 0)
_STYLE = "web/css/copy.css"


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that was made: the archive, its SHA-256, and how many notes it leaves out."""

    content: bytes
    sha256: str
    walled: int
    has_pdf: bool


def make_copy(patient: Patient, now: datetime) -> Copy:
    """Everything about a person that may be handed out, as one archive in memory."""
    place = rules_of(patient.site.jurisdiction)
    tables = everything_about(patient)
    walled = count_walled(patient)
    shown = _shown(patient, now, place, tables, walled)
    page = render_to_string("export/record.html", shown | {"css": "style.css"})
    files = {
        "record.html": page.encode(),
        "style.css": Path(str(finders.find(_STYLE))).read_bytes(),
        "record.fhir.json": _json(own_bundle(own_record_of(patient), now)),
        **{f"rows/{table.label}.json": _json(table.rows) for table in tables},
        **_documents(patient),
    }
    has_pdf = True
    try:
        # every row on paper would be hundreds of pages that nobody reads
        on_paper = shown | {"css": static(_STYLE), "tables": []}
        printed = render_to_string("export/record.html", on_paper)
        files["record.pdf"] = pdf_from_html(printed)
    except PdfUnavailable:
        has_pdf = False
    files["README.txt"] = _readme(patient, now, place, walled, has_pdf=has_pdf).encode()
    content = _packed(files)
    return Copy(content, hashlib.sha256(content).hexdigest(), walled, has_pdf)


def _shown(
    patient: Patient, now: datetime, place: Jurisdiction, tables: list[Rows], walled: int
) -> dict[str, Any]:
    record = own_record_of(patient)
    return {
        "patient": patient,
        "now": now,
        "record": record,
        "facts": [
            {"label": label_of(row), "words": fact_words(row), "row": row} for row in record.facts
        ],
        "answered": [
            {
                "response": response,
                "instrument": form,
                "lines": answered_lines(form, response.answers),
            }
            for response, form in record.responses
        ],
        "requests": PrivacyRequest.objects.filter(patient=patient).order_by("received_at"),
        "tables": [
            {
                "title": table.title,
                "rows": [_lines(row) for row in table.rows],
            }
            for table in tables
        ],
        "left_out": list(LEFT_OUT.values()),
        "walled": walled,
        "walled_words": place.walled_words,
        "walled_source": place.walled_source,
    }


def _lines(row: dict[str, Any]) -> list[tuple[str, str]]:
    """What a row says, name by name; what it does not say is left out."""
    found = ((name.replace("_", " "), _cell(value)) for name, value in row.items())
    return [(name, words) for name, words in found if words]


def _cell(value: Any) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _documents(patient: Patient) -> dict[str, bytes]:
    """The texts that the person signed, each once for each time."""
    found = {}
    signed = Consent.objects.filter(course__patient=patient).select_related("document")
    for number, row in enumerate(signed.order_by("signed_at"), 1):
        head = f"{row.document.title}\nSigned {row.signed_at:%d %b %Y, %H:%M} UTC\n"
        if row.withdrawn_at:
            head += f"Taken back {row.withdrawn_at:%d %b %Y, %H:%M} UTC\n"
        found[f"documents/consent-{number}.txt"] = f"{head}\n{row.document.body}\n".encode()
    return found


def _readme(
    patient: Patient, now: datetime, place: Jurisdiction, walled: int, *, has_pdf: bool
) -> str:
    notes = (
        f"\nNOT IN THIS COPY: {walled} psychotherapy note{'s' if walled != 1 else ''}.\n"
        f"{place.walled_words}\n({place.walled_source.text})\n"
        if walled
        else ""
    )
    pdf = "record.pdf        the same without the single rows, to print\n" if has_pdf else ""
    return f"""COPY OF A MEDICAL RECORD
{patient.mrn}, made {now:%d %b %Y, %H:%M} UTC at {patient.site.name}

It holds private things. Keep it where only you can open it.

record.html       everything, to read in a browser
{pdf}record.fhir.json  the main parts for the program of another clinic (FHIR R4)
documents/        what was signed
rows/             everything as the clinic keeps it, for programs
{notes}
Something is wrong? You may ask the clinic to correct it.
"""


def _packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, _DATE)
            info.external_attr, info.compress_type = 0o100600 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(info, files[name])
    return out.getvalue()
