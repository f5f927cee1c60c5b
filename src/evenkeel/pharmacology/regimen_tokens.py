"""The words of a regimen, taken one by one; every complaint names the word."""

from __future__ import annotations

import math
import re

from .errors import RegimenError

EXAMPLE = "0.5 mg/kg iv over 40 min"
#: So many of a unit make an hour: 40 min are 40 / 60 h, to the last digit.
PER_HOUR = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 3600.0),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 1.0),
}
_HOURS = {
    **dict.fromkeys(("d", "day", "days"), 24.0),
    **dict.fromkeys(("week", "weeks"), 168.0),
}
COUNTS = {"once": 1, "twice": 2, "thrice": 3, "one": 1, "two": 2, "three": 3}
_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+)|([^\W\d_]+(?:-[^\W\d_]+)*)|(\S))")


class Words:
    """The words of one part, taken one by one."""

    def __init__(self, part: str) -> None:
        self.part = " ".join(part.split())
        self.words: list[str] = []
        at = 0
        text = part.lower().rstrip()
        while at < len(text):
            token = _TOKEN.match(text, at)
            if token is None:
                break
            self.words.append(token.group(token.lastindex or 0))
            at = token.end()
        self.at = 0

    @property
    def done(self) -> bool:
        return self.at >= len(self.words)

    @property
    def next(self) -> str:
        return "" if self.done else self.words[self.at]

    def take(self) -> str:
        word = self.next
        self.at += 1
        return word

    def took(self, *words: str) -> bool:
        """Take these words if they come next."""
        if tuple(self.words[self.at : self.at + len(words)]) != words:
            return False
        self.at += len(words)
        return True

    def wrong(self, wanted: str, at: int | None = None, example: str = EXAMPLE) -> RegimenError:
        place = self.at if at is None else at
        word = repr(self.words[place][:40]) if place < len(self.words) else "the end"
        short = self.part if len(self.part) <= 80 else self.part[:77] + "..."
        return RegimenError(f"{word} in {short!r}: {wanted}; for example: {example}")

    def need(self, *words: str) -> None:
        for word in words:
            if not self.took(word):
                raise self.wrong(f"expected {' '.join(words)!r}")

    def end(self) -> None:
        if not self.done:
            raise self.wrong("this word was not understood")

    def is_number(self) -> bool:
        return not self.done and (self.next[0].isdigit() or self.next[0] == ".")

    def number(self, what: str, example: str = EXAMPLE) -> float:
        if self.next in ("-", "−"):
            raise self.wrong(f"{what} cannot be negative", example=example)
        if not self.is_number() or self.next == ".":
            raise self.wrong(f"{what} must be a number", example=example)
        value = float(self.take())
        if not math.isfinite(value):
            raise self.wrong(f"{what} is too large", self.at - 1)
        if self.next == "," and what != "a day":
            raise self.wrong("write a decimal point, not a comma")
        return value

    def count(self, what: str, most: int) -> int:
        if self.next in COUNTS:
            return COUNTS[self.take()]
        at = self.at
        value = self.number(what)
        if value != int(value) or not 1 <= value <= most:
            raise self.wrong(f"{what} must be a whole number from 1 to {most}", at)
        return int(value)

    def hours(self, example: str = EXAMPLE) -> float:
        """A time, in hours."""
        total = self._one_time(example)
        while self.is_number() and self._unit_after() is not None:
            total += self._one_time(example)
        if not math.isfinite(total):
            raise self.wrong("a time is too large", self.at - 1)
        return total

    def _unit_after(self) -> str | None:
        after = self.words[self.at + 1] if self.at + 1 < len(self.words) else ""
        return after if after in PER_HOUR or after in _HOURS else None

    def _one_time(self, example: str) -> float:
        value = self.number("a time", example)
        unit = self.take()
        if unit in PER_HOUR:
            return value / PER_HOUR[unit]
        if unit in _HOURS:
            return value * _HOURS[unit]
        raise self.wrong("a time needs its unit: s, min, h, days or weeks", self.at - 1, example)
