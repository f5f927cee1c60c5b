"""How numbers, units, times and chances are written on every page.

Pure functions; the reader's locale and time zone are Django's active ones. `None` is never shown as
an empty place: it reads "not known", for a missing fact must not look like "no".
"""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.utils import formats, timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

NBSP = "\u00a0"

Number = int | float | Decimal


def number_text(value: Number | None, places: int | None = None) -> str:
    """Write a number in the active locale.

    A Decimal keeps the places it was recorded with; a float without `places` is written with up to
    three and no trailing zeros.
    """
    if value is None:
        return _("not known")
    if places is not None:
        # Django cuts a number off at its places; a dose is rounded
        exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        return formats.number_format(exact, decimal_pos=places, use_l10n=True)
    if isinstance(value, float):
        text = f"{value:.3f}".rstrip("0").rstrip(".")
        return formats.number_format(Decimal(text or "0"), use_l10n=True)
    return formats.number_format(value, use_l10n=True)


def quantity_text(value: Number | None, unit: str = "", places: int | None = None) -> str:
    """Write a number with its unit, held together by a no-break space."""
    if value is None:
        return _("not known")
    text = number_text(value, places)
    return f"{text}{NBSP}{unit}" if unit else text


def chance_text(share: Number | None) -> str:
    """Write a chance between 0 and 1 as a percentage that never rounds a small risk to none."""
    if share is None:
        return _("not known")
    percent = float(share) * 100
    if 0 < percent < 1:
        return f"<{NBSP}1{NBSP}%"
    if 99 < percent < 100:
        return f">{NBSP}99{NBSP}%"
    return f"{percent:.0f}{NBSP}%"


def _local(moment: datetime) -> datetime:
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment


def clock_text(moment: datetime | None, seconds: bool = False) -> str:
    """Write a clock time for staff: 24 hours, in the clinic's zone."""
    if moment is None:
        return _("not known")
    return format_date(_local(moment), "H:i:s" if seconds else "H:i")


def patient_clock_text(moment: datetime | None) -> str:
    """Write a clock time as the reader's locale does: 1:15 pm or 13:15."""
    if moment is None:
        return _("not known")
    pattern = formats.get_format("TIME_FORMAT")
    if any(sign in pattern for sign in "HG"):
        return format_date(_local(moment), "H:i")
    local = _local(moment)
    half = format_date(local, "A").lower()
    return f"{format_date(local, 'g:i')}{NBSP}{half}"


def zoned_text(moment: datetime | None) -> str:
    """Write a moment that must stand alone: day, seconds, zone and its offset from UTC."""
    if moment is None:
        return _("not known")
    local = _local(moment)
    offset = local.strftime("%z")
    zone = local.tzname() or ""
    away = f"UTC{offset[:3]}:{offset[3:5]}" if offset.strip("+0") else "UTC"
    named = f"{zone} ({away})" if zone and not zone.startswith(("+", "-", "UTC")) else away
    return f"{format_date(local, 'j M Y')} {format_date(local, 'H:i:s')} {named}".replace(" ", NBSP)


def day_text(moment: datetime | date | None, year: bool = False, weekday: bool = False) -> str:
    """Write a day: 23 Nov, with weekday and year where asked."""
    if moment is None:
        return _("not known")
    local = _local(moment) if isinstance(moment, datetime) else moment
    pattern = ("D " if weekday else "") + "j M" + (" Y" if year else "")
    return format_date(local, pattern).replace(" ", NBSP)


def _span(delta: timedelta) -> str:
    seconds = int(delta.total_seconds())
    if seconds < 60:
        return ngettext("%(n)d s", "%(n)d s", seconds) % {"n": seconds}
    minutes = seconds // 60
    if minutes < 90:
        return ngettext("%(n)d min", "%(n)d min", minutes) % {"n": minutes}
    hours = minutes // 60
    if hours < 36:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    days = delta.days
    if days < 61:
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    months = round(days / 30.44)
    if months < 24:
        return ngettext("%(n)d month", "%(n)d months", months) % {"n": months}
    years = days // 365
    return ngettext("%(n)d year", "%(n)d years", years) % {"n": years}


def ago_text(moment: datetime | None, now: datetime) -> str:
    """Write how far a moment lies from `now`: "2 min ago", "in 3 days", "now"."""
    if moment is None:
        return _("not known")
    delta = now - moment
    if abs(delta) < timedelta(seconds=1):
        return _("now")
    if delta > timedelta(0):
        return _("%(span)s ago") % {"span": _span(delta).replace(" ", NBSP)}
    return _("in %(span)s") % {"span": _span(-delta).replace(" ", NBSP)}


def span_text(delta: timedelta | None) -> str:
    """Write a length of time in its largest fitting unit."""
    if delta is None:
        return _("not known")
    return _span(abs(delta)).replace(" ", NBSP)
