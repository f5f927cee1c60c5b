"""How a form of these pages becomes an act: once, and with its refusal shown beside the fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest

from evenkeel.clinic.record.errors import Conflict, Invalid, Refused
from evenkeel.clinic.record.idempotency import once
from evenkeel.clinic.record.permissions import ROLE_LABELS, STAFF_ROLES

#: Never part of what is kept to recognize a repeated request.
SECRET_FIELDS = frozenset({"password", "new_password", "password_again", "pin", "pin_again"})
_NOT_CONTENT = frozenset({"csrfmiddlewaretoken", "act_id"}) | SECRET_FIELDS
ROLE_CHOICES = [(role.value, ROLE_LABELS[role]) for role in STAFF_ROLES]


def posted(request: HttpRequest) -> dict[str, Any]:
    """What was posted, without tokens and secrets, with the path it was posted to."""
    content: dict[str, Any] = {
        name: request.POST.getlist(name) for name in request.POST if name not in _NOT_CONTENT
    }
    content["path"] = request.path
    return content


def act_once(request: HttpRequest, do: Callable[[], Any]) -> Any:
    """Run ``do`` once for this form's ``act_id``; a repeated request gets the first reply."""
    ctx = request.ctx  # type: ignore[attr-defined]
    reply, _ = once(ctx, request.POST.get("act_id", ""), posted(request), do)
    return reply


def submit(request: HttpRequest, form: forms.Form, do: Callable[[dict[str, Any]], Any]) -> Any:
    """``do`` with the form's clean data, once; ``None`` where the form must be shown again.

    What the act refuses is put beside the field it names, or above the form.
    """
    if not form.is_valid():
        return None
    try:
        return act_once(request, lambda: do(dict(form.cleaned_data)))
    except (Invalid, Refused, Conflict) as refusal:
        show_refusal(form, refusal)
        return None


def show_refusal(form: forms.Form, refusal: Invalid | Refused | Conflict) -> None:
    """Put a refusal into the form: beside its fields, or above where it names none of them."""
    beside = {name: said for name, said in refusal.fields.items() if name in form.fields}
    for name, said in beside.items():
        form.add_error(name, said)
    if not beside or refusal.what_to_do:
        form.add_error(None, f"{refusal.message} {refusal.what_to_do}".strip())
