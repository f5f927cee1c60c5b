from django.apps import AppConfig


class ProgramsConfig(AppConfig):
    name = "evenkeel.clinic.programs"
    label = "programs"
    default_auto_field = "django.db.models.BigAutoField"
