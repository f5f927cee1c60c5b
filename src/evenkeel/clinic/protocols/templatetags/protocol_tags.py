"""Which protocol something ran under, one press from reading it: `{% load protocol_tags %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from evenkeel.clinic.protocols.queries import HeldProtocol

register = template.Library()


@register.simple_tag
def protocol_link(under: Any) -> SafeString:
    """Name and version of what a row was written under, or of the protocol that holds now.

    A link where it is a signed version; a shipped one is said to be unsigned.
    """
    if isinstance(under, HeldProtocol):
        name, number, version_id = under.protocol.title, under.protocol.version, under.version_id
    else:
        name, number = under.protocol_name, under.protocol_version
        version_id = under.protocol_used_id
    if version_id is None:
        return format_html('{} {} <span class="faint">(shipped)</span>', name, number)
    return format_html(
        '<a href="{}">{}, version {}</a>', reverse("protocol", args=[version_id]), name, number
    )
