"""The table of Observations that are read: codes.json, checked and typed once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, cast

from ..reading import FactKind


@dataclass(frozen=True, slots=True)
class Unit:
    """`(value - zero) * factor` gives the unit of the kind."""

    factor: float
    zero: float


@dataclass(frozen=True, slots=True)
class Measure:
    """One kind of number: the UCUM units it may come in, and the bounds it must lie in."""

    name: str
    minimum: float
    maximum: float
    whole: bool
    units: Mapping[str, Unit]
    spellings: Mapping[str, str]

    def unit(self, ucum_code: str | None, written: str | None) -> tuple[str, Unit] | None:
        """The unit a Quantity names, by its UCUM code if it has one, else as written."""
        name = ucum_code if ucum_code else self.spellings.get((written or "").lower())
        return (name, self.units[name]) if name is not None and name in self.units else None


@dataclass(frozen=True, slots=True)
class Codes:
    """Which LOINC code is which measure."""

    loinc: str
    ucum: str
    measures: Mapping[str, tuple[FactKind, Measure]]
    panels: frozenset[str]
    systolic_code: str
    diastolic_code: str
    systolic: Measure
    diastolic: Measure

    def role(self, code: str) -> str | None:
        """What a LOINC code is read as: a fact kind, `panel`, `systolic`, `diastolic`, or None."""
        if code in self.measures:
            return self.measures[code][0]
        if code in self.panels:
            return "panel"
        return {self.systolic_code: "systolic", self.diastolic_code: "diastolic"}.get(code)


def _measure(name: str, bounds: dict[str, Any], table: dict[str, Any]) -> Measure:
    return Measure(
        name=name,
        minimum=float(bounds["min"]),
        maximum=float(bounds["max"]),
        whole=bool(table.get("whole", False)),
        units={
            code: Unit(float(unit["factor"]), float(unit.get("zero", 0)))
            for code, unit in table["units"].items()
        },
        spellings=table["spellings"],
    )


def _load() -> Codes:
    data = json.loads((files(__package__) / "codes.json").read_text(encoding="utf-8"))
    pressure = data["blood_pressure"]
    return Codes(
        loinc=data["loinc"],
        ucum=data["ucum"],
        measures={
            code: (cast(FactKind, kind), _measure(kind, table, table))
            for kind, table in data["measures"].items()
            for code in table["loinc"]
        },
        panels=frozenset(pressure["panels"]),
        systolic_code=pressure["systolic"],
        diastolic_code=pressure["diastolic"],
        systolic=_measure("sbp_mmhg", pressure["sbp_mmhg"], pressure),
        diastolic=_measure("dbp_mmhg", pressure["dbp_mmhg"], pressure),
    )


CODES = _load()
