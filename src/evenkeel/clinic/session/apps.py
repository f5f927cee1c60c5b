from django.apps import AppConfig


class SessionConfig(AppConfig):
    name = "evenkeel.clinic.session"
    label = "session"
    default_auto_field = "django.db.models.BigAutoField"
