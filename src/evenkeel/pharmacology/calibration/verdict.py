"""Whether the forecast of an endpoint can be relied on, by what it scored so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from .score import UNITS, Score
from .tally import Tally, learned, tallied

Word = Literal["reliable", "unreliable", "not yet known"]


@dataclass(frozen=True, slots=True)
class Standard:
    """What is asked of a forecast before it is believed.

    ``low`` and ``high``: the 90 % band is to hold so many readings. [design target: 85 to 95 %]
    ``least_sessions`` and ``least_readings``: before so many nothing is said. [assumed: the 95 %
    interval of a share of 90 % is then about 20 points wide, enough to tell a failure]
    ``sure_low`` and ``sure_high``: *reliable* needs the whole interval in here; that takes about
    150 independent readings. [assumed: five points below the target, and up to three above]
    ``surprising``: a forecast that surely finds a larger share of readings surprising does not fit,
    whatever the bands hold. [assumed: five times the 1 % that is due]
    """

    low: float = 0.85
    high: float = 0.95
    least_sessions: int = 8
    least_readings: int = 40
    sure_low: float = 0.80
    sure_high: float = 0.98
    surprising: float = 0.05


STANDARD = Standard()


@dataclass(frozen=True, slots=True)
class Verdict:
    """One endpoint's: the word, why, and what it rests on (None where nothing was read)."""

    kind: str
    word: Word
    reason: str
    tally: Tally | None

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        counted = None if self.tally is None else self.tally.as_dict()
        return {"kind": self.kind, "word": self.word, "reason": self.reason, "tally": counted}


def verdicts(
    scores: Iterable[Score], standard: Standard = STANDARD, *, all_readings: bool = False
) -> dict[str, Verdict]:
    """Endpoint -> verdict, for each that was read at all.

    It rests on the readings that came when three of their kind had been read (``learned``), as
    those are what a forecast that learns is for; on all with ``all_readings``.
    """
    given = list(scores)
    counted = given if all_readings else learned(given)
    return {
        kind: verdict(kind, [one for one in counted if one.kind == kind], standard)
        for kind in UNITS
        if any(one.kind == kind for one in given)
    }


def verdict(kind: str, scores: list[Score], standard: Standard = STANDARD) -> Verdict:
    """What the scores of one endpoint amount to."""
    if not scores:
        return Verdict(kind, "not yet known", "nothing was read yet after three readings", None)
    found = tallied(scores)
    word, reason = _word(found, standard)
    return Verdict(kind, word, reason, found)


def _word(found: Tally, standard: Standard) -> tuple[Word, str]:
    band = found.coverage_90
    held = f"90 % bands held {band.value:.0%} ({band.low:.0%} to {band.high:.0%})"
    if found.sessions < standard.least_sessions or found.readings < standard.least_readings:
        return "not yet known", (
            f"{found.readings} readings of {found.sessions} sessions; a word needs "
            f"{standard.least_readings} of {standard.least_sessions}"
        )
    if found.surprising.low > standard.surprising:
        return "unreliable", f"{found.surprising.value:.0%} of readings came as a surprise; {held}"
    if band.high < standard.low:
        return "unreliable", f"too sure of itself: {held}"
    if band.low > standard.high:
        return "unreliable", f"wider than it need be: {held}"
    if found.skill is not None and found.skill[2] < 0.0:
        return "unreliable", f"worse than without learning: {found.skill[0]:.0%}; {held}"
    inside = standard.low <= band.value <= standard.high
    if inside and standard.sure_low <= band.low and band.high <= standard.sure_high:
        return "reliable", held
    return "not yet known", f"{held}: neither surely within nor surely outside"
