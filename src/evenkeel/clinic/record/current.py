"""What act, if any, is under way in this thread of control."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

_saving: ContextVar[object | None] = ContextVar("evenkeel_saving", default=None)


def may_save(row: object) -> bool:
    """Whether ``row`` is the very one an act is writing now."""
    return _saving.get() is row


class saving:
    """Marks ``row`` as being written by an act, for the time of one ``save``."""

    def __init__(self, row: object) -> None:
        self.row = row
        self.token: Any = None

    def __enter__(self) -> None:
        self.token = _saving.set(self.row)

    def __exit__(self, *exc: object) -> None:
        _saving.reset(self.token)
