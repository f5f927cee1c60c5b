"""Plays a small demonstration into a folder and prints what a reader of the record would see.

Run as a program: ``python -m tests.demo.telling_once FOLDER SEED START
[PEOPLE]``. Ids are replaced by the
order in which they first appear, and secrets (salts, hashes, tokens) are left out, so that two
runs can be compared.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from evenkeel.config.supervisor import Ports
from evenkeel.demo import history, running

_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SECRET = re.compile(
    r"(pin_hash|password|token_hash|digest|body_hash|code_hash|read_digest|document_hash)$"
)
PEOPLE = "5"


class Reader:
    """Gives every id the number of its first appearance."""

    def __init__(self) -> None:
        self.numbers: dict[str, str] = {}

    def plain(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                self.plain(key): self.plain(inner)
                for key, inner in value.items()
                if not _SECRET.search(key)
            }
        if isinstance(value, list):
            return [self.plain(inner) for inner in value]
        if isinstance(value, str):
            return _KEY.sub(
                lambda found: self.numbers.setdefault(found[0], f"#{len(self.numbers)}"), value
            )
        return value


def main(folder: str, seed: str, start: str, people: str = PEOPLE) -> None:
    wishes = running.Wishes(
        home=Path(folder),
        ports=Ports(0, 0),
        seed=seed,
        start=datetime.fromisoformat(start),
        people=int(people),
        timezone="UTC",
    )
    settings = running.build(running.prepare(wishes), wishes)
    history.fill(settings, rest_share=0)
    from evenkeel.clinic.record.chain import walk
    from evenkeel.clinic.session.models import SessionEvent

    reader = Reader()
    bodies = {
        str(row.pk): [row.kind, row.happened_at.isoformat(), row.actor_name, row.via, row.body]
        for row in SessionEvent.objects.all()
    }
    for entry, payload in walk():
        assert payload is not None
        effects = json.loads(payload.body)["effects"]
        told = [
            entry.recorded_at.isoformat(),
            entry.actor_name,
            entry.action,
            entry.outcome,
            entry.subject,
            entry.reason,
            [(e["kind"], e.get("state"), bodies.get(e["id"])) for e in effects],
        ]
        print(json.dumps(reader.plain(json.loads(json.dumps(told))), sort_keys=True))


if __name__ == "__main__":
    main(*sys.argv[1:5])
