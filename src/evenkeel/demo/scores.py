"""Courses of PHQ-9: how a synthetic person answers over weeks of treatment.

For demonstrations only. Means and shares are from trials; single courses are invented. Item 9
(thoughts of death) stays 0 unless a story asks for it, so that nothing is raised by accident.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, Literal

Trajectory = Literal["responder", "partial", "non_responder", "relapse"]

ITEMS: Final = tuple(f"phq9-{n}" for n in range(1, 10))
#: Response is a fall by half, remission a total below 5 (Kroenke 2001, PMID 11556941) [sourced].
RESPONSE_SHARE: Final = 0.5
REMISSION_BELOW: Final = 5
#: What is left of the baseline at the end of induction, as a share [assumed], within what trials
#: call response (half or less), partial (26 to 49 % better) and none.
_LEFT_AFTER_INDUCTION: Final[dict[str, float]] = {
    "responder": 0.32,
    "partial": 0.62,
    "non_responder": 0.92,
    "relapse": 0.34,
}
#: How many doses half of the change takes. Those who respond do so after a median of three of six
#: infusions (Phillips 2019, PMID 30922101) [sourced]; so the curve is halfway after two.
_HALF_AFTER_DOSES: Final = 2.0
#: After the last dose of induction relapse came after a median of 18 days without more (Murrough
#: 2013, repeated infusions) [sourced]; the story's climb back takes about that long [derived].
_RELAPSE_DAYS: Final = 18.0
#: Share of six-infusion courses that respond (Phillips 2019) [sourced]; used to cast the clinic.
RESPONDING_SHARE: Final = 0.59
_MOST_LIKELY_ITEMS: Final = (0, 1, 3, 2, 5, 6, 4, 7)


@dataclass(frozen=True, slots=True)
class ScoreCourse:
    """One person's course. ``seed`` makes it repeatable; ``baseline`` is the first total."""

    seed: str
    baseline: int
    trajectory: Trajectory

    def total(self, doses: int, days_since_last_dose: float = 3.0) -> int:
        """The total after so many doses, so long after the last one."""
        left = _LEFT_AFTER_INDUCTION[self.trajectory]
        # the curve starts at the baseline and approaches what is left
        share = left + (1 - left) * 0.5 ** (doses / _HALF_AFTER_DOSES)
        if self.trajectory == "relapse" and doses >= 6:
            back = min(1.0, max(0.0, (days_since_last_dose - 7) / _RELAPSE_DAYS))
            share += (0.95 - share) * back
        waver = self._draw(f"{doses}|{days_since_last_dose:.0f}").choice((-1, 0, 0, 1))
        return max(0, min(24, round(self.baseline * share) + (waver if doses else 0)))

    def answers(self, total: int, *, item_9: int = 0) -> dict[str, int]:
        """Answers 0-3 to items 1-9 that add up to ``total`` (at most 24) plus ``item_9``."""
        values = [0] * 8
        draw = self._draw(f"items|{total}")
        order = list(_MOST_LIKELY_ITEMS)
        left = min(total, 24)
        while left:
            # sleep, mood and energy first, as people fill it in; never more than 3
            open_items = [n for n in order if values[n] < 3]
            lowest = min(values[n] for n in open_items)
            choice = [n for n in open_items if values[n] == lowest]
            values[choice[min(len(choice) - 1, draw.randrange(3))]] += 1
            left -= 1
        return dict(zip(ITEMS, [*values, item_9], strict=True))

    def _draw(self, what: str) -> random.Random:
        return random.Random(f"{self.seed}|phq9|{what}")  # noqa: S311 - a stage prop
