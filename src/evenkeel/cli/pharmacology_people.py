"""Works a simulation out in chunks of people, so that memory stays bounded."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TextIO

import numpy as np
from numpy.typing import NDArray

from evenkeel.cli.pharmacology_outputs import Output, session_numbers
from evenkeel.pharmacology import Integral, Model, People, PeopleError, Regimen, simulate
from evenkeel.pharmacology.acute import simulate_acute
from evenkeel.pharmacology.effects import AcutePerson
from evenkeel.pharmacology.model import Status
from evenkeel.pharmacology.simulate import trust
from evenkeel.pharmacology.solve import Kernel

Array = NDArray[np.float64]
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
#: Numbers worked out at a time (64 MB), and numbers kept in memory at most before a file is used.
CHUNK = 8_000_000
IN_MEMORY = 48_000_000
#: Below so many numbers the plain kernel is done before the compiled one is loaded.
SMALL = 1_500_000
TABLE_ROWS = 13
#: Times of a picture, for few people and for many.
PLOT_TIMES = (1501, 361)
FEW = 20_000


@dataclass(frozen=True, eq=False)
class Asked:
    """What is to be simulated."""

    model: Model
    regimen: Regimen
    people: People
    seed: int
    until_h: float
    every_h: float
    outputs: tuple[Output, ...]
    person: AcutePerson | None = None
    notes: tuple[str, ...] = ()

    @property
    def levels(self) -> tuple[str, ...]:
        """The blood levels among the outputs."""
        return tuple(one.name for one in self.outputs if not one.group)

    @property
    def effects(self) -> tuple[str, ...]:
        """The groups of effects that the outputs need."""
        return tuple(dict.fromkeys(one.group for one in self.outputs if one.group))

    @property
    def grid_h(self) -> Array:
        """The times asked for."""
        count = int(np.floor(self.until_h / self.every_h + 1e-9))
        return np.arange(count + 1) * (self.until_h / count if self._even else self.every_h)

    @property
    def _even(self) -> bool:
        steps = self.until_h / self.every_h
        return bool(abs(steps - round(steps)) < 1e-9)

    @property
    def times_h(self) -> Array:
        """The same with every moment at which a dose begins or ends, where peaks are."""
        grid = self.grid_h
        moments = {t for dose in self.regimen for t in (dose.at_h, dose.end_h)}
        more = [t for t in moments if t <= self.until_h and np.abs(grid - t).min() > 1e-9]
        return np.sort(np.concatenate([grid, more]))


@dataclass(frozen=True, eq=False)
class Found:
    """Quantiles (outputs, LEVELS, times) at ``times_h`` and of what was worked out per person.

    ``peak``, ``peak_at_h`` and ``area`` are (outputs, LEVELS): Cmax (ng/mL), Tmax (h), AUC
    (ng*h/mL) from 0 to the end.
    """

    times_h: Array
    bands: Array
    table: NDArray[np.int64]
    peak: Array
    peak_at_h: Array
    area: Array
    failed: int
    status: Status
    reasons: tuple[str, ...]
    seconds: float


class Table(Protocol):
    """Takes the rows of some people."""

    def write(self, first: int, times_h: Array, values: Sequence[Array]) -> None:
        """Values: one (people, times) array an output."""


@dataclass
class Progress:
    """A bar on a terminal, from the second half second on; nothing elsewhere."""

    total: int
    stream: TextIO
    clock: Callable[[], float] = time.monotonic
    _shown: bool = field(default=False, init=False)
    _began: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def at(self, done: int) -> None:
        """Show that so many people are done."""
        if not self.stream.isatty() or (not self._shown and self.clock() - self._began < 0.5):
            return
        self._shown = True
        share = done / self.total
        bar = "█" * round(30 * share) + "░" * (30 - round(30 * share))
        self.stream.write(f"\r{bar} {share:4.0%}  {done:,} of {self.total:,} people")
        self.stream.flush()

    def end(self) -> None:
        """Take the bar away."""
        if self._shown:
            self.stream.write("\r" + " " * 78 + "\r")
            self.stream.flush()


def work_out(asked: Asked, tables: Sequence[Table], progress: Progress, for_plot: bool) -> Found:
    """Simulate everybody, hand the rows to ``tables``, and sum up by exact quantiles.

    Raises ``PharmacologyError`` for what cannot be, ``PeopleError`` where nobody worked out or
    where there is no room to keep what the quantiles need.
    """
    began = time.monotonic()
    times, n = asked.times_h, asked.people.n
    on_grid = np.isin(times, asked.grid_h)
    kept, table = _kept(asked, times, on_grid, for_plot)
    store = _store(len(asked.outputs), len(kept), n)
    peaks, peaks_at, areas = (np.empty((len(asked.outputs), n)) for _ in range(3))
    failed = np.zeros(n, dtype=bool)
    size = max(64, CHUNK // (_numbers(asked) * len(times)))
    kernel: Kernel = "numpy" if n * len(times) * _numbers(asked) <= SMALL else "auto"
    for first in range(0, n, size):
        progress.at(first)
        part = slice(first, min(n, first + size))
        values, areas[:, part], failed[part], derived = _part(asked, part, times, kernel)
        for o, one in enumerate(values):
            store[o, :, part] = one[:, kept].T
            peaks[o, part] = one.max(axis=1)
            peaks_at[o, part] = times[one.argmax(axis=1)]
        for table_file in tables:
            table_file.write(first, times[on_grid], [one[:, on_grid] for one in values])
    if failed.all():
        raise PeopleError("the model's formulas give no number for any of these people")
    well = slice(None) if not failed.any() else ~failed
    bands = np.empty((len(asked.outputs), len(LEVELS), len(kept)))
    for o in range(len(asked.outputs)):
        for k in range(len(kept)):
            bands[o, :, k] = np.quantile(store[o, k][well], LEVELS)
    status, reasons = trust(asked.model, asked.regimen, asked.people)
    if derived:
        reasons += ("the model knows only the sum of both enantiomers: taken as half S and half R",)
    return Found(
        times[kept],
        bands,
        table,
        *(np.quantile(a[:, well], LEVELS, axis=1).T for a in (peaks, peaks_at, areas)),
        failed=int(failed.sum()),
        status=status,
        reasons=(*reasons, *asked.notes),
        seconds=time.monotonic() - began,
    )


def _numbers(asked: Asked) -> int:
    """Arrays (people, times) that are held at a time, roughly: an effect needs several."""
    return len(asked.model.outputs) + 6 * len(asked.effects)


def _part(
    asked: Asked, part: slice, times: Array, kernel: Kernel
) -> tuple[list[Array], Array, NDArray[np.bool_], bool]:
    """Some people: each output (people, times), areas (outputs, people), who failed, and whether
    the enantiomers were taken as half and half.
    """
    model, regimen, some = asked.model, asked.regimen, asked.people.part(part)
    # Areas of effects mean nothing; they stay NaN.
    integrals = [Integral(f"area {name}", {name: 1.0}) for name in asked.levels]
    end = simulate(
        model, regimen, some, [asked.until_h], integrals=integrals, outputs=(), kernel=kernel
    )
    nothing = np.full(some.n, np.nan)
    areas = np.array([
        end[f"area {one.name}"][:, 0] if not one.group else nothing for one in asked.outputs
    ])  # fmt: skip
    if asked.person is None:
        result = simulate(model, regimen, some, times, outputs=asked.levels, kernel=kernel)
        return [result[name] for name in asked.levels], areas, result.failed, False
    acute = simulate_acute(
        model, regimen, some, asked.person.take(np.arange(part.start, part.stop)), times,
        session_number=session_numbers(regimen, times), effects=asked.effects,
        outputs=asked.levels, kernel=kernel,
    )  # fmt: skip
    values = [one.read(acute) if one.read else acute.result[one.name] for one in asked.outputs]
    return values, areas, acute.result.failed, acute.derived


def _kept(
    asked: Asked, times: Array, on_grid: NDArray[np.bool_], for_plot: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which times are summed up, and which of those stand in the table: both as indices."""
    grid = np.flatnonzero(on_grid)
    rows = set(grid[_spread(len(grid), TABLE_ROWS)].tolist())
    ends = {t for dose in asked.regimen for t in (dose.at_h, dose.end_h)}
    moments = {int(np.abs(times - t).argmin()) for t in ends if t <= asked.until_h}
    if len(moments) <= TABLE_ROWS:
        rows |= moments
    kept = set(rows)
    if for_plot:
        most = PLOT_TIMES[asked.people.n > FEW]
        kept |= set(grid[_spread(len(grid), most)].tolist())
        kept |= moments if len(moments) <= most else set()
    found = np.array(sorted(kept), dtype=np.int64)
    return found, np.searchsorted(found, np.array(sorted(rows), dtype=np.int64))


def _spread(count: int, most: int) -> NDArray[np.int64]:
    """At most ``most`` of ``count`` places, evenly from the first to the last."""
    step = max(1, -(-(count - 1) // max(1, most - 1)))
    places = list(range(0, count, step))
    return np.array(places if places[-1] == count - 1 else [*places, count - 1], dtype=np.int64)


def _store(outputs: int, times: int, people: int) -> Array:
    """Room for what quantiles are made from: in memory, or in a file that nobody else sees."""
    numbers = outputs * times * people
    if numbers <= IN_MEMORY:
        return np.empty((outputs, times, people))
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if numbers * 8 > free * 0.8:
        raise PeopleError(
            f"{numbers * 8 / 1e9:.1f} GB would be needed to sum up {people:,} people at {times} "
            "times; ask for fewer people or outputs, or leave out the plot"
        )
    with tempfile.TemporaryFile() as file:
        return np.memmap(file, dtype=np.float64, mode="w+", shape=(outputs, times, people))
