"""The one door to clinical data: every read of a person's record passes here and is logged."""

from __future__ import annotations

import uuid
from typing import Any, TypeVar

from django.db.models import QuerySet

from evenkeel.clinic.record.act import Act, Context, check_access, find, together
from evenkeel.clinic.record.errors import Forbidden, NotFound
from evenkeel.clinic.record.models import Record

T = TypeVar("T", bound=Record)
#: What the reason of every reading begins with that only an emergency opened.
IN_EMERGENCY_WORDS = "Emergency access"


def open_record(
    ctx: Context, model: type[T], pk: Any, *related: str, permission: str, what: str
) -> T:
    """The row with this key, if the caller may read it; the reading is logged, and so is a refusal.

    ``what`` names what is being looked at, in words an inspector understands ("course page").
    Raises ``NotFound`` or ``Forbidden``.
    """
    try:
        row = find(model, pk, *related)
        check_access(ctx.actor, row, permission)
    except (NotFound, Forbidden):
        log_read(ctx, what, subject=f"{model._meta.model_name}:{str(pk)[:40]}", refused=True)
        raise
    held = ctx.actor.patient_id is not None or ctx.actor.holds(permission, row.site_id)
    opened = None if held else ctx.actor.emergency_for(permission, row)
    log_read(
        _with_reason(ctx, opened.reason) if opened else ctx,
        what,
        patient_id=row.patient_ref,
        site_id=row.site_id,
        subject=f"{row._meta.model_name}:{row.pk}",
    )
    return row


def _with_reason(ctx: Context, reason: str) -> Context:
    return Context(ctx.actor, ctx.clock, ctx.via, f"{IN_EMERGENCY_WORDS}: {reason}")


def log_read(
    ctx: Context,
    what: str,
    *,
    patient_id: uuid.UUID | None = None,
    site_id: uuid.UUID | None = None,
    subject: str = "",
    refused: bool = False,
) -> None:
    """Write one entry for one reading; inside an act it joins that act's transaction."""
    with together() as ledger:
        act = Act(ledger, ctx, f"read {what}", "")
        act.patient_id, act.site_id, act.subject = patient_id, site_id, subject
        if refused:
            act.outcome = "refused"


def visible(ctx: Context, rows: QuerySet[Any], permission: str) -> QuerySet[Any]:
    """Those of ``rows`` that belong to sites where the caller holds ``permission``."""
    sites = ctx.actor.sites(permission)
    if ctx.actor.patient_id is not None:
        return rows.filter(patient_id=ctx.actor.patient_id)
    return rows if sites is None else rows.filter(site_id__in=sites)


__all__ = ["IN_EMERGENCY_WORDS", "log_read", "open_record", "visible"]
