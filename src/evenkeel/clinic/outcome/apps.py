from django.apps import AppConfig


class OutcomeConfig(AppConfig):
    name = "evenkeel.clinic.outcome"
    label = "outcome"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from evenkeel.clinic.course.mood_learned import read_with
        from evenkeel.clinic.outcome.ahead.handing_on import read_learned

        read_with(read_learned)
