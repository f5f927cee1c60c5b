from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class PeopleConfig(AppConfig):
    name = "evenkeel.clinic.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Note in each session when it was signed in."""
        from evenkeel.clinic.people.sign_in import note_sign_in

        user_logged_in.connect(note_sign_in, dispatch_uid="evenkeel.people.note_sign_in")
