"""``evenkeel calibrate``: recorded sessions replayed, each reading against its forecast."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import evenkeel
from evenkeel.config.instance import ConfigurationError

if TYPE_CHECKING:
    from evenkeel.pharmacology.calibration import RecordedSession
    from evenkeel.pharmacology.calibration.report import Failing, Measured

TITLE = "The bundled replay: invented people whose truth is not the forecasting model"
_PEOPLE = 1000
_LONG_S = 1.0
_BAR = 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "file", nargs="?", type=Path, help="recorded sessions (JSON); without it the bundled replay"
    )
    parser.add_argument(
        "--clinic", action="store_true", help="the recorded sessions of this installation"
    )
    parser.add_argument("--product", default="", help="with --clinic: of one product")
    parser.add_argument(
        "--since", type=date.fromisoformat, metavar="DAY", help="with --clinic: opened from then on"
    )
    parser.add_argument(
        "--people", type=int, default=_PEOPLE, help="virtual people of each forecast (1000)"
    )
    parser.add_argument("--seed", type=int, default=0, help="which virtual people (0)")
    parser.add_argument(
        "--alone", action="store_true", help="carry nothing from one session to the next"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers there as well")
    parser.add_argument(
        "--example", type=Path, metavar="FILE", help="write the bundled sessions there, run nothing"
    )
    parser.add_argument(
        "--write",
        nargs="?",
        type=Path,
        const=Path(),
        metavar="FOLDER",
        help="write calibration.md and its plots (into docs of the source tree)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Replay and print the report; status 1 only where nothing could be replayed."""
    from evenkeel.pharmacology.calibration.sessions import load_sessions
    from evenkeel.pharmacology.errors import PharmacologyError

    if not 10 <= arguments.people <= 100_000:
        raise ConfigurationError(f"--people is 10 to 100000, not {arguments.people}")
    if arguments.example:
        return _example(arguments.example)
    if arguments.clinic:
        return _clinic(arguments)
    if arguments.product or arguments.since:
        raise ConfigurationError("--product and --since are of the clinic's sessions: add --clinic")
    folder = None if arguments.write is None else _folder(arguments)
    try:
        if arguments.file is not None:
            return report_on(load_sessions(arguments.file), arguments.file.name, arguments)
        return _bundled(arguments, folder)
    except PharmacologyError as error:
        raise ConfigurationError(str(error)) from error


def report_on(
    sessions: Iterable[RecordedSession], title: str, arguments: argparse.Namespace
) -> int:
    """Replay sessions from anywhere, print what they amount to, keep it where that was asked.

    ``arguments`` needs ``people``, ``seed``, ``alone`` and ``json``. Raises ``PharmacologyError``
    for sessions that cannot be replayed.
    """
    given = tuple(sessions)
    measured = _measured(given, title, arguments, _Bar(len(given)))
    _told(measured, (), arguments.json)
    return 0


def _clinic(arguments: argparse.Namespace) -> int:
    """The installation's own sessions, replayed as they were forecast; nobody is named."""
    if arguments.file is not None or arguments.write is not None:
        raise ConfigurationError("--clinic takes no file, and --write is for the bundled replay")
    if arguments.people != _PEOPLE or arguments.seed != 0:
        raise ConfigurationError(
            "--clinic replays sessions as they were forecast: --people and --seed are not of it"
        )
    from evenkeel.config.instance import find_instance
    from evenkeel.config.manage import start_django

    find_instance()
    start_django()
    from evenkeel.clinic.record.act import Context, system_actor
    from evenkeel.clinic.record.door import log_read
    from evenkeel.clinic.session.forecast.learner import PEOPLE
    from evenkeel.clinic.session.forecast.recorded import replay_recorded
    from evenkeel.pharmacology.calibration.report import Measured
    from evenkeel.protocol.products import PRODUCTS

    if arguments.product and arguments.product not in PRODUCTS:
        raise ConfigurationError(
            f"there is no product {arguments.product!r}; {', '.join(PRODUCTS)}"
        )
    log_read(Context(system_actor("calibrate"), via="command"), "recorded sessions replayed")
    since = arguments.since and datetime(*arguments.since.timetuple()[:3], tzinfo=UTC)
    bar = _Bar(1)

    def progress(done: int, of: int) -> None:
        bar.of = of
        bar(done, of)

    found = replay_recorded(
        product=arguments.product, since=since, carry=not arguments.alone, progress=progress
    )
    for why, count in found.left_out.items():
        print(f"Left out, {count} session{'s' if count > 1 else ''}: {why}")
    if not found.scores:
        print("No session with readings after its first dose is recorded yet.")
        return 0
    measured = Measured(
        "The clinic's recorded sessions",
        found.sessions,
        found.people,
        found.scores,
        PEOPLE,
        0,
        not arguments.alone,
    )
    _told(measured, (), arguments.json)
    return 0


def _bundled(arguments: argparse.Namespace, folder: Path | None) -> int:
    from evenkeel.pharmacology.calibration.invented import (
        bundled_cases,
        bundled_sessions,
        bundled_truth,
    )
    from evenkeel.pharmacology.calibration.report import Failing, best_crps

    sessions, cases = bundled_sessions(), bundled_cases()
    bar = _Bar(len(sessions) + sum(len(case.sessions) for case in cases))
    measured = _measured(sessions, TITLE, arguments, bar)
    best = best_crps(measured.scores, bundled_truth())
    measured = replace(measured, best_crps=best)
    failing = []
    for case in cases:
        found = _measured(case.sessions, case.title, arguments, bar)
        failing.append(Failing(case.id, case.unreliable, found))
    _told(measured, failing, arguments.json)
    if folder is not None:
        _write(folder, measured, failing)
    return 0


def _measured(
    sessions: tuple[RecordedSession, ...], title: str, arguments: argparse.Namespace, bar: _Bar
) -> Measured:
    from evenkeel.pharmacology.calibration.report import measure

    found = measure(
        sessions,
        title,
        n=arguments.people,
        seed=arguments.seed,
        carry=not arguments.alone,
        progress=bar,
    )
    bar.before += len(sessions)
    return found


def _told(measured: Measured, failing: Iterable[Failing], kept: Path | None) -> None:
    from evenkeel.pharmacology.calibration import report

    known = tuple(failing)
    print(report.text(measured, known), end="")
    if kept is not None:
        _keep(kept, json.dumps(report.data(measured, known), indent=2) + "\n")


def _example(path: Path) -> int:
    from evenkeel.pharmacology.calibration.invented import bundled_sessions
    from evenkeel.pharmacology.calibration.sessions import document

    sessions = bundled_sessions()
    _keep(path, json.dumps(document(sessions, TITLE), indent=1) + "\n")
    print(f"Written: {len(sessions)} invented sessions to {path.name}.")
    return 0


def _folder(arguments: argparse.Namespace) -> Path:
    """Where the document goes. Raises ``ConfigurationError`` where it cannot be written."""
    if arguments.file is not None:
        raise ConfigurationError("--write is for the bundled replay")
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError:
        raise ConfigurationError(
            "--write draws plots: install evenkeel with the extra 'plots'"
        ) from None
    given: Path = arguments.write
    folder = Path(evenkeel.__file__).parents[2] / "docs" if given == Path() else given
    if not folder.is_dir():
        raise ConfigurationError("there is no such folder to write to; name one after --write")
    return folder


def _write(folder: Path, measured: Measured, failing: Iterable[Failing]) -> None:
    from evenkeel.pharmacology.calibration.document import FOLDER, markdown
    from evenkeel.pharmacology.calibration.plots import draw_all

    known = tuple(failing)
    plots = folder / FOLDER
    plots.mkdir(exist_ok=True)
    count = len(draw_all(measured, known, plots))
    _keep(folder / "calibration.md", markdown(measured, known))
    print(f"\nWritten: calibration.md and {count} plots.")


def _keep(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path.name} cannot be written: {error.strerror}") from error


class _Bar:
    """How far a run is, on a terminal, once it takes long; ``before`` are the groups done."""

    def __init__(self, of: int) -> None:
        self.began = time.monotonic()
        self.before, self.of = 0, of
        self.show: Callable[[str], None] = partial(print, end="", file=sys.stderr, flush=True)

    def __call__(self, done: int, _: int) -> None:
        took = time.monotonic() - self.began
        if not sys.stderr.isatty() or took < _LONG_S:
            return
        done += self.before
        full = _BAR * done // self.of
        left = took / done * (self.of - done)
        bar = "#" * full + "." * (_BAR - full)
        end = "\r" + " " * (_BAR + 50) + "\r" if done == self.of else ""
        self.show(f"\r[{bar}] {done} of {self.of} sessions, about {left:.0f} s left  {end}")
