from django.apps import AppConfig


class SessionConfig(AppConfig):
    name = "evenkeel.clinic.session"
    label = "session"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from evenkeel.clinic.course.sessions_given import count_with
        from evenkeel.clinic.record import routes
        from evenkeel.clinic.session.queries import count_given, is_live_where, prescribers
        from evenkeel.clinic.stock.paper import prescribers_from

        count_with(count_given)
        prescribers_from(prescribers)
        routes.STILL_NEEDED[:] = [is_live_where]
