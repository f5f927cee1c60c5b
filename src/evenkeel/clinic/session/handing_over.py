"""Who watches a session from now on, and who is called in their place: effects of those events."""

from __future__ import annotations

from collections.abc import Callable

from evenkeel.clinic.record.act import Act
from evenkeel.clinic.record.errors import Invalid
from evenkeel.clinic.session.calling import answering_staff, chosen_second, default_second
from evenkeel.clinic.session.models import Session, SessionEvent

Apply = Callable[[], None]


def hand_over(act: Act, session: Session, event: SessionEvent) -> Apply:
    """Somebody else watches from now on. Raises ``Invalid`` for whom may not."""
    to = answering_staff(session.site_id).get(event.body["to_id"])
    if to is None:
        raise Invalid(
            "A session is handed over to somebody who may watch it.",
            fields={"to_id": "Choose a nurse, prescriber or director of this site."},
            code="cannot_take_over",
        )
    now_in_charge = session.nurse
    event.body.update(to_name=to.shown_name)
    event.body.pop("from_id", None)
    event.body.pop("from_name", None)
    if now_in_charge is not None:
        event.body.update(from_id=str(now_in_charge.pk), from_name=now_in_charge.shown_name)
    second = session.second
    if second is not None and second.pk == to.pk:
        # who watches now cannot be called in their own place
        second = default_second(session, to.pk)
        event.body.update(second_id=str(second.pk) if second else "")
        event.body.update(second_name=second.shown_name if second else "")

    def apply() -> None:
        session.nurse, session.second = to, second
        act.write(session)

    return apply


def second_person(act: Act, session: Session, event: SessionEvent) -> Apply:
    """Somebody else is called where an alarm is not answered. Raises ``Invalid``."""
    named = event.body["second_id"]
    second = chosen_second(named, session.site_id, session.nurse_id) if named else None
    event.body["second_name"] = second.shown_name if second else ""

    def apply() -> None:
        session.second = second
        act.write(session)

    return apply
