"""The table of what a monitor may measure: code -> quantity, unit, limits; and the status flags.

The facts, their sources and marks stand in ``monitor_codes.json``. To chart a further
measurement, add its code there.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Quantity:
    """What is charted, in which unit (UCUM), and between which numbers it is a reading at all."""

    name: str
    unit: str
    low: Decimal
    high: Decimal


@dataclass(frozen=True)
class Code:
    """One IEEE 11073-10101 code. ``names`` are the reference ids under which it is accepted."""

    code: str
    names: tuple[str, ...]
    quantity: Quantity
    flags: frozenset[str]


@dataclass(frozen=True)
class CodeTable:
    codes: Mapping[str, Code]
    code_by_name: Mapping[str, Code]
    unit_by_token: Mapping[str, str]
    absent_texts: frozenset[str]
    absent_numbers: frozenset[Decimal]
    absent_flags: frozenset[str]
    absent_results: frozenset[str]
    withdrawn_results: frozenset[str]
    flag_by_token: Mapping[str, str]

    def unit_of(self, *tokens: str) -> str | None:
        """The UCUM unit named by the components of OBX-6, or None where none is known.

        Components that name two different units name none.
        """
        found = {self.unit_by_token[one] for one in tokens if one in self.unit_by_token}
        return found.pop() if len(found) == 1 else None


@lru_cache(maxsize=1)
def load_codes() -> CodeTable:
    """The table, read once."""
    text = files("evenkeel.interop.hl7v2").joinpath("monitor_codes.json").read_text("utf-8")
    return _build(json.loads(text))


def _build(data: dict[str, Any]) -> CodeTable:
    quantities = {
        name: Quantity(name, entry["unit"], Decimal(entry["range"][0]), Decimal(entry["range"][1]))
        for name, entry in data["quantities"].items()
    }
    codes = {
        number: Code(
            number,
            tuple(entry["names"]),
            quantities[entry["quantity"]],
            frozenset(entry.get("flags", ())),
        )
        for number, entry in data["codes"].items()
    }
    # First listed wins: MDC_PULS_RATE belongs to 149514, though 149522 is accepted under it.
    by_name: dict[str, Code] = {}
    for code in codes.values():
        for name in code.names:
            by_name.setdefault(name, code)
    status = data["status"]
    flags = {
        token: flag
        for flag in ("demo", "test", "questionable", "early", "alarm")
        for token in status[f"{flag}_flags"]
    }
    return CodeTable(
        codes=codes,
        code_by_name=by_name,
        unit_by_token={
            token: unit
            for unit, tokens in data["units"].items()
            for token in (*tokens["mdc"], *tokens["ucum"])
        },
        absent_texts=frozenset(data["no_reading"]["texts"]),
        absent_numbers=frozenset(Decimal(one) for one in data["no_reading"]["numbers"]),
        absent_flags=frozenset(status["absent_flags"]),
        absent_results=frozenset(status["absent_results"]),
        withdrawn_results=frozenset(status["withdrawn_results"]),
        flag_by_token=flags,
    )
