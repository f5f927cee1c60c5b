"""``evenkeel serve``: everything a clinic needs, as one supervised command."""

from __future__ import annotations

import argparse
import sys

from evenkeel.config import checks
from evenkeel.config.errands import clinic_errands
from evenkeel.config.instance import find_instance
from evenkeel.config.lock import InstanceLock
from evenkeel.config.supervisor import Ports, Supervisor, clinic_processes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--port", type=int, default=8000, help="port of the pages (8000)")
    parser.add_argument("--hl7-port", type=int, default=2575, help="port of the monitors (2575)")
    parser.add_argument("--workers", type=int, default=2, help="processes that serve pages (2)")


def run(arguments: argparse.Namespace) -> int:
    """Refuse what is unsafe, then serve until told to stop."""
    instance = find_instance()
    found = checks.run_checks(instance, before_serving=True)
    problems = [check for check in found if check.level == "refuse"]
    problems = problems or checks.refuse_demo()
    for problem in problems:
        print(f"evenkeel: {problem.message}\n  {problem.what_to_do}", file=sys.stderr)
    if problems:
        return 1
    ports = Ports(arguments.port, arguments.hl7_port)
    with InstanceLock(instance, "serve"):
        processes = clinic_processes(instance, ports, workers=arguments.workers)
        supervisor = Supervisor(processes, clinic_errands(instance))
        scheme = "https" if checks.serves_tls(instance) else "http"
        host = instance.get("host", "127.0.0.1")
        print(f"evenkeel is open at {scheme}://{host}:{ports.http}", flush=True)
        return supervisor.run()
