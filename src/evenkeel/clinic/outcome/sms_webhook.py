"""A port for text messages that belongs to no vendor: it posts JSON to one address.

What stands at that address (a modem, a gateway, a small script) sends the message on.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from django.conf import settings

_TIMEOUT_S = 15


def send(number: str, text: str) -> None:
    """Post ``{"to": number, "text": text}``; raises ``OSError`` unless it is taken (2xx)."""
    parts = urlsplit(settings.SMS_URL)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if parts.scheme != "https" and not (parts.scheme == "http" and local):
        raise OSError("sms_url must be https, or http on this machine")
    headers = {"Content-Type": "application/json"}
    if settings.SMS_TOKEN:
        headers["Authorization"] = f"Bearer {settings.SMS_TOKEN}"
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked
        settings.SMS_URL,
        data=json.dumps({"to": number, "text": text}).encode(),
        headers=headers,
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as reply:  # noqa: S310
        if not 200 <= reply.status < 300:
            raise OSError(f"the gateway answered {reply.status}")
