"""The command line: one file a command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured

from evenkeel import __version__
from evenkeel.cli.commands import ALL
from evenkeel.config.instance import ConfigurationError
from evenkeel.config.manage import start_django


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 1 refused or failed, 2 misused."""
    words = list(sys.argv[1:] if argv is None else argv)
    chosen = next((c for c in ALL if words and c.name == words[0]), None)
    if chosen is None:
        _overview().parse_args(words)
        return 2
    try:
        if chosen.starts_django:
            start_django()
        module = chosen.load()
        parser = argparse.ArgumentParser(prog=f"evenkeel {chosen.name}", description=chosen.summary)
        module.add_arguments(parser)
        return int(module.run(parser.parse_args(words[1:])) or 0)
    except (ConfigurationError, ImproperlyConfigured) as error:
        print(f"evenkeel: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _overview() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="evenkeel",
        description="The open, self-hosted system for supervised ketamine treatment",
    )
    parser.add_argument("--version", action="version", version=f"evenkeel {__version__}")
    listed = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in ALL:
        listed.add_parser(command.name, help=command.summary)
    return parser
