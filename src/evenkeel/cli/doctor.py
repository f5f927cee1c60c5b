"""``evenkeel doctor``: what is safe here, what is not, and what to do."""

from __future__ import annotations

import argparse

from evenkeel.config import checks
from evenkeel.config.instance import find_instance

_MARKS = {"ok": "ok    ", "warn": "note  ", "refuse": "UNSAFE"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are no options."""


def run(arguments: argparse.Namespace) -> int:
    """Print every finding; status 1 where the clinic must not open like this."""
    found = checks.run_checks(find_instance())
    for check in found:
        print(f"{_MARKS[check.level]}  {check.message}")
        if check.what_to_do:
            print(f"        {check.what_to_do}")
    return int(any(check.level == "refuse" for check in found))
