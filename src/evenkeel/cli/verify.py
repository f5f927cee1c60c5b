"""``evenkeel verify``: is the record what was written?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from evenkeel.cli import verify_bundle
from evenkeel.config.manage import start_django

if TYPE_CHECKING:
    from evenkeel.clinic.record.verify import Verified

_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    verify_bundle.add_arguments(parser)
    parser.add_argument(
        "--heads",
        type=Path,
        action="append",
        metavar="FOLDER",
        help="compare with the heads in this folder too (copies kept elsewhere); may be repeated",
    )
    parser.add_argument(
        "--key", default="", metavar="ID", help="the id of the first key, as known from elsewhere"
    )
    parser.add_argument(
        "--processes", type=int, default=0, help="in how many processes (one for each processor)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Check chain, rows and exported heads; status 1 where something does not fit."""
    if arguments.bundle:
        return verify_bundle.run(arguments)
    start_django()
    from evenkeel.clinic.record.exporting import folders
    from evenkeel.clinic.record.verify_fast import usual_processes, verify_in

    given = arguments.heads or []
    missing = [folder for folder in given if not folder.is_dir()]
    if missing:
        print(f"evenkeel: there is no folder {missing[0]}", file=sys.stderr)
        return 2
    found = verify_in(
        arguments.processes if arguments.processes > 0 else usual_processes(),
        head_folders=[*folders(), *given],
        trusted_key=arguments.key.strip().lower(),
        progress=_bar if sys.stderr.isatty() else None,
    )
    _tell(found)
    return int(not found.whole)


def _bar(done: int, of: int) -> None:
    """How far it has come, on the terminal alone."""
    width = 40
    filled = width * done // of
    end = "\n" if done == of else ""
    text = f"\rchecking  [{'#' * filled}{' ' * (width - filled)}] {100 * done // of:3d} %{end}"
    print(text, end="", file=sys.stderr, flush=True)


def _tell(found: Verified) -> None:
    from evenkeel.clinic.record.verify import CANNOT_DETECT

    print(f"{found.entries} entries, {found.rows} rows checked; head {found.head_hash}")
    print(f"tree {found.root}")
    if found.newest is not None:
        behind = found.entries - found.fitting
        print(
            f"{found.heads} exported heads read; the newest that fits was exported "
            f"{found.newest.at:%Y-%m-%d %H:%M} UTC over {found.fitting} entries; "
            f"{behind} came after it"
        )
    if found.erased:
        by = ", ".join(str(position) for position in found.erased_by)
        print(f"{found.erased} payloads were erased lawfully, by entry {by}")
    for note in found.notes:
        print(f"note    {note}")
    for broken in found.breaks[:_SHOWN]:
        place = f"entry {broken.position}" if broken.position else "the record"
        print(f"BROKEN  {place}: {broken.what}")
    if len(found.breaks) > _SHOWN:
        print(f"        and {len(found.breaks) - _SHOWN} more")
    print("The record is whole." if found.whole else "The record is NOT what was written.")
    print("What this cannot detect:")
    for limit in CANNOT_DETECT:
        print(f"  - {limit}")
