from django.apps import AppConfig


class GroupsConfig(AppConfig):
    name = "evenkeel.clinic.groups"
    label = "groups"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """What was said of a group's room goes into a session that is opened later, and an
        appointment says that it is one of a group."""
        from evenkeel.clinic.groups.actions.record_setting import carry_over
        from evenkeel.clinic.groups.queries import group_link
        from evenkeel.clinic.session.actions import open_session
        from evenkeel.clinic.session.pages import appointment

        open_session.AFTER_OPENING.append(carry_over)
        appointment.ALSO_SEE.append(group_link)
