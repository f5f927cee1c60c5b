"""Template filters of the sign-in pages."""

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def inline_svg(document: str) -> SafeString:
    """An SVG document as part of a page: without its XML declaration.

    Only for pictures this server drew itself: nothing is escaped.
    """
    return mark_safe(document[max(0, document.find("<svg")) :])  # noqa: S308 drawn by the server
