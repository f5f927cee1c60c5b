"""``evenkeel validate``: published observations against what the models say."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import evenkeel
from evenkeel.config.instance import ConfigurationError

if TYPE_CHECKING:
    from evenkeel.pharmacology.validation.answers import Answer
    from evenkeel.pharmacology.validation.rows import Target

GROUPS = ("pk", "pd", "mood")
#: A run that takes longer than this many seconds shows how far it is.
_LONG_S = 1.0
_BAR = 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--group", choices=GROUPS, help="concentrations, effects, or mood alone")
    parser.add_argument(
        "--row", action="append", metavar="ID", help="one row or target; may be repeated"
    )
    parser.add_argument(
        "--rows",
        type=Path,
        metavar="FILE",
        help="run a file of published rows instead; what cannot be run is refused row by row",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all numbers there as well")
    parser.add_argument(
        "--write",
        nargs="?",
        type=Path,
        const=Path(),
        metavar="FOLDER",
        help="write validation.md and its plots (into docs of the source tree)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Answer every target and print the report; status 1 only where nothing could be run."""
    from evenkeel.pharmacology.errors import PharmacologyError
    from evenkeel.pharmacology.validation import mood_comparison, report
    from evenkeel.pharmacology.validation.answers import answer_all

    some = bool(arguments.group or arguments.row)
    folder = None if arguments.write is None else _folder(arguments, some)
    try:
        targets = _chosen(arguments)
        answers = answer_all(targets, _Bar())
        mood = any(a.target.group == "mood" for a in answers) and not arguments.rows
        comparison = mood_comparison.compare() if mood else None
    except PharmacologyError as error:
        raise ConfigurationError(str(error)) from error
    print(report.text(answers, comparison, whole=not arguments.row), end="")
    if arguments.json:
        _keep(arguments.json, json.dumps(report.data(answers, comparison), indent=2) + "\n")
    if folder is not None:
        from evenkeel.pharmacology.validation.document import markdown

        _write(folder, markdown(answers, comparison), answers)
    return 1 if all(answer.target.refused for answer in answers) else 0


def _chosen(arguments: argparse.Namespace) -> list[Target]:
    """The targets that were asked for."""
    from evenkeel.pharmacology.validation.groups import MOOD
    from evenkeel.pharmacology.validation.rows import bundled, load_rows

    targets = list(load_rows(arguments.rows) if arguments.rows else bundled())
    if arguments.group == "mood":
        targets = [t for t in targets if t.group == MOOD]
    elif arguments.group:
        targets = [t for t in targets if t.kind == arguments.group]
    for name in arguments.row or []:
        if not any(name in (t.id, t.row) for t in targets):
            raise ConfigurationError(f"there is no row or target {name!r}")
    if arguments.row:
        targets = [t for t in targets if t.id in arguments.row or t.row in arguments.row]
    return targets


def _folder(arguments: argparse.Namespace, some: bool) -> Path:
    """Where the document goes. Raises ``ConfigurationError`` where it cannot be written."""
    if some or arguments.rows:
        raise ConfigurationError("--write is for a whole run of the bundled rows")
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


def _write(folder: Path, text: str, answers: Sequence[Answer]) -> None:
    from evenkeel.pharmacology.validation.document import FOLDER
    from evenkeel.pharmacology.validation.plots import draw, pictures

    plots = folder / FOLDER
    plots.mkdir(exist_ok=True)
    for picture in pictures(answers):
        draw(picture, plots)
    _keep(folder / "validation.md", text)
    print(f"\nWritten: validation.md and {len(pictures(answers))} plots.")


def _keep(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path.name} cannot be written: {error.strerror}") from error


class _Bar:
    """How far a run is, on a terminal, once it takes long."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.shown = False

    def __call__(self, done: int, of: int) -> None:
        late = time.monotonic() - self.began > _LONG_S
        if not sys.stderr.isatty() or not (late or self.shown) or not of:
            return
        self.shown = True
        full = _BAR * done // of
        bar = "#" * full + "." * (_BAR - full)
        end = "\r" + " " * (_BAR + 20) + "\r" if done == of else ""
        print(f"\r[{bar}] {done} of {of} targets", end=end, file=sys.stderr, flush=True)
