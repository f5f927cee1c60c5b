"""``evenkeel screen``: may this person be treated now?"""

from __future__ import annotations

import argparse

from evenkeel.cli import casefile
from evenkeel.protocol.screening import screen_document


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare this command's options."""
    parser.description = (
        "Judge one person's facts (evenkeel-facts/1) by the shipped protocol of the product and "
        "jurisdiction, or by one of your own, and print the findings as JSON. docs/screening.md "
        "shows the format."
    )
    casefile.add_arguments(parser, "FACTS.json")


def run(arguments: argparse.Namespace) -> int:
    """Read the facts, screen, print. Status 2 for what cannot be read or judged."""
    return casefile.run(arguments, "screen", screen_document)
