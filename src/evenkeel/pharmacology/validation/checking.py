"""What refuses a broken table of observations, naming the target and the key."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from ..errors import PharmacologyError

#: What a value of another kind than expected may raise on its way through a recipe.
ODD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class RowsError(PharmacologyError):
    """A table of observations contradicts itself. Names the file, the target and the key."""

    code = "validation-rows"

    def __init__(self, file: str, target: str, key: str, message: str) -> None:
        super().__init__(": ".join(part for part in (file, target, key, message) if part))
        self.target = target
        self.key = key
        self.why = ": ".join(part for part in (key, message) if part)


@dataclass(frozen=True)
class Check:
    """Checks the values of one target of a file."""

    file: str
    target: str

    def fail(self, key: str, message: str) -> NoReturn:
        """Raise ``RowsError`` for a key of this target."""
        raise RowsError(self.file, self.target, key, message)

    def number(self, key: str, value: object, low: float = -math.inf) -> float:
        """A finite number of at least ``low``."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(key, f"must be a number, not {value!r}")
        if not math.isfinite(value) or value < low:
            self.fail(key, f"must be a finite number of at least {low:g}, not {value!r}")
        return float(value)

    def numbers(self, key: str, value: object, low: float = -math.inf) -> list[float]:
        """One number or a list of at least one."""
        values = value if isinstance(value, list) else [value]
        if not values:
            self.fail(key, "must be a number or a list of at least one")
        return [self.number(key, one, low) for one in values]

    def mapping(self, key: str, value: object) -> Mapping[str, Any]:
        """An object."""
        if not isinstance(value, dict):
            self.fail(key, f"must be an object, not {value!r}")
        return value

    def listed(self, key: str, value: object) -> list[Any]:
        """A list."""
        if not isinstance(value, list):
            self.fail(key, f"must be a list, not {value!r}")
        return value

    def text(self, key: str, value: object) -> str:
        """Text that says something."""
        if not isinstance(value, str) or not value.strip():
            self.fail(key, "must be text")
        return value
