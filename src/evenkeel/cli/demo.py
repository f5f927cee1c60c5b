"""``evenkeel demo``: a clinic full of invented people, working, on this machine alone."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path

from evenkeel.config.instance import ConfigurationError
from evenkeel.config.lock import InstanceLock
from evenkeel.config.supervisor import Ports
from evenkeel.demo import running


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--port", type=int, default=8000, help="port of the pages (8000)")
    parser.add_argument("--hl7-port", type=int, default=2575, help="port of the monitors (2575)")
    parser.add_argument("--speed", type=float, default=1.0, help="how fast the clock runs (1)")
    parser.add_argument("--seed", default="evenkeel", help="another seed, another clinic")
    parser.add_argument(
        "--start", metavar="ISO", help="opening time, such as 14:00 or 2026-11-23T14:00"
    )
    parser.add_argument("--people", type=int, default=47, help="how many people (47)")
    parser.add_argument("--home", type=Path, help="folder of the demonstration, made anew")
    parser.add_argument("--keep", action="store_true", help="go on with the folder as it is")
    parser.add_argument("--workers", type=int, default=2, help="processes that serve pages (2)")


def run(arguments: argparse.Namespace) -> int:
    """Open the demonstration, say how to get in, and serve until told to stop."""
    wishes = running.Wishes(
        home=arguments.home or running.default_home(),
        ports=Ports(arguments.port, arguments.hl7_port),
        speed=arguments.speed,
        seed=arguments.seed,
        start=_start(arguments.start),
        people=arguments.people,
        keep=arguments.keep,
    )
    print("Setting the scene: a synthetic clinic, nobody in it is real.", flush=True)
    instance = running.prepare(wishes)
    with InstanceLock(instance, "demo"):
        supervisor = running.DemoSupervisor(instance, wishes, arguments.workers)
        try:
            supervisor.raise_curtain(running.build(instance, wishes, supervisor.load))
            return supervisor.open(lambda: _welcome(wishes))
        finally:
            supervisor.stop()


def _start(text: str | None) -> datetime | None:
    if text is None:
        return None
    today = datetime.now().astimezone().date().isoformat()
    try:
        # a time without an offset is meant on this machine's clock
        return datetime.fromisoformat(text if "-" in text else f"{today}T{text}").astimezone()
    except ValueError:
        raise ConfigurationError(
            f"--start {text!r} is not a time; write it like 14:00 or 2026-11-23T14:00"
        ) from None


def _welcome(wishes: running.Wishes) -> None:
    from evenkeel.clinic.record.permissions import ROLE_LABELS
    from evenkeel.demo.stage import PASSWORD, PATIENT_EMAIL, PIN, STAFF

    rows = [(ROLE_LABELS[m.role], m.full_name, m.email) for m in STAFF if m.shown]
    print(f"\n  evenkeel is open at http://localhost:{wishes.ports.http}\n")
    for label, name, email in [*rows, ("Patient", "their own pages", PATIENT_EMAIL)]:
        print(f"  {label:<17} {email:<26} {name}")
    print(f"\n  password {PASSWORD}, PIN {PIN} for all. Begin as the session nurse.")
    print(f"  Bedside monitors (HL7 v2, MLLP) are heard on 127.0.0.1:{wishes.ports.hl7}.")
    if wishes.speed != 1:
        print(f"  The clock runs {wishes.speed:g} times as fast as real time.")
    print("  Older history fills in during the next minutes. Stop with Ctrl-C.\n", flush=True)
