"""The room's own errors; nothing else is raised on bad input."""

from __future__ import annotations


class ProtocolRoomError(Exception):
    """Base of every error of this room. ``code`` is stable; ``key`` names the offending entry."""

    code = "protocol"

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}" if key else message)
        self.key = key
        self.message = message


class FactsError(ProtocolRoomError):
    """A case document or a fact is not what the vocabulary allows."""

    code = "facts.invalid"


class ProtocolError(ProtocolRoomError):
    """A protocol file is unknown or contradicts itself."""

    code = "protocol.invalid"


class DoseError(ProtocolRoomError):
    """A dose cannot be computed from what was given."""

    code = "dose.invalid"
