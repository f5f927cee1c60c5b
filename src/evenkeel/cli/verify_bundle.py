"""``evenkeel verify BUNDLE``: an inspection bundle, checked without database, settings, network."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what makes ``verify`` check a bundle instead of the record."""
    parser.add_argument(
        "bundle",
        nargs="?",
        type=Path,
        metavar="BUNDLE",
        help="an inspection bundle to check; needs no database and no settings",
    )


def run(arguments: argparse.Namespace) -> int:
    """Check the bundle; status 1 where something does not fit, 2 for a folder that is not there."""
    from evenkeel.clinic.oversight.bundle.checking import as_text, check_bundle

    folders = arguments.heads or []
    if len(folders) > 1 or any(not folder.is_dir() for folder in folders):
        print("evenkeel: give one folder of heads that is there", file=sys.stderr)
        return 2
    heads = folders[0] if folders else None
    found = check_bundle(arguments.bundle, heads, arguments.key.strip().lower())
    as_text(found, lambda line: print(line.encode("utf-8", "replace").decode()))
    return int(not found.good)
