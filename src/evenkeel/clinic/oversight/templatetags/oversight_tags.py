"""What other pages show of harm, and what must be seen beside a record.

In a template: `{% load oversight_tags %}`. Links alone ask no database.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from evenkeel.clinic.oversight.models import Incident
from evenkeel.clinic.oversight.privacy_queries import beside_record
from evenkeel.clinic.oversight.rems import JURISDICTION, PRODUCT, covers
from evenkeel.web.icons import draw_icon

register = template.Library()
_MOST = 6


@register.inclusion_tag("oversight/_beside_record.html")
def beside(patient_id: Any) -> dict[str, Any]:
    """Everything that must be seen beside this person's record; nothing where there is none."""
    return {"rows": beside_record(patient_id)}


@register.simple_tag(takes_context=True)
def incident_link(context: Context, source: str, row: Any, css: str = "btn small") -> SafeString:
    """The way to record an incident from here, for whoever may; else nothing."""
    if not _may(context, "incident.record", row.site_id):
        return SafeString("")
    where = reverse("incident_new", args=[source, row.pk])
    return format_html('<a class="{}" href="{}">Record an incident</a>', css, where)


@register.simple_tag(takes_context=True)
def rems_link(context: Context, row: Any, css: str = "btn small") -> SafeString:
    """The way to the monitoring form of a session, or to a person's enrollment, where it holds."""
    if not _may(context, "rems.view", row.site_id) or row.site.jurisdiction != JURISDICTION:
        return SafeString("")
    if hasattr(row, "first_dose_at"):
        if not covers(row.product, row.site.jurisdiction) or row.first_dose_at is None:
            return SafeString("")
        where, words = reverse("rems_form", args=[row.pk]), "Monitoring form"
    elif getattr(row, "product", PRODUCT) == PRODUCT:
        # of a course its person; of a person themselves
        person = getattr(row, "patient_id", None) or row.pk
        where, words = reverse("rems_patient", args=[person]), "REMS enrollment"
    else:
        return SafeString("")
    return format_html('<a class="{}" href="{}">{}</a>', css, where, words)


@register.simple_tag(takes_context=True)
def incident_lines(context: Context, **about: Any) -> SafeString:
    """The incidents of a session, a course or a person as lines; one query, nothing where none."""
    row = next(iter(about.values()))
    if not _may(context, "incident.view", row.site_id):
        return SafeString("")
    rows = list(Incident.objects.filter(**about).order_by("-happened_at")[:_MOST])
    if not rows:
        return SafeString("")
    lines = format_html_join(
        "",
        '<li><span><a href="{}">{}</a><br><span class="quiet">{}{}</span></span>'
        "<span>{}</span></li>",
        (
            (
                reverse("incident", args=[one.pk]),
                one.title,
                one.get_kind_display(),
                f", {one.happened_at:%d %b %Y}",
                _standing(one),
            )
            for one in rows
        ),
    )
    return format_html('<ul class="lines">{}</ul>', lines)


def _standing(one: Incident) -> SafeString:
    if one.seriousness:
        return format_html('<span class="alarm hold">{}Serious</span>', draw_icon("hold"))
    words = "closed" if one.closed_at else "open"
    return format_html('<span class="chip soft">{}</span>', words)


def _may(context: Context, permission: str, site_id: Any) -> bool:
    ctx = getattr(context.get("request"), "ctx", None)
    return bool(ctx) and ctx.actor.may(permission, site_id)
