from django.apps import AppConfig


class OversightConfig(AppConfig):
    name = "evenkeel.clinic.oversight"
    label = "oversight"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the risk programme have its say before a session is opened."""
        from evenkeel.clinic.oversight.rems import reasons_not_to_open
        from evenkeel.clinic.session.actions import open_session

        open_session.OBJECTIONS[:] = [reasons_not_to_open]
