from django.apps import AppConfig


class OutcomeConfig(AppConfig):
    name = "evenkeel.clinic.outcome"
    label = "outcome"
    default_auto_field = "django.db.models.BigAutoField"
