"""What was lawfully erased, read back from the entries that did it."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from evenkeel.clinic.record.check_chain import Erasures, effects_in
from evenkeel.clinic.record.models import ChainEntry, ChainPayload
from evenkeel.clinic.record.sealing import ENTRY_FIELDS, hash_of_entry

ERASE = "person.erase"


def erasures() -> Erasures:
    """Every erasure on the chain. Their own payloads are checked like any other."""
    rows = ChainEntry.objects.filter(action=ERASE, outcome="done")
    found = Erasures()
    bodies = ChainPayload.objects.filter(position__in=rows.values("position"))
    for entry, body in bodies.order_by("position").values_list("position", "body"):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            for place in json.loads(body)["notes"]["erased"]:
                _take(found, entry, place)
    return found


def _take(found: Erasures, entry: int, place: dict[str, Any]) -> None:
    position = int(place["position"])
    found.left[position] = effects_in(place["left"])
    found.entries[position] = str(place["entry"])
    found.by[position] = entry


def erased_entry(entry: ChainEntry) -> str:
    """The hash over what is left of an entry. Its own hash stays, for chain and tree."""
    return hash_of_entry([getattr(entry, name) for name in ENTRY_FIELDS])
