"""The first page of oversight: every room, and where somebody is waited for."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from evenkeel.clinic.oversight.overview import overview
from evenkeel.clinic.record.door import log_read
from evenkeel.clinic.record.routes import page


@require_safe
@page("oversight.view")
def oversight(request: HttpRequest) -> HttpResponse:
    """What the caller may see of oversight, in groups, what is late marked."""
    ctx = request.ctx  # type: ignore[attr-defined]
    groups = overview(ctx, ctx.clock.now())
    log_read(ctx, "oversight")
    shown = {"groups": groups, "late": sum(group.late for group in groups)}
    return render(request, "oversight/overview.html", shown)
