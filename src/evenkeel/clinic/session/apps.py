from django.apps import AppConfig


class SessionConfig(AppConfig):
    name = "evenkeel.clinic.session"
    label = "session"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from evenkeel.clinic.course.sessions_given import count_with
        from evenkeel.clinic.session.queries import count_given

        count_with(count_given)
        from evenkeel.clinic.record import routes
        from evenkeel.clinic.session.queries import is_live_where

        routes.STILL_NEEDED[:] = [is_live_where]
