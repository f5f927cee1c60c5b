"""``evenkeel bench pharmacology``: engine, peers and physical limits in one run, and as a table."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib import import_module, metadata
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np

from bench.machine import Share, machine
from bench.pharmacology import engine, limits, reference
from bench.pharmacology import workloads as w
from bench.pharmacology.measure import BUDGET_S, Contender, measure
from bench.pharmacology.workloads import Array

W1_PEERS = (
    "numpy_closed_form",
    "numpy_threads",
    "jax_closed_form",
    "numbalsoda",
    "diffrax_jax",
    "libroadrunner",
    "scipy_lsoda",
)
W2_PEERS = ("numbalsoda", "diffrax_jax", "libroadrunner", "scipy_lsoda")
W3_PEERS = ("numpy_closed_form", "jax_closed_form", "scipy_map")
#: What each package is called in the index, where its import has another name.
DISTRIBUTIONS = {"roadrunner": "libroadrunner"}
#: The goals of W1 are about so many: smaller results fit into memory the allocator kept.
W1_GOAL_PEOPLE = 100_000
W1_GOAL_FACTOR, W1_GOAL_SHARE, W1_GOAL_ERROR = 8.0, 0.35, 1e-9
W2_GOAL_PER_S, W2_GOAL_ERROR = 60_000.0, 2e-5


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything. The usual ones are those of the goals."""

    w1_people: tuple[int, ...] = (1_000, 10_000, 100_000)
    w2_people: tuple[int, ...] = (1_000, 10_000)
    #: So many courses have a reference by LSODA; errors of W2 are of these.
    w2_checked: int = 24
    particles: int = w.W3_PARTICLES
    refit: int = w.W3_REFIT_PEOPLE
    reference_particles: int = 100_000
    rounds: int = 20
    budget_s: float = BUDGET_S
    peers: bool = True


@dataclass(slots=True)
class Row:
    """One line of the table. ``per_s`` counts people, courses or calls."""

    workload: str
    name: str
    people: int = 0
    per_s: float = 0.0
    median_s: float = 0.0
    p95_s: float = 0.0
    noise: float = 0.0
    rounds: int = 0
    first_s: float = 0.0
    errors: dict[str, float] = field(default_factory=dict)
    note: str = ""
    goal: str = ""
    met: bool | None = None


Say = Callable[[Row], None]


def run(sizes: Sizes, say: Say | None = None) -> list[Row]:
    """Run everything; ``say`` hears each row as soon as it is there."""
    rows: list[Row] = []
    for workload in (_w1, _w2, _w3):
        for found in workload(sizes):
            rows += found
            for row in found if say else ():
                say(row)  # type: ignore[misc]
    return rows


def _peers(names: tuple[str, ...], sizes: Sizes) -> list[ModuleType]:
    """The peers, those included that are not installed."""
    peers = [import_module(f"bench.pharmacology.peers.{name}") for name in names]
    return peers if sizes.peers else [p for p in peers if not apart(p)]


def missing(peer: ModuleType) -> str:
    """Say why a peer cannot run here, or nothing."""
    # Found and not loaded: it is loaded in the process that it is timed in.
    for package in peer.PACKAGES:
        if find_spec(package) is None:
            return f"{package} is not installed"
    return ""


def apart(peer: ModuleType) -> bool:
    """Whether it may have threads of its own: all but what is plain NumPy."""
    return peer.PACKAGES != ("numpy",)


def _rows(
    workload: str, contenders: list[tuple[Contender, int]], absent: dict[str, str], sizes: Sizes
) -> list[Row]:
    """Measure; a row for each, those that could not run included."""
    share = Share(list)
    measure([one for one, _ in contenders], sizes.budget_s)
    others = share.others()
    rows = []
    for one, people in contenders:
        row = Row(workload, one.name, people, errors=one.errors, note=one.broken)
        if one.timing:
            row.median_s, row.p95_s = one.timing.median_s, one.timing.p95_s
            row.noise, row.first_s = one.timing.noise, one.timing.first_s
            row.rounds, row.per_s = len(one.timing.seconds), people / one.timing.median_s
        rows.append(row)
    if rows and others >= 0.05:
        _add(rows[0], f"DISTURBED: other work took {100 * others:.0f}% of the machine meanwhile")
    return rows + [Row(workload, name, note=why) for name, why in absent.items()]


def _add(row: Row, words: str) -> None:
    """Append to what is said beside a row."""
    row.note = f"{row.note}; {words}" if row.note else words


def _entered(
    work: str,
    names: tuple[str, ...],
    people: Array,
    times_min: Array,
    check: Callable[[Array, Array], dict[str, float]],
    sizes: Sizes,
) -> tuple[list[tuple[Contender, int]], dict[str, str]]:
    """The engine and the peers for one size, and why those that are not there are not.

    A slow peer is given its first few people only; its rate is per person, and its name says so.
    """
    entered: list[tuple[Contender, int]] = []
    absent: dict[str, str] = {}

    def enter(
        name: str, call: Callable[[Array], Array], units: Array, at_most: int, alone: bool = False
    ) -> None:
        mine = people[:at_most]
        told = name if len(mine) == len(people) else f"{name}, rate from {len(mine)}"
        one = Contender(told, lambda: call(mine), lambda x: check(x, units), sizes.rounds, alone)
        entered.append((one, len(mine)))

    units = np.array(engine.UNITS if work == "w2" else engine.UNITS[:2])
    solve = getattr(engine, work)
    try:
        solve(people[:2], times_min)
        enter(engine.NAME, lambda mine: solve(mine, times_min), units, len(people))
    except engine.NotHere as error:
        absent[engine.NAME] = str(error)
    for peer in _peers(names, sizes):
        why = missing(peer)
        if why:
            absent[peer.NAME] = why
        else:
            most = peer.PEOPLE[work.upper()]
            enter(peer.NAME, getattr(peer, work), np.ones(len(units)), most, apart(peer))
    return entered, absent


def _w1(sizes: Sizes) -> Any:
    """W1 at each size, with the limits of the memory beside it."""
    most = w.w1_people(max(sizes.w1_people))
    exact = reference.w1_exact(most)
    independent = reference.w1_expm(most[:1000])
    yield [
        Row(
            "W1",
            "reference: closed form against matrix exponential",
            len(independent),
            errors={"relative": w.relative_error(exact[: len(independent)], independent)},
        )
    ]

    def check(found: Array, units: Array) -> dict[str, float]:
        true = exact[: len(found)] * units
        relative = w.relative_error(found[:1000], true[:1000])
        return {"scaled": w.scaled_error(found, true), "relative, first 1000": relative}

    for people in sizes.w1_people:
        contenders, absent = _entered("w1", W1_PEERS, most[:people], w.W1_TIMES_MIN, check, sizes)
        shape = (people, len(w.W1_TIMES_MIN), 2)
        for threads in (1, 2):
            for name, fill in (("fresh", limits.fresh_fill), ("held", limits.held_fill)):
                work = fill(shape, threads)
                told = f"limit: fill a {name} array, threads: {threads}"
                contenders.append((Contender(told, work, rounds=sizes.rounds), people))
        yield _judged_w1(_rows(f"W1 {people:,}", contenders, absent, sizes))
    copies = [
        (Contender(f"limit: copy memory, threads: {n}", limits.copy(n), rounds=10), 1)
        for n in (1, 2)
    ]
    rows = _rows("memory", copies, {}, sizes)
    for row in rows:
        _add(row, f"{limits.copied_gb_per_s(row.median_s):.1f} GB/s read and written")
    yield rows


def _judged_w1(rows: list[Row]) -> list[Row]:
    """Say how the engine does against the floor and the limit of the same run."""
    rates = {row.name: row.per_s for row in rows}
    floor = rates.get("NumPy closed form, 1 thread", 0.0)
    limit = max(rate for name, rate in rates.items() if "fresh" in name)
    for row in rows:
        if row.per_s and not row.name.startswith("limit"):
            _add(row, f"{row.per_s / floor:.3g} x floor, {row.per_s / limit:.2g} of a fresh fill")
        if row.name == engine.NAME and row.per_s and row.people >= W1_GOAL_PEOPLE:
            row.goal = f">= {W1_GOAL_FACTOR:g} x floor, >= {W1_GOAL_SHARE:.0%} of fill, error 1e-9"
            row.met = (
                row.per_s >= W1_GOAL_FACTOR * floor
                and row.per_s >= W1_GOAL_SHARE * limit
                and row.errors["scaled"] <= W1_GOAL_ERROR
            )
    return rows


def _w2(sizes: Sizes) -> Any:
    """W2 at each size."""
    most = w.w2_people(max(sizes.w2_people))
    states = reference.w2_states_lsoda(most[: sizes.w2_checked])
    exact = w.w2_outputs(states, most[: sizes.w2_checked])
    linear, independent = states[:, :, [0, 1, 2, 3, 4, 5, 7]], reference.w2_expm(most[: len(exact)])
    error = w.scaled_error(linear, independent)
    name = "reference: LSODA against matrix exponential, linear states"
    yield [Row("W2", name, len(exact), errors={"scaled": error})]

    def check(found: Array, units: Array) -> dict[str, float]:
        seen = found[: len(exact)] / units
        by_output = w.scaled_errors(seen, exact[: len(seen)]).tolist()
        return {"scaled": max(by_output), **dict(zip(w.W2_OUTPUTS, by_output, strict=True))}

    for people in sizes.w2_people:
        contenders, absent = _entered("w2", W2_PEERS, most[:people], w.W2_TIMES_MIN, check, sizes)
        rows = _rows(f"W2 {people:,}", contenders, absent, sizes)
        for row in rows:
            if row.name == engine.NAME and row.per_s:
                row.goal = f">= {W2_GOAL_PER_S:,.0f} courses/s, error {W2_GOAL_ERROR:g}"
                row.met = row.per_s >= W2_GOAL_PER_S and row.errors["scaled"] <= W2_GOAL_ERROR
        yield rows


def _w3(sizes: Sizes) -> Any:
    """W3: one more reading, one fit, many fits."""
    from bench.pharmacology.forecast_rows import w3_contenders

    for title, contenders, absent, goal in w3_contenders(
        sizes, [(peer, missing(peer)) for peer in _peers(W3_PEERS, sizes)]
    ):
        rows = _rows(title, contenders, absent, sizes)
        for row in rows:
            if row.name == engine.NAME and row.per_s:
                row.goal, row.met = goal(row)
        yield rows


def versions() -> dict[str, str]:
    """Versions of every package that took part."""
    names = {"numpy", "scipy", "numba", "mpmath"}
    for name in {*W1_PEERS, *W2_PEERS, *W3_PEERS}:
        names |= set(import_module(f"bench.pharmacology.peers.{name}").PACKAGES)
    found = {}
    for name in sorted(names):
        try:
            found[name] = metadata.version(DISTRIBUTIONS.get(name, name))
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def line_of(row: Row) -> str:
    """One row as text."""
    head = f"{row.workload:11} {row.name:58}"
    if row.median_s:
        head += f" {row.per_s:>12,.0f}/s  {1e3 * row.median_s:10.3f} ms"
        head += f"  p95 {1e3 * row.p95_s:.3f}, noise {row.noise:.2f}, {row.rounds} rounds"
        head += f", first {row.first_s:.2f} s"
    errors = ", ".join(f"{name} {value:.1e}" for name, value in row.errors.items())
    mark = {True: "met", False: "NOT MET", None: ""}[row.met]
    tail = "; ".join(
        part
        for part in (f"error: {errors}" if errors else "", row.note, f"{row.goal} {mark}".strip())
        if part
    )
    return f"{head.rstrip()}\n    {tail}" if tail else head.rstrip()


def print_table(sizes: Sizes, say: Callable[[str], None] = print) -> dict[str, Any]:
    """Run and print everything, and return it as plain JSON."""
    about = {**machine(), **{f"package {name}": v for name, v in versions().items()}}
    for name, value in about.items():
        say(f"{name:22} {value}")
    say("")
    rows = run(sizes, lambda row: say(line_of(row)))
    found = {"machine": about, "sizes": asdict(sizes), "rows": [asdict(row) for row in rows]}
    json.dumps(found)
    return found
