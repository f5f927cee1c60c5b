"""Where a person is on the way of a program, as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from evenkeel.clinic.programs.document import shipped
from evenkeel.clinic.therapy.way import way_of

DAY = datetime(2026, 11, 1, tzinfo=UTC)


def days(count: int) -> list[datetime]:
    return [DAY + timedelta(days=n) for n in range(count)]


#: Held preparations, doses, integrations -> states in the order of the group's way
#: (P1, D1, D2, D3, I1), the next one, and how many doses beyond.
WAYS = [
    (0, 0, 0, "next ahead ahead ahead ahead", "Preparation 1", 0),
    (1, 0, 0, "done next ahead ahead ahead", "Dosing session 1", 0),
    (1, 2, 0, "done done done next ahead", "Dosing session 3", 0),
    (0, 1, 0, "passed done next ahead ahead", "Dosing session 2", 0),
    (0, 0, 1, "passed passed passed passed done", None, 0),
    (1, 3, 1, "done done done done done", None, 0),
    (1, 5, 0, "done done done done next", "Integration 1", 2),
]


@pytest.mark.parametrize(("prepared", "dosed", "integrated", "states", "then", "more"), WAYS)
def test_the_way(
    prepared: int, dosed: int, integrated: int, states: str, then: str | None, more: int
) -> None:
    held = {
        "preparation": days(prepared),
        "dosing": days(dosed),
        "integration": days(integrated),
    }
    way = way_of(shipped()["group"], held, {})
    assert " ".join(stop.state for stop in way.stops) == states
    assert (way.next.label if way.next else None) == then
    assert way.beyond.get("dosing", 0) == more
    assert way.done == states.split().count("done")


def test_what_is_booked_stands_at_the_visits_to_come_in_their_order() -> None:
    held = {"preparation": days(2), "dosing": days(1)}
    booked = {"dosing": [DAY + timedelta(days=40), DAY + timedelta(days=50)]}
    way = way_of(shipped()["montreal"], held, booked)
    assert [(s.label, s.at) for s in way.stops if s.at and s.state != "done"] == [
        ("Dosing session 2", DAY + timedelta(days=40)),
        ("Dosing session 3", DAY + timedelta(days=50)),
    ]
