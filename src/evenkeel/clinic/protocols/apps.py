from django.apps import AppConfig


class ProtocolsConfig(AppConfig):
    name = "evenkeel.clinic.protocols"
    label = "protocols"
    default_auto_field = "django.db.models.BigAutoField"
