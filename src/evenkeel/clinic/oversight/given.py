"""What was given in a session, as an incident or a report names it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from evenkeel.clinic.session.models import Session
from evenkeel.clinic.session.timeline import Timeline
from evenkeel.protocol.products import PRODUCTS

#: Who knows the lots a session drew from; the ledger says so at start.
_LOTS: list[Callable[[UUID], list[str]]] = []


def read_lots_with(reader: Callable[[UUID], list[str]]) -> None:
    """Let ``reader`` say which lots a session drew from."""
    _LOTS[:] = [reader]


def lots_of(session_id: UUID) -> list[str]:
    """The lots a session drew from, in the order they were drawn; none where none is recorded."""
    return [lot for reader in _LOTS for lot in reader(session_id) if lot]


def given_in(session: Session, timeline: Timeline, at: datetime | None = None) -> dict[str, Any]:
    """Product, dose until ``at`` (else all of it), lot and times as plain JSON.

    What is not known is left out.
    """
    product = PRODUCTS.get(session.product)
    found: dict[str, Any] = {
        "product": session.product,
        "name": product.label if product else session.product,
        "route": product.route if product else "",
        "session_number": session.number,
    }
    if timeline.started_at is not None:
        found["started_at"] = timeline.started_at.isoformat()
        found["dose_mg"] = timeline.given_mg
    if timeline.ended_at is not None:
        found["ended_at"] = timeline.ended_at.isoformat()
    lots = lots_of(session.pk)
    if lots:
        found["lot"] = ", ".join(lots)
    if at is not None and timeline.started_at is not None:
        found["minutes_after"] = round((at - timeline.started_at).total_seconds() / 60)
    return found
