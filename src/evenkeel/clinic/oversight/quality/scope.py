"""Which part of the clinic a page of quality is about, and in what steps of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from evenkeel.clinic.people.models import Site
from evenkeel.clinic.record.act import Context
from evenkeel.clinic.session.models import Session
from evenkeel.protocol.products import PRODUCTS

#: step -> (word, how many are shown unless dates are chosen)
STEPS: Final[dict[str, tuple[str, int]]] = {
    "week": ("Week", 26),
    "month": ("Month", 24),
    "quarter": ("Quarter", 12),
}
#: From so long a past on a chart of months has enough points.
_MONTHS_FROM: Final = timedelta(days=400)
#: Longer than this is a slip of the pen.
_LONGEST: Final = timedelta(days=366 * 12)


@dataclass(frozen=True, slots=True)
class Period:
    """One step of time on the site's clock: from ``start`` until before ``end``."""

    first_day: date
    start: datetime
    end: datetime
    label: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What was chosen. ``site`` is ``None`` for all of ``site_ids``; ``product`` "" for every one.

    ``periods`` are whole ones; the one under way is not among them, for it is not comparable yet.
    """

    sites: tuple[Site, ...]
    site: Site | None
    product: str
    step: str
    first: date
    last: date
    periods: tuple[Period, ...]
    start: datetime
    end: datetime
    now: datetime

    @property
    def site_ids(self) -> list[UUID]:
        """The sites that count."""
        return [self.site.pk] if self.site else [site.pk for site in self.sites]

    @property
    def product_label(self) -> str:
        """The product in words."""
        return PRODUCTS[self.product].label if self.product else "Every product"

    def query(self, **changes: Any) -> str:
        """The choice as a query string, with ``changes``."""
        chosen = {
            "site": str(self.site.pk) if self.site else "",
            "product": self.product,
            "by": self.step,
            "from": self.first.isoformat(),
            "to": self.last.isoformat(),
            **changes,
        }
        return urlencode({name: value for name, value in chosen.items() if value not in ("", None)})


def scope_of(ctx: Context, asked: Mapping[str, str]) -> Scope | None:
    """The scope that was asked for, what cannot be read put right; ``None`` without any site."""
    held = ctx.actor.sites("quality.view")
    rows = Site.objects.filter(active=True).order_by("name")
    sites = tuple(rows if held is None else rows.filter(pk__in=held))
    if not sites:
        return None
    chosen = next((s for s in sites if str(s.pk) == asked.get("site")), None)
    site = chosen or (sites[0] if len(sites) == 1 else None)
    zone = ZoneInfo((site or sites[0]).timezone)
    now = ctx.clock.now()
    began = _began(site, sites)
    step = asked.get("by", "") if asked.get("by", "") in STEPS else _fitting(began, now)
    today = now.astimezone(zone).date()
    last = min(_day(asked.get("to", "")) or today, today)
    first = _day(asked.get("from", ""))
    if first is None or first > last or last - first > _LONGEST:
        first = _back(_begin(last, step), step, STEPS[step][1])
    # before the first session there was nothing to count, and nothing is no figure
    if began is not None:
        first = min(last, max(first, began.astimezone(zone).date()))
    product = asked.get("product", "")
    periods = _periods(first, last, step, zone, now)
    return Scope(
        sites=sites,
        site=site,
        product=product if product in PRODUCTS else "",
        step=step,
        first=first,
        last=last,
        periods=periods,
        start=_midnight(_begin(first, step), zone),
        end=min(now + timedelta(seconds=1), _midnight(last + timedelta(days=1), zone)),
        now=now,
    )


def _began(site: Site | None, sites: tuple[Site, ...]) -> datetime | None:
    """When the first session was opened here; ``None`` before there is one."""
    rows = Session.objects.filter(site__in=[site] if site else sites).order_by("opened_at")
    return rows.values_list("opened_at", flat=True).first()


def _fitting(began: datetime | None, now: datetime) -> str:
    """Months where a clinic has worked for so long that they make a chart, else weeks."""
    return "month" if began is not None and now - began > _MONTHS_FROM else "week"


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2200 else None


def _begin(day: date, step: str) -> date:
    """The first day of the step this day lies in."""
    if step == "week":
        return day - timedelta(days=day.weekday())
    month = day.month if step == "month" else (day.month - 1) // 3 * 3 + 1
    return day.replace(month=month, day=1)


def _next(day: date, step: str) -> date:
    if step == "week":
        return day + timedelta(days=7)
    months = day.month + (1 if step == "month" else 3)
    return day.replace(year=day.year + (months - 1) // 12, month=(months - 1) % 12 + 1)


def _back(day: date, step: str, count: int) -> date:
    if step == "week":
        return day - timedelta(days=7 * count)
    months = day.year * 12 + day.month - 1 - count * (1 if step == "month" else 3)
    return date(months // 12, months % 12 + 1, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)


def _label(day: date, step: str) -> str:
    if step == "week":
        return f"{day.day} {day:%b}"
    if step == "quarter":
        return f"Q{(day.month + 2) // 3} {day:%y}"
    return f"{day:%b} {day:%y}" if day.month == 1 else f"{day:%b}"


def _periods(
    first: date, last: date, step: str, zone: ZoneInfo, now: datetime
) -> tuple[Period, ...]:
    found = []
    day = _begin(first, step)
    while day <= last:
        after = _next(day, step)
        if _midnight(after, zone) <= now:
            start, end = _midnight(day, zone), _midnight(after, zone)
            found.append(Period(day, start, end, _label(day, step)))
        day = after
    return tuple(found)
