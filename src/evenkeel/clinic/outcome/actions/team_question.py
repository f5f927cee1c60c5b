"""A question from a person to their team, and the team's answer: both on the record."""

from __future__ import annotations

from typing import Any, Final

from evenkeel.clinic.course.models import Course
from evenkeel.clinic.course.signing import signer
from evenkeel.clinic.outcome.models import TeamQuestion
from evenkeel.clinic.people.models import Patient
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Invalid, Refused

LONGEST: Final = 1000
#: So many may wait unanswered; more says that the telephone is the better way. Clinic policy.
MOST_WAITING: Final = 10


@action("team_question.ask", permission="own.ask")
def ask_team(act: Act, *, patient_id: Any, text: str) -> TeamQuestion:
    """Keep a question for the team of the newest course.

    Raises ``Invalid`` for no text or too much, ``Refused`` where many wait already.
    """
    patient = act.open(Patient, patient_id, "site")
    said = _text(text, "text", "Write what you want to ask.")
    waiting = TeamQuestion.objects.filter(patient=patient, answered_at=None)
    if waiting.filter(text=said).exists():
        raise Refused("You asked this already. It waits for an answer.", code="asked")
    if waiting.count() >= MOST_WAITING:
        raise Refused(
            "Many of your questions still wait.", what_to_do="Please call the clinic.", code="many"
        )
    course = Course.objects.filter(patient=patient).order_by("-opened_at").first()
    return act.write(
        TeamQuestion(site=patient.site, patient=patient, course=course, text=said, asked_at=act.now)
    )


@action("team_question.answer", permission="team_question.answer")
def answer_team_question(act: Act, *, question_id: Any, answer: str) -> TeamQuestion:
    """Answer it under one's name. Raises ``Invalid`` for no text, ``Refused`` once answered."""
    row = act.open(TeamQuestion, question_id, "patient", "course", "site")
    if row.answered_at is not None:
        raise Refused("This question was answered before.", code="answered")
    row.answer = _text(answer, "answer", "Write the answer.")
    row.answered_by, row.answered_at = signer(act), act.now
    return act.write(row)


def _text(text: str, field: str, missing: str) -> str:
    said = text.strip()
    if not said:
        raise Invalid(missing, fields={field: missing})
    if len(said) > LONGEST or "\x00" in said:
        raise Invalid(
            "The text is too long.", fields={field: f"At most {LONGEST} letters, please."}
        )
    return said
