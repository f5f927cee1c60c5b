"""``evenkeel verify``: is the record what was written?"""

from __future__ import annotations

import argparse

from evenkeel.clinic.record.verify import CANNOT_DETECT, verify

_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are no options."""


def run(arguments: argparse.Namespace) -> int:
    """Walk the chain and every row it covers; status 1 where something does not fit."""
    found = verify()
    print(f"{found.entries} entries, {found.rows} rows checked; head {found.head_hash}")
    for broken in found.breaks[:_SHOWN]:
        place = f"entry {broken.position}" if broken.position else "the record"
        print(f"BROKEN  {place}: {broken.what}")
    if len(found.breaks) > _SHOWN:
        print(f"        and {len(found.breaks) - _SHOWN} more")
    print("The record is whole." if found.whole else "The record is NOT what was written.")
    print(CANNOT_DETECT)
    return int(not found.whole)
