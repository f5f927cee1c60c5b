"""The command line: one file a command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from evenkeel import __version__
from evenkeel.cli import commands
from evenkeel.config.instance import ConfigurationError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 refused or failed, 2 misused."""
    parser = argparse.ArgumentParser(
        prog="evenkeel",
        description="The open, self-hosted system for supervised ketamine treatment",
    )
    parser.add_argument("--version", action="version", version=f"evenkeel {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary, load in commands.ALL:
        subparser = subparsers.add_parser(name, help=summary, description=summary)
        subparser.set_defaults(load=load)
        load().add_arguments(subparser)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.load().run(arguments) or 0)
    except ConfigurationError as error:
        print(f"evenkeel: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
