"""What a person says when they have seen what may get better and what may go wrong."""

from __future__ import annotations

from typing import Any, Final

from evenkeel.clinic.course.altered import refuse_while_dosed
from evenkeel.clinic.course.decision import LEANINGS, Decision
from evenkeel.clinic.course.models import Course, DecisionTalk
from evenkeel.clinic.people.models import Account
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Conflict, Invalid, Refused

LONGEST: Final = 4_000


@action("decision.record", permission="decision.record")
def record_decision(
    act: Act,
    *,
    course_id: Any,
    decision: Decision,
    shown_digest: str,
    leaning: str,
    matters: str = "",
    questions: str = "",
    answers: str = "",
) -> DecisionTalk:
    """Keep what was said, beside the very numbers that were shown.

    Raises ``Conflict`` where the numbers changed since, ``Invalid`` without a leaning, ``Refused``
    under the drug or for a course that is closed.
    """
    course = act.open(Course, course_id, "patient")
    if course.state == "closed":
        raise Refused("This course is closed.", code="course_closed")
    refuse_while_dosed(course, "decision")
    if decision.shown_digest != shown_digest:
        raise Conflict(
            "The numbers have changed since the page was opened.",
            what_to_do="Look at them once more, then save.",
            code="numbers_changed",
        )
    said = {"matters": matters, "questions": questions, "answers": answers}
    fields = {
        name: f"At most {LONGEST:,} characters."
        for name, text in said.items()
        if len(text) > LONGEST
    }
    if leaning not in LEANINGS:
        fields["leaning"] = "Choose what the person says today; it may change."
    if fields:
        raise Invalid("This cannot be kept yet.", fields=fields, code="decision_incomplete")
    by_staff = Account.objects.filter(pk=act.actor.id, patient=None).first()
    groups = (decision.better, decision.fades, decision.harms, decision.long_term)
    return act.write(
        DecisionTalk(
            site_id=course.site_id,
            course=course,
            patient=course.patient,
            product=course.product,
            matters=matters.strip(),
            questions=questions.strip(),
            answers=answers.strip(),
            leaning=leaning,
            shown={
                "treatment": decision.treatment.words,
                "numbers": [share.words for group in groups for share in group],
                "not_admitted": [rule.words for rule in decision.not_admitted],
            },
            shown_digest=shown_digest,
            talked_with=by_staff,
            talked_at=act.now,
        )
    )
