"""The signature under a record: `{% load signature_tags %}` and `{% signature row %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context
from django.urls import reverse

from evenkeel.clinic.record.permissions import ROLE_LABELS
from evenkeel.clinic.record.signed import signature_of

register = template.Library()


@register.inclusion_tag("web/components/signature.html", takes_context=True)
def signature(context: Context, row: Any) -> dict[str, Any]:
    """The signature of a row; nothing where it is not signed. The signer must be loaded with it.

    Who may check signatures gets the address at which this one is worked out anew.
    """
    found = signature_of(row)
    ctx = getattr(context.get("request"), "ctx", None)
    may_check = bool(found and ctx and ctx.actor.may("signature.check"))
    return {
        "signature": found,
        "role_words": ROLE_LABELS.get(found.role, "") if found else "",
        "check_url": reverse("signature_check", args=[found.kind, found.key])
        if found and may_check
        else "",
    }
