"""Fills the empty installation of ``EVENKEEL_HOME`` and prints how to use it, as JSON.

python -m bench.make --people 20 --live 4 --past 0 --sign-ins 4
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from bench.home import make_database, sign_in


def make(*, people: int, live: int, past: int, sign_ins: int) -> dict[str, Any]:
    """Make the database and the clinic; returns keys as text, and cookies of signed-in nurses."""
    make_database()
    from bench.clinic import Shape, fill
    from evenkeel.config.founding import found_if_new

    made = fill(datetime.now(UTC), Shape(people, live, past))
    found_if_new()  # what every installation of this version has: the key of the heads
    nurse = made.accounts["session_nurse"]
    document: dict[str, Any] = json.loads(json.dumps(asdict(made), default=str))
    document["cookies"] = [sign_in(nurse) for _ in range(sign_ins)]
    document["staff_cookies"] = {role: sign_in(key) for role, key in made.accounts.items()}
    return document


def main() -> None:
    """Read the options and make it."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("people", 20), ("live", 4), ("past", 0), ("sign-ins", 4)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    given = parser.parse_args()
    made = make(people=given.people, live=given.live, past=given.past, sign_ins=given.sign_ins)
    json.dump(made, sys.stdout)


if __name__ == "__main__":
    main()
