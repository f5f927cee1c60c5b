"""``evenkeel bench``: measure this machine with the source tree's workloads."""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import evenkeel
from evenkeel.config.instance import ConfigurationError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "what",
        choices=["web", "pharmacology", "audit"],
        help="web: the clinic's server; pharmacology: the engine, beside peers; audit: verify",
    )
    parser.add_argument("--rounds", type=int, default=20, help="pharmacology: of each figure (20)")
    parser.add_argument(
        "--small", action="store_true", help="pharmacology: few people, no peers, to see it run"
    )
    parser.add_argument("--seconds", type=float, default=8.0, help="length of each workload (8)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there as well")
    parser.add_argument(
        "--postgres", default="", metavar="ADDRESS", help="an empty PostgreSQL database to use"
    )
    parser.add_argument(
        "--entries", type=int, default=1_000_000, help="audit: of the record (1000000)"
    )
    parser.add_argument("--workers", type=int, default=2, help="processes that serve pages (2)")
    for name, usual in (("people", 500), ("live", 20), ("past", 20), ("streams", 10)):
        parser.add_argument(f"--{name}", type=int, default=usual, help=f"({usual})")


def run(arguments: argparse.Namespace) -> int:
    """Measure on a throw-away installation; status 1 where a figure cannot be trusted."""
    if arguments.what == "pharmacology":
        return _pharmacology(arguments)
    if arguments.what == "audit":
        return _audit(arguments)
    web = _workloads("web")
    sizes = web.Sizes(
        seconds=arguments.seconds,
        people=arguments.people,
        live=arguments.live,
        past=arguments.past,
        streams=arguments.streams,
        workers=arguments.workers,
    )
    try:
        found = web.run(sizes, database=arguments.postgres)
    except RuntimeError as error:
        print(f"evenkeel: the measurement broke off: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0


def _pharmacology(arguments: argparse.Namespace) -> int:
    """Engine, peers and limits in one run; status 1 where the engine could not be measured."""
    table = _workloads("pharmacology.table")
    sizes = table.Sizes(rounds=arguments.rounds)
    if arguments.small:
        sizes = table.Sizes(
            w1_people=(200,), w2_people=(100,), w2_checked=2, particles=500, refit=20,
            reference_particles=2000, rounds=arguments.rounds, budget_s=1.0, peers=False,
        )  # fmt: skip
    found = table.print_table(sizes)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n")
    ours = [row for row in found["rows"] if row["name"] == "evenkeel"]
    return 0 if ours and all(row["per_s"] for row in ours) else 1


def _audit(arguments: argparse.Namespace) -> int:
    """A long record checked; status 1 where the check did not count what was written."""
    audit = _workloads("audit")
    try:
        found = audit.run(audit.Sizes(entries=arguments.entries), database=arguments.postgres)
    except audit.Miscount as error:
        print(f"evenkeel: the measurement broke off: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        arguments.json.write_text(audit.as_json(found))
    return 0


def _workloads(name: str) -> ModuleType:
    """The workloads are part of the source tree, not of what is installed."""
    root = Path(evenkeel.__file__).parents[2]
    if not (root / "bench" / "web.py").exists():
        raise ConfigurationError("the workloads are not installed; run this from a source tree")
    sys.path.insert(0, str(root))
    return importlib.import_module(f"bench.{name}")
