"""``evenkeel discharge FACTS.json``: may this person go home now?"""

from __future__ import annotations

import argparse

from evenkeel.cli import casefile
from evenkeel.protocol.discharge import discharge_document


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    casefile.add_arguments(parser, "FACTS.json")


def run(arguments: argparse.Namespace) -> int:
    """Print what may go home; 0 for an answer of any kind, 2 for what cannot be read."""
    return casefile.run(arguments, "discharge", discharge_document)
