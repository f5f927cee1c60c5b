"""Studies from a CSV file, each mistake named by row and column."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from evenkeel.evidence.pooling.studies import EvidenceError, Study

LARGEST_FILE = 1_000_000
MOST_ROWS = 1000
_LARGEST = 1e9
_SMALLEST_SD = 1e-9
CONTINUOUS = ("study", "n1", "mean1", "sd1", "n2", "mean2", "sd2")
COUNTS = ("study", "events1", "n1", "events2", "n2")
OPTIONAL = ("score", "design", "allocation")


@dataclass(frozen=True, slots=True)
class Table:
    """The studies of a file, and the cells of the further columns that were asked for."""

    studies: list[Study]
    columns: dict[str, list[str]] = field(default_factory=dict)

    def column(self, name: str) -> list[str]:
        """The cells of a column that was asked for when reading; raises ``EvidenceError``."""
        try:
            return self.columns[name.strip().lower()]
        except KeyError as error:
            raise EvidenceError(f"row 1 does not name the column {name[:40]!r}") from error


def read_file(path: Path) -> list[Study]:
    """Read a file. Raises ``EvidenceError`` where it cannot be read or is not as it should be."""
    return read_table(path, ()).studies


def read_table(path: Path, wanted: Sequence[str]) -> Table:
    """Read a file with further columns, by name in any case, for subgroups and moderators.

    Without any wanted, a column that is not known is refused as a slip of the pen. Raises
    ``EvidenceError`` as ``read_file`` does, and where a wanted column is not there.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise EvidenceError(f"cannot read {path.name}: {error.strerror}") from error
    except ValueError as error:
        raise EvidenceError(f"that is no name of a file: {error}") from error
    if len(content) > LARGEST_FILE:
        raise EvidenceError(f"{path.name} is larger than {LARGEST_FILE:,} bytes")
    try:
        return _table(content.decode("utf-8-sig"), wanted)
    except UnicodeDecodeError as error:
        raise EvidenceError(f"{path.name} is not text in UTF-8") from error


def read_text(text: str) -> list[Study]:
    """Read the text of such a file; the first row names the columns, rows are counted from it."""
    return _table(text, ()).studies


def _table(text: str, wanted: Sequence[str]) -> Table:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise EvidenceError(f"this is not CSV: {error}") from error
    if not rows or not any(cell.strip() for cell in rows[0]):
        raise EvidenceError("row 1 is empty; it should name the columns")
    names = [cell.strip().lower() for cell in rows[0]]
    further = [name.strip().lower() for name in wanted]
    for name in further:
        if name not in names:
            raise EvidenceError(f"row 1 does not name the column {name[:40]!r}")
    needed = _columns(names, further)
    if len(rows) - 1 > MOST_ROWS:
        raise EvidenceError(f"there are more than {MOST_ROWS} rows")
    studies = []
    columns: dict[str, list[str]] = {name: [] for name in further}
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(names):
            raise EvidenceError(f"row {number} has {len(row)} cells, the first row {len(names)}")
        cells = dict(zip(names, (cell.strip() for cell in row), strict=True))
        studies.append(_study(_Row(number, cells), needed))
        for name in columns:
            columns[name].append(cells[name])
    if not studies:
        raise EvidenceError("there is no study under the names of the columns")
    return Table(studies, columns)


def _columns(names: list[str], further: Sequence[str]) -> tuple[str, ...]:
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        raise EvidenceError(f"row 1 names the column {twice[:40]!r} twice")
    for wanted in (CONTINUOUS, COUNTS):
        if set(wanted) <= set(names):
            strange = [n for n in names if n not in (*wanted, *OPTIONAL)]
            # Who asks for one column of their own has a table of their own; else it is a slip.
            if strange and not further:
                raise EvidenceError(
                    f"row 1 names the column {strange[0][:40]!r}, which is not known; beside "
                    f"{','.join(wanted)} there may be {', '.join(OPTIONAL)}, and columns of your "
                    "own where a subgroup or moderator names one"
                )
            return wanted
    counted = any(name.startswith("events") for name in names)
    closest = COUNTS if counted else CONTINUOUS
    missing = [n for n in closest if n not in names]
    raise EvidenceError(
        f"row 1 lacks {', '.join(missing)}; the columns are {','.join(CONTINUOUS)} or "
        f"{','.join(COUNTS)}"
    )


class _Row:
    """One row, asked for its cells."""

    def __init__(self, number: int, cells: dict[str, str]) -> None:
        self.number = number
        self.cells = cells

    def wrong(self, column: str, what: str) -> EvidenceError:
        return EvidenceError(f"row {self.number}, column {column}: {what}")

    def number_in(self, column: str, least: float = -_LARGEST) -> float:
        text = self.cells[column]
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if "_" in text or not math.isfinite(value):
            raise self.wrong(column, f"{text[:40]!r} is not a number")
        if not least <= value <= _LARGEST:
            raise self.wrong(column, f"{text[:40]} is not between {least:g} and {_LARGEST:g}")
        return value

    def count_in(self, column: str, least: int) -> int:
        value = self.number_in(column, least)
        if value != int(value):
            raise self.wrong(column, f"{self.cells[column][:40]} is not a whole number")
        return int(value)

    def word_in(self, column: str, allowed: tuple[str, ...]) -> str:
        word = self.cells.get(column, "").lower()
        if word and word not in allowed:
            raise self.wrong(column, f"{word[:40]!r} is not {' or '.join(allowed)}")
        return word


def _study(row: _Row, wanted: tuple[str, ...]) -> Study:
    name = row.cells["study"]
    if not name or len(name) > 200 or not name.isprintable():
        raise row.wrong("study", "a name of 1 to 200 printable characters is needed")
    score = row.word_in("score", ("change", "endpoint"))
    design = row.word_in("design", ("parallel", "crossover"))
    allocation = _allocation(row)
    if wanted == COUNTS:
        n1, n2 = row.count_in("n1", 1), row.count_in("n2", 1)
        events = [row.count_in(column, 0) for column in ("events1", "events2")]
        for column, count, n in zip(("events1", "events2"), events, (n1, n2), strict=True):
            if count > n:
                raise row.wrong(column, f"{count} events among {n} people")
        return Study(
            name,
            n1,
            n2,
            events1=events[0],
            events2=events[1],
            score=score,
            allocation=allocation,
            design=design,
        )
    return Study(
        name,
        row.count_in("n1", 2),
        row.count_in("n2", 2),
        mean1=row.number_in("mean1"),
        sd1=row.number_in("sd1", _SMALLEST_SD),
        mean2=row.number_in("mean2"),
        sd2=row.number_in("sd2", _SMALLEST_SD),
        score=score,
        allocation=allocation,
        design=design,
    )


def _allocation(row: _Row) -> tuple[int, int] | None:
    text = row.cells.get("allocation", "")
    if not text:
        return None
    first, colon, second = (part.strip() for part in text.partition(":"))
    if not (colon and first in _PARTS and second in _PARTS):
        raise row.wrong("allocation", f"{text[:40]!r} is not like 1:1 or 2:1")
    return int(first), int(second)


_PARTS = tuple(str(n) for n in range(1, 21))
