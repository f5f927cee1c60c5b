"""From the first administration until readiness, nothing new is agreed to."""

from __future__ import annotations

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.record.errors import Refused

CODE = "altered_state"


def refuse_while_dosed(course: Course, what: str) -> None:
    """Raise ``Refused`` (``altered_state``) between first administration and readiness.

    ``what`` names the refused agreement: "consent", "wider touch", "a higher dose". Stopping,
    withdrawing and narrowing never come here.
    """
    if course.dosed_since is None:
        return
    raise Refused(
        f"The person is under the drug: {what} cannot be agreed to now.",
        what_to_do="Wait until they are ready to leave, or ask on another day. "
        "They can stop, withdraw or ask for less at any time.",
        code=CODE,
    )
