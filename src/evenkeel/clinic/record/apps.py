from django.apps import AppConfig
from django.db.backends.signals import connection_created


class RecordConfig(AppConfig):
    name = "evenkeel.clinic.record"
    label = "record"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Watch every database connection from its first moment, and who may sign in."""
        from evenkeel.clinic.record import watched
        from evenkeel.clinic.record.durability import assert_durable

        connection_created.connect(assert_durable, dispatch_uid="evenkeel.durability")
        watched.connect()
