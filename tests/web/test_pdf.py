"""A printed page becomes a PDF without asking the disk or the network for anything else."""

from io import BytesIO

import pytest
from django.template import Context, Template
from pypdf import PdfReader

from evenkeel.web import kit, svg
from evenkeel.web.pdf import ForbiddenAddress, pdf_from_html, static_file_for

NOTE = (
    '{% extends "web/print.html" %}{% block heading %}Session note{% endblock %}'
    "{% block main %}{{ picture }}<p>Ada Sample, ready to leave.</p>"
    '<img src="file:///etc/hostname" alt="">{% endblock %}'
)


def test_a_note_with_its_drawing_becomes_a_page():
    picture = svg.session_timeline(kit.sample_session())
    pdf = pdf_from_html(Template(NOTE).render(Context({"picture": picture, "demo": True})))
    pages = PdfReader(BytesIO(pdf)).pages
    text = pages[0].extract_text()
    assert len(pages) == 1
    for words in ("Session note", "Ada Sample", "not for care", "51 mg/h", "Dissociation"):
        assert words in text


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "http://127.0.0.1/static/web/mark.svg",
        "http://evenkeel.invalid/media/letter.pdf",
        "http://evenkeel.invalid/static/../config/settings.py",
        "http://evenkeel.invalid/static/%2e%2e/%2e%2e/config/settings.py",
        "http://evenkeel.invalid/static/web/missing.css",
        "data:text/css,body{}",
    ],
)
def test_any_other_address_is_refused(url):
    with pytest.raises(ForbiddenAddress):
        static_file_for(url)


def test_a_static_file_is_found():
    found = static_file_for("http://evenkeel.invalid/static/web/css/tokens.css")
    assert found.endswith("web/css/tokens.css")
