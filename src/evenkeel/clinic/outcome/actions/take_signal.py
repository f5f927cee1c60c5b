"""Somebody takes an open safety signal: they see to it, and nobody else is called for a while."""

from __future__ import annotations

from typing import Any

from evenkeel.clinic.course.signing import signer
from evenkeel.clinic.outcome.models import SafetySignal
from evenkeel.clinic.record.act import Act, action
from evenkeel.clinic.record.errors import Refused


@action("safety.take", permission="safety.take")
def take_signal(act: Act, *, signal_id: Any) -> SafetySignal:
    """Take a signal. It stays open, and the dose stays held, until somebody closes it.

    Taking it again under one name counts anew: it says that one is still at it. Raises ``Refused``
    where it is closed.
    """
    signal = act.open(SafetySignal, signal_id, "course", "patient")
    if signal.closed_at is not None:
        raise Refused("This safety signal is closed.", code="closed")
    signal.taken_by, signal.taken_at = signer(act), act.now
    return act.write(signal)
