"""Every address. Each route declares its permission where its view stands."""

from __future__ import annotations

from django.urls import include, path

from evenkeel.clinic.record.routes import unexpected
from evenkeel.config import first_page, style_guide

urlpatterns = [
    path("", first_page.home, name="home"),
    path("favicon.ico", style_guide.mark),
    path("kit", style_guide.style_guide, name="kit"),
    path("", include("evenkeel.clinic.people.pages.urls")),
    path("protocols/", include("evenkeel.clinic.protocols.pages.urls")),
    path("", include("evenkeel.clinic.library.pages.urls")),
    path("", include("evenkeel.clinic.course.pages.urls")),
    path("", include("evenkeel.clinic.programs.pages.urls")),
    path("", include("evenkeel.clinic.session.pages.urls")),
    path("", include("evenkeel.clinic.therapy.pages.urls")),
    path("", include("evenkeel.clinic.groups.pages.urls")),
    path("", include("evenkeel.clinic.outcome.pages.urls")),
    path("stock/", include("evenkeel.clinic.stock.pages.urls")),
    path("oversight/", include("evenkeel.clinic.oversight.pages.urls")),
    path("", include("evenkeel.clinic.oversight.pages.privacy_urls")),
    path("", include("evenkeel.clinic.oversight.pages.box_urls")),
    path("", include("evenkeel.interop.urls")),
    path("accounts/", include("allauth.urls")),
]

handler400 = "evenkeel.web.errors.bad_request"
handler403 = "evenkeel.web.errors.permission_denied"
handler404 = "evenkeel.web.errors.page_not_found"
handler500 = unexpected
