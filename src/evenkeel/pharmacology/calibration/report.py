"""What a replay amounts to, as text for a terminal and as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .predictive import Predictive
from .replay import PEOPLE, Progress, replay
from .score import UNITS, Score
from .sessions import RecordedSession, in_order
from .tally import BY, Tally, learned, tally
from .verdict import STANDARD, Verdict, verdicts

FORMAT = "evenkeel-calibration/1"
NAMES = {
    "sbp": "systolic pressure",
    "dbp": "diastolic pressure",
    "hr": "heart rate",
    "dissociation": "dissociation 0-10",
    "cadss": "CADSS",
    "moaas": "MOAA/S",
}
GROUPS = {
    "readings": "By readings of the kind before",
    "minute": "By minute of the session",
    "session": "By session of the person",
}
#: How much better than without learning a forecast is to be after three readings. [design target]
SKILL = 0.20
_HEAD = (
    "", "readings", "50 % held", "90 % held", "CRPS", "prior", "better", "90 % width", "surprising"
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Measured:
    """Sessions replayed: their scores, and what they were replayed with."""

    title: str
    sessions: int
    people: int
    scores: tuple[Score, ...]
    n: int
    seed: int
    carry: bool
    #: Endpoint -> the CRPS of the truth itself for the readings after three of the kind, where the
    #: truth is known.
    best_crps: Mapping[str, float] = field(default_factory=dict)

    def most_to_gain(self, kind: str) -> float | None:
        """The share by which the truth itself is better than the prior; ``None`` if unknown."""
        found, best = self.learned.get(kind), self.best_crps.get(kind)
        if found is None or best is None or not found.crps_prior > 0.0:
            return None
        return 1.0 - best / found.crps_prior

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """Endpoint -> verdict."""
        return verdicts(self.scores)

    def by(self, by: str) -> dict[tuple[str, str], Tally]:
        """(endpoint, group) -> what its scores amount to."""
        return tally(self.scores, by)

    @property
    def learned(self) -> dict[str, Tally]:
        """Endpoint -> what the readings after three of the kind amount to."""
        return {kind: found for (kind, _), found in tally(learned(self.scores)).items()}


@dataclass(frozen=True, eq=False)
class Failing:
    """A group of sessions that the forecast should fail, and the endpoints where it should."""

    id: str
    expected: tuple[str, ...]
    measured: Measured

    @property
    def found(self) -> tuple[str, ...]:
        """The endpoints that came out as unreliable."""
        every = self.measured.verdicts
        return tuple(kind for kind, one in every.items() if one.word == "unreliable")


def measure(
    sessions: Iterable[RecordedSession],
    title: str = "",
    *,
    n: int = PEOPLE,
    seed: int = 0,
    carry: bool = True,
    progress: Progress | None = None,
) -> Measured:
    """Recorded sessions replayed and counted; raises as ``replay``."""
    given = in_order(sessions)
    scores = replay(given, n=n, seed=seed, carry=carry, progress=progress)
    people = len({one.person for one in given})
    return Measured(title, len(given), people, tuple(scores), n, seed, carry)


def best_crps(
    scores: Iterable[Score], truths: Mapping[tuple[str, str, float], Predictive]
) -> dict[str, float]:
    """Endpoint -> mean CRPS of what was truly to be read, over the readings after three of a kind.

    ``truths`` names it by session, kind and hour. Raises ``KeyError`` for a reading without one.
    """
    found: dict[str, list[float]] = {}
    for one in learned(scores):
        due = truths[one.session_id, one.kind, one.time_h]
        found.setdefault(one.kind, []).append(due.crps(one.value))
    return {kind: sum(every) / len(every) for kind, every in found.items()}


def met(found: Tally) -> tuple[bool, bool]:
    """Whether the two targets are met: bands that hold, and better than without learning."""
    inside = STANDARD.low <= found.coverage_90.value <= STANDARD.high
    return inside, found.skill is not None and found.skill[0] >= SKILL


def text(measured: Measured, failing: Sequence[Failing] = ()) -> str:
    """The report for a terminal."""
    lines = [*_head(measured), ""]
    after = {NAMES[kind]: found for kind, found in measured.learned.items()}
    units = {NAMES[kind]: unit for kind, unit in UNITS.items()}
    lines += ["After three readings of the kind", *_table(after, units), ""]
    lines += [*_targets(measured), ""]
    lines += ["Verdicts", *_verdicts(measured), ""]
    every = {NAMES[kind]: found for (kind, _), found in measured.by("endpoint").items()}
    lines += ["All readings", *_table(every, units), ""]
    for by, title in GROUPS.items():
        lines += [title, *_grouped(measured.by(by)), ""]
    if failing:
        lines += ["Sessions that the forecast should fail", *_failing(failing), ""]
    return "\n".join(lines).rstrip() + "\n"


def data(measured: Measured, failing: Sequence[Failing] = ()) -> dict[str, Any]:
    """The same as plain values for JSON."""
    return {
        "format": FORMAT,
        **_plain(measured),
        "should_fail": [_plain_failing(f) for f in failing],
    }


def _plain(measured: Measured) -> dict[str, Any]:
    return {
        "title": measured.title,
        "sessions": measured.sessions,
        "people": measured.people,
        "readings": len(measured.scores),
        "virtual_people": measured.n,
        "seed": measured.seed,
        "carried": measured.carry,
        "after_three": {kind: found.as_dict() for kind, found in measured.learned.items()},
        "after_three_best_crps": dict(measured.best_crps),
        "verdicts": {kind: one.as_dict() for kind, one in measured.verdicts.items()},
        "by": {by: _nested(measured.by(by)) for by in BY},
    }


def _nested(found: Mapping[tuple[str, str], Tally]) -> dict[str, dict[str, Any]]:
    nested: dict[str, dict[str, Any]] = {}
    for (kind, group), one in found.items():
        nested.setdefault(kind, {})[group] = one.as_dict()
    return nested


def _plain_failing(one: Failing) -> dict[str, Any]:
    return {
        "id": one.id,
        "expected_unreliable": list(one.expected),
        "found_unreliable": list(one.found),
        **_plain(one.measured),
    }


def _head(measured: Measured) -> Iterator[str]:
    carried = "carried from session to session" if measured.carry else "not carried on"
    yield measured.title or "Recorded sessions, replayed"
    yield (
        f"{len(measured.scores)} readings of {measured.sessions} sessions of "
        f"{measured.people} people; {measured.n} virtual people, seed {measured.seed}, "
        f"learning {carried}."
    )
    yield (
        "Each reading was predicted by the forecast as it stood just before it, noise included. "
        '"prior" is the same without any learning.'
    )


def _targets(measured: Measured) -> Iterator[str]:
    yield (
        f"Target after three readings: 90 % bands hold {STANDARD.low:.0%} to {STANDARD.high:.0%}, "
        f"CRPS at least {SKILL:.0%} better than without learning"
    )
    for kind, found in measured.learned.items():
        bands, skill = met(found)
        yield (
            f"  {NAMES[kind]:20}bands {'hold' if bands else 'MISS'}, "
            f"learning {'pays' if skill else 'MISSES'}{_of_what(measured, kind)}"
        )


def _of_what(measured: Measured, kind: str) -> str:
    most, found = measured.most_to_gain(kind), measured.learned[kind].skill
    if most is None or found is None:
        return ""
    return f"; {found[0]:.0%} better, and the truth itself {most:.0%}"


def _verdicts(measured: Measured) -> Iterator[str]:
    for kind, one in measured.verdicts.items():
        yield f"  {NAMES[kind]:20}{one.word}: {one.reason}"


def _failing(failing: Sequence[Failing]) -> Iterator[str]:
    for one in failing:
        yield f"  {one.measured.title}"
        for kind, verdict in one.measured.verdicts.items():
            mark = "  <- expected to fail" if kind in one.expected else ""
            yield f"    {NAMES[kind]:20}{verdict.word}: {verdict.reason}{mark}"


def _grouped(found: Mapping[tuple[str, str], Tally]) -> Iterator[str]:
    named = {f"{NAMES[kind]}, {group}": one for (kind, group), one in found.items()}
    units = {f"{NAMES[kind]}, {group}": UNITS[kind] for kind, group in found}
    yield from _table(named, units)


def _table(found: Mapping[str, Tally], units: Mapping[str, str]) -> Iterator[str]:
    rows = [_HEAD, *((f"  {name}", *cells(one, units[name])) for name, one in found.items())]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
    for row in rows:
        first, *rest = row
        line = first.ljust(widths[0])
        line += "".join("  " + cell.rjust(w) for cell, w in zip(rest, widths[1:], strict=True))
        yield line.rstrip()


def cells(one: Tally, unit: str) -> tuple[str, ...]:
    """The cells of a row of a table, in the order of ``HEAD`` after the name."""
    band = one.coverage_90
    return (
        str(one.readings),
        f"{one.coverage_50.value:.0%}",
        f"{band.value:.0%} ({band.low:.0%}-{band.high:.0%})",
        f"{one.crps:.2f}",
        f"{one.crps_prior:.2f}",
        "-" if one.skill is None else f"{one.skill[0]:.0%}",
        f"{one.width_90:.1f} {unit}",
        f"{one.surprising.value:.1%}",
    )
