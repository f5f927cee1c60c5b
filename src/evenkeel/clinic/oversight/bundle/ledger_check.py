"""Checking a ledger: every balance worked out again from its lines, in decimal arithmetic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final

_SHOWN: Final = 20
_LONGEST: Final = 40


def check_ledger(containers: dict[str, Any], lines: dict[str, Any]) -> tuple[int, int, list[str]]:
    """How many containers and lines were added up, and what does not come out."""
    by_container: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines["rows"]:
        by_container[str(line.get("container"))].append(line)
    faults = []
    for container in containers["rows"]:
        own = by_container.pop(str(container.get("container")), [])
        name = f"container {str(container.get('label'))[:_LONGEST]}"
        faults += [f"{name}: {what}" for what in _faults(container, own)]
    faults += [f"container {name[:_LONGEST]} has lines and is not listed" for name in by_container]
    return len(containers["rows"]), len(lines["rows"]), faults[:_SHOWN]


def _amount(row: dict[str, Any], key: str) -> Decimal:
    value = row.get(key)
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise InvalidOperation
    found = Decimal(value)
    if not found.is_finite():
        raise InvalidOperation
    return found


def _faults(container: dict[str, Any], lines: list[dict[str, Any]]) -> Iterator[str]:
    try:
        balance = _amount(container, "opening_mg")
        closing = _amount(container, "closing_mg")
        number = int(container["lines_before"])
        for line in lines:
            number += 1
            if line.get("number") != number:
                yield f"line {number} is missing or out of order"
                return
            balance += _amount(line, "change_mg")
            if _amount(line, "balance_mg") != balance:
                yield f"line {number} says {line['balance_mg']} mg where {balance} mg follows"
                return
            if balance < 0:
                yield f"line {number} leaves less than nothing"
                return
    except (InvalidOperation, KeyError, TypeError, ValueError):
        yield "an amount is no number"
        return
    if balance != closing:
        yield f"is said to hold {closing} mg after its lines, which come to {balance} mg"
