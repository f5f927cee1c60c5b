"""The alarm lines of a protocol that the models have something to say about.

Oxygen and breathing have no model here, so nothing is said of them; their alarms stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evenkeel.pharmacology.effects import probability_any_reading_at_least
from evenkeel.pharmacology.forecast import Prediction
from evenkeel.protocol.pack import Protocol

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """One line a reading may cross. ``over``: at or above it; else at or below."""

    name: str
    kind: str
    level: str
    value: float
    over: bool
    words: str


#: Threshold, kind of reading, level, at or above, words; a rise is added to the first reading.
_ABSOLUTE: Final = (
    ("sbp_hold_mmhg", "sbp", "hold", True, "Systolic {} or more"),
    ("dbp_hold_mmhg", "dbp", "hold", True, "Diastolic {} or more"),
    ("heart_rate_low_review_bpm", "hr", "review", False, "Heart rate {} or less"),
    ("heart_rate_high_review_bpm", "hr", "review", True, "Heart rate {} or more"),
    ("heart_rate_low_hold_bpm", "hr", "hold", False, "Heart rate {} or less"),
    ("heart_rate_high_hold_bpm", "hr", "hold", True, "Heart rate {} or more"),
    ("moaas_review", "moaas", "review", False, "MOAA/S {} or less"),
    ("moaas_hold", "moaas", "hold", False, "MOAA/S {} or less"),
)
_RISES: Final = (
    ("sbp_rise_mmhg", "sbp", "sbp_mmhg", "Systolic {} (+{}) or more"),
    ("dbp_rise_mmhg", "dbp", "dbp_mmhg", "Diastolic {} (+{}) or more"),
)


def lines_of(protocol: Protocol, baseline: Mapping[str, float]) -> tuple[Line, ...]:
    """The lines of a protocol for a person with these readings before the dose."""
    found = []
    for name, kind, level, over, words in _ABSOLUTE:
        threshold = protocol.find(f"alarm.{name}")
        if threshold is not None:
            value = protocol.number(threshold.key)
            found.append(Line(name, kind, level, value, over, words.format(f"{value:g}")))
    for name, kind, quantity, words in _RISES:
        threshold = protocol.find(f"alarm.{name}")
        if threshold is not None and quantity in baseline:
            rise = protocol.number(threshold.key)
            value = baseline[quantity] + rise
            said = words.format(f"{value:g}", f"{rise:g}")
            found.append(Line(name, kind, "review", value, True, said))
    return tuple(found)


def chances(
    prediction: Prediction, lines: Iterable[Line], columns: NDArray[np.int64]
) -> tuple[dict[str, float], dict[str, float]]:
    """Chance by line, and by level of any line of it, that some reading at ``columns`` crosses.

    Readings of different signs are independent given the person, and so are those of one vital
    sign; sedation counts at its worst moment.
    """
    by_line: dict[str, float] = {}
    clear: dict[str, Array] = {}
    for line in lines:
        crossed = _crossed(prediction, line, columns)
        by_line[line.name] = float(prediction.weights @ crossed)
        clear[line.level] = clear.get(line.level, np.ones(len(crossed))) * (1.0 - crossed)
    by_level = {level: float(prediction.weights @ (1.0 - free)) for level, free in clear.items()}
    return by_line, by_level


def _crossed(prediction: Prediction, line: Line, columns: NDArray[np.int64]) -> Array:
    """(N,) the chance that each person crosses a line at one of these columns."""
    acute = prediction.acute
    if line.kind == "moaas":
        # the odds were set on "ever in a session": the worst moment, not one more throw a reading
        at_most = acute.sedation.probability_at_most(int(line.value))[:, columns]
        return np.asarray(at_most.max(axis=1))
    truth, sd = prediction.vital(line.kind, columns)
    if line.over:
        return probability_any_reading_at_least(truth, line.value, sd)
    return probability_any_reading_at_least(-truth, -line.value, sd)
