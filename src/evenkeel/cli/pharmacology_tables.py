"""Rows of a simulation as CSV and Parquet, written chunk by chunk and never half."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenkeel.cli.pharmacology_people import Table

Array = NDArray[np.float64]


class TableError(Exception):
    """A file that cannot be written as asked."""


@contextmanager
def writers(
    csv: Path | None, parquet: Path | None, outputs: Sequence[str], about: Mapping[str, str]
) -> Iterator[list[Table]]:
    """What takes the rows. The files appear at the end, complete, or not at all.

    Raises ``TableError`` where what Parquet needs is not installed, ``OSError`` where a file cannot
    be written.
    """
    with ExitStack() as stack:
        tables: list[Table] = []
        if csv is not None:
            tables.append(_Csv(stack.enter_context(whole(csv)), outputs, stack))
        if parquet is not None:
            tables.append(_Parquet(stack.enter_context(whole(parquet)), outputs, about, stack))
        yield tables


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A temporary name beside ``path``, renamed to it at the end or removed on failure."""
    if path.is_dir():
        raise IsADirectoryError(21, "it is a folder", str(path))
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("xb"):
            pass
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


class _Csv:
    """``person,time_h,output,...``; nine digits."""

    def __init__(self, path: Path, outputs: Sequence[str], stack: ExitStack) -> None:
        self.file = stack.enter_context(path.open("w", encoding="ascii"))
        self.file.write(",".join(["person", "time_h", *outputs]) + "\n")

    def write(self, first: int, times_h: Array, values: Sequence[Array]) -> None:
        line = ",%.9g" * (1 + len(values))
        for i in range(len(values[0])):
            rows = np.column_stack([times_h, *(v[i] for v in values)]).tolist()
            person = str(first + i)
            self.file.write("".join(person + line % tuple(row) + "\n" for row in rows))


class _Parquet:
    """The same columns, the model and the seed in the file's metadata."""

    def __init__(
        self, path: Path, outputs: Sequence[str], about: Mapping[str, str], stack: ExitStack
    ) -> None:
        self.arrow, parquet = _pyarrow()
        columns = [("person", self.arrow.int64()), ("time_h", self.arrow.float64())]
        columns += [(name, self.arrow.float64()) for name in outputs]
        self.schema = self.arrow.schema(columns).with_metadata(dict(about))
        self.writer = stack.enter_context(parquet.ParquetWriter(path, self.schema))

    def write(self, first: int, times_h: Array, values: Sequence[Array]) -> None:
        people = len(values[0])
        columns: list[Any] = [
            np.repeat(np.arange(first, first + people), len(times_h)),
            np.tile(times_h, people),
            *(np.ascontiguousarray(v).ravel() for v in values),
        ]
        self.writer.write_table(self.arrow.table(columns, schema=self.schema))


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise TableError("Parquet needs pyarrow: pip install 'evenkeel[tables]'") from error
    return pyarrow, pyarrow.parquet
