"""What was given in a session, as an incident or a report names it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from evenkeel.clinic.session.models import Session
from evenkeel.clinic.session.timeline import Timeline
from evenkeel.clinic.stock.models import Container
from evenkeel.protocol.products import PRODUCTS


def lots_in(timeline: Timeline) -> list[str]:
    """The lots of the doses that stand, in the order they were given; none where none is said."""
    lots = [str(given.body.get("lot") or "") for given in timeline.drug]
    return list(dict.fromkeys(lot for lot in lots if lot))


def given_in(session: Session, timeline: Timeline, at: datetime | None = None) -> dict[str, Any]:
    """Product, dose, lot, package and times as plain JSON; ``at`` is when the incident began.

    Package code and expiry are those of the containers drawn from, where the ledger is kept here.
    What is not known is left out. One query where a dose names a container.
    """
    product = PRODUCTS.get(session.product)
    found: dict[str, Any] = {
        "product": session.product,
        "name": product.label if product else session.product,
        "session_number": session.number,
        "indication": session.course.indication,
    }
    if timeline.started_at is not None:
        found["started_at"] = timeline.started_at.isoformat()
        found["dose_mg"] = timeline.given_mg
    if timeline.ended_at is not None:
        found["ended_at"] = timeline.ended_at.isoformat()
    lots = lots_in(timeline)
    if lots:
        found["lot"] = ", ".join(lots)
    found |= _packages(timeline)
    if at is not None and timeline.started_at is not None:
        found["minutes_after"] = round((at - timeline.started_at).total_seconds() / 60)
    return found


def _packages(timeline: Timeline) -> dict[str, Any]:
    ids = {str(given.body.get("container_id") or "") for given in timeline.drug} - {""}
    if not ids:
        return {}
    rows = Container.objects.filter(pk__in=ids).select_related("item").order_by("label")
    seen = {row.item.name: f"{row.item.code}, expires {row.expires_on:%d-%b-%Y}" for row in rows}
    return {"package": "; ".join(seen), "ndc": "; ".join(seen.values())} if seen else {}
