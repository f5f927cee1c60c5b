"""Where the drug of a session went: drawn, given, wasted and put back, container by container.

Pure: a function of the session's events, like its timeline. Amounts are mg in thousandths, for a
sum of many halves must come out even: the session is accounted for when nothing is left over to
0.001 mg, and not before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from evenkeel.clinic.session.drug_events import LEDGER_KINDS
from evenkeel.clinic.session.phases import DOSES, DRUG, fold

#: Kinds that say how much was given, and so what the account comes to.
COUNTED: Final = LEDGER_KINDS | DRUG
NOTHING: Final = Decimal("0.000")
_STEP: Final = Decimal("0.001")


def milligrams(value: Any) -> Decimal:
    """An amount in thousandths of a milligram."""
    return Decimal(str(value)).quantize(_STEP, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True)
class Line:
    """What became of what was drawn from one container, mg."""

    container_id: str
    label: str
    lot: str
    name: str
    drawn_mg: Decimal = NOTHING
    given_mg: Decimal = NOTHING
    wasted_mg: Decimal = NOTHING
    put_back_mg: Decimal = NOTHING

    @property
    def rest_mg(self) -> Decimal:
        """Drawn, and neither given nor wasted nor put back."""
        return self.drawn_mg - self.given_mg - self.wasted_mg - self.put_back_mg


@dataclass(frozen=True, slots=True)
class Account:
    """The lines in the order first drawn from; ``undrawn_mg`` was given and is drawn nowhere."""

    lines: tuple[Line, ...] = ()
    undrawn_mg: Decimal = NOTHING

    @property
    def drawn_mg(self) -> Decimal:
        """Everything drawn."""
        return sum((line.drawn_mg for line in self.lines), NOTHING)

    @property
    def given_mg(self) -> Decimal:
        """Everything given, drawn or not."""
        return sum((line.given_mg for line in self.lines), self.undrawn_mg)

    @property
    def wasted_mg(self) -> Decimal:
        """Everything wasted."""
        return sum((line.wasted_mg for line in self.lines), NOTHING)

    @property
    def put_back_mg(self) -> Decimal:
        """Everything put back unopened."""
        return sum((line.put_back_mg for line in self.lines), NOTHING)

    @property
    def rest_mg(self) -> Decimal:
        """What is still to waste or to put back."""
        return sum((line.rest_mg for line in self.lines), NOTHING)

    @property
    def agrees(self) -> bool:
        """Whether drawn = given + wasted + put back, container by container."""
        return not self.undrawn_mg and all(not line.rest_mg for line in self.lines)

    def line(self, container_id: Any) -> Line | None:
        """The line of a container, if anything was drawn from it."""
        return next((one for one in self.lines if one.container_id == str(container_id)), None)

    @property
    def next_source(self) -> Line | None:
        """The container from which the next dose is taken: the first with anything left."""
        return next((one for one in self.lines if one.rest_mg > 0), None)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON: amounts as numbers, ``open`` as sentences."""
        names = ("drawn_mg", "given_mg", "wasted_mg", "put_back_mg", "rest_mg")
        return {
            **{name: float(getattr(self, name)) for name in (*names, "undrawn_mg")},
            "agrees": self.agrees,
            "open": self.open_words(),
            "lines": [
                {
                    "container_id": line.container_id,
                    "label": line.label,
                    "lot": line.lot,
                    "name": line.name,
                    **{name: float(getattr(line, name)) for name in names},
                }
                for line in self.lines
            ],
        }

    def open_words(self) -> list[str]:
        """What is still to account for, a sentence each; empty when the account agrees."""
        said = []
        if self.undrawn_mg > 0:
            said.append(f"{mg_words(self.undrawn_mg)} given and not drawn from any container.")
        for line in self.lines:
            if line.rest_mg > 0:
                said.append(
                    f"{mg_words(line.rest_mg)} drawn from container {line.label} and not given."
                )
            elif line.rest_mg < 0:
                said.append(
                    f"{mg_words(-line.rest_mg)} more from container {line.label} than was drawn."
                )
        return said


def mg_words(value: Decimal) -> str:
    """An amount without needless zeros: "3.5 mg"."""
    return f"{value.normalize():f} mg"


def account_of(events: Iterable[Any], now: datetime, *, promised: bool = False) -> Account:
    """The account of standing ``events`` in the order they happened.

    A pump that runs has given what it gave by ``now``; with ``promised`` it counts for all that
    its start set it to, which is in its syringe and nobody else's. What was given is taken from
    the container it names as far as that reaches, then from the others in the order drawn.
    """
    every = list(events)
    lines = {line.container_id: line for line in _drawn(every)}
    rest = {key: line.rest_mg for key, line in lines.items()}
    given = dict.fromkeys(lines, NOTHING)
    undrawn = NOTHING
    for named, amount in _given(every, now, promised):
        left = amount
        for key in sorted(rest, key=lambda one: one != named):
            part = max(NOTHING, min(left, rest[key]))
            rest[key] -= part
            given[key] += part
            left -= part
        undrawn += left
    return Account(tuple(_with_given(line, given[key]) for key, line in lines.items()), undrawn)


def _with_given(line: Line, given_mg: Decimal) -> Line:
    return Line(
        line.container_id, line.label, line.lot, line.name,
        line.drawn_mg, given_mg, line.wasted_mg, line.put_back_mg,
    )  # fmt: skip


def _drawn(events: Sequence[Any]) -> Iterator[Line]:
    """A line a container, nothing given from it yet."""
    found: dict[str, list[Any]] = {}
    # a draw first, whatever the clocks said: it is what names the container
    for event in sorted(events, key=lambda one: one.kind != "drawn"):
        if event.kind in LEDGER_KINDS:
            found.setdefault(event.body["container_id"], []).append(event)
    for key, own in found.items():
        amounts = {
            kind: sum((milligrams(e.body["amount_mg"]) for e in own if e.kind == kind), NOTHING)
            for kind in LEDGER_KINDS
        }
        said = own[0].body
        yield Line(
            container_id=key,
            label=said.get("label", ""),
            lot=said.get("lot", ""),
            name=said.get("name", ""),
            drawn_mg=amounts["drawn"],
            wasted_mg=amounts["wasted"],
            put_back_mg=amounts["put_back"],
        )


def _given(events: Sequence[Any], now: datetime, promised: bool) -> Iterator[tuple[str, Decimal]]:
    """(container named, amount) of each dose and of each start of the pump."""
    for event in events:
        if event.kind in DOSES:
            yield event.body.get("container_id", ""), milligrams(event.body["dose_mg"])
    drug = [e for e in events if e.kind in DRUG]
    # a clock that was set back must not make less of what has ended
    until = max([now, *(e.happened_at for e in drug)])
    for amount, source in fold(drug).each_pump(until, promised=promised):
        yield source, milligrams(amount)
