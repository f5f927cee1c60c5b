"""Whether a site shows the live forecast of a product yet, or makes and scores it in the shadow."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from evenkeel.clinic.record.installation import is_demo
from evenkeel.clinic.session.models import ForecastChoice


def choice_at(site_id: UUID, product: str) -> ForecastChoice | None:
    """What was decided last for a product at a site."""
    rows = ForecastChoice.objects.filter(site_id=site_id, product=product)
    found: ForecastChoice | None = rows.order_by("-decided_at", "-created_at").first()
    return found


def choices(site_id: UUID) -> dict[str, ForecastChoice]:
    """What was decided last for each product at a site; one query."""
    rows = ForecastChoice.objects.filter(site_id=site_id).select_related("decided_by")
    return {row.product: row for row in rows.order_by("decided_at", "created_at")}


def is_shown_at(site_id: UUID, product: str) -> bool:
    """Whether the forecast is shown: where a director decided so, and in a demonstration."""
    found = choice_at(site_id, product)
    return is_demo() if found is None else bool(found.shown)


def shown_pairs(pairs: set[tuple[Any, str]]) -> set[tuple[Any, str]]:
    """Those of (site, product) at which it is shown; one query for all."""
    newest: dict[tuple[Any, str], bool] = {}
    rows = ForecastChoice.objects.filter(site_id__in={site for site, _ in pairs})
    for row in rows.order_by("decided_at", "created_at").values("site_id", "product", "shown"):
        newest[row["site_id"], row["product"]] = row["shown"]
    demo = is_demo()
    return {pair for pair in pairs if newest.get(pair, demo)}
