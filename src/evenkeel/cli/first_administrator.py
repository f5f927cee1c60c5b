"""``evenkeel first-administrator``: the one-time link by which a new installation is opened."""

from __future__ import annotations

import argparse

from evenkeel.clinic.people.actions.first_administrator import make_setup_token


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--address", default="http://localhost:8000", help="where pages are served")


def run(arguments: argparse.Namespace) -> int:
    """Print the link; it works once, within a day."""
    token = make_setup_token()
    print("Open this link within 24 hours; it works once:")
    print(f"  {arguments.address.rstrip('/')}/setup/first/{token}")
    return 0
