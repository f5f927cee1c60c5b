"""What people who come for months are asked over them: bladder, memory, the wish for the drug."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from typing import Final

from evenkeel.clinic.outcome.actions.record_watch import record_watch
from evenkeel.demo.person import INDUCTION_DOSES, Telling, dose_days

#: How many of the last maintenance sessions the questions were asked before.
_ROUNDS: Final = 3
#: Whose bladder tells something lately, which nobody has reviewed yet.
_OPEN: Final = "Carla"
_HIGHEST_WISH: Final = 3
#: With whom it was talked over that weekends brought some sessions forward.
_TALKED: Final = ("Hal", "Liam")
_WEEKENDS: Final = "Some sessions were moved before a weekend; the effect had not worn off."


def ask_over_months(telling: Telling) -> Iterator[None]:
    """Ask before the last maintenance sessions; nothing for who had none."""
    story = telling.story
    given = dose_days(telling.house, story)[INDUCTION_DOSES:]
    days = [days_ago for days_ago in given if days_ago > 0][-_ROUNDS:]
    for number, days_ago in enumerate(days, start=1):
        last = number == len(days)
        answers = {
            "urinary": "mild" if last and story.given == _OPEN else "none",
            "craving": str((len(story.name) + number) % _HIGHEST_WISH),
            "use_outside": "none",
        }
        if last:
            answers["cognition"] = "same"
        for minute, (item, value) in enumerate(answers.items(), start=20):
            record_watch(
                telling.house.ctx("nurse", telling.on(days_ago, time(8, minute))),
                course_id=telling.fresh().pk,
                item=item,
                value=value,
            )
        if last and story.given in _TALKED:
            record_watch(
                telling.house.ctx("nurse", telling.on(days_ago, time(8, 25))),
                course_id=telling.fresh().pk,
                item="early_return",
                note=_WEEKENDS,
            )
        yield
