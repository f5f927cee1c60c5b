"""The three parts of W3 as things to be timed, each with its check against the reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.pharmacology import engine, reference
from bench.pharmacology import workloads as w
from bench.pharmacology.measure import Contender
from bench.pharmacology.workloads import Array

if TYPE_CHECKING:
    from bench.pharmacology.table import Row, Sizes

UPDATE_GOAL_S, FIT_GOAL_S, REFIT_GOAL_S = 0.020, 0.001, 0.5
#: How far above the smallest objective (twice the negative log posterior) a fit may end.
FIT_GOAL_ABOVE = 1e-4

Goal = Callable[["Row"], tuple[str, bool]]
Part = tuple[str, list[tuple[Contender, int]], dict[str, str], Goal]


def w3_contenders(sizes: Sizes, peers: list[tuple[ModuleType, str]]) -> Iterator[Part]:
    """Yield (title, contenders with their numbers of people, absent ones with why, goal)."""
    readings = w.w3_readings(sizes.refit)
    yield _updates(sizes, peers, readings.values[0])
    fitted = reference.w3_fit(readings.values)
    for name, title, goal_s in (
        ("w3_point_fit", "W3 fit", FIT_GOAL_S),
        ("w3_refit_many", f"W3 {len(fitted):,}", REFIT_GOAL_S),
    ):
        one = name == "w3_point_fit"
        values = readings.values[0] if one else readings.values
        true = fitted[:1] if one else fitted
        yield _fits(name, title, values, true, peers, goal_s, sizes.rounds)


def _updates(sizes: Sizes, peers: list[tuple[ModuleType, str]], values: Array) -> Part:
    """One more reading into the particles, and the next 90 minutes."""
    particles = w.w1_people(sizes.particles)
    known, new = values[: w.W3_NEW_READING], float(values[w.W3_NEW_READING])
    so_far = values[: w.W3_NEW_READING + 1]
    true = reference.w3_quantiles(w.w1_people(sizes.reference_particles), so_far)
    scale = true.max(axis=(0, 1))

    def check(found: Array) -> dict[str, float]:
        return {"quantiles, with sampling error": float((np.abs(found - true) / scale).max())}

    contenders: list[tuple[Contender, int]] = []
    absent: dict[str, str] = {}
    try:
        prepared = engine.w3_prepare(particles, known)
        units = np.array(engine.UNITS[:2])
        contenders.append(
            (
                Contender(
                    engine.NAME,
                    lambda: engine.w3_update(prepared, new),
                    lambda found: check(found / units),
                    sizes.rounds,
                ),
                1,
            )
        )
    except engine.NotHere as error:
        absent[engine.NAME] = str(error)
    for peer, why in peers:
        if not hasattr(peer, "w3_update"):
            continue
        if why:
            absent[peer.NAME] = why
        else:
            work = _bound(peer.w3_update, particles, so_far)
            alone = peer.PACKAGES != ("numpy",)
            contenders.append((Contender(peer.NAME, work, check, sizes.rounds, alone), 1))

    def goal(row: Row) -> tuple[str, bool]:
        return f"p95 <= {1e3 * UPDATE_GOAL_S:g} ms", row.p95_s <= UPDATE_GOAL_S

    return "W3 update", contenders, absent, goal


def _fits(
    name: str,
    title: str,
    values: Array,
    true: Array,
    peers: list[tuple[ModuleType, str]],
    goal_s: float,
    rounds: int,
) -> Part:
    """Most probable effects of one person or of many."""
    rows = np.atleast_2d(values)
    least = w.w3_objective(true, reference.w3_predict(true), rows)

    def check(found: Array) -> dict[str, float]:
        effects = np.atleast_2d(found)
        above = w.w3_objective(effects, reference.w3_predict(effects), rows) - least
        return {
            "effects": float(np.abs(effects - true).max()),
            "objective above": float(above.max()),
        }

    contenders: list[tuple[Contender, int]] = []
    absent: dict[str, str] = {}
    for who, why in ((engine, ""), *peers):
        if not hasattr(who, name):
            continue
        work = _bound(getattr(who, name), values)
        try:
            if who is engine:
                work()
        except engine.NotHere as error:
            why = str(error)
        if why:
            absent[who.NAME] = why
        else:
            alone = who is not engine and who.PACKAGES != ("numpy",)
            contenders.append((Contender(who.NAME, work, check, rounds, alone), len(rows)))

    def goal(row: Row) -> tuple[str, bool]:
        right = row.errors["objective above"] <= FIT_GOAL_ABOVE
        return f"<= {1e3 * goal_s:g} ms, objective {FIT_GOAL_ABOVE:g}", (
            row.median_s <= goal_s and right
        )

    return title, contenders, absent, goal


def _bound(function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: function(*arguments)
