"""What every page frame needs and only the request knows."""

from typing import Any

from django.http import HttpRequest

THEMES = ("light", "dark")
THEME_COOKIE = "theme"


def page_frame(request: HttpRequest) -> dict[str, Any]:
    """Return the chosen theme, or an empty string where the system decides.

    A context processor. The cookie is written by `web/js/theme.js`; any other value in it is
    ignored, so it cannot reach the markup.
    """
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return {"theme": chosen if chosen in THEMES else ""}
