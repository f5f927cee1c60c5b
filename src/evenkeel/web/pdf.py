"""Turn a printed page into a PDF, without ever leaving this machine."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.exceptions import SuspiciousFileOperation


class PdfUnavailable(RuntimeError):
    """Raised where the PDF maker's system libraries are missing; the page still prints."""


class ForbiddenAddress(ValueError):
    """Raised inside the PDF maker when a document asks for anything but a static file."""


# Never asked: the name only makes relative addresses whole (RFC 2606 keeps .invalid unused).
_HERE = "http://evenkeel.invalid"

_KINDS = {".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png"}


def static_file_for(url: str) -> str:
    """Return the path of the static file behind an address of this installation.

    Raises ForbiddenAddress for any other address, so a document can read neither the disk nor the
    network.
    """
    parts = urlsplit(url)
    prefix = urlsplit(settings.STATIC_URL).path
    if f"{parts.scheme}://{parts.netloc}" != _HERE or not parts.path.startswith(prefix):
        raise ForbiddenAddress(url)
    try:
        found = finders.find(unquote(parts.path.removeprefix(prefix)))
    except SuspiciousFileOperation as escape:
        raise ForbiddenAddress(url) from escape
    if not isinstance(found, str):
        raise ForbiddenAddress(url)
    return found


def pdf_from_html(html: str) -> bytes:
    """Return a PDF of a page drawn from `web/print.html`.

    Style sheets and pictures are read only from the static files. Raises PdfUnavailable when
    WeasyPrint cannot load its system libraries.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher, URLFetcherResponse
    except (ImportError, OSError) as problem:
        raise PdfUnavailable(str(problem)) from problem

    class StaticOnly(URLFetcher):
        def fetch(self, url, headers=None):
            file = Path(static_file_for(url))
            kind = _KINDS.get(file.suffix, "text/plain")
            return URLFetcherResponse(url, file.read_bytes(), {"Content-Type": kind})

    return HTML(string=html, base_url=f"{_HERE}/", url_fetcher=StaticOnly()).write_pdf()
