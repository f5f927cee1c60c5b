"""Hands what was learned of a course to whoever plans on from there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from evenkeel.clinic.course.mood_learned import LearnedMood
from evenkeel.clinic.outcome.models import MoodAhead
from evenkeel.instruments import load
from evenkeel.pharmacology import Regimen
from evenkeel.pharmacology.forecast import mood_version
from evenkeel.pharmacology.regimen import Dose
from evenkeel.web.wording import day_text


def read_learned(course_id: Any) -> LearnedMood | None:
    """The learned people of a course; ``None`` where nothing was learned by this version. One
    query.
    """
    row = (
        MoodAhead.objects.filter(course_id=course_id, model_version=mood_version())
        .exclude(people=None)
        .values_list("people", "payload", "made_at")
        .first()
    )
    if row is None:
        return None
    people, payload, made_at = row
    doses = (Dose(at, route, mg, "mg", over) for at, route, mg, over in people["doses"])
    return LearnedMood(
        model_id=people["model"],
        began_at=datetime.fromisoformat(people["began_at"]),
        given=Regimen.of(doses),
        baseline_madrs=people["baseline_madrs"],
        blood=np.array(people["blood"]),
        mood=np.array(people["mood"]),
        learned_from=f"{learned_from(payload)}, as known on {day_text(made_at)}",
    )


def learned_from(payload: dict[str, Any]) -> str:
    """What a forecast was learned from: ``9 PHQ-9, 8 sessions``."""
    counts = [(n, load(name).title) for name, n in payload["scores"].items() if n]
    scores = " and ".join(f"{n} {title}" for n, title in counts)
    sessions = payload["sessions"]
    return f"{scores}, {sessions} session{'s' if sessions != 1 else ''}"
