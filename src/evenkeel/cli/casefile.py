"""Read one case document for ``screen``, ``watch`` and ``discharge``, and print one answer."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn

from evenkeel.protocol.errors import FactsError, ProtocolRoomError
from evenkeel.protocol.pack import Protocol, load_protocol_file

MAX_BYTES: Final = 2_000_000
MAX_DEPTH: Final = 20

#: From a parsed document, and the protocol given by hand if any, to the document to print.
Answer = Callable[[object, Protocol | None], dict[str, Any]]


def add_arguments(parser: argparse.ArgumentParser, metavar: str) -> None:
    """Declare the options the three commands share."""
    parser.add_argument("file", metavar=metavar, help="the case; - reads standard input")
    parser.add_argument(
        "--protocol",
        type=Path,
        metavar="FILE",
        help="a protocol of the clinic's own, instead of the shipped default",
    )


def run(arguments: argparse.Namespace, command: str, answer: Answer) -> int:
    """Read, answer, print. Status 2 and one sentence on standard error for what cannot be read."""
    try:
        document = parse(_read(arguments.file))
        held = None if arguments.protocol is None else load_protocol_file(arguments.protocol)
        printed = json.dumps(answer(document, held), indent=2, ensure_ascii=False, allow_nan=False)
    except ProtocolRoomError as error:
        print(f"evenkeel {command}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        reason = error.strerror or error
        print(f"evenkeel {command}: cannot read {arguments.file}: {reason}", file=sys.stderr)
        return 2
    try:
        sys.stdout.buffer.write(printed.encode() + b"\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the answer has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    with Path(name).open("rb") as file:
        return file.read(MAX_BYTES + 1)


def parse(data: bytes) -> object:
    """Return the JSON value in ``data`` (UTF-8, a byte order mark allowed).

    Raises ``FactsError`` for anything else, beyond the limits of size and depth, for a key that
    stands twice in one object, and for numbers that are not finite.
    """
    if len(data) > MAX_BYTES:
        raise FactsError("file", f"has more than {MAX_BYTES:,} bytes; one case is far smaller")
    try:
        text = data.decode("utf-8-sig")
        found = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_not_finite,
            parse_float=_finite,
            parse_int=_whole,
        )
    except UnicodeDecodeError:
        raise FactsError("file", "is not UTF-8 text; save it as UTF-8") from None
    except json.JSONDecodeError as error:
        raise FactsError("file", f"is not JSON: {error.msg} in line {error.lineno}") from None
    except RecursionError:
        raise FactsError("file", f"is nested more than {MAX_DEPTH} levels deep") from None
    if _deeper_than(found, MAX_DEPTH):
        raise FactsError("file", f"is nested more than {MAX_DEPTH} levels deep")
    return found


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise FactsError(f"{key:.60}", "stands twice in one object; which of them is meant?")
        found[key] = value
    return found


def _not_finite(name: str) -> NoReturn:
    raise FactsError("file", f"holds {name}, which is not a number; leave the key out if unknown")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise FactsError("file", f"holds {digits:.30}, which is too large a number")
    return value


def _whole(digits: str) -> int:
    if len(digits) > 20:
        raise FactsError("file", f"holds a number of {len(digits):,} digits")
    return int(digits)


def _deeper_than(value: object, levels: int) -> bool:
    waiting: list[tuple[object, int]] = [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        inner = list(one.values()) if isinstance(one, dict) else one
        if isinstance(inner, list):
            if depth > levels:
                return True
            waiting += [(item, depth + 1) for item in inner]
    return False
