"""Error pages that say what happened and what to do, for people rather than programs.

Wire them in the root URL configuration: `handler400 = "evenkeel.web.errors.bad_request"` and so on,
and `CSRF_FAILURE_VIEW = "evenkeel.web.errors.csrf_failure"`.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ErrorWords:
    """What one kind of error says: a heading, what happened, and lines of what to do."""

    heading: Any
    what: Any
    todo: tuple[Any, ...]


ERROR_WORDS: Mapping[int, ErrorWords] = {
    400: ErrorWords(
        gettext_lazy("This could not be read"),
        gettext_lazy("What was sent is incomplete or in a form we do not know. Nothing was saved."),
        (
            gettext_lazy("Go back, look at what you entered, and send it again."),
            gettext_lazy("If you uploaded a file, check that it is the one you meant."),
        ),
    ),
    403: ErrorWords(
        gettext_lazy("Not yours to open"),
        gettext_lazy("Your role or your site does not allow this. Nothing was changed."),
        (
            gettext_lazy("If you need it for your work, ask the medical director for the role."),
            gettext_lazy("If you sign in under another name for this, sign out first."),
        ),
    ),
    404: ErrorWords(
        gettext_lazy("Nothing here"),
        gettext_lazy("This page does not exist, or you may not see it."),
        (
            gettext_lazy("Check the address for a slip."),
            gettext_lazy("Look for the person or the session from the first page."),
        ),
    ),
    409: ErrorWords(
        gettext_lazy("Somebody was there before you"),
        gettext_lazy("This changed after you opened it. Yours was not saved."),
        (
            gettext_lazy("Open the page again and see what changed."),
            gettext_lazy("Then enter yours again if it still holds."),
        ),
    ),
    429: ErrorWords(
        gettext_lazy("Too many tries"),
        gettext_lazy("This was tried too often in a short time, so it is closed for a while."),
        (
            gettext_lazy("Wait a few minutes, then try once more."),
            gettext_lazy("If you are locked out and needed now, ask an administrator."),
        ),
    ),
    500: ErrorWords(
        gettext_lazy("Something broke on our side"),
        gettext_lazy("It is written down for those who look after this installation."),
        (
            gettext_lazy("Check whether your last entry is there before you enter it again."),
            gettext_lazy("In a session, go on with the bedside monitor and the paper sheet."),
            gettext_lazy("Tell whoever looks after this installation if it happens again."),
        ),
    ),
}


def error_page(
    request: HttpRequest | None, status: int, *, detail: str = "", reference: str = ""
) -> HttpResponse:
    """Return the page for a status; an unlisted one borrows the words of 400 or 500.

    `detail` is one sentence about this case, shown escaped; never put a person's data in it. Works
    without a request, a session or a database, for it must stand when those are what broke.
    """
    words = ERROR_WORDS.get(status) or ERROR_WORDS[500 if status >= 500 else 400]
    context = {
        "status": status,
        "heading": words.heading,
        "what": words.what,
        "todo": words.todo,
        "detail": detail,
        "reference": reference,
    }
    if request is not None and status < 500:
        try:
            return HttpResponse(
                render_to_string("web/error.html", context, request=request), status=status
            )
        except Exception:
            # the frame's own data may be what is missing; the bare page still tells what to do
            logger.exception("error page without its frame", extra={"status": status})
    return HttpResponse(render_to_string("web/error.html", context), status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400."""
    return error_page(request, 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403; a PermissionDenied raised with a sentence shows it."""
    detail = str(exception.args[0]) if exception and exception.args else ""
    return error_page(request, 403, detail=detail)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404."""
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, with nothing that asks the database."""
    return error_page(None, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is missing or old."""
    return error_page(
        request,
        403,
        detail=_("The page was open too long, or cookies are closed. Open it again, then send."),
    )
