"""The table of commands."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from types import ModuleType


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its module has ``add_arguments`` and ``run``, and is loaded when it is chosen.

    ``starts_django`` is false for those that first choose an installation of their own.
    """

    name: str
    summary: str
    module: str
    starts_django: bool = True

    def load(self) -> ModuleType:
        """Import the command's module."""
        return importlib.import_module(f"evenkeel.cli.{self.module}")


ALL: tuple[Command, ...] = (
    Command(
        "demo",
        "Open a clinic full of invented people, on this machine alone",
        "demo",
        starts_django=False,
    ),
    Command("serve", "Run the clinic: pages, live streams, monitor listener, watcher", "serve"),
    Command(
        "first-administrator",
        "Make the one-time link for the first real administrator",
        "first_administrator",
    ),
    Command("doctor", "Check this installation and say what is unsafe", "doctor"),
    Command("upgrade", "Back up, migrate, and go back if that fails", "upgrade"),
    Command("backup", "Back up the clinic while it runs, encrypted", "backup"),
    Command("restore", "Restore a clinic from a backup, proved", "restore", starts_django=False),
    Command("inspect", "Write a signed bundle that an inspector can check offline", "inspect"),
    Command("remind", "One round of reminders and calls for open safety signals", "remind"),
    Command("questionnaire", "Questionnaires: list, template, load your text", "questionnaire"),
    Command("import-fhir", "Bring a person in from a FHIR bundle", "import_fhir"),
    Command(
        "simulate",
        "What a ketamine regimen does to many virtual people",
        "simulate",
        starts_django=False,
    ),
    Command("screen", "May this person be treated now?", "screen", starts_django=False),
    Command(
        "evidence",
        "What trials say: to a question, or trials of your own",
        "evidence",
        starts_django=False,
    ),
    Command(
        "discharge",
        "May this person go home now, from a case file",
        "discharge",
        starts_django=False,
    ),
    Command(
        "watch",
        "What should have sounded in a session, and when",
        "watch",
        starts_django=False,
    ),
    Command("bench", "Measure how fast this machine runs a clinic", "bench", starts_django=False),
    Command("validate", "Hold the models against published data", "validate", starts_django=False),
    Command(
        "calibrate",
        "Replay sessions: what the forecast said against what was read",
        "calibrate",
        starts_django=False,
    ),
    Command(
        "verify",
        "Check that the record is whole, or an inspection bundle",
        "verify",
        starts_django=False,
    ),
    Command("heads", "Signed heads of the record, and the key that signs them", "heads"),
    Command("signatures", "Check that what was signed is unchanged", "signatures"),
)
