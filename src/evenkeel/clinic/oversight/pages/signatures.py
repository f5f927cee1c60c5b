"""One signature, worked out anew from what is stored, for whoever may read what was signed."""

from __future__ import annotations

from django.apps import apps
from django.db.models import ForeignKey, Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from evenkeel.clinic.record.act import Context, check_access
from evenkeel.clinic.record.door import log_read, open_record
from evenkeel.clinic.record.errors import NotFound
from evenkeel.clinic.record.models import Appended, Record
from evenkeel.clinic.record.routes import page
from evenkeel.clinic.record.signed import (
    check_signature,
    is_signed,
    signature_of,
    signed_kind,
)

_NOTHING = "There is nothing here with that address."


@require_GET
@page("signature.check")
def signature_check(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Who signed, when and meaning what, and whether what stands is what was signed."""
    ctx: Context = request.ctx  # type: ignore[attr-defined]
    row = _open(ctx, kind, key)
    if not is_signed(row):
        raise NotFound(_NOTHING)
    shown = {
        "row": row,
        "signature": signature_of(row),
        "check": check_signature(row),
        "site": getattr(row, "site", None),
    }
    return render(request, "oversight/signature.html", shown)


def _open(ctx: Context, label: str, key: str) -> Model:
    """The row, through the door. Raises ``NotFound`` for a kind nobody signs."""
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        raise NotFound(_NOTHING) from None
    kind = signed_kind(model)
    if kind is None:
        raise NotFound(_NOTHING)
    what = f"signature of a {kind.name.lower()}"
    related = [name for name in (kind.by, kind.witness) if name and _is_key(model, name)]
    if issubclass(model, Record):
        return open_record(ctx, model, key, "site", *related, permission=kind.view, what=what)
    try:
        row: Appended | None = model._default_manager.filter(pk=key).select_related("site").first()
    except (ValueError, TypeError):  # no key at all
        row = None
    if row is None:
        raise NotFound(_NOTHING)
    check_access(ctx.actor, row, kind.view)
    subject = f"{model._meta.model_name}:{row.pk}"
    log_read(ctx, what, patient_id=row.patient_ref, site_id=row.site_id, subject=subject)
    return row


def _is_key(model: type[Model], name: str) -> bool:
    return isinstance(model._meta.get_field(name), ForeignKey)
