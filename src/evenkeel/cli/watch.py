"""``evenkeel watch``: what should have sounded in a session, and when."""

from __future__ import annotations

import argparse

from evenkeel.cli import casefile
from evenkeel.protocol.watching.timeline import watch_document


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    casefile.add_arguments(parser, "TIMELINE.json")


def run(arguments: argparse.Namespace) -> int:
    """Print alarms, refused doses and missed vital signs; status 2 for what cannot be read."""
    return casefile.run(arguments, "watch", watch_document)
