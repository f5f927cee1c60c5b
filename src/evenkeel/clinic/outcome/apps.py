from django.apps import AppConfig


class OutcomeConfig(AppConfig):
    name = "evenkeel.clinic.outcome"
    label = "outcome"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let the bar of one's own alarms show open safety signals too, and a plan's mood go on
        from what was learned."""
        from evenkeel.clinic.outcome.waiting_signals import LOOK_AGAIN, waiting_signals
        from evenkeel.clinic.people.notices import waiting_reviews
        from evenkeel.clinic.session.pages import mine

        mine.WAITING[:] = [
            mine.Waiting(waiting_signals, LOOK_AGAIN, "safety.take"),
            mine.Waiting(waiting_reviews, LOOK_AGAIN, "emergency.review"),
        ]
        from evenkeel.clinic.course.mood_learned import read_with
        from evenkeel.clinic.outcome.ahead.handing_on import read_learned

        read_with(read_learned)
