"""A person takes their consent back. Always possible, also under the drug."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.course.models import Consent
from evenkeel.clinic.course.moving import hold_back
from evenkeel.clinic.record.act import Act, action


@action("consent.withdraw", permission="consent.withdraw")
def withdraw_consent(act: Act, *, consent_id: Any, note: str = "") -> Consent:
    """Withdraw a consent; once withdrawn it stays so, and withdrawing again changes nothing.

    A course under treatment pauses, one not begun goes back to screening. An earlier
    consent is not the one that carries the course, so withdrawing it moves nothing.
    """
    consent = act.open(Consent, consent_id, "course", "course__patient", "course__site")
    if consent.withdrawn_at is not None:
        return consent
    consent.withdrawn_at = act.now
    consent.withdrawn_by = act.actor.name[:200]
    consent.withdrawal_note = note.strip()
    act.reason = note.strip()
    act.write(consent)
    newest = Consent.objects.filter(course=consent.course).order_by("-number").first()
    if newest is not None and newest.pk == consent.pk:
        hold_back(act, consent.course, "Consent was withdrawn.")
    return consent
