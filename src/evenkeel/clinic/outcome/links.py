"""The links of scheduled questionnaires: made anew for each message, kept nowhere.

A link's secret follows from the installation's own key and the ask, so that a reminder can carry
the same link while only its hash is stored. Where the key was changed meanwhile the old links keep
working, since their hash stands, and no new message can carry them: the ask says so.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from django.conf import settings
from django.urls import reverse

from evenkeel.clinic.outcome.models import Ask
from evenkeel.clinic.people.sign_in import token_hash

_PURPOSE = b"evenkeel.outcome.link:"


def token_of(ask_id: Any) -> str:
    """The secret of this ask's link: 256 bits, as they stand in an address."""
    key = hashlib.sha256(settings.SECRET_KEY.encode()).digest()
    digest = hmac.new(key, _PURPOSE + str(ask_id).encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def can_be_linked(ask: Ask) -> bool:
    """Whether the link of this ask can be made again."""
    return hmac.compare_digest(ask.token_hash, token_hash(token_of(ask.pk)))


def path_of(ask: Ask) -> str:
    """The path of this ask's link, without the host."""
    return reverse("answer", args=[token_of(ask.pk)])


def link_of(ask: Ask) -> str:
    """The whole link, at the address the clinic is reached under; "" where none is set."""
    base = str(settings.PUBLIC_ADDRESS).rstrip("/")
    return f"{base}{path_of(ask)}" if base else ""
