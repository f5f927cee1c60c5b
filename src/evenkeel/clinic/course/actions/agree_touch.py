"""What touch a person agrees to before a session, and the word that stops everything."""

from __future__ import annotations

from typing import Any, Final

from evenkeel.clinic.course.altered import refuse_while_dosed
from evenkeel.clinic.course.models import Course, TouchAgreement
from evenkeel.clinic.course.signing import check_typed_name, signer
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused

#: From least to most.
LEVELS: Final = tuple(level for level, _ in TouchAgreement.LEVELS)

LONGEST_BOUNDARIES: Final = 1000
MEANING: Final = "This is the touch I agree to. My stop word ends it at once."


def width(level: str) -> int:
    """How wide a level is; no agreement counts as no touch."""
    return LEVELS.index(level) if level in LEVELS else 0


def standing_agreement(course: Course) -> TouchAgreement | None:
    """The agreement that stands, or ``None``: then there is no touch."""
    found: TouchAgreement | None = (
        TouchAgreement.objects.filter(course=course, withdrawn_at=None)
        .order_by("-signed_at", "-created_at")
        .first()
    )
    return found


@action("touch.agree", permission="touch.agree")
def agree_touch(
    act: Act,
    *,
    course_id: Any,
    level: str,
    stop_word: str,
    signed_name: str,
    boundaries: str = "",
    stop_sign: str = "",
) -> TouchAgreement:
    """Write down the touch a person agrees to; it replaces the agreement before.

    ``boundaries`` are what else is not wanted, ``stop_sign`` is a sign that stops everything where
    words do not come; both may be empty.
    Under the drug only a level as narrow or narrower is taken (``altered_state``).
    """
    course = act.open(Course, course_id, "patient", "site")
    if course.state == "closed":
        raise Refused("This course is closed.", code="closed")
    fields: dict[str, str] = {}
    stop_word = " ".join(stop_word.split())
    if level not in LEVELS:
        fields["level"] = "Choose one."
    if not stop_word or len(stop_word) > 40:
        fields["stop_word"] = "Agree on a word of up to 40 letters that stops everything."
    if len(boundaries) > LONGEST_BOUNDARIES:
        fields["boundaries"] = f"At most {LONGEST_BOUNDARIES} characters."
    if len(stop_sign) > 80:
        fields["stop_sign"] = "At most 80 characters."
    if fields:
        raise Invalid("The agreement is not complete yet.", fields=fields)
    before = standing_agreement(course)
    if width(level) > width(before.level if before else "none"):
        refuse_while_dosed(course, "wider touch")
    name = check_typed_name(course.patient, signed_name)
    if before is not None:
        before.withdrawn_at = act.now
        act.write(before)
    return act.write(
        TouchAgreement(
            site=course.site,
            course=course,
            patient=course.patient,
            level=level,
            stop_word=stop_word,
            boundaries=boundaries.strip() or None,
            stop_sign=" ".join(stop_sign.split()) or None,
            signed_name=name,
            signed_at=act.now,
            taken_by=signer(act),
            meaning=MEANING,
        )
    )


@action("touch.withdraw", permission="touch.withdraw")
def withdraw_touch(act: Act, *, agreement_id: Any, note: str = "") -> TouchAgreement:
    """Take back every agreement to touch. Always possible; doing it again changes nothing."""
    agreement = act.open(TouchAgreement, agreement_id, "course")
    if agreement.withdrawn_at is not None:
        return agreement
    agreement.withdrawn_at = act.now
    act.reason = note.strip()
    return act.write(agreement)
