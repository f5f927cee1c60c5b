"""What is given and when: doses of any kind, and what changes them on the way.

All times are hours from the first moment of the regimen's own clock, all amounts mg of base, or mg
per kg where the unit says so. A ``Regimen`` is immutable; what changes one returns another.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from .errors import RegimenError

Unit = Literal["mg", "mg/kg"]

#: A nasal device counts as the first of its sitting where none came in so many hours before.
SITTING_H = 2.0
#: More than anybody gives at once; a slip of the unit is caught here.
LARGEST_MG = 20_000.0
LARGEST_MG_PER_KG = 300.0
LONGEST_H = 24.0 * 366 * 20
NASAL = "nasal"
NASAL_DEVICE_MG = 28.0
#: Times (h) and amounts this near are the same: far below a second and a microgram.
_ALIKE = 1e-6


@dataclass(frozen=True, slots=True, order=True)
class Dose:
    """One dose: at once where ``over_h`` is 0, else at constant rate for that long."""

    at_h: float
    route: str
    amount: float
    unit: Unit = "mg"
    over_h: float = 0.0

    def __post_init__(self) -> None:
        # Times and amounts become bytes further on; whole numbers have others than floats.
        for name in ("at_h", "amount", "over_h"):
            value = getattr(self, name)
            if type(value) is not float:
                object.__setattr__(self, name, _number(name, value))

    @property
    def end_h(self) -> float:
        """When the last of it is given."""
        return self.at_h + self.over_h


@dataclass(frozen=True, slots=True)
class Regimen:
    """Doses in the order of their time."""

    doses: tuple[Dose, ...]

    @classmethod
    def of(cls, *given: Dose | Iterable[Dose]) -> Regimen:
        """A regimen of doses and groups of doses. Raises ``RegimenError`` for an impossible one."""
        doses: list[Dose] = []
        for item in given:
            doses.extend([item] if isinstance(item, Dose) else item)
        for dose in doses:
            _check(dose)
        found = cls(tuple(sorted(doses)))
        _check_overlaps(found.doses)
        return found

    def __iter__(self) -> Iterator[Dose]:
        return iter(self.doses)

    def __len__(self) -> int:
        return len(self.doses)

    def __add__(self, other: Regimen) -> Regimen:
        return Regimen.of(self.doses, other.doses)

    @property
    def end_h(self) -> float:
        """When the last dose has been given; 0 for none."""
        return max((dose.end_h for dose in self.doses), default=0.0)

    def first_of_sitting(self) -> tuple[bool, ...]:
        """For each dose: no other dose by the same route came within ``SITTING_H`` before it."""
        last: dict[str, float] = {}
        found = []
        for dose in self.doses:
            found.append(dose.at_h - last.get(dose.route, -math.inf) > SITTING_H)
            last[dose.route] = dose.at_h
        return tuple(found)

    def repeated(self, at_h: Iterable[float]) -> Regimen:
        """The same again at each of these times (hours; 0 is the regimen as it stands)."""
        return Regimen.of(
            replace(dose, at_h=dose.at_h + start) for start in at_h for dose in self.doses
        )

    def scaled(self, factor: float, from_h: float = -math.inf) -> Regimen:
        """Every dose that begins at ``from_h`` or later, times ``factor``."""
        return Regimen.of(
            replace(d, amount=d.amount * factor) if d.at_h >= from_h else d for d in self.doses
        )

    def stopped(self, at_h: float) -> Regimen:
        """Nothing more from ``at_h`` on; a running infusion ends there."""
        return Regimen.of(part for dose in self.doses for part in _before(dose, at_h))

    def slowed(self, at_h: float, factor: float) -> Regimen:
        """From ``at_h`` on infusions run at ``factor`` times their rate for their planned time."""
        if not 0 <= factor < math.inf:
            raise RegimenError(f"an infusion cannot run at {factor} times its rate")
        parts: list[Dose] = []
        for dose in self.doses:
            if dose.over_h > 0:
                parts += _before(dose, at_h)
                parts += [replace(p, amount=p.amount * factor) for p in _after(dose, at_h)]
            else:
                parts.append(dose)
        return Regimen.of(parts)

    def paused(self, at_h: float, for_h: float) -> Regimen:
        """A running infusion halts at ``at_h``; it and all that follows come ``for_h`` later."""
        if not 0 <= for_h < math.inf:
            raise RegimenError(f"a pause cannot last {for_h} hours")
        parts: list[Dose] = []
        for dose in self.doses:
            parts += _before(dose, at_h)
            parts += [replace(p, at_h=p.at_h + for_h) for p in _after(dose, at_h)]
        return Regimen.of(parts)


def infusion(
    amount: float, unit: Unit = "mg", *, over_min: float, at_h: float = 0.0, route: str = "iv"
) -> Dose:
    """A constant-rate infusion."""
    if not over_min > 0:
        raise RegimenError(f"an infusion must take some time, not {over_min} min")
    return Dose(at_h, route, amount, unit, over_min / 60.0)


def bolus(amount: float, unit: Unit = "mg", *, at_h: float = 0.0, route: str = "iv") -> Dose:
    """A dose given at once by any route (into a vein, a muscle, under the tongue, swallowed)."""
    return Dose(at_h, route, amount, unit)


def devices(count: int, *, at_h: float = 0.0, every_min: float = 5.0) -> tuple[Dose, ...]:
    """``count`` nasal devices of 28 mg esketamine, 5 min apart as the label has it."""
    if not 1 <= count <= 12:
        raise RegimenError(f"{count} devices: a sitting has one to three")
    return tuple(
        Dose(at_h + i * every_min / 60.0, NASAL, NASAL_DEVICE_MG, "mg") for i in range(count)
    )


def check_agree(one: Regimen, other: Regimen, until_h: float) -> None:
    """Raises ``RegimenError`` where two regimens differ in what is given before ``until_h``."""
    a, b = _given_before(one, until_h), _given_before(other, until_h)
    same = len(a) == len(b) and all(
        (x.route, x.unit) == (y.route, y.unit)
        and math.isclose(x.at_h, y.at_h, abs_tol=_ALIKE)
        and math.isclose(x.over_h, y.over_h, abs_tol=_ALIKE)
        and math.isclose(x.amount, y.amount, rel_tol=_ALIKE, abs_tol=_ALIKE)
        for x, y in zip(a, b, strict=True)
    )
    if not same:
        raise RegimenError(
            f"the two regimens differ in what was given before {until_h * 60:g} min; "
            "what was learned under the one does not hold under the other"
        )


def _given_before(regimen: Regimen, until_h: float) -> list[Dose]:
    """What is given before a time; parts of one infusion at one rate count as one."""
    parts = [p for d in regimen if d.at_h < until_h and d.amount for p in _before(d, until_h)]
    found: list[Dose] = []
    open_at: dict[tuple[str, str], int] = {}
    for dose in parts:
        last = open_at.get((dose.route, dose.unit)) if dose.over_h else None
        if last is not None:
            before = found[last]
            rate, own = before.amount / before.over_h, dose.amount / dose.over_h
            follows = math.isclose(before.end_h, dose.at_h, abs_tol=_ALIKE)
            if follows and math.isclose(rate, own, rel_tol=_ALIKE):
                found[last] = replace(
                    before,
                    over_h=before.over_h + dose.over_h,
                    amount=before.amount + dose.amount,
                )
                continue
        if dose.over_h:
            open_at[dose.route, dose.unit] = len(found)
        found.append(dose)
    return found


def _before(dose: Dose, at_h: float) -> list[Dose]:
    """What is given before ``at_h``; a dose given at once at that very time is still given."""
    if dose.end_h <= at_h:
        return [dose]
    if dose.at_h >= at_h:
        return []
    return [_part(dose, dose.at_h, at_h)]


def _after(dose: Dose, at_h: float) -> list[Dose]:
    if dose.end_h <= at_h:
        return []
    if dose.at_h >= at_h:
        return [dose]
    return [_part(dose, at_h, dose.end_h)]


def _part(dose: Dose, from_h: float, to_h: float) -> Dose:
    share = (to_h - from_h) / dose.over_h
    return replace(dose, at_h=from_h, over_h=to_h - from_h, amount=dose.amount * share)


def _number(name: str, value: object) -> float:
    try:
        if isinstance(value, str | bytes):
            raise TypeError
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise RegimenError(f"{name} of a dose must be a number, not {value!r}") from None


def _check(dose: Dose) -> None:
    if not all(math.isfinite(v) for v in (dose.at_h, dose.amount, dose.over_h)):
        raise RegimenError(f"a dose must be a number at a time: {dose}")
    if dose.amount < 0:
        raise RegimenError(f"a dose cannot be negative: {dose.amount:g} {dose.unit}")
    if dose.over_h < 0 or not 0 <= dose.at_h <= LONGEST_H or dose.over_h > LONGEST_H:
        raise RegimenError(f"a dose cannot be given at {dose.at_h:g} h over {dose.over_h:g} h")
    if dose.unit not in ("mg", "mg/kg"):
        raise RegimenError(f"the unit of a dose is mg or mg/kg, not {dose.unit!r}")
    largest = LARGEST_MG if dose.unit == "mg" else LARGEST_MG_PER_KG
    if dose.amount > largest:
        raise RegimenError(f"{dose.amount:g} {dose.unit} at once: nobody gives that; the unit?")


def _check_overlaps(doses: tuple[Dose, ...]) -> None:
    running: dict[str, Dose] = {}
    for dose in doses:
        if dose.over_h == 0:
            continue
        other = running.get(dose.route)
        if other is not None and dose.at_h < other.end_h - 1e-9:
            raise RegimenError(
                f"two {dose.route} infusions overlap: one runs from {other.at_h * 60:g} to "
                f"{other.end_h * 60:g} min, another begins at {dose.at_h * 60:g} min"
            )
        running[dose.route] = dose
