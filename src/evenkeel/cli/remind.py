"""``evenkeel remind``: one round of reminders and of calls for open safety signals, now."""

from __future__ import annotations

import argparse
import json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Run one round; status 1 where a message failed, 2 for a schedule that cannot be read.

    Safe beside the running clinic, which does the same every minute: nothing is sent twice.
    """
    from evenkeel.clinic.outcome.reminding import remind
    from evenkeel.clinic.outcome.schedule import ScheduleError
    from evenkeel.clinic.outcome.signal_calls import call_for_signals
    from evenkeel.clinic.record.clock import system_clock

    clock = system_clock()
    try:
        done = remind(clock)
    except ScheduleError as error:
        print(f"A schedule cannot be used: {error}")
        return 2
    counts = {
        "asked": done.asked,
        "sent": done.sent,
        "failed": done.failed,
        "held": done.held,
        "unclear": done.unclear,
        "calls": call_for_signals(clock),
    }
    if arguments.json:
        print(json.dumps(counts | {"reasons": done.reasons}, sort_keys=True))
    else:
        print(", ".join(f"{name} {count}" for name, count in counts.items()))
        for why, count in sorted(done.reasons.items()):
            print(f"  held, {count}: {why}")
    return 1 if done.failed else 0
