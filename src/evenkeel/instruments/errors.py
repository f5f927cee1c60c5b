"""What can go wrong in this room, each kind with a stable code."""

from __future__ import annotations


class InstrumentError(Exception):
    """Base of every error this room raises on purpose."""

    code = "instrument"


class UnknownInstrumentError(InstrumentError):
    """No folder of that name holds an instrument."""

    code = "instrument-unknown"


class InstrumentFileError(InstrumentError):
    """An instrument's own file contradicts itself; the message names the file and the entry."""

    code = "instrument-file"

    def __init__(self, file: str, entry: str, problem: str) -> None:
        self.file = file
        self.entry = entry
        self.problem = problem
        super().__init__(f"{file}: {entry}: {problem}")


class AnswerError(InstrumentError):
    """An answer cannot be used; `item` names the question (link id, "total", "subject" ...)."""

    code = "answer"

    def __init__(self, item: str, problem: str) -> None:
        self.item = item
        self.problem = problem
        super().__init__(f"{item}: {problem}")
