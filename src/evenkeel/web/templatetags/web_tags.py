"""Template tags and filters of the page kit: `{% load web_tags %}`."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import uuid4

from django import template
from django.template.context import Context
from django.template.defaultfilters import stringfilter
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from evenkeel.web import wording
from evenkeel.web.icons import draw_icon

register = template.Library()

ALARM_WORDS: Mapping[str, Any] = {
    "inform": _("Inform"),
    "review": _("Review"),
    "hold": _("Hold"),
    "emergency": _("Emergency"),
    "ok": _("Done"),
    "missing": _("Missing"),
}

# What rules, models and pages call a source, and the mark it is drawn with.
SOURCE_MARKS: Mapping[str, str] = {
    "sourced": "sourced",
    "policy": "policy",
    "clinic policy": "policy",
    "clinic_policy": "policy",
    "derived": "derived",
    "forecast": "derived",
    "assumed": "unverified",
    "unverified": "unverified",
}
MARK_WORDS: Mapping[str, Any] = {
    "sourced": _("sourced"),
    "policy": _("clinic policy"),
    "derived": _("worked out"),
    "unverified": _("not verified"),
}
MESSAGE_ICONS: Mapping[str, str] = {
    "success": "ok",
    "info": "inform",
    "debug": "inform",
    "warning": "review",
    "error": "hold",
}


@register.simple_tag
def icon(name: str, title: str = "", css_class: str = "") -> SafeString:
    """Draw one icon of the set; with a title it speaks, without one it is decoration."""
    return draw_icon(name, title, css_class)


@register.simple_tag
def message_icon(level_tag: str) -> SafeString:
    """Draw the icon of a message by the first word of its level tag."""
    first = (level_tag or "info").split(" ")[-1]
    return draw_icon(MESSAGE_ICONS.get(first, "inform"))


@register.simple_tag
def alarm(level: str, word: str = "") -> SafeString:
    """Draw an alarm tag: shape, word and color together. Raises UnknownIcon for a level unknown."""
    level = str(level).lower()
    return format_html(
        '<span class="alarm {}">{}{}</span>',
        level,
        draw_icon(level),
        word or ALARM_WORDS.get(level, level),
    )


@register.simple_tag
def src(mark: str, title: str, url: str = "") -> SafeString:
    """Draw a provenance mark with its words; a link when `url` is a page or web address.

    An unknown mark is drawn as unverified: a source nobody has graded must not look checked.
    """
    kind = SOURCE_MARKS.get(str(mark).lower(), "unverified")
    spoken = "" if str(title).lower().startswith(str(MARK_WORDS[kind])) else MARK_WORDS[kind]
    lead = format_html('<span class="vh">{}: </span>', spoken) if spoken else ""
    if url and url_has_allowed_host_and_scheme(url, allowed_hosts=None):
        return format_html('<a class="src {}" href="{}">{}{}</a>', kind, url, lead, title)
    if url.startswith("https://"):
        return format_html(
            '<a class="src {}" href="{}" rel="noopener noreferrer external">{}{}</a>',
            kind,
            url,
            lead,
            title,
        )
    return format_html('<span class="src {}">{}{}</span>', kind, lead, title)


_ADDRESS = re.compile(r"https://[^\s,;]+")


@register.simple_tag
def cite(mark: str, source: str) -> SafeString:
    """Draw a source as it stands in a data file; an address in it becomes the link.

    A source that is nothing but addresses is named by the first one's host.
    """
    found = _ADDRESS.search(source)
    if found is None:
        return src(mark, source)
    url = found.group().rstrip(".")
    title = re.sub(r"\s*\(\s*\)", "", _ADDRESS.sub("", source)).strip(" ,;.:")
    return src(mark, re.sub(r"[ ,;]{2,}", ", ", title) or url.split("/")[2], url)


@register.simple_tag(takes_context=True)
def csrf_act(context: Context) -> SafeString:
    """Write the CSRF token and the `act_id` that lets a retried form be stored once.

    The id is made anew at each drawing, so a form shown again with its errors is a new act;
    a view that wants the old one kept puts `act_id` into the context.
    """
    token = context.get("csrf_token")
    csrf: SafeString | str = ""
    if token and token != "NOTPROVIDED":  # noqa: S105 Django's own marker, not a secret
        csrf = format_html('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', token)
    act_id = context.get("act_id") or uuid4()
    return format_html(
        '{}<input type="hidden" name="act_id" value="{}" autocomplete="off">', csrf, act_id
    )


def _number(value: Any) -> int | float | Decimal | None:
    if value is None or value == "":
        return None
    if isinstance(value, int | float | Decimal):
        return value
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise template.TemplateSyntaxError(f"not a number: {value!r}") from None


@register.filter
def quantity(value: Any, unit: str = "") -> str:
    """Write a number with its unit: `{{ dose_mg|quantity:"mg" }}`, or "mg:1" for one place."""
    unit, _colon, places = unit.partition(":")
    return wording.quantity_text(_number(value), unit, int(places) if places else None)


@register.filter
def milligrams(value: Any) -> str:
    """Write a mass to the thousandth, without needless zeros: "3.5 mg"."""
    number = _number(value)
    return wording.quantity_text(None if number is None else float(number), "mg")


@register.filter
def chance(value: Any) -> str:
    """Write a share between 0 and 1 as a percentage; a small risk reads "< 1 %"."""
    return wording.chance_text(_number(value))


@register.filter
def signed(value: Any) -> str:
    """Write a change with its sign, a true minus for less."""
    number = _number(value)
    if number is None:
        return wording.quantity_text(None)
    sign = "+" if number > 0 else "\u2212" if number < 0 else "\u00b1"
    return sign + wording.number_text(abs(number))


@register.filter
def ago(moment: datetime | None, now: datetime) -> str:
    """Write how long ago: `{{ taken_at|ago:server_now }}`. The clock is always given."""
    return wording.ago_text(moment, now)


@register.filter
def span(delta: timedelta | None) -> str:
    """Write a length of time."""
    return wording.span_text(delta)


@register.filter
def clock_time(moment: datetime | None, seconds: str = "") -> str:
    """Write a time for staff, 24 hours; `clock_time:"s"` with seconds."""
    return wording.clock_text(moment, seconds=bool(seconds))


@register.filter
def patient_time(moment: datetime | None) -> str:
    """Write a time as the reader's locale does."""
    return wording.patient_clock_text(moment)


@register.filter
def day(moment: datetime | date | None) -> str:
    """Write a day: 23 Nov."""
    return wording.day_text(moment)


@register.filter
def day_year(moment: datetime | date | None) -> str:
    """Write a day with its year: 23 Nov 2026."""
    return wording.day_text(moment, year=True)


@register.filter
def day_long(moment: datetime | date | None) -> str:
    """Write a day with weekday and year: Mon 23 Nov 2026."""
    return wording.day_text(moment, year=True, weekday=True)


@register.filter
def zoned(moment: datetime | None) -> str:
    """Write a moment with seconds and zone, as a signature needs it."""
    return wording.zoned_text(moment)


@register.filter
def machine_time(moment: datetime | None) -> str:
    """Write a moment for `<time datetime>` and scripts: ISO 8601 with offset."""
    return moment.isoformat() if moment else ""


@register.filter
@stringfilter
def or_not_known(value: str) -> str:
    """Show "not known" for an empty text, so that a missing fact does not look like "no"."""
    return value or wording.quantity_text(None)


@register.filter
def widget_kind(bound_field: Any) -> str:
    """Return the kind of a form field's widget, by which the field template chooses its shape."""
    name = type(bound_field.field.widget).__name__.lower()
    for kind in ("checkboxselectmultiple", "radioselect", "checkboxinput", "hiddeninput"):
        if name.endswith(kind):
            return kind
    if getattr(bound_field.field.widget, "input_type", "") == "range":
        return "range"
    return "other"
