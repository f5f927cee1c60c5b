"""The page kit as a Django app: base templates, components, static files, drawings, tags."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Register the page kit under the label `web`; it has no models."""

    name = "evenkeel.web"
    label = "web"
    verbose_name = "Page kit"
