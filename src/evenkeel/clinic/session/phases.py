"""The events of a session in the order they happened, and where the drug stands after them.

The fold over the drug itself is the protocol's (:mod:`evenkeel.protocol.watching.drug`). What may
be *entered* is the business of :mod:`.rules`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from evenkeel.protocol.watching.drug import (
    DOSES,
    DRUG,
    FIRST_DOSE,
    INFUSION,
    RANK,
    Drug,
    EventLike,
    Stretch,
    fold,
    fold_until,
)


def in_order(events: Iterable[Any]) -> list[Any]:
    """The events as they happened; ties by kind, then the one recorded last stands last."""
    return sorted(
        events,
        key=lambda e: (e.happened_at, RANK.get(e.kind, 7), e.position or 0, str(e.id)),
    )


def standing(events: Iterable[Any]) -> list[Any]:
    """The events that were neither corrected nor voided, voids left out, as they happened."""
    every = list(events)
    gone = {str(e.supersedes_id) for e in every if e.supersedes_id}
    return in_order(e for e in every if str(e.id) not in gone and e.kind != "void")


def each_start(events: Iterable[Any]) -> list[Drug]:
    """The pump after each time that it was started, each by itself, events as they happened.

    A pump runs out when it has given what *that* start set it to: a later start adds to what is
    planned in all, and does not change when an earlier one ran out.
    """
    whole = Drug()
    starts: list[list[Any]] = []
    for event in events:
        if event.kind == "infusion_start" and not whole.is_infusing:
            starts.append([])
        whole.take(event)
        if starts and event.kind in INFUSION:
            starts[-1].append(event)
    return [fold(own) for own in starts]


__all__ = [
    "DOSES",
    "DRUG",
    "FIRST_DOSE",
    "INFUSION",
    "Drug",
    "EventLike",
    "Stretch",
    "each_start",
    "fold",
    "fold_until",
    "in_order",
    "standing",
]
