"""The living style guide, for those who build pages; and the mark browsers ask for by habit."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.templatetags.static import static

from evenkeel.clinic.record.permissions import PUBLIC
from evenkeel.clinic.record.routes import page
from evenkeel.web.kit import kit

style_guide = page(PUBLIC)(kit)


@page(PUBLIC)
def mark(request: HttpRequest) -> HttpResponse:
    """The mark, for browsers that ask for it where every site once had one."""
    return HttpResponseRedirect(static("web/mark.svg"))
