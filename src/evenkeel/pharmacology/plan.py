"""Turns a regimen and the times asked for into a list of steps that all people take together.

Two plans are made. The linear plan goes from event to output to event, exactly; its steps are as
long as they need be. The ladder is for what lies behind a bend (see ``bends``): after every event
its panels begin short and double, because what a jump sets off in a linear system is over in
proportion to the time since; it depends on the regimen and the typical person alone, never on the
output times or on who else is simulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .errors import TimesError
from .system import Inputs

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

JUMP, BUILD, ADVANCE, RUN, WRITE, KEEP, RETURN = range(7)
#: Exponentials of so many different steps are kept at a time.
SLOTS = 8
#: Two times closer than this share of the whole are one.
SAME = 1e-12
#: Steps inside a panel; the bends are interpolated by a polynomial of this degree.
DEGREE = 4
#: Panels to each doubling of the time since the last event: for bends that turn once, and for
#: those with a power above 1 or a fall, which turn more sharply.
PANELS, PANELS_SHARP = 2, 4
#: The first panel is over before the fastest process of the typical person has done this much.
FIRST = 0.5
LONGEST_H = 24.0 * 366 * 30
#: Plans of so many events and outputs together are kept for the next to ask.
_SHORT = 1024
#: A run of evenly spaced outputs is first looked for among so many.
_LOOKED_AT = 64
MOST_TIMES = 1_000_000


def check_times(times_h: object) -> Array:
    """Output times as a float array (T,). Raises ``TimesError`` unless finite, >= 0, ascending."""
    try:
        times = np.asarray(times_h, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TimesError("output times must be numbers") from error
    if times.ndim != 1 or not 1 <= times.size <= MOST_TIMES:
        raise TimesError(f"between 1 and {MOST_TIMES} output times can be asked for, in one list")
    if not np.isfinite(times).all() or times[0] < 0 or times[-1] > LONGEST_H:
        raise TimesError(f"output times must lie between 0 and {LONGEST_H:g} h")
    if (np.diff(times) < 0).any():
        raise TimesError("output times must be in ascending order")
    return times


@dataclass(frozen=True, eq=False)
class LinearPlan:
    """``ops`` (k, 4): kind and three numbers, see the kernel; ``steps_h``: the different steps.

    JUMP first last: take these jumps. BUILD slot step uses: work out the exponential of a step,
    which is then taken ``uses`` times. ADVANCE slot: take it. RUN slot count output: take it
    ``count`` times, writing outputs from ``output`` on. WRITE output. KEEP the
    state; RETURN to the one that was kept.
    """

    ops: Integers
    steps_h: Array
    slots: int

    @property
    def longest(self) -> int:
        """Outputs of the longest evenly spaced stretch."""
        runs = self.ops[self.ops[:, 0] == RUN]
        return int(runs[:, 2].max(initial=0))


def linear_plan(inputs: Inputs, times: Array) -> LinearPlan:
    """The exact way from event to output to event. Short ones are made once."""
    if inputs.time_h.size + times.size > _SHORT:
        return _linear_plan(inputs.time_h, times)
    return _known_plan(inputs.time_h.tobytes(), times.tobytes())


@lru_cache(maxsize=128)
def _known_plan(jumps: bytes, times: bytes) -> LinearPlan:
    return _linear_plan(np.frombuffer(jumps), np.frombuffer(times))


def _linear_plan(jumps: Array, times: Array) -> LinearPlan:
    route = _Route(SAME * max(1.0, float(times[-1])))
    route.follow(jumps, times)
    return route.plan()


def ways_plan(ways: Sequence[Inputs], times: Array) -> tuple[Inputs, LinearPlan]:
    """One plan for several inputs that are the same before ``times[0]``, and all their jumps.

    What came before is gone through once, as the first way has it. The outputs of the second way
    stand behind those of the first, and so on: (outputs, people, ways * T).
    """
    route = _Route(SAME * max(1.0, float(times[-1])))
    begin_h = float(times[0])
    past = [int(np.searchsorted(one.time_h, begin_h - route.tolerance)) for one in ways]
    route.take(ways[0].time_h[: past[0]], 0, begin_h, 0)
    route.reach(begin_h)
    route.ops.append((KEEP, 0, 0, 0))
    empty, first = route.empty, 0
    for place, one in enumerate(ways):
        if place:
            route.ops.append((RETURN, 0, 0, 0))
            route.now, route.empty = begin_h, empty
        ahead = one.time_h[past[place] :]
        route.follow(ahead, times, first + past[place], place * len(times))
        first += len(one.time_h)
    rows = np.cumsum([0, *(len(one.factors) for one in ways)])
    joined = Inputs(
        np.concatenate([one.time_h for one in ways]),
        np.concatenate([one.state for one in ways]),
        np.concatenate([one.amount for one in ways]),
        np.concatenate([one.factor + row for one, row in zip(ways, rows, strict=False)]),
        np.concatenate([one.factors for one in ways]),
    )
    return joined, route.plan()


class _Route:
    """The steps from where the state is nothing; ``empty`` while nothing has come into it."""

    def __init__(self, tolerance: float) -> None:
        self.tolerance = tolerance
        self.ops: list[tuple[int, int, int, int]] = []
        self.slots = _Slots(tolerance, self.ops)
        self.now, self.empty = 0.0, True

    def plan(self) -> LinearPlan:
        """All steps that were appended."""
        return LinearPlan(
            np.array(self.ops, dtype=np.int64).reshape(-1, 4),
            np.array(self.slots.steps),
            self.slots.used,
        )

    def reach(self, at: float) -> None:
        """Advance to a time. What is nothing stays so, whatever the step."""
        self.now = max(self.now, at) if self.empty else self.slots.advance(self.now, at)

    def take(self, jumps: Array, jump: int, until: float, offset: int) -> int:
        """Take the jumps from ``jump`` on up to a time; returns the first that is later."""
        while jump < len(jumps) and jumps[jump] <= until + self.tolerance:
            at, last = float(jumps[jump]), jump
            self.reach(at)
            while last < len(jumps) and jumps[last] <= at + self.tolerance:
                last += 1
            self.ops.append((JUMP, offset + jump, offset + last, 0))
            self.empty, jump = False, last
        return jump

    def follow(self, jumps: Array, times: Array, offset: int = 0, before: int = 0) -> None:
        """From event to output to event; ``offset`` and ``before`` are jumps and outputs that stand
        before these."""
        jump, output = 0, 0
        while output < len(times):
            jump = self.take(jumps, jump, float(times[output]), offset)
            until = float(jumps[jump]) if jump < len(jumps) else np.inf
            count = 0
            if not self.empty:
                count = _run_length(times, output, self.now, until - self.tolerance, self.tolerance)
            if count > 1:
                step = (float(times[output + count - 1]) - self.now) / count
                self.ops.append((RUN, self.slots.get(step, count), count, before + output))
                output += count
                self.now = float(times[output - 1])
            else:
                self.reach(float(times[output]))
                self.ops.append((WRITE, before + output, 0, 0))
                output += 1


def _run_length(times: Array, first: int, now: float, until: float, tolerance: float) -> int:
    """How many outputs from ``first`` on follow each other at the distance of the first."""
    step = float(times[first]) - now
    if step <= tolerance:
        return 0
    count, size = 0, _LOOKED_AT
    while first + count < len(times):
        ahead = times[first + count : first + count + size]
        expected = now + step * np.arange(count + 1, count + len(ahead) + 1)
        # The end of the run sets the step, so that no error of the first distance adds up.
        fits = (np.abs(ahead - expected) <= 1e-9 * step) & (ahead < until)
        if not fits.all():
            return count + int(np.argmin(fits))
        # A run is gone through once, and no more than twice as far as it goes.
        count, size = count + len(ahead), 2 * size
    return count


class _Slots:
    """Hands out places for exponentials; the one that was not used for longest goes first."""

    def __init__(self, tolerance: float, ops: list[tuple[int, int, int, int]]) -> None:
        self.tolerance, self.ops = tolerance, ops
        self.steps: list[float] = []
        #: The first step of each width of the tolerance, so that many are not gone through.
        self.places: dict[int, int] = {}
        self.holds: list[int] = []
        self.last_used: list[int] = []
        self.built: list[int] = []
        self.used = 0

    def advance(self, now: float, to: float) -> float:
        step = to - now
        if step > self.tolerance:
            self.ops.append((ADVANCE, self.get(step), 0, 0))
            return to
        return now

    def number(self, step: float) -> int:
        """Of the first step that is the same within the tolerance; a new one is added."""
        place = int(step / self.tolerance)
        near = [self.places[k] for k in (place - 1, place, place + 1) if k in self.places]
        same = [i for i in near if abs(self.steps[i] - step) <= self.tolerance]
        if same:
            return min(same)
        self.places.setdefault(place, len(self.steps))
        self.steps.append(step)
        return len(self.steps) - 1

    def get(self, step: float, uses: int = 1) -> int:
        number = self.number(step)
        if number in self.holds:
            slot = self.holds.index(number)
        else:
            slot = len(self.holds)
            if slot == SLOTS:
                slot = int(np.argmin(self.last_used))
                self.holds[slot] = number
            else:
                self.holds.append(number)
                self.last_used.append(0)
                self.built.append(0)
            self.built[slot] = len(self.ops)
            self.ops.append((BUILD, slot, number, 0))
        build = self.built[slot]
        self.ops[build] = (BUILD, slot, number, self.ops[build][3] + uses)
        self.used = max(self.used, slot + 1)
        self.last_used[slot] = len(self.ops)
        return slot


@dataclass(frozen=True, eq=False)
class Ladder:
    """Panels between events, for what is driven through bends.

    ``panels`` is how many there are to each doubling. ``first_jump`` (segments + 1) are the jumps
    taken at the start of each segment. ``kind`` (segments,) numbers the different segment lengths:
    those of one kind share their exponentials; ``unit_h`` (kinds,) is the shortest step of a kind
    and ``octaves`` (kinds,) how often it doubles. ``start_h`` (segments,) is where each begins.
    """

    start_h: Array
    first_jump: Integers
    kind: Integers
    unit_h: Array
    octaves: Integers
    panels: int


def ladder(inputs: Inputs, end_h: float, fastest_per_h: float, panels: int = PANELS) -> Ladder:
    """The ladder from time 0 to ``end_h``, fine enough for a process of ``fastest_per_h``."""
    tolerance = SAME * max(1.0, end_h)
    starts, first_jump, jump = [0.0], [0], 0
    while jump < len(inputs.time_h) and inputs.time_h[jump] <= tolerance:
        jump += 1
    while jump < len(inputs.time_h) and inputs.time_h[jump] < end_h - tolerance:
        starts.append(float(inputs.time_h[jump]))
        first_jump.append(jump)
        while jump < len(inputs.time_h) and inputs.time_h[jump] <= starts[-1] + tolerance:
            jump += 1
    first_jump.append(jump)
    # The last segment ends where the next event is, or else at a power of two of the first panel:
    # its panels are then the same wherever the outputs end.
    if jump < len(inputs.time_h):
        last = float(inputs.time_h[jump])
    else:
        first = FIRST / fastest_per_h
        ahead = max(end_h - starts[-1], 2.0 * first)
        last = starts[-1] + first * 2.0 ** np.ceil(np.log2(ahead / first))
    lengths = np.diff([*starts, last])
    kinds: list[float] = []
    kind = []
    for length in lengths.tolist():
        same = (i for i, known in enumerate(kinds) if abs(known - length) <= tolerance)
        number = next(same, len(kinds))
        if number == len(kinds):
            kinds.append(length)
        kind.append(number)
    octaves = [
        max(1, int(np.ceil(np.log2(length * fastest_per_h / FIRST) - 1e-9))) for length in kinds
    ]
    unit = [
        length / 2**octave / (panels * DEGREE)
        for length, octave in zip(kinds, octaves, strict=True)
    ]
    return Ladder(
        np.array(starts),
        np.array(first_jump, dtype=np.int64),
        np.array(kind, dtype=np.int64),
        np.array(unit),
        np.array(octaves, dtype=np.int64),
        panels,
    )
